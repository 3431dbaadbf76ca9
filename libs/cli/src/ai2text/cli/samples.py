"""The packaged recordings, put once into a user's folder."""

import shutil
from pathlib import Path

from ai2text.cli.environments import EAR


def copy_once(data: Path, inbox: Path) -> None:
    """Into `inbox/samples`, each whole under its name or not at all; what the user deletes stays deleted."""
    mark = data / "samples-copied"
    if mark.exists():
        return
    target = inbox / "samples"
    target.mkdir(parents=True, exist_ok=True)
    for sample in sorted((EAR / "samples").iterdir()):
        draft = target / f".{sample.name}.part"
        shutil.copyfile(sample, draft)
        draft.replace(target / sample.name)
    mark.touch()
