"""lhotse's manifests: what its validation wants, as far as it can be seen without decoding."""

import gzip
from collections.abc import Iterator

from ai2text.training_orchestrator.rules.content import Content, has_audio, sound_named
from ai2text.training_orchestrator.rules.violation import Document, Say, check_lines

CUTS = "lhotse/*/cuts.jsonl.gz"
TOLERATED_SECONDS = 1e-3


def check(content: Content, say: Say) -> int:
    """How many cuts there are."""
    rows = 0
    for path in content.paths(CUTS):
        with content.open(path) as file, gzip.open(file) as lines:
            rows += check_lines(lines, path, lambda cut: _faults(cut, content), say)
    return rows


def _faults(cut: Document, content: Content) -> Iterator[str]:
    recording = cut["recording"]
    samples = round(recording["duration"] * recording["sampling_rate"])
    if recording["num_samples"] != samples:
        yield f"num_samples is {recording['num_samples']}, and the duration makes it {samples}."
    if cut["start"] + cut["duration"] > recording["duration"] + TOLERATED_SECONDS:
        yield "the cut ends after its recording."
    for one in cut["supervisions"]:
        if one["start"] < 0 or one["start"] + one["duration"] > cut["duration"] + TOLERATED_SECONDS:
            yield "a supervision is not within its cut, whose beginning is its 0."
    for source in recording["sources"]:
        if has_audio(content, source["source"]):
            yield from _source_faults(recording, source, content)
        else:
            yield f"the source {source['source']!r} is no file of the version."


def _source_faults(recording: Document, source: Document, content: Content) -> Iterator[str]:
    sound = sound_named(content, source["source"])
    if sound is None:
        return
    if recording["num_samples"] != sound.samples:
        yield f"num_samples is {recording['num_samples']}, and the audio has {sound.samples}."
    if recording["sampling_rate"] != sound.sample_rate_hz:
        yield f"sampling_rate is {recording['sampling_rate']}, and that of the audio {sound.sample_rate_hz}."
    if source["channels"] != list(range(sound.channels)):
        yield f"the channels are {source['channels']}, and the audio has {sound.channels}."
