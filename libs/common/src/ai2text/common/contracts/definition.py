"""What a dataset is to be made of, as people ask for it: over REST or in a file.

What is not offered is refused and not ignored: a misspelt rule would select everything.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.contracts.training import Training

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
SPLIT_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,31}")
GOLDEN = "golden"
STRICT = ConfigDict(extra="forbid")


class Segmentation(StrEnum):
    """What becomes a row."""

    RECORDINGS = "recordings"
    SEGMENTS = "segments"


class Normalisation(StrEnum):
    """How the text of a row is written. What one of them does never changes; another behaviour has another number."""

    VERBATIM = "verbatim-1"
    """As it was heard or corrected, without white space around it."""
    SPOKEN = "spoken-1"
    """Compatibility forms unified (NFKC), small letters, no punctuation but apostrophes and hyphens inside words."""


class Format(StrEnum):
    NEMO = "nemo"
    NEMO_TARRED = "nemo-tarred"
    KALDI = "kaldi"
    LHOTSE = "lhotse"
    HUGGING_FACE = "hf"
    HF_PARQUET = "hf-parquet"
    WEBDATASET = "webdataset"
    COMMON_VOICE = "common-voice"


AUDIO_OF_EACH_ROW = (Format.HUGGING_FACE, Format.HF_PARQUET, Format.WEBDATASET, Format.COMMON_VOICE)
"""Formats that hold audio themselves, or name a file for each row."""
PACKED = frozenset({Format.NEMO_TARRED, Format.HF_PARQUET, Format.WEBDATASET})
"""Formats that hold audio themselves."""
BY_REFERENCE = (Format.NEMO, Format.KALDI, Format.LHOTSE)
"""Formats that say where a recording lies."""

REFERENCES_ANYTHING = (Format.NEMO, Format.LHOTSE)
"""Formats whose readers also read from an object store."""


class Codec(StrEnum):
    SOURCE = "source"
    """As it was taken in. A row that is not all of its recording is told by its offset."""
    FLAC = "flac"
    WAV = "wav"
    OPUS = "opus"


COMMON_VOICE_TABLES = {"validated", "invalidated", "other", "clip_durations"}
"""They lie beside the tables of the splits."""
OPUS_HZ = 48_000
"""What every reader of Opus gives."""
STORE = "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """What the audio of the rows is like. Unless it is as it was taken in, each row has a file of its own."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    codec: Codec = Codec.SOURCE
    sample_rate_hz: Annotated[int | None, Field(ge=4_000, le=192_000)] = None
    """That of the recording unless it is given."""
    mono: bool = False
    reference: Annotated[str | None, Field(min_length=1, max_length=1000, pattern=r"^[^\s\x00-\x1f]+$")] = None
    """Before every path in manifests, such as `/data/`; `store`: where it lies in the object store, by `s3://`."""

    def __post_init__(self) -> None:
        if self.codec is Codec.SOURCE and (self.mono or self.sample_rate_hz is not None):
            raise ValueError("sample_rate_hz and mono have no effect on audio as it was taken in: choose a codec")
        if self.codec is Codec.OPUS and self.sample_rate_hz not in {None, OPUS_HZ}:
            raise ValueError("opus is always read at 48000 Hz: leave sample_rate_hz away, or choose flac or wav")
        if self.codec is not Codec.SOURCE and self.reference == STORE:
            raise ValueError("the store names recordings as they were taken in: leave codec away, or give a path")
        if self.reference not in {None, STORE} and not str(self.reference).endswith("/"):
            raise ValueError("a reference is `store`, or what stands before a path and ends with a slash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Both are allowed themselves."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    min: Annotated[float | None, Field(allow_inf_nan=False)] = None
    max: Annotated[float | None, Field(allow_inf_nan=False)] = None

    def __post_init__(self) -> None:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is greater than max {self.max:g}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of `any`, if there are some, and none of `none`."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if both := set(self.any) & set(self.none):
            raise ValueError(f"{', '.join(sorted(both))} is in any and in none")


Hours = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rules that every row keeps. What was not measured is not judged: text that a person wrote, audio of long ago."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    languages: Choice = Choice()
    tags: Choice = Choice()
    models: Choice = Choice()
    speakers: Choice = Choice()
    sources: Choice = Choice()
    """`place/name` of where it came from, with `*` for anything."""
    review: Annotated[tuple[ReviewStatus, ...], Field(min_length=1)] = (
        ReviewStatus.UNREVIEWED,
        ReviewStatus.CORRECTED,
        ReviewStatus.VERIFIED,
    )
    ingested_from: AwareDatetime | None = None
    ingested_before: AwareDatetime | None = None
    duration_seconds: Limits = Limits()
    confidence: Limits = Limits()
    """The mean probability of a token, 0 to 1."""
    compression_ratio: Limits = Limits()
    """Of the segment that repeats itself most."""
    coverage: Limits = Limits()
    """How much of the row's audio has words, 0 to 1."""
    words_per_second: Limits = Limits()
    """Signs, in a language that is written without spaces."""
    loudness_lufs: Limits = Limits()
    """Of the whole recording, after EBU R128; -16 to -30 is usual for speech."""
    peak_dbfs: Limits = Limits()
    """Of the whole recording's largest sample; where it is 0, sound may have been clipped."""
    rows_per_text: Annotated[int, Field(ge=1)] | None = None
    hours_per_speaker: Hours | None = None
    """Of those whose names are known."""
    hours_per_source: Hours | None = None
    """By the place, a folder or a bucket; what was uploaded is one for each caller."""

    def __post_init__(self) -> None:
        if ReviewStatus.EXCLUDED in self.review:
            raise ValueError("what was excluded in review is never selected")
        if _is_reversed(self.ingested_from, self.ingested_before):
            raise ValueError("ingested_before is not after ingested_from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When the next version is made by itself: whichever comes first."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    every_hours: Annotated[float | None, Field(gt=0, le=8784, allow_inf_nan=False)] = None
    """Counted from the moment at which the definition was posted; not while the catalogue stays as it was."""
    new_hours: Hours | None = None
    """By so much the transcribed audio has grown since the newest version."""

    def __post_init__(self) -> None:
        if self.every_hours is None and self.new_hours is None:
            raise ValueError("a trigger wants every_hours, new_hours or both")


def _is_reversed(first: datetime | None, last: datetime | None) -> bool:
    return first is not None and last is not None and first >= last


def _checked_splits(splits: dict[str, float]) -> dict[str, float]:
    for name, fraction in splits.items():
        if not SPLIT_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name for a split: use small letters, digits and underscores")
        if name == GOLDEN:
            raise ValueError("the split golden is made of the recordings that are named under golden")
        if not 0 < fraction <= 1:
            raise ValueError(f"{name} has the fraction {fraction:g}, which is not above 0 and at most 1")
    if not math.isclose(total := math.fsum(splits.values()), 1, abs_tol=1e-6):
        raise ValueError(f"the fractions make {total:g}, not 1")
    return splits


def _without_repetition(formats: tuple[Format, ...]) -> tuple[Format, ...]:
    return tuple(dict.fromkeys(formats))


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignManifest:
    """A corpus that lies in an archive with its texts: JSON lines as NeMo wants them."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    manifest: Annotated[str, Field(pattern=r"^s3://[^/\s]+/[^\s\x00-\x1f]+$", max_length=1100)]
    language: Annotated[str | None, Field(pattern="^[a-z]{2,3}$")] = None
    """Of lines that do not say it."""
    speaker_prefix: Annotated[str, Field(max_length=100)] = ""
    """Before the name of every speaker: number 12 is somebody else in each corpus."""
    review: ReviewStatus = ReviewStatus.UNREVIEWED
    """What people have done about its texts."""

    def __post_init__(self) -> None:
        if self.review is ReviewStatus.EXCLUDED:
            raise ValueError("what is excluded is no part of a dataset: leave the manifest away")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: Annotated[str, Field(json_schema_extra={"pattern": f"^{NAME.pattern}$"}, examples=["speech"])]
    description: Annotated[str, Field(max_length=4000)] = ""
    """For the data card, in Markdown."""
    licence: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    """Of the audio and its texts, as whoever asks knows it, such as CC-BY-4.0."""
    selection: Selection = Selection()
    normalisation: Normalisation = Normalisation.VERBATIM
    segmentation: Segmentation = Segmentation.RECORDINGS
    target_seconds: Annotated[float | None, Field(gt=0, le=3600, allow_inf_nan=False)] = None
    """Segments that follow one another are one row up to this length. Without it each is a row."""
    longest_pause_seconds: Annotated[float | None, Field(ge=0, le=60, allow_inf_nan=False)] = None
    """Within a row; 1 unless it is given."""
    splits: Annotated[dict[str, float], Field(min_length=1, max_length=16), AfterValidator(_checked_splits)] = field(
        default_factory=lambda: {"train": 1.0}
    )
    golden: Annotated[tuple[str, ...], Field(max_length=10_000)] = ()
    """Ids of recordings that are the split `golden` and nothing else."""
    formats: Annotated[tuple[Format, ...], Field(min_length=1), AfterValidator(_without_repetition)] = (Format.NEMO,)
    audio: Audio = Audio()
    foreign: Annotated[tuple[ForeignManifest, ...], Field(max_length=100)] = ()
    """Beside what the catalogue has; its rows keep the same rules."""
    allow_empty_splits: bool = False
    trigger: Trigger | None = None
    """Of the newest version alone; without one nothing is made by itself."""
    training: Training | None = None
    """On each version, as soon as it is published."""

    def __post_init__(self) -> None:
        merging = self.target_seconds is not None
        if self.segmentation is Segmentation.RECORDINGS and merging:
            raise ValueError("target_seconds has no effect on whole recordings: choose the segmentation segments")
        if self.longest_pause_seconds is not None and not merging:
            raise ValueError("longest_pause_seconds has no effect without target_seconds")
        taken = COMMON_VOICE_TABLES & set(self.splits)
        if Format.COMMON_VOICE in self.formats and taken:
            raise ValueError(f"{', '.join(sorted(taken))} is a table of common-voice itself: name the split otherwise")
        self._check_audio()
        self._check_foreign()

    def _check_audio(self) -> None:
        cut = [one for one in self.formats if one in AUDIO_OF_EACH_ROW]
        if self.segmentation is Segmentation.SEGMENTS and cut and self.audio.codec is Codec.SOURCE:
            raise ValueError(f"{cut[0]} wants a file for each row: choose the audio.codec flac, wav or opus")
        if self.audio.reference and not set(self.formats) & set(BY_REFERENCE):
            raise ValueError(f"audio.reference has no effect on {self.formats[0]}, which holds its audio")
        if self.audio.reference == STORE and Format.KALDI in self.formats:
            raise ValueError("kaldi reads nothing from an object store: give a path as audio.reference")

    def _check_foreign(self) -> None:
        names = [one.manifest for one in self.foreign]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"{twice} is named twice under foreign")
        copied = [one for one in self.formats if one not in REFERENCES_ANYTHING]
        if self.foreign and copied and self.audio.codec is Codec.SOURCE:
            raise ValueError(
                f"{copied[0]} wants audio beside it, and that of foreign manifests stays where it lies: choose the "
                "audio.codec flac, wav or opus"
            )
