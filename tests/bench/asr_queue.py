"""The asr service over a queue that is full already, beside its own core on the same clips: what the rest costs.

The core reads local files; the service takes jobs from NATS, audio from S3, decodes it in confined children and writes
outcomes to S3. Both hear 200 clips; counted is from the first that is begun to the last that is done.
"""

import tempfile
from pathlib import Path
from statistics import median

from ai2text.asr.model_pool import ModelPool
from ai2text.asr.settings import AsrSettings
from ai2text.common.contracts.outcome import Transcript
from tests.bench.bench_asr import Core
from tests.bench.table import Figure, Row
from tests.fixtures.asr_service import GREEDY, AsrService
from tests.fixtures.service_process import on_own_servers
from tests.fixtures.speech import Spoken, clips
from tests.fixtures.stack import EAR

STAGES = ("audio", "speech", "features", "model")


def run() -> list[Row]:
    files = clips()
    core = _core(files)
    with tempfile.TemporaryDirectory(prefix="ai2text-bench-") as home, on_own_servers() as servers:
        service = AsrService(Path(home), servers)
        service.set_up()
        jobs = [service.job_for(file.path.read_bytes(), file.seconds) for file in files]
        service.request(jobs)
        service.start(ready=False)
        try:
            service.until_ended(len(jobs), 1800)
            service.until(lambda: len(service.logged("outcome_announced")) == len(jobs))
        finally:
            service.stop()
        begun, written = service.moments("transcription_started"), service.moments("outcome_written")
        heard = [outcome for job in jobs if isinstance(outcome := service.outcome(job), Transcript)]
        first_to_last = max(written) - min(begun)
    stages = [
        *(f"{stage} {1000 * median(getattr(one.stages, stage) for one in heard):.0f}" for stage in STAGES),
        f"all {1000 * median(one.processing_seconds for one in heard):.0f}",
    ]
    return [
        _row("core, local files", files, core, core, "-"),
        _row("service, queue to outcomes", files, first_to_last, core, f"{', '.join(stages)} ms"),
    ]


def _core(files: list[Spoken]) -> float:
    pool = ModelPool(AsrSettings(model="ear", model_paths={"ear": str(EAR / "model")}))
    with pool.lease("ear") as whisper:
        core = Core(pool, whisper, GREEDY, AsrSettings().bulk_jobs)
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
