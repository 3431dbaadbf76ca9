"""Each package is built, installed alone with what it declares, and imported whole."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = str(Path(sys.executable).parent / "uv")
PACKAGES = sorted(path.parent for folder in ("libs", "services") for path in (ROOT / folder).glob("*/pyproject.toml"))
QUICK = {"asr", "metadata"}
"""With the most that they declare; the others are left to `make test-all`."""
CHOSEN = [pytest.param(one, marks=[] if one.name in QUICK else pytest.mark.slow, id=one.name) for one in PACKAGES]
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if not module.name.endswith(("__main__", ".migrations.env")):
        importlib.import_module(module.name)
        print(module.name)
"""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for package in PACKAGES:
        run(
            UV,
            "build",
            "--quiet",
            "--wheel",
            "--no-build-isolation",
            "--python",
            sys.executable,
            "-o",
            str(folder),
            str(package),
        )
    return folder


@pytest.mark.slow
@pytest.mark.lesson("L25")
@pytest.mark.parametrize("package", CHOSEN)
def test_l25_a_wheel_installed_alone_can_be_imported_whole(wheels: Path, package: Path, tmp_path: Path) -> None:
    name = package.name.replace("-", "_")
    (wheel,) = wheels.glob(f"ai2text_{name}-*.whl")
    run(UV, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv"))
    python = str(tmp_path / "venv/bin/python")
    constraints = str(ROOT / "requirements/run.txt")
    run(UV, "pip", "install", "--quiet", "--python", python, "--find-links", str(wheels), "-c", constraints, str(wheel))
    imported = run(python, "-I", "-c", IMPORT_ALL, f"ai2text.{name}").split()
    sources = [path for path in (package / "src").rglob("*.py") if path.stem != "__main__" and path.name != "env.py"]
    assert len(imported) + 1 == len(sources)
