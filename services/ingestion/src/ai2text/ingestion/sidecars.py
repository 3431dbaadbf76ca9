"""Files written beside a recording. Each appears whole or not at all, and nobody else's file is ever overwritten."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

import structlog

from ai2text.common.captions import to_srt, to_text
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.ingestion.recording import OWN_PREFIX, reason_name, sidecar_names

log = structlog.get_logger()

Written = dict[str, str]
"""Names below the folder, and the SHA-256 of what we wrote there."""


class Sidecars:
    """Blocking; `name` is always the recording's path below the folder."""

    def __init__(self, folder: Path, extensions: frozenset[str]) -> None:
        self._folder = folder
        self._extensions = extensions

    def write_transcript(self, name: str, transcript: Transcript, written: Mapping[str, str]) -> Written:
        """What stands beside the recording now; a reason that stood there is removed."""
        texts = {"txt": to_text(transcript.segments), "srt": to_srt(transcript.segments)}
        parent = PurePosixPath(name).parent
        neighbours = [path.name for path in (self._folder / parent).iterdir()]
        kept: Written = {}
        for suffix, text in texts.items():
            earlier = [n for n in written if n.endswith(f".{suffix}")]
            fresh = sidecar_names(PurePosixPath(name).name, suffix, neighbours, self._extensions)
            kept |= self._write([*earlier, *(str(parent / n) for n in fresh)], text.encode(), written)
        self._remove(reason_name(name), written)
        return kept

    def write_reason(self, name: str, reason: Reason, written: Mapping[str, str] | None = None) -> Written:
        content = json.dumps(
            {"file": PurePosixPath(name).name, "code": reason.code, "detail": reason.detail},
            ensure_ascii=False,
            indent=2,
        )
        return self._write([reason_name(name)], f"{content}\n".encode(), written or {})

    def _write(self, candidates: list[str], content: bytes, written: Mapping[str, str]) -> Written:
        """Takes the first candidate that is free, ours, or already says the same."""
        digest = hashlib.sha256(content).hexdigest()
        for candidate in candidates:
            standing = _digest_of(self._folder / candidate)
            if standing == digest or self._placed(candidate, content, standing, written.get(candidate)):
                return {candidate: digest}
        log.warning("sidecar_not_written", names=candidates, why="files of somebody else stand there")
        return {}

    def _placed(self, candidate: str, content: bytes, standing: str | None, ours: str | None) -> bool:
        if standing is not None and standing != ours:
            return False
        target = self._folder / candidate
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=OWN_PREFIX, suffix=".tmp") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(0o644)
            return _put_in_place(Path(draft.name), target, replace=standing is not None)

    def _remove(self, name: str, written: Mapping[str, str]) -> None:
        path = self._folder / name
        if name in written and _digest_of(path) == written[name]:
            path.unlink(missing_ok=True)


def _put_in_place(draft: Path, target: Path, *, replace: bool) -> bool:
    """Whether `target` now holds the draft. A new name is taken by a link, which fails if somebody was faster."""
    if replace:
        copy = draft.with_suffix(".final")
        os.link(draft, copy)
        copy.replace(target)
        return True
    try:
        os.link(draft, target)
    except FileExistsError:
        return False
    return True


def _digest_of(path: Path) -> str | None:
    """None when nothing stands there; something else than a file never has our digest."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None
    except OSError as exc:
        return f"unreadable: {errno.errorcode.get(exc.errno or 0)}"


def sweep(folder: Path) -> None:
    """Removes the drafts of a process that was killed."""
    for draft in folder.rglob(f"{OWN_PREFIX}*"):
        with suppress(FileNotFoundError):
            draft.unlink()
