"""How much the pipeline costs around the model: folder to sidecar, against bare faster-whisper, in the same run.

Both get the same clips, the same model and the same options, one after the other on the same machine. The bare
loop reads local files and keeps nothing; the pipeline hashes, decodes twice, stores, queues, persists and writes.
"""

import shutil
import tempfile
import time
from pathlib import Path

from faster_whisper import WhisperModel

from tests.bench.table import Figure, Row
from tests.fixtures.stack import EAR, Stack

CLIPS = Path(__file__).parents[1] / "fixtures/bench"
OPTIONS = {"temperature": [0.0], "vad_filter": True, "word_timestamps": True, "condition_on_previous_text": False}


def run(clips: int) -> list[Row]:
    chosen = sorted(CLIPS.glob("*.opus"))[:clips]
    audio_seconds, bare_seconds, bare_texts = _bare(chosen)
    with tempfile.TemporaryDirectory(prefix="ai2text-bench-") as home:
        piped_seconds, piped_texts = _piped(Path(home), chosen)
    same = sum(bare_texts[name] == piped_texts[name] for name in bare_texts)
    return [
        _row("bare faster-whisper", bare_seconds, audio_seconds, f"{len(chosen)} texts"),
        _row("pipeline, folder to sidecars", piped_seconds, audio_seconds, f"{same} of {len(chosen)} texts the same"),
    ]


def _row(name: str, seconds: float, audio_seconds: float, note: str) -> Row:
    return Row(
        name=name,
        figures=[
            Figure("wall", f"{seconds:.1f} s"),
            Figure("audio", f"{audio_seconds:.0f} s"),
            Figure("audio seconds a second", f"{audio_seconds / seconds:.1f}"),
            Figure("check", note),
        ],
    )


def _bare(clips: list[Path]) -> tuple[float, float, dict[str, str]]:
    model = WhisperModel(str(EAR / "model"), device="cpu", compute_type="int8")
    list(model.transcribe(str(clips[0]), **OPTIONS)[0])  # warm
    audio_seconds, texts = 0.0, {}
    began = time.monotonic()
    for clip in clips:
        segments, info = model.transcribe(str(clip), **OPTIONS)
        texts[clip.name] = "".join(segment.text for segment in segments).strip()
        audio_seconds += info.duration
    return audio_seconds, time.monotonic() - began, texts


def _piped(home: Path, clips: list[Path]) -> tuple[float, dict[str, str]]:
    stack = Stack(home).start()
    try:
        stack.drop("01-the-weather-is-here.wav")
        stack.wait_until_settled(["01-the-weather-is-here.wav"])  # warm
        began = time.monotonic()
        for clip in clips:
            shutil.copyfile(clip, stack.inbox / clip.name)
        sidecars = [(stack.inbox / clip.name).with_suffix(".txt") for clip in clips]
        stack.until(lambda: all(path.exists() for path in sidecars), 600)
        seconds = time.monotonic() - began
        return seconds, {
            clip.name: " ".join(path.read_text().split()) for clip, path in zip(clips, sidecars, strict=True)
        }
    finally:
        stack.stop()
