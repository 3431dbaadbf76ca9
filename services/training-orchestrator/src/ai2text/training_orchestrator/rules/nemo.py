"""NeMo's manifests: what its readers want of each line."""

from collections.abc import Iterator

from ai2text.training_orchestrator.rules.content import Content, has_audio, sound_named
from ai2text.training_orchestrator.rules.sound_header import TOLERATED_SECONDS, Sound
from ai2text.training_orchestrator.rules.violation import Document, Say, check_lines, is_number

RATES = ("sampling_rate", "sample_rate")


def check(content: Content, say: Say) -> int:
    """How many rows there are."""

    def faults(row: Document) -> Iterator[str]:
        path = row.get("audio_filepath")
        if not has_audio(content, path):
            yield f"audio_filepath {path!r} is no file beside the manifest."
            return
        yield from row_faults(row)
        yield from span_faults(row, sound_named(content, str(path)))

    rows = 0
    for path in content.paths("*_manifest.json"):
        if "/" not in path:
            with content.open(path) as lines:
                rows += check_lines(lines, path, faults, say)
    return rows


def row_faults(row: Document) -> Iterator[str]:
    if not is_number(row.get("duration")) or row["duration"] <= 0:
        yield f"duration {row.get('duration')!r} is no number of seconds above 0."
    if not isinstance(row.get("text"), str):
        yield "there is no text."
    if "offset" in row and (not is_number(row["offset"]) or row["offset"] < 0):
        yield f"offset {row['offset']!r} is no number of seconds."
    for rate in RATES:
        if "offset" in row and rate in row:
            yield f"{rate} beside offset makes NeMo cut the row short."


def span_faults(row: Document, sound: Sound | None) -> Iterator[str]:
    """A row without offset is all of its file, as the lines of ours are."""
    if sound is None:
        return
    if "offset" not in row and not sound.is_as_long_as(row["duration"]):
        yield f"duration is {row['duration']}, and the audio has {sound.seconds:.4f} seconds."
    if "offset" in row and row["offset"] + row["duration"] > sound.seconds + TOLERATED_SECONDS:
        yield f"it ends after its audio, which has {sound.seconds:.4f} seconds."
