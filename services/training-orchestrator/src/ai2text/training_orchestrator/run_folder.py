"""Where a process trains: the version's files as they are listed, and what comes of it. Blocking."""

import shutil
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.dataset import VersionOutcome
from ai2text.training_orchestrator.training_run import Run, outputs_prefix
from ai2text.training_orchestrator.version_files import VersionFiles

OUTPUT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class RunFolder:
    path: Path

    @property
    def dataset(self) -> Path:
        return self.path / "dataset"

    @property
    def outputs(self) -> Path:
        return self.path / "outputs"

    @property
    def log(self) -> Path:
        """An output too."""
        return self.outputs / "training.log"

    def fill(self, files: VersionFiles, outcome: VersionOutcome) -> None:
        """Raises ObjectChanged or ObjectNotFound for a version that is there no more; may be repeated."""
        self.outputs.mkdir(parents=True, exist_ok=True)
        for file in chain(outcome.files, files.audio(outcome)):
            target = self.dataset / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as written:
                written.writelines(files.blocks(file))

    def store_outputs(self, store: ObjectStore, run: Run) -> None:
        """Files and no links, which could lead anywhere; may be repeated."""
        for path in sorted(self.outputs.rglob("*")):
            if path.is_file() and not path.is_symlink():
                key = f"{outputs_prefix(run.place)}{path.relative_to(self.outputs).as_posix()}"
                with path.open("rb") as file:
                    store.put_stream(key, file, path.stat().st_size, OUTPUT_TYPE)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
