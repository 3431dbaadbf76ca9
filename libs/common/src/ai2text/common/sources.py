"""The places recordings come from: one folder by AI2TEXT_FOLDER_*, any number by the file AI2TEXT_SOURCES_FILE.

Ingestion watches them and the set-up step makes their durables, so both read them here and cannot disagree.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings

from ai2text.common.contracts.identity import checked_tenant
from ai2text.common.contracts.states import Lane
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.errors import Misconfigured, Refused
from ai2text.common.settings import ENV_FILE, group, load

AUDIO_AND_VIDEO = (
    "wav wave w64 mp3 flac ogg oga opus m4a m4b mp4 m4v mov aac aif aiff aifc caf 3gp 3g2 mka mkv webm ts mpg mpeg "
    "mpga asf wma wmv avi amr au snd wv"
)
FOLDER_PREFIX = "AI2TEXT_FOLDER_"


class Disposition(StrEnum):
    """What becomes of a file once its recording is durable and announced."""

    KEEP = "keep"
    MOVE = "move"
    """To `done/` below the folder; a refused one, with its reason, to `rejected/`."""
    DELETE = "delete"
    """A refused one is kept."""


class Watch(StrEnum):
    AUTO = "auto"
    """By polling where the file system has no events, else by events."""
    EVENTS = "events"
    POLLING = "polling"


Sidecar = Literal["txt", "srt", "vtt", "json"]
Kind = Literal["folder", "bucket", "archive"]
"""Of places in the file."""


def _known_options(value: object) -> object:
    """A misspelt option would be ignored by the contract, for which unknown fields are those of a newer version."""
    if isinstance(value, Mapping):
        _refuse_unknown(value, [field.name for field in fields(TranscriptionOptions)])
    return value


def _tenant(value: str) -> str:
    try:
        return checked_tenant(value)
    except Refused as exc:
        raise ValueError(exc.detail) from exc


Tenant = Annotated[str, AfterValidator(_tenant)]


class SourceOptions(BaseModel):
    """What is asked for the recordings of a place, whatever kind of place it is."""

    name: str = Field(
        "inbox", pattern="^[a-z0-9][a-z0-9-]*$", max_length=63, description="Its name in sources and durables."
    )
    tenant: Tenant = Field("default", description="Whose recordings these are.")
    language: str | None = Field(
        None, pattern="^[a-z]{2,3}$", description="ISO 639 code of what is spoken; without it it is detected."
    )
    model: str = Field("small", min_length=1, description="The model that transcribes them.")
    lane: Lane = Field(Lane.BULK, description="`bulk` or `interactive`.")
    options: Annotated[TranscriptionOptions, BeforeValidator(_known_options)] = Field(
        TranscriptionOptions(), description="JSON: how to decode; the fields of TranscriptionOptions."
    )
    tags: tuple[str, ...] = Field((), description="JSON list: tags of every recording from here.")
    tags_from_folders: bool = Field(
        default=False, description="Whether the sub-folders' names are tags too: `calls/2024/x.wav` gets both."
    )
    extensions: frozenset[str] = Field(
        frozenset(AUDIO_AND_VIDEO.split()),
        description="JSON list: endings of names that are taken, in any case. Default: what says audio or video.",
    )
    include: tuple[str, ...] = Field(
        (), description="JSON list of patterns as in a .gitignore: only what one of them matches is taken."
    )
    exclude: tuple[str, ...] = Field(
        (), description="JSON list of patterns as in a .gitignore: what they match is left alone."
    )
    recursive: bool = Field(default=True, description="Whether sub-folders count.")
    disposition: Disposition = Field(
        Disposition.KEEP,
        description="`keep`, `move` (to done/ and rejected/ below the folder) or `delete`, "
        "once the recording is stored and announced.",
    )
    sidecars: tuple[Sidecar, ...] = Field(
        ("txt", "srt"), description="JSON list: which of txt, srt, vtt, json are written beside the file."
    )

    @field_validator("extensions")
    @classmethod
    def _plain(cls, value: frozenset[str]) -> frozenset[str]:
        return frozenset(extension.lower().removeprefix(".") for extension in value)

    @field_validator("tags")
    @classmethod
    def _are_tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not tag.strip() for tag in value):
            raise ValueError("A tag is not empty.")
        return value


Place = TypeVar("Place", bound=BaseModel)


class Folder(SourceOptions):
    """A hot folder."""

    model_config = ConfigDict(frozen=True)

    path: Path = Field(description="The folder that is watched.")
    quiet_seconds: float = Field(2, gt=0, description="A file is taken when it has not changed for so long.")
    rescan_seconds: float = Field(
        30, gt=0, description="How often the whole folder is compared with what is known: events are only hints."
    )
    watch: Watch = Field(
        Watch.AUTO, description="`auto`, `events` or `polling`: NFS, SMB and the like tell nobody of changes."
    )
    poll_seconds: float = Field(5, gt=0, description="How often a folder without events is compared.")


class FolderSettings(Folder, BaseSettings):
    """The hot folder that needs no file."""

    model_config = group(FOLDER_PREFIX)


class SourcesSettings(BaseSettings):
    model_config = group("AI2TEXT_SOURCES_")

    file: Path | None = Field(
        None,
        description="TOML file: a `[[folder]]` table for each further hot folder, a `[[bucket]]` for each bucket that "
        "is watched, an `[[archive]]` for each from which datasets may be made.",
    )


def load_folders() -> tuple[Folder, ...]:
    """From the variables and the file. Raises Misconfigured: one sentence with the place, the folder and the field."""
    filed = filed_folders()
    environment = {**(dotenv_values(ENV_FILE) if Path(ENV_FILE).is_file() else {}), **os.environ}
    if load(SourcesSettings).file and not any(name.startswith(FOLDER_PREFIX) for name in environment):
        return filed
    return checked((load(FolderSettings), *filed))


def filed_folders() -> tuple[Folder, ...]:
    """Those of the file, a relative path from where it lies; none without one."""
    file = load(SourcesSettings).file
    below = file.parent if file else Path()
    folders = filed("folder", Folder)
    return checked(each.model_copy(update={"path": below / each.path.expanduser()}) for each in folders)


def checked(folders: Iterable[Folder]) -> tuple[Folder, ...]:
    """The folders themselves; each file belongs to one of them only."""
    passed: list[Folder] = []
    for folder in folders:
        for earlier in passed:
            _check_apart(earlier, folder)
        passed.append(folder)
    return tuple(passed)


def _check_apart(one: Folder, other: Folder) -> None:
    if one.name == other.name:
        raise Misconfigured(f"Two folders have the name {one.name!r}: {one.path} and {other.path}.")
    first, second = one.path.resolve(), other.path.resolve()
    if first == second:
        raise Misconfigured(f"The folders {one.name!r} and {other.name!r} have the same path {one.path}.")
    if first in second.parents or second in first.parents:
        inner, outer = (one, other) if second in first.parents else (other, one)
        raise Misconfigured(
            f"The folder {inner.name!r} ({inner.path}) lies inside the folder {outer.name!r} ({outer.path})."
        )


def filed(kind: Kind, model: type[Place]) -> tuple[Place, ...]:
    """The tables `[[kind]]` of the file; none without one. Raises Misconfigured."""
    file = load(SourcesSettings).file
    if file is None:
        return ()
    found = _tables(file).get(kind, [])
    if not isinstance(found, list):
        raise Misconfigured(f"{file}: write [[{kind}]] with two brackets, for there may be several.")
    return tuple(_place(file, kind, model, number, table) for number, table in enumerate(found, start=1))


def _tables(file: Path) -> Mapping[str, Any]:
    try:
        tables = tomllib.loads(file.read_text())
    except OSError as exc:
        raise Misconfigured(f"AI2TEXT_SOURCES_FILE: {file} cannot be read: {exc.strerror}.") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise Misconfigured(f"{file} is no TOML: {exc}.") from exc
    try:
        _refuse_unknown(tables, list(get_args(Kind)))
    except ValueError as exc:
        raise Misconfigured(f"{file}: {exc}") from exc
    return tables


def _place(file: Path, kind: Kind, model: type[Place], number: int, table: Mapping[str, Any]) -> Place:
    called = f"{file}: {kind} {table['name']!r}" if "name" in table else f"{file}: {kind} number {number}"
    if "name" not in table:
        raise Misconfigured(f"{called}: name: It has none.")
    try:
        _refuse_unknown(table, list(model.model_fields))
    except ValueError as exc:
        raise Misconfigured(f"{called}: {exc}") from exc
    try:
        return model(**table)
    except ValidationError as exc:
        fault = exc.errors()[0]
        said = fault["msg"].removeprefix("Value error, ").rstrip(".")
        raise Misconfigured(f"{called}: {'.'.join(map(str, fault['loc'])) or 'table'}: {said}.") from exc


def _refuse_unknown(given: Iterable[str], known: list[str]) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(known)}."
            raise ValueError(f"{name} is not a field. {hint}")
