"""Runs as processes beside the orchestrator, of which nothing may be left whatever happens."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from ai2text.common.contracts.states import TrainingStatus
from ai2text.common.contracts.training import CommandTraining
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.training_orchestrator.command_trainer import LOST_SECONDS, CommandTrainer, Surroundings
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.settings import TrainingSettings
from ai2text.training_orchestrator.training_run import Run, failed
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from tests.fixtures.examples import NOW
from tests.fixtures.training import PLACE, Follower, publish

FILES = {"train_manifest.json": b'{"text": "one"}\n', "kaldi/train/text": b"a one\n"}
WITHIN_SECONDS = 20
TRAINS = """
import os, pathlib
names = sorted(p.name for p in pathlib.Path(os.environ["AI2TEXT_DATASET_DIR"]).rglob("*") if p.is_file())
outputs = pathlib.Path(os.environ["AI2TEXT_OUTPUTS"])
(outputs / "best").mkdir()
(outputs / "best" / "model.bin").write_bytes(b"weights of " + os.environ["EPOCHS"].encode())
(outputs / "elsewhere").symlink_to("/etc/passwd")
print(names, os.environ["AI2TEXT_DATASET"], sorted(n for n in os.environ if "SECRET" in n))
"""
FOR_EVER = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)  # {mark}'])"


def training(script: str, hours: float = 1, **env: str) -> CommandTraining:
    return CommandTraining(command=(sys.executable, "-c", script), env=env, timeout_hours=hours)


class Rivals:
    """Orchestrators on one machine, each with a clock of its own."""

    def __init__(self, store: ObjectStore, broker: Broker, home: Path) -> None:
        self.home = home / "training"
        self.settings = TrainingSettings(
            commands=(sys.executable, "/no/such/*"), variables=("EPOCHS",), command_dir=self.home
        )
        self._store, self._broker = store, broker

    def one(self) -> tuple[Follower, CommandTrainer]:
        follower = Follower(self._store, self._broker, self.settings)
        versions = Versions(self._store)
        around = Surroundings(
            settings=self.settings,
            store=self._store,
            versions=versions,
            files=VersionFiles(self._store, versions),
            environ={"PATH": "/usr/bin:/bin", "AI2TEXT_S3_SECRET_KEY": "secret"},
            clock=follower.clock,
            monotonic=follower.monotonic,
            beat_seconds=0.1,
        )
        follower.trainers["command"] = trainer = CommandTrainer(around)
        return follower, trainer


@pytest.fixture
def rivals(object_store: ObjectStore, broker: Broker, tmp_path: Path) -> Rivals:
    return Rivals(object_store, broker, tmp_path)


@pytest.fixture
async def pair(rivals: Rivals) -> AsyncIterator[list[Follower]]:
    async with AsyncExitStack() as stack:
        made = [rivals.one() for _ in range(2)]
        for _, trainer in made:
            await stack.enter_async_context(trainer)
        yield [follower for follower, _ in made]


def alive(mark: str) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if mark in " ".join(process.info["cmdline"] or ()) and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def follow_to_the_end(followers: list[Follower]) -> Run:
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            await asyncio.gather(*(one.follow() for one in followers))
            if (run := followers[0].run()).ended:
                return run
            await asyncio.sleep(0.05)


async def test_a_program_finds_the_files_of_the_version_and_what_it_leaves_is_registered(
    pair: list[Follower], rivals: Rivals, object_store: ObjectStore
) -> None:
    publish(object_store, training(TRAINS, EPOCHS="3"), files=FILES)
    run = await follow_to_the_end(pair)
    assert (run.status, run.error) == (TrainingStatus.SUCCEEDED, None)
    assert [one.path for one in run.outputs] == ["best/model.bin", "training.log"], "no links"
    assert run.outputs[0].bytes == len("weights of 3")
    prefix = "default/dataset-runs/speech/000001/000001/outputs/"
    assert object_store.get(f"{prefix}best/model.bin") == b"weights of 3"
    assert object_store.get(f"{prefix}training.log") == b"['text', 'train_manifest.json'] speech []\n"
    assert list(rivals.home.iterdir()) == []


async def test_a_program_that_fails_says_why_and_its_log_is_kept(
    pair: list[Follower], rivals: Rivals, object_store: ObjectStore
) -> None:
    publish(object_store, training("import sys; print('Out of memory.'); sys.exit(3)"))
    run = await follow_to_the_end(pair)
    assert run.error is not None
    assert (run.status, run.error.code) == (TrainingStatus.FAILED, "exit_status")
    assert run.error.detail == "It ended with status 3. It said last: Out of memory."
    assert [one.path for one in run.outputs] == ["training.log"]
    assert list(rivals.home.iterdir()) == []


async def test_a_program_that_is_not_there_fails(pair: list[Follower], object_store: ObjectStore) -> None:
    publish(object_store, CommandTraining(command=("/no/such/program",)))
    run = await follow_to_the_end(pair)
    assert run.error is not None
    assert "/no/such/program" in run.error.detail or "No such file" in run.error.detail


async def test_what_takes_too_long_is_ended_with_all_its_children(
    pair: list[Follower], object_store: ObjectStore, tmp_path: Path
) -> None:
    mark = str(tmp_path)
    publish(object_store, training(FOR_EVER.format(mark=mark), hours=1.5 / 3600))
    run = await follow_to_the_end(pair)
    assert run.error is not None
    assert (run.status, run.error.code) == (TrainingStatus.FAILED, "timed_out")
    await until(lambda: alive(mark) == [])


async def test_one_orchestrator_trains_and_when_it_stops_nothing_is_left_and_the_run_has_failed(
    rivals: Rivals, object_store: ObjectStore, tmp_path: Path
) -> None:
    mark = str(tmp_path)
    publish(object_store, training(FOR_EVER.format(mark=mark)), files=FILES)
    (first, trainer), (second, other) = rivals.one(), rivals.one()
    async with other:
        async with trainer:
            await first.follow()
            await asyncio.gather(first.follow(), second.follow())
            seen = first.run().beats
            await until(lambda: first.run().beats > seen and len(alive(mark)) == 2)
            assert first.run().status is TrainingStatus.RUNNING
            await second.follow(timedelta(seconds=LOST_SECONDS * 10))
            assert not second.run().ended, "it still gives its beats"
        assert alive(mark) == []
        assert list(rivals.home.iterdir()) == []
        for after in (0.0, LOST_SECONDS - 1):
            await second.follow(timedelta(seconds=LOST_SECONDS * 10 + after))
            assert not second.run().ended
        await second.follow(timedelta(seconds=LOST_SECONDS * 11 + 1))
    run = second.run()
    assert run.error is not None
    assert (run.status, run.error.code) == (TrainingStatus.FAILED, "interrupted")


async def test_what_somebody_else_has_ended_trains_no_longer(
    pair: list[Follower], object_store: ObjectStore, tmp_path: Path
) -> None:
    mark = str(tmp_path)
    publish(object_store, training(FOR_EVER.format(mark=mark)))
    for _ in range(2):
        await pair[0].follow()
    await until(lambda: len(alive(mark)) == 2)
    runs = Runs(object_store)
    ended = False
    while not ended:
        found = runs.find(PLACE)
        assert found is not None
        run, etag = found
        ended = runs.change(failed(replace(run), NOW, "interrupted", "By a rival."), etag) is not None
    await until(lambda: alive(mark) == [])
    assert pair[0].run().error is not None
