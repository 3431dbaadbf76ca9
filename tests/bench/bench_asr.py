"""Audio seconds a second and word error rate of the worker's core, beside two loops around faster-whisper.

All get the same files, model, options and normalisation of the text, one after the other on the same machine. The
loops take one file after the other; the core takes them as its worker does, several at once into shared batches.
`python -m tests.bench.bench_asr [model folder] [--device cuda]`.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import Draft
from ai2text.asr.hearing import Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.stopwatch import Stopwatch
from ai2text.asr.whisper import Whisper
from ai2text.audio.decode import decode
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.audio.source import FileSource
from ai2text.common.contracts.states import Decoding
from ai2text.common.contracts.transcription import TranscriptionOptions
from tests.bench.table import Figure, Row, machine, table
from tests.fixtures.examples import REQUESTED
from tests.fixtures.speech import Spoken, clips, talk
from tests.fixtures.stack import EAR
from tests.fixtures.word_errors import word_errors, words_of

OPTIONS = TranscriptionOptions()
LONG_SECONDS = 1800
AT_ONCE = AsrSettings().bulk_jobs
"""As the worker does."""


@dataclass(frozen=True)
class Result:
    seconds: float
    texts: list[str]


Way = Callable[[list[Spoken]], Result]


def one_after_the_other(transcribe: Callable[[str], str]) -> Way:
    def run(files: list[Spoken]) -> Result:
        began = time.monotonic()
        texts = [transcribe(str(file.path)) for file in files]
        return Result(time.monotonic() - began, texts)

    return run


def sequential_loop(model: WhisperModel) -> Way:
    def transcribe(path: str) -> str:
        segments, _ = model.transcribe(
            path, vad_filter=True, word_timestamps=True, condition_on_previous_text=False, language="en"
        )
        return "".join(segment.text for segment in segments)

    return one_after_the_other(transcribe)


def batched_loop(model: WhisperModel, batch_size: int) -> Way:
    pipeline = BatchedInferencePipeline(model)

    def transcribe(path: str) -> str:
        segments, _ = pipeline.transcribe(
            path, batch_size=batch_size, word_timestamps=True, temperature=list(OPTIONS.temperature), language="en"
        )
        return "".join(segment.text for segment in segments)

    return one_after_the_other(transcribe)


class Core:
    """Everything of the worker but its queue and its store."""

    def __init__(self, pool: ModelPool, whisper: Whisper, sandbox: Sandbox, options: TranscriptionOptions) -> None:
        self._pool = pool
        self._whisper = whisper
        self._sandbox = sandbox
        self._job = replace(REQUESTED, options=replace(options, language="en"))
        self.again_seconds = 0.0

    def __call__(self, files: list[Spoken]) -> Result:
        self.again_seconds = 0.0
        began = time.monotonic()
        with (
            Batcher(self._pool.budget, self._pool.workers) as batcher,
            ThreadPoolExecutor(AT_ONCE) as threads,
        ):
            texts = list(threads.map(lambda file: self._text(file, batcher), files))
        return Result(time.monotonic() - began, texts)

    def _text(self, file: Spoken, batcher: Batcher) -> str:
        draft = Draft(engine=self._pool.engine(), language="en")
        hearing = Hearing(self._job, self._whisper, batcher, draft, Stopwatch(), threading.Event())
        with file.path.open("rb") as audio:
            for _ in hearing.hear(decode(self._sandbox, FileSource(audio))):
                pass
        self.again_seconds += sum(second.end - second.start for second in draft.second_hearings)
        return "".join(segment.text for segment in draft.segments)


def difference(files: list[Spoken], one: Result, other: Result) -> str:
    """Of the word error rates, in points, with the 95 % interval of a bootstrap over the files."""
    words = np.array([len(words_of(file.text)) for file in files])
    more = np.array(
        [
            word_errors(file.text, a).count - word_errors(file.text, b).count
            for file, a, b in zip(files, one.texts, other.texts, strict=True)
        ]
    )
    drawn = np.random.default_rng(0).integers(0, len(files), (5000, len(files)))
    rates = more[drawn].sum(1) / words[drawn].sum(1) * 100
    low, high = np.percentile(rates, [2.5, 97.5])
    return f"{more.sum() / words.sum() * 100:+.2f} [{low:+.2f}, {high:+.2f}]"


def rows(name: str, files: list[Spoken], ways: dict[str, Way]) -> list[Row]:
    results = {way: run(files) for way, run in ways.items()}
    audio = sum(file.seconds for file in files)
    words = sum(len(words_of(file.text)) for file in files)
    first = next(iter(results.values()))
    best_loop = min(result.seconds for way, result in results.items() if "loop" in way)
    said = []
    for way, result in results.items():
        errors = sum(word_errors(file.text, text).count for file, text in zip(files, result.texts, strict=True))
        run = ways[way]
        again = f"{run.again_seconds / audio:.1%}" if isinstance(run, Core) else "-"
        said.append(
            Row(
                name=f"{name}: {way}",
                figures=[
                    Figure("audio", f"{audio:.0f} s"),
                    Figure("wall", f"{result.seconds:.1f} s"),
                    Figure("audio seconds a second", f"{audio / result.seconds:.1f}"),
                    Figure("of the better loop", f"{best_loop / result.seconds:.2f}"),
                    Figure("word error rate", f"{errors / words:.2%}"),
                    Figure("difference to the first", difference(files, result, first)),
                    Figure("heard again", again),
                ],
            )
        )
    return said


def run(model: str = str(EAR / "model"), device: str = "auto", sets: str = "abc") -> list[Row]:
    pool = ModelPool(AsrSettings(model="bench", model_paths={"bench": model}, device=device))
    with pool.lease("bench") as whisper, Sandbox(SandboxSettings(children=AT_ONCE)) as sandbox:
        return measured(pool, whisper, sandbox, model, sets)


def measured(pool: ModelPool, whisper: Whisper, sandbox: Sandbox, model: str, sets: str) -> list[Row]:
    engine = pool.engine()
    bare = WhisperModel(model, device=engine.device, compute_type=engine.compute_type)
    ways: dict[str, Way] = {
        "loop of WhisperModel.transcribe": sequential_loop(bare),
        "loop of BatchedInferencePipeline.transcribe": batched_loop(bare, 16 if engine.device == "cuda" else 8),
        "core, batched": Core(pool, whisper, sandbox, OPTIONS),
        "core, sequential": Core(pool, whisper, sandbox, replace(OPTIONS, decoding=Decoding.SEQUENTIAL)),
    }
    short = clips()
    for way in ways.values():
        way(short[:4])  # warm
    with tempfile.TemporaryDirectory(prefix="ai2text-bench-") as folder:
        long = [talk(Path(folder) / f"long-{seed}.wav", LONG_SECONDS, seed) for seed in (1, 2)]
        wanted = {"a": ("200 clips", short), "b": ("two files of 30 min", long), "c": ("a mix", [*long[:1], *short])}
        return [row for name, (title, files) in wanted.items() if name in sets for row in rows(title, files, ways)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model", nargs="?", default=str(EAR / "model"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--sets", default="abc")
    asked = parser.parse_args()
    print(machine(asked.device, Path(asked.model).name), "\n")  # noqa: T201 - its purpose
    print(table(run(asked.model, asked.device, asked.sets)))  # noqa: T201
