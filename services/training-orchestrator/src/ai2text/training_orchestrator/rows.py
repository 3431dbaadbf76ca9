"""Rows: what a dataset consists of, made from recordings. No I/O here."""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from pydantic import TypeAdapter

from ai2text.common.contracts.datasets import TranscribedRecording, TranscribedSegment
from ai2text.common.contracts.definition import OPUS_HZ, Audio, Codec, Definition, Normalisation, Segmentation
from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.common.languages import SPACELESS, joined
from ai2text.training_orchestrator.audio_paths import audio_path, extension, own_path
from ai2text.training_orchestrator.groups import groups_of
from ai2text.training_orchestrator.long_segments import DIGITS
from ai2text.training_orchestrator.normalisation import normalised
from ai2text.training_orchestrator.splits import named_speaker, speaker_key

MICRO = 1_000_000
EXACTLY = 1e-6
"""Of a millisecond: 1.001 s times a thousand is a little less than 1001."""
TOLERATED_SECONDS = 0.02
"""One segment may begin before the other has ended by as much as a decoder's time marks are apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A stretch of audio and what is said in it, and where both come from."""

    id: str
    split: str = ""
    audio: str
    """Where manifests say that it lies: a path relative to the version, unless the definition has a reference."""
    extension: str
    """Of its audio."""
    codec: Codec
    """As the recording was taken in, or of a file that the row has of its own."""
    audio_sha256: str
    """Of the recording; empty for one in an archive, of which not all was read."""
    audio_seconds: float
    """Of the whole recording, as decoding it gave."""
    sample_rate_hz: int
    """Of the file in which the row is; 0 where nobody knows it, and then the row is left out."""
    channels: int
    """Likewise."""
    start: float
    """Seconds from the beginning of the recording."""
    duration: float
    whole: bool
    """All of the recording, so `start` is 0."""
    text: str
    language: str
    speaker: str | None
    """Only where it has a name."""
    review: ReviewStatus
    recording_id: str
    life: int
    revision: int
    job_id: str | None
    model: str
    options: dict[str, object]
    """Of the job, those that are not as they always are."""
    segments: tuple[str, ...]
    """Ids of what it was put together from; none for a whole recording."""
    normalisation: Normalisation
    confidence: float | None = None
    compression_ratio: float | None = None
    coverage: float | None = None
    words_per_second: float | None = None
    overlapped: bool = False
    """Somebody else speaks at the same time."""

    @property
    def has_own_file(self) -> bool:
        return self.codec is not Codec.SOURCE

    @property
    def lies_elsewhere(self) -> bool:
        """In an archive, and not in a file of its own: `audio` says where."""
        return not self.audio_sha256 and not self.has_own_file

    @property
    def file_id(self) -> str:
        """Of the file in which the row is, alone or with others of its recording."""
        return self.id if self.has_own_file else self.recording_id

    @property
    def is_whole_file(self) -> bool:
        return self.whole or self.has_own_file

    @property
    def offset(self) -> float:
        """Seconds from the beginning of the file."""
        return 0.0 if self.has_own_file else self.start

    @property
    def file_samples(self) -> int:
        """Of one channel."""
        if self.has_own_file and not self.whole:
            return sample_at(self.start + self.duration, self.sample_rate_hz) - sample_at(
                self.start, self.sample_rate_hz
            )
        return round(self.audio_seconds * self.sample_rate_hz)

    @property
    def file_seconds(self) -> float:
        return self.file_samples / self.sample_rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A row that keeps all the rules that are about itself."""

    row: Row
    place: str | None
    """A folder, a bucket or a caller: where its recording was first found."""
    voices: frozenset[str]
    """Names of all who speak in it."""


_options = TypeAdapter(TranscriptionOptions)
Rows = Callable[[], Iterator[Row]]
"""All of some split, again at each call."""


def voice_of(row: Row) -> str:
    """Whoever speaks, by a hash; somebody without a name is another one in each recording."""
    return hashlib.sha256(speaker_key(row.recording_id, row.speaker).encode()).hexdigest()[:16]


def sample_at(seconds: float, sample_rate_hz: int) -> int:
    """The first sample of what begins then; by whole milliseconds, so that what ends there ends before it."""
    return (round(seconds * 1000) * sample_rate_hz * 2 + 1000) // 2000


def microseconds_of(row: Row) -> int:
    return round(row.duration * MICRO)


def rows_of(recording: TranscribedRecording, definition: Definition) -> Iterator[Row]:
    """In the order of time; a recording without segments, in which nothing was heard, is one row of all of it."""
    return (_with_own_file(row, definition.audio) for row in _spans(recording, definition))


def _with_own_file(row: Row, form: Audio) -> Row:
    """As it is; or as it will be once it was cut out of the recording, or all of that converted."""
    if form.codec is Codec.SOURCE:
        return row
    found_hz = OPUS_HZ if form.codec is Codec.OPUS else row.sample_rate_hz
    return replace(
        row,
        audio=own_path(row.recording_id, row.id, form.codec),
        extension=form.codec,
        codec=form.codec,
        sample_rate_hz=(form.sample_rate_hz or found_hz) if row.sample_rate_hz else 0,
        channels=min(row.channels, 1) if form.mono else row.channels,
    )


def _spans(recording: TranscribedRecording, definition: Definition) -> Iterator[Row]:
    if definition.segmentation is Segmentation.RECORDINGS or not recording.segments:
        yield _whole(recording, definition)
        return
    reached = 0.0  # where the last of those before has ended
    for group, following in pairwise([*groups_of(recording, definition), ()]):
        row = _stretch(recording, group, definition)
        end = row.start + row.duration
        next_start = round(following[0].start, DIGITS) if following else math.inf
        overlapped = reached > row.start + TOLERATED_SECONDS or next_start < end - TOLERATED_SECONDS
        overlapped = overlapped or next_start == row.start
        yield replace(row, overlapped=overlapped)
        reached = max(reached, end)


def _whole(recording: TranscribedRecording, definition: Definition) -> Row:
    seconds = recording.duration_seconds
    speakers = {named_speaker(segment.speaker) for segment in recording.segments}
    row = _row(recording, definition, recording.text, recording.segments, (0.0, seconds))
    return replace(
        row,
        id=recording.recording_id,
        duration=seconds,
        whole=True,
        segments=(),
        speaker=speakers.pop() if len(speakers) == 1 else None,
    )


def _stretch(recording: TranscribedRecording, group: tuple[TranscribedSegment, ...], definition: Definition) -> Row:
    last = math.floor(recording.duration_seconds * 10**DIGITS + EXACTLY) / 10**DIGITS  # never beyond the end
    start = min(max(round(group[0].start, DIGITS), 0.0), last)
    end = min(max(round(max(one.end for one in group), DIGITS), start), last)
    text = joined((one.text.strip() for one in group), recording.language)
    return _row(recording, definition, text, group, (start, end))


def _row(
    recording: TranscribedRecording,
    definition: Definition,
    text: str,
    segments: tuple[TranscribedSegment, ...],
    span: tuple[float, float],
) -> Row:
    start, end = span
    duration = end - start
    written = normalised(text, definition.normalisation)
    return Row(
        id=f"{recording.recording_id}-{round(start * 1000):09}-{round(end * 1000):09}",
        audio=audio_path(recording),
        extension=extension(recording),
        codec=Codec.SOURCE,
        audio_sha256=recording.sha256,
        audio_seconds=recording.duration_seconds,
        sample_rate_hz=recording.sample_rate_hz or 0,
        channels=recording.channels or 0,
        start=start,
        duration=round(duration, DIGITS),
        whole=False,
        text=written,
        language=recording.language,
        speaker=named_speaker(segments[0].speaker) if segments else None,
        review=recording.review,
        recording_id=recording.recording_id,
        life=recording.life,
        revision=recording.revision,
        job_id=recording.job_id,
        model=recording.model,
        options=_chosen(recording.options),
        segments=tuple(dict.fromkeys(one.id for one in segments)),
        normalisation=definition.normalisation,
        confidence=_confidence(segments),
        compression_ratio=max((r for one in segments if (r := one.compression_ratio) is not None), default=None),
        coverage=_covered(segments, start, end) / duration if duration and segments else None,
        words_per_second=words_in(written, recording.language) / duration if duration else None,
    )


@lru_cache(maxsize=64)
def _chosen(options: TranscriptionOptions) -> dict[str, object]:
    chosen: dict[str, object] = _options.dump_python(options, mode="json", exclude_defaults=True)
    return chosen


def _confidence(segments: Iterable[TranscribedSegment]) -> float | None:
    """The mean probability of a token, each segment by its length; of those that a machine wrote."""
    heard = [(one.end - one.start, one.avg_logprob) for one in segments if one.avg_logprob is not None]
    seconds = math.fsum(length for length, _ in heard)
    if not heard or seconds <= 0:
        return None
    return math.fsum(length * math.exp(min(logprob, 0.0)) for length, logprob in heard) / seconds


def _covered(segments: Iterable[TranscribedSegment], start: float, end: float) -> float:
    """Seconds of the span that are within a segment, those of two counted once."""
    seconds, reached = 0.0, start
    for one in sorted(segments, key=lambda each: each.start):
        seconds += max(0.0, min(one.end, end) - max(one.start, reached))
        reached = max(reached, one.end)
    return seconds


def words_in(text: str, language: str) -> int:
    """Signs, in a language that is written without spaces."""
    return len("".join(text.split())) if language in SPACELESS else len(text.split())
