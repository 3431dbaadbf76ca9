"""What manifests in archives tell becomes recordings, each measured, beside those of the catalogue. Blocking."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from ai2text.common.contracts.datasets import RecordingSource, TranscribedRecording, TranscribedSegment
from ai2text.common.contracts.definition import Definition, ForeignManifest, Segmentation
from ai2text.common.contracts.identity import foreign_recording_id
from ai2text.common.contracts.states import ReviewStatus
from ai2text.common.errors import ObjectChanged, ObjectNotFound, Refused, StoreDenied, StoreUnavailable
from ai2text.common.languages import joined
from ai2text.common.object_store import StoredObject
from ai2text.training_orchestrator.archives import Archives, Place
from ai2text.training_orchestrator.dataset import BrokenLine, Claim, ManifestRead
from ai2text.training_orchestrator.duration_probe import DurationProbe, Measured
from ai2text.training_orchestrator.foreign_manifest import ForeignLines, Placed, audio_url, numbered, parsed
from ai2text.training_orchestrator.foreign_report import ForeignFindings

log = structlog.get_logger()

BLOCK_BYTES = 1 << 20
MODEL = "foreign"
"""In the place of the model that has written a text."""
KIND = "archive"
BEYOND_SECONDS = 0.1
"""A stretch may end so much after its recording; it is cut off there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    recording: TranscribedRecording
    """`audio_key` is where it lies, by `s3://`; of its bytes nobody knows the hash."""
    etag: str


@dataclass(frozen=True, slots=True)
class ForeignRecordings:
    """The use case with what it needs."""

    archives: Archives
    probe: DurationProbe

    def find(self, claim: Claim, findings: ForeignFindings) -> Iterator[Foreign]:
        """In no order that means anything; `findings` has all that is left out, when all were taken.

        Raises Refused when a manifest cannot be read, Unavailable.
        """
        with ForeignLines() as lines:
            for number, manifest in enumerate(claim.definition.foreign):
                self._read(claim, number, manifest, lines, findings)
            log.debug("foreign_manifests_read")
            yield from self._measured(claim, lines, findings)

    def _read(
        self, claim: Claim, number: int, manifest: ForeignManifest, lines: ForeignLines, findings: ForeignFindings
    ) -> None:
        place = self.archives.find(claim.tenant, manifest.manifest)
        found = _stat(place)
        count = 0
        for line, content in numbered(_blocks(place, found)):
            count += 1
            try:
                self._add(claim, Placed(number, line, parsed(_whole(content))), manifest, lines)
            except Refused as exc:
                findings.broken(_broken(manifest, line, exc.code, exc.detail))
        findings.read(ManifestRead(manifest=manifest.manifest, etag=found.etag, bytes=found.size_bytes, lines=count))

    def _add(self, claim: Claim, placed: Placed, manifest: ForeignManifest, lines: ForeignLines) -> None:
        """Raises Refused."""
        if not (placed.line.lang or placed.line.language or manifest.language):
            raise Refused("no_language", "Neither the line nor the definition says which language it is.")
        place = self.archives.find(claim.tenant, audio_url(manifest.manifest, placed.line))
        if not lines.add(place.url, placed):
            raise Refused("listed_twice", "An earlier line is about the same stretch of the same recording.")

    def _measured(self, claim: Claim, lines: ForeignLines, findings: ForeignFindings) -> Iterator[Foreign]:
        places, asked = itertools.tee(self.archives.find(claim.tenant, url) for url in lines.urls())
        told = self.probe.measure((place.store, place.key) for place in asked)
        for place, one in zip(places, told, strict=True):
            about = lines.about(place.url)
            if isinstance(one, Measured):
                yield from _recording(claim, place, one, about, findings)
                continue
            for placed in about:
                manifest = claim.definition.foreign[placed.manifest]
                findings.broken(_broken(manifest, placed.number, one.reason.code, f"{place.url}: {one.reason.detail}"))


def _stat(place: Place) -> StoredObject:
    """Of a manifest. Raises Refused, Unavailable."""
    try:
        return place.store.stat(place.key)
    except ObjectNotFound as exc:
        raise Refused("manifest_missing", f"{place.url} is not there.") from exc
    except StoreDenied as exc:
        raise Refused("manifest_denied", f"The keys of the archive {place.archive} may not read {place.url}.") from exc


def _blocks(place: Place, found: StoredObject) -> Iterator[bytes]:
    """All of one moment: a manifest that is overwritten meanwhile is begun anew, with all that came of it."""
    for offset in range(0, found.size_bytes, BLOCK_BYTES):
        length = min(BLOCK_BYTES, found.size_bytes - offset)
        try:
            yield place.store.read(place.key, offset, length, found.etag)
        except (ObjectChanged, ObjectNotFound) as exc:
            raise StoreUnavailable(f"{place.url} was overwritten while it was read.") from exc


def _whole(content: bytes | None) -> bytes:
    if content is None:
        raise Refused("line_too_long", "The line is longer than a megabyte.")
    return content


def _broken(manifest: ForeignManifest, number: int, code: str, detail: str) -> BrokenLine:
    return BrokenLine(manifest=manifest.manifest, line=number, code=code, detail=detail)


def _recording(
    claim: Claim, place: Place, measured: Measured, about: list[Placed], findings: ForeignFindings
) -> Iterator[Foreign]:
    """One with a segment for each line that fits; none where no line does."""
    definition = claim.definition
    segments, languages = list[TranscribedSegment](), list[str]()
    reviews = {definition.foreign[placed.manifest].review for placed in about}
    for placed in about:
        manifest = definition.foreign[placed.manifest]
        try:
            segment, language = _segment(placed, manifest, measured, definition), _language(placed, manifest)
            _check_beside(definition, segments, languages, language)
        except Refused as exc:
            findings.broken(_broken(manifest, placed.number, exc.code, exc.detail))
            continue
        segments.append(segment)
        languages.append(language)
    if segments:
        found = measured.found
        recording = TranscribedRecording(
            recording_id=foreign_recording_id(claim.tenant, place.url, found.etag),
            sha256="",
            size_bytes=found.size_bytes,
            audio_key=place.url,
            container=measured.container,
            duration_seconds=measured.seconds,
            sample_rate_hz=measured.sample_rate_hz,
            channels=measured.channels,
            sources=(RecordingSource(kind=KIND, place=place.archive, name=place.key),),
            review=reviews.pop() if len(reviews) == 1 else ReviewStatus.UNREVIEWED,
            revision=0,
            model=MODEL,
            language=languages[0],
            text=joined((one.text.strip() for one in segments), languages[0]),
            segments=tuple(sorted(segments, key=lambda one: (one.start, one.end))),
        )
        yield Foreign(recording=recording, etag=found.etag)


def _segment(
    placed: Placed, manifest: ForeignManifest, measured: Measured, definition: Definition
) -> TranscribedSegment:
    """Raises Refused."""
    line, whole = placed.line, measured.seconds
    start = line.offset or 0.0
    end = whole if line.offset is None or line.duration is None else start + line.duration
    if start >= whole or end > whole + BEYOND_SECONDS:
        raise Refused("beyond_the_end", f"The stretch ends at {end:g} s, and the recording has {whole:.3f} s.")
    if definition.segmentation is Segmentation.RECORDINGS and (start > 0 or end < whole - BEYOND_SECONDS):
        raise Refused(
            "part_of_recording", "The line is about a part of its recording: choose the segmentation segments."
        )
    speaker = "" if line.speaker is None else str(line.speaker).strip()
    return TranscribedSegment(
        id=f"{manifest.manifest}:{placed.number}",
        start=start,
        end=min(end, whole),
        text=line.text,
        speaker=f"{manifest.speaker_prefix}{speaker}" if speaker else None,
    )


def _language(placed: Placed, manifest: ForeignManifest) -> str:
    return placed.line.lang or placed.line.language or manifest.language or ""


def _check_beside(
    definition: Definition, segments: list[TranscribedSegment], languages: list[str], language: str
) -> None:
    """Raises Refused."""
    if segments and definition.segmentation is Segmentation.RECORDINGS:
        raise Refused("listed_twice", "An earlier line is about the same recording.")
    if languages and language != languages[0]:
        raise Refused("another_language", f"Other lines about the recording say {languages[0]}, this one {language}.")
