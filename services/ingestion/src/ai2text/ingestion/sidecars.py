"""Files written beside a recording. Each appears whole or not at all, and nobody else's file is ever overwritten."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

import structlog

from ai2text.common.captions import to_srt, to_text, to_vtt
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import Unavailable
from ai2text.ingestion.corrected import Corrected
from ai2text.ingestion.file_system import is_forbidden
from ai2text.ingestion.names import to_name, to_path
from ai2text.ingestion.recording import OWN_PREFIX, reason_content, reason_name, sidecar_names

log = structlog.get_logger()

DRAFTS = (".tmp", ".final")
Written = dict[str, str]
"""Names below the folder, and the SHA-256 of what we wrote there."""
Text = Transcript | Corrected
Intend = Callable[[tuple[str, ...]], None]


class FolderFull(Unavailable):
    """The folder's disk takes no more, or fails; written again when it does."""


class Sidecars:
    """Blocking; `name` is always the recording's, below the folder. Raises FolderFull, FileNotFoundError."""

    def __init__(self, folder: Path, extensions: frozenset[str], formats: Sequence[str] = ("txt", "srt")) -> None:
        self._folder = folder
        self._extensions = extensions
        self._formats = formats

    def write_transcript(
        self, name: str, transcript: Text, written: Mapping[str, str], intend: Intend = lambda _: None
    ) -> Written:
        """What stands beside the recording now; a reason that stood there is removed.

        `intend` is told the SHA-256 of all that will be written, before it is.
        """
        parent, own = PurePosixPath(to_path(name)).parent, PurePosixPath(to_path(name)).name
        neighbours = self._neighbours(parent, own)
        reason = to_name(reason_name(to_path(name)))
        kept: Written = {}
        contents = {suffix: CONTENT[suffix](transcript).encode() for suffix in self._formats}
        intend(tuple(map(digest_of, contents.values())))
        for suffix, content in contents.items():
            earlier = [n for n in written if n.endswith(f".{suffix}") and n != reason]
            fresh = sidecar_names(own, suffix, neighbours, self._extensions)
            candidates = [*earlier, *(to_name(str(parent / n)) for n in fresh)]
            kept |= self._write(candidates, content, written)
        self.remove_reason(name, written)
        return kept

    def write_reason(
        self, name: str, reason: Reason, written: Mapping[str, str] | None = None, *, of: str | None = None
    ) -> Written:
        """`of` is what the file was called before it was moved to `name`."""
        return self._write([to_name(reason_name(to_path(name)))], reason_content(of or name, reason), written or {})

    def remove_reason(self, name: str, written: Mapping[str, str]) -> None:
        reason = to_name(reason_name(to_path(name)))
        path = self._folder / to_path(reason)
        if reason in written and _digest_of(path) == written[reason]:
            path.unlink(missing_ok=True)

    def erase(self, name: str, written: Mapping[str, str], intended: Collection[str]) -> None:
        """What still is as we wrote it, or were about to; where nothing may be deleted, it is left."""
        parent, own = PurePosixPath(to_path(name)).parent, PurePosixPath(to_path(name)).name
        names = [n for suffix in self._formats for n in sidecar_names(own, suffix, (), self._extensions)]
        for each in {*written, *(to_name(str(parent / n)) for n in names)}:
            path = self._folder / to_path(each)
            if _digest_of(path) in {*written.values(), *intended}:
                self._delete(path)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            if not is_forbidden(exc):
                raise FolderFull(f"{self._folder} lets nothing be deleted: {exc.strerror}") from exc
            log.warning("sidecar_not_erased", folder=str(self._folder), error=exc.strerror)

    def _neighbours(self, parent: PurePosixPath, own: str) -> list[str]:
        """Other recordings of the same stem; asked for by name, for the folder may hold very many."""
        stem = PurePosixPath(own).stem
        names = (f"{stem}.{ending}" for known in self._extensions for ending in (known, known.upper()))
        return [name for name in names if os.path.lexists(self._folder / parent / name)]

    def _write(self, candidates: list[str], content: bytes, written: Mapping[str, str]) -> Written:
        """Takes the first candidate that is free, ours, or already says the same."""
        digest = digest_of(content)
        for candidate in candidates:
            standing = _digest_of(self._folder / to_path(candidate))
            if standing == digest or self._placed(candidate, content, standing, written.get(candidate)):
                return {candidate: digest}
        log.warning("sidecar_not_written", names=candidates, why="taken by files of somebody else, or read-only")
        return {}

    def _placed(self, candidate: str, content: bytes, standing: str | None, ours: str | None) -> bool:
        if standing is not None and standing != ours:
            return False
        target = self._folder / to_path(candidate)
        try:
            return _written(target, content, replace=standing is not None)
        except FileNotFoundError:
            raise
        except OSError as exc:
            if is_forbidden(exc):
                return False
            raise FolderFull(f"{target.parent} takes no file: {exc.strerror}") from exc


def _written(target: Path, content: bytes, *, replace: bool) -> bool:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=OWN_PREFIX, suffix=".tmp") as draft:
        draft.write(content)
        draft.flush()
        os.fsync(draft.fileno())
        Path(draft.name).chmod(0o644)
        return _put_in_place(Path(draft.name), target, replace=replace)


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


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest_of(path: Path) -> str | None:
    """None when nothing stands there; something else than a file never has our digest."""
    try:
        return digest_of(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as exc:
        return f"unreadable: {errno.errorcode.get(exc.errno or 0)}"


def sweep(folder: Path) -> None:
    """Removes the drafts of a process that was killed."""
    for ending in DRAFTS:
        for draft in folder.rglob(f"{OWN_PREFIX}*{ending}"):
            with suppress(FileNotFoundError):
                draft.unlink()


def to_json(transcript: Text) -> str:
    """For programs: times in seconds from the start of the recording."""
    document = {
        "recording_id": transcript.recording_id,
        "language": transcript.language,
        "duration": transcript.duration_seconds,
        "model": transcript.model,
        "text": transcript.text,
        "segments": [
            {
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                "speaker": segment.speaker,
                "words": [{"start": word.start, "end": word.end, "word": word.text} for word in segment.words],
            }
            for segment in transcript.segments
        ],
    }
    return f"{json.dumps(document, ensure_ascii=False, indent=2)}\n"


CONTENT: dict[str, Callable[[Text], str]] = {
    "txt": lambda transcript: to_text(transcript.segments),
    "srt": lambda transcript: to_srt(transcript.segments),
    "vtt": lambda transcript: to_vtt(transcript.segments),
    "json": to_json,
}
"""By the ending of the sidecar."""
