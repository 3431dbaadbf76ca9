"""A process beside this one trains. It belongs to one orchestrator, and ends with it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TypeVar
from uuid import uuid4

import structlog

from ai2text.common.clock import Clock
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.states import TrainingStatus
from ai2text.common.contracts.training import CommandTraining
from ai2text.common.errors import ObjectChanged, ObjectNotFound, Unavailable
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.run_environment import run_environment
from ai2text.training_orchestrator.run_folder import RunFolder
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.training_process import last_words, train
from ai2text.training_orchestrator.training_run import Run, ended, failed, running
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions

log = structlog.get_logger()

BEAT_SECONDS, LOST_SECONDS = 5.0, 60.0
AGAIN_SECONDS = 5.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a run is made with."""

    settings: TrainingSettings
    store: ObjectStore
    versions: Versions
    files: VersionFiles
    environ: Mapping[str, str]
    """Of this process; what is ours in it is not handed over, for it holds secrets."""
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    beat_seconds: float = BEAT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    status: TrainingStatus
    error: Reason | None = None


class CommandTrainer:
    """The run names its orchestrator before there is a process, so two never train the same one.

    While it lasts its orchestrator gives a beat. When none is seen any more for a minute the run has failed: it is
    not begun again by itself, for who knows how far it came. Use as an async context manager.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._runs = Runs(around.store)
        self._me = f"orchestrator {uuid4()}"
        self._held: dict[str, asyncio.Task[_End | None]] = {}
        self._seen: dict[str, tuple[int, float]] = {}
        """Beats of others' runs, and when each was first seen."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for held in self._held.values():
            held.cancel()
        if self._held:
            await asyncio.wait(self._held.values())

    async def start(self, run: Run, _: CommandTraining) -> Run:
        return replace(run, handed_to=self._me)

    async def look(self, run: Run, training: CommandTraining) -> Run:
        if run.handed_to != self._me:
            return await self._unless_lost(run)
        if run.run_id not in self._held:
            self._held[run.run_id] = asyncio.create_task(self._train(run, training))
        held = self._held[run.run_id]
        end = held.result() if held.done() else None
        return ended(run, end.status, self._around.clock(), end.error) if end else run

    async def _unless_lost(self, run: Run) -> Run:
        now = self._around.monotonic()
        beats, since = self._seen.get(run.run_id, (-1, now))
        if beats != run.beats:
            self._seen[run.run_id] = (run.beats, now)
            return run
        if now - since < LOST_SECONDS:
            return run
        await asyncio.to_thread(self._folder(run).remove)
        return failed(run, self._around.clock(), "interrupted", "The process that trained ended with its orchestrator.")

    async def _train(self, run: Run, training: CommandTraining) -> _End | None:
        """None when the run is not ours any more."""
        holding, working = asyncio.create_task(self._hold(run)), asyncio.create_task(self._work(run, training))
        both: set[asyncio.Task[None] | asyncio.Task[_End]] = {holding, working}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            await asyncio.wait(both)
            await asyncio.to_thread(self._folder(run).remove)
        return None if working.cancelled() else working.result()

    async def _hold(self, run: Run) -> None:
        """Returns when somebody else has ended it."""
        while await _when_possible(lambda: self._change(run, _beaten)):  # noqa: ASYNC110 - another process ends it
            await asyncio.sleep(self._around.beat_seconds)

    async def _work(self, run: Run, training: CommandTraining) -> _End:
        try:
            await _when_possible(lambda: self._fill(run))
            return await self._run_process(run, training)
        except TimeoutError:
            return await self._failed(run, "timed_out", f"It took longer than {training.timeout_hours:g} hours.")
        except (ObjectChanged, ObjectNotFound):
            return await self._failed(run, "version_changed", "The version's files are not what was listed.")
        except OSError as exc:
            return await self._failed(run, "not_runnable", f"It cannot be run here: {exc}.")

    async def _run_process(self, run: Run, training: CommandTraining) -> _End:
        folder = self._folder(run)
        await _when_possible(lambda: self._change(run, lambda found: running(found, self._around.clock())))
        log.info("process_starting", name=run.place.name, version=run.place.version, run=run.place.run)
        status = await train(training.command, folder, self._environment(run, training), training.timeout_hours * 3600)
        if status == 0:
            await _when_possible(lambda: folder.store_outputs(self._around.store, run))
            return _End(status=TrainingStatus.SUCCEEDED)
        said = await asyncio.to_thread(last_words, folder)
        return await self._failed(run, "exit_status", f"It ended with status {status}. It said last: {said}")

    async def _failed(self, run: Run, code: str, detail: str) -> _End:
        """What there is of outputs is kept, its log above all."""
        await _when_possible(lambda: self._folder(run).store_outputs(self._around.store, run))
        return _End(status=TrainingStatus.FAILED, error=Reason(code=code, detail=detail))

    def _fill(self, run: Run) -> None:
        """Blocking."""
        place = run.place
        outcome = self._around.versions.find_outcome(place.tenant, place.name, place.version)
        if outcome is None:
            raise ObjectNotFound(f"{place.name}@{place.version}")
        self._folder(run).fill(self._around.files, outcome)

    def _change(self, run: Run, change: Callable[[Run], Run]) -> bool:
        """Blocking. Whether it was still ours."""
        while found := self._runs.find(run.place):
            present, etag = found
            if present.ended or present.handed_to != self._me:
                return False
            if self._runs.change(change(present), etag):
                return True
        return False

    def _folder(self, run: Run) -> RunFolder:
        return RunFolder(Path(self._around.settings.command_dir).absolute() / run.run_id)

    def _environment(self, run: Run, training: CommandTraining) -> dict[str, str]:
        folder, settings = self._folder(run), self._around.settings
        theirs = {name: value for name, value in self._around.environ.items() if not name.startswith("AI2TEXT_")}
        ours = run_environment(run, settings.gateway_url, self._around.store.bucket)
        places = {"AI2TEXT_DATASET_DIR": str(folder.dataset), "AI2TEXT_OUTPUTS": str(folder.outputs)}
        return {**theirs, **training.env, **ours, **places}


def _beaten(run: Run) -> Run:
    return replace(run, beats=run.beats + 1)


async def _when_possible(call: Callable[[], T]) -> T:
    """In a thread, and again while a server is away."""
    while True:
        try:
            return await asyncio.to_thread(call)
        except Unavailable as exc:
            log.warning("run_waits", error=str(exc))
        await asyncio.sleep(AGAIN_SECONDS)
