"""Whether the review queue is worth following: word errors that are gone after a part of the audio was corrected.

Speech of many kinds is heard by the worker's core, its transcripts are persisted as the service does it, and the order
is that of the queue's own pages. The weights of the estimate were chosen on the first set, and are shown on both.
`python -m tests.bench.review_queue` keeps the second set for the tests.
"""

import asyncio
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from ai2text.asr.batcher import Batcher
from ai2text.asr.draft import Draft
from ai2text.asr.hearing import Hearing
from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.asr.stopwatch import Stopwatch
from ai2text.asr.transcript import transcript_of
from ai2text.asr.whisper import Whisper
from ai2text.audio.decode import decode
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.audio.source import FileSource
from ai2text.cli import servers
from ai2text.common.contracts.transcription import TranscriptionOptions
from ai2text.metadata.postgres.migrate import migrate
from tests.bench.bench_asr import AT_ONCE
from tests.bench.table import Figure, Row
from tests.fixtures.examples import NOW, REQUESTED
from tests.fixtures.hard_speech import hard_speech
from tests.fixtures.reviewed import Heard, at_best, at_random, keep, removed
from tests.fixtures.servers import dsn_of, running
from tests.fixtures.speech import Spoken
from tests.fixtures.stack import EAR
from tests.fixtures.word_errors import word_errors, words_of
from tests.integration.metadata.review_order import in_the_order_of_the_queue

RECORDINGS = 150
CHOSEN_ON, SHOWN_ON = 1, 3
"""Seeds."""
SHARES = (0.1, 0.2, 0.5)
JOB = replace(REQUESTED, options=TranscriptionOptions(language="en"))


def run(recordings: int = RECORDINGS) -> list[Row]:
    with running(servers.postgres, "postgres") as server:
        dsn = dsn_of(server)
        migrate(dsn)
        return [
            row
            for name, seed in (("weights chosen on these", CHOSEN_ON), ("weights not chosen on these", SHOWN_ON))
            for row in _rows(name, hear(recordings, seed), dsn, f"seed-{seed}")
        ]


def _rows(name: str, heard: Sequence[Heard], dsn: str, tenant: str) -> list[Row]:
    minutes = sum(one.seconds for one in heard) / 60
    wrong = sum(one.errors for one in heard) / sum(one.words for one in heard)
    clear = [one for one in heard if one.harm == "clear"]
    sets = {
        f"{name}: {len(heard)} recordings, {minutes:.0f} min, word error rate {wrong:.0%}": (heard, tenant),
        f"{name}: the {len(clear)} clear ones alone": (clear, f"{tenant}-clear"),
    }
    return [_row(f"{title}; {share:.0%} corrected", *sets[title], share, dsn) for title in sets for share in SHARES]


def _row(name: str, heard: Sequence[Heard], tenant: str, share: float, dsn: str) -> Row:
    order = asyncio.run(in_the_order_of_the_queue(dsn, heard, tenant))
    drawn = at_random(heard, share)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Row(
        name=name,
        figures=[
            Figure("removed by the queue", f"{removed(order, share):.1%}"),
            Figure("at random, 95 % of the draws", f"{drawn.mean():.1%} [{low:.1%}, {high:.1%}]"),
            Figure("by who knew the errors", f"{removed(at_best(heard), share):.1%}"),
        ],
    )


def hear(recordings: int, seed: int) -> list[Heard]:
    pool = ModelPool(AsrSettings(model="bench", model_paths={"bench": str(EAR / "model")}))
    with (
        tempfile.TemporaryDirectory(prefix="ai2text-bench-") as folder,
        pool.lease("bench") as whisper,
        Sandbox(SandboxSettings(children=AT_ONCE)) as sandbox,
        Batcher(pool.budget, pool.workers) as batcher,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        spoken = list(hard_speech(Path(folder), recordings, seed))

        def one(named: tuple[str, Spoken]) -> Heard:
            return _heard(*named, Draft(engine=pool.engine(), language="en"), whisper, batcher, sandbox)

        return list(threads.map(one, spoken))


def _heard(harm: str, file: Spoken, draft: Draft, whisper: Whisper, batcher: Batcher, sandbox: Sandbox) -> Heard:
    hearing = Hearing(JOB, whisper, batcher, draft, Stopwatch(), threading.Event())
    with file.path.open("rb") as audio:
        for _ in hearing.hear(decode(sandbox, FileSource(audio))):
            pass
    transcript = transcript_of(JOB, draft, hearing.facts(), NOW)
    errors = word_errors(file.text, transcript.text).count
    return Heard(name=file.path.stem, harm=harm, words=len(words_of(file.text)), errors=errors, transcript=transcript)


if __name__ == "__main__":
    keep(hear(RECORDINGS, SHOWN_ON))
