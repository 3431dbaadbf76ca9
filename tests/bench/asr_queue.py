"""The asr service over a queue that is full already, beside its own core on the same clips: what the rest costs.

The core reads local files; the service takes jobs from NATS and audio from S3, tells what it hears, and writes outcomes
to S3. Both hear 200 clips with a model that is loaded already; counted is to the last that is announced.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.contracts.outcome import Transcript
from ai2text.common.jetstream import connect
from tests.bench.bench_asr import Core
from tests.bench.table import Figure, Row
from tests.fixtures.asr_service import GREEDY, AsrService
from tests.fixtures.service_process import Servers, on_own_servers
from tests.fixtures.speech import Spoken, clips
from tests.fixtures.stack import EAR

STAGES = ("audio", "speech", "features", "model")


def run() -> list[Row]:
    files = clips()
    core = _core(files)
    with tempfile.TemporaryDirectory(prefix="ai2text-bench-") as home, on_own_servers() as servers:
        service = AsrService(Path(home), servers, env={"AI2TEXT_LOG_LEVEL": "info"})
        service.set_up()
        jobs = [service.job_for(file.path.read_bytes(), file.seconds) for file in files]
        service.request(jobs)
        service.start(ready=False)
        try:
            ended = asyncio.run(_when_announced(servers, len(jobs)))
        finally:
            service.stop()
        begun = max(*service.moments("model_loaded"), min(service.moments("transcription_started")))
        heard = [outcome for job in jobs if isinstance(outcome := service.outcome(job), Transcript)]
    stages = [
        *(f"{stage} {1000 * median(getattr(one.stages, stage) for one in heard):.0f}" for stage in STAGES),
        f"all {1000 * median(one.processing_seconds for one in heard):.0f}",
    ]
    return [
        _row("core, local files", files, core, core, "-"),
        _row("service, queue to announcements", files, ended - begun, core, f"{', '.join(stages)} ms"),
    ]


async def _when_announced(servers: Servers, jobs: int) -> float:
    """By the clock, as logs have it. Of each job one event says that it was begun, another one that it ended."""
    async with asyncio.timeout(1800), connect(servers.nats, "bench") as broker:
        while (await broker.jetstream.stream_info(subjects.EVENTS)).state.messages < 2 * jobs:
            await asyncio.sleep(0.05)
    return time.time()


def _core(files: list[Spoken]) -> float:
    pool = ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))
    with pool.lease("ear") as whisper, Sandbox(SandboxSettings()) as sandbox:
        core = Core(pool, whisper, sandbox, GREEDY)
        core(files[:4])  # warm
        return core(files).seconds


def _row(name: str, files: list[Spoken], seconds: float, core: float, stages: str) -> Row:
    audio = sum(file.seconds for file in files)
    return Row(
        name=name,
        figures=[
            Figure("wall", f"{seconds:.1f} s"),
            Figure("audio seconds a second", f"{audio / seconds:.1f}"),
            Figure("over the core", f"{seconds / core - 1:+.1%}"),
            Figure("a clip's median time by stage", stages),
        ],
    )
