"""The lines of a manifest that somebody else has written. No I/O here but of an unnamed database."""

import json
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError

from ai2text.common.contracts.codec import decode, encode
from ai2text.common.errors import Refused
from ai2text.training_orchestrator.unnamed_database import unnamed_database

LINE_MAX_BYTES = 1 << 20
SCHEMA = """
CREATE TABLE lines (
    url TEXT NOT NULL, begins INTEGER NOT NULL, lasts INTEGER NOT NULL,
    manifest INTEGER NOT NULL, number INTEGER NOT NULL, document BLOB NOT NULL, PRIMARY KEY (url, begins, lasts)
) WITHOUT ROWID
"""
Seconds = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignLine:
    """As NeMo and Curator write it; what is not here is left alone."""

    audio_filepath: Annotated[str, Field(min_length=1)]
    text: str = ""
    lang: Annotated[str | None, Field(pattern="^[a-z]{2,3}$")] = None
    language: Annotated[str | None, Field(pattern="^[a-z]{2,3}$")] = None
    speaker: str | int | None = None
    offset: Seconds | None = None
    duration: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    """Only beside an offset is it more than a claim about the file: where the stretch ends."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line, and where it stands."""

    manifest: int
    number: int
    """From 1."""
    line: ForeignLine


LINE = TypeAdapter(ForeignLine)


def parsed(content: bytes) -> ForeignLine:
    """Raises Refused."""
    try:
        document: Any = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise Refused("not_json", f"The line is no JSON: {exc}.") from exc
    if not isinstance(document, dict):
        raise Refused("not_json", "The line is no JSON object.")
    if document.get("_skipme"):
        raise Refused("skipme", "Whoever wrote the line says _skipme.")
    try:
        return LINE.validate_python(document)
    except ValidationError as exc:
        fault = exc.errors()[0]
        raise Refused("invalid_field", f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}.") from exc


def audio_url(manifest: str, line: ForeignLine) -> str:
    """A relative path begins in the manifest's folder. Raises Refused."""
    path = line.audio_filepath
    if path.startswith("s3://"):
        return path
    if "://" in path or path.startswith("/"):
        raise Refused("invalid_location", f"{path!r} is neither below the manifest nor an s3:// location.")
    bucket, _, key = manifest.removeprefix("s3://").partition("/")
    return f"s3://{bucket}/{posixpath.join(posixpath.dirname(key), path.removeprefix('./'))}"


def numbered(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Lines with their numbers, from 1; None for one that is longer than any row. Empty ones are left out."""
    number, rest, too_long = 1, b"", False
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if too_long or line.strip():
                yield number, None if too_long or len(line) > LINE_MAX_BYTES else line
            number, too_long = number + 1, False
        if len(rest) > LINE_MAX_BYTES:
            rest, too_long = b"", True
    if too_long or rest.strip():
        yield number, None if too_long else rest


class ForeignLines:
    """All lines of a version's manifests, by the audio that they are about; used by one thread at a time."""

    def __init__(self) -> None:
        self._database = unnamed_database(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._database.close()

    def add(self, url: str, placed: Placed) -> bool:
        """Whether it is the first one about this stretch."""
        line = placed.line
        begins = -1 if line.offset is None else round(line.offset * 1000)
        lasts = -1 if line.offset is None or line.duration is None else round(line.duration * 1000)
        values = url, begins, lasts, placed.manifest, placed.number, encode(line)
        return self._database.execute("INSERT OR IGNORE INTO lines VALUES (?, ?, ?, ?, ?, ?)", values).rowcount == 1

    def urls(self) -> Iterator[str]:
        return (url for (url,) in self._database.execute("SELECT DISTINCT url FROM lines ORDER BY url"))

    def about(self, url: str) -> list[Placed]:
        statement = "SELECT manifest, number, document FROM lines WHERE url = ? ORDER BY manifest, number"
        found = self._database.execute(statement, (url,))
        return [Placed(manifest, number, decode(ForeignLine, document)) for manifest, number, document in found]
