"""Rules of the repository that no tool checks."""

import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ai2text.api_gateway
import ai2text.asr
import ai2text.audio
import ai2text.cli
import ai2text.common
import ai2text.ingestion
import ai2text.metadata
import ai2text.training_orchestrator
from ai2text.cli.settings_table import with_table

ROOT = Path(__file__).parents[2]
PACKAGES = (
    ai2text.api_gateway,
    ai2text.asr,
    ai2text.audio,
    ai2text.cli,
    ai2text.common,
    ai2text.ingestion,
    ai2text.metadata,
    ai2text.training_orchestrator,
)
MODULES = [
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith((".__main__", ".migrations.env")) and ".versions." not in module.name
]
IMPORT_QUIETLY = """
import importlib, socket, sys, threading
before = threading.active_count()
def refuse(*_, **__):
    raise AssertionError("a socket at import")
socket.socket.connect = socket.socket.bind = refuse
for name in sys.argv[1:]:
    importlib.import_module(name)
assert threading.active_count() == before, threading.enumerate()
"""


@pytest.mark.lesson("L01")
@pytest.mark.lesson("L25")
@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported(name: str) -> None:
    importlib.import_module(name)


def test_importing_connects_to_nothing_and_starts_no_thread(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_QUIETLY, *MODULES], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("lock", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda path: path.name)
def test_locks_pin_every_package_with_hashes_and_name_no_index(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"https?://|--(extra-)?index", text)
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    assert all("==" in line for line in requirements)
    assert text.count("--hash=sha256:") >= len(requirements)


def test_the_table_of_settings_is_up_to_date() -> None:
    document = (ROOT / "docs/operations.md").read_text()
    assert with_table(document) == document, "run `make docs`"


@pytest.mark.lesson("L48")
def test_l48_services_log_and_never_print() -> None:
    printing = [
        str(path.relative_to(ROOT))
        for folder in ("services", "libs/common", "libs/audio")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"^\s*print\(", path.read_text(), re.MULTILINE)
    ]
    assert printing == []


@pytest.mark.lesson("L49")
def test_l49_types_are_strict_and_every_package_says_so() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] is True
    assert {package.__name__ for package in PACKAGES} <= set(settings["packages"])
    for package in PACKAGES:
        assert (Path(package.__path__[0]) / "py.typed").exists(), package.__name__
