"""A Job in the cluster trains: made once, whoever makes it, and looked at until it has ended."""

from dataclasses import dataclass, replace

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.training import KubernetesTraining
from ai2text.training_orchestrator.kubernetes_job import job_name, job_of, state_of
from ai2text.training_orchestrator.kubernetes_jobs import KubernetesJobs
from ai2text.training_orchestrator.run_environment import run_environment
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.training_run import Run, failed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesTrainer:
    settings: TrainingSettings
    jobs: KubernetesJobs
    bucket: str
    clock: Clock

    async def start(self, run: Run, training: KubernetesTraining) -> Run:
        """Also finds the Job of somebody who died, or was not answered, after it was made."""
        name, env = job_name(run), run_environment(run, self.settings.gateway_url, self.bucket)
        log.debug("job_creating", job=name)
        await self.jobs.create(job_of(run, training, self.settings, env))
        log.info("job_created", job=name, name=run.place.name, version=run.place.version, run=run.place.run)
        return replace(run, handed_to=name)

    async def look(self, run: Run, _: KubernetesTraining) -> Run:
        found = await self.jobs.find(job_name(run))
        if found is None:
            return failed(run, self.clock(), "job_vanished", "Somebody has deleted the Job before its end was seen.")
        return state_of(run, found, self.clock())
