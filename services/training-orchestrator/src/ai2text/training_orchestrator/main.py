"""The one place that wires the training-orchestrator together."""

import asyncio
import os
from contextlib import AsyncExitStack

from ai2text.audio.sandbox import Sandbox, SandboxSettings
from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.consumer import Consumer, Delivery, Work
from ai2text.common.contracts.datasets import DatasetShardRequested
from ai2text.common.contracts.erasure import RecordingErased
from ai2text.common.contracts.reason import Reason
from ai2text.common.errors import Poison
from ai2text.common.http_server import listen, serve_http
from ai2text.common.jetstream import connect
from ai2text.common.object_store import ObjectStore
from ai2text.common.presence import announce_presence
from ai2text.common.run import Life, run_service
from ai2text.common.settings import CallerSettings, NatsSettings, S3Settings, load
from ai2text.training_orchestrator.advance_shards import AdvanceShards
from ai2text.training_orchestrator.archives import load_archives
from ai2text.training_orchestrator.assemble_dataset import AssembleDataset
from ai2text.training_orchestrator.catalogue import Catalogue, metadata_client
from ai2text.training_orchestrator.check_foreign import CheckForeign
from ai2text.training_orchestrator.check_versions import CheckVersions
from ai2text.training_orchestrator.command_trainer import CommandTrainer, Surroundings
from ai2text.training_orchestrator.cut_recordings import CutRecordings
from ai2text.training_orchestrator.duration_probe import DurationProbe
from ai2text.training_orchestrator.erasures import Erasures
from ai2text.training_orchestrator.event_trainer import EventTrainer
from ai2text.training_orchestrator.follow_runs import FollowRuns
from ai2text.training_orchestrator.foreign_recordings import ForeignRecordings
from ai2text.training_orchestrator.http_api import build_app
from ai2text.training_orchestrator.kubernetes_jobs import KubernetesJobs, kubernetes_client
from ai2text.training_orchestrator.kubernetes_trainer import KubernetesTrainer
from ai2text.training_orchestrator.make_shard import MakeShard
from ai2text.training_orchestrator.plan_version import PlanVersion
from ai2text.training_orchestrator.plans import Plans
from ai2text.training_orchestrator.rebuild_dataset import RebuildDataset
from ai2text.training_orchestrator.rebuilds import Rebuilds
from ai2text.training_orchestrator.request_dataset import RequestDataset
from ai2text.training_orchestrator.runs import Runs
from ai2text.training_orchestrator.settings import OrchestratorSettings, TrainingSettings
from ai2text.training_orchestrator.trigger_versions import TriggerVersions
from ai2text.training_orchestrator.version_files import VersionFiles
from ai2text.training_orchestrator.versions import Versions
from ai2text.training_orchestrator.withdraw_versions import WithdrawVersions


def main() -> None:
    run_service("training-orchestrator", serve)


async def serve(life: Life) -> None:
    settings, training, s3 = load(OrchestratorSettings), load(TrainingSettings), load(S3Settings)
    store, archives = ObjectStore(s3), load_archives(s3)
    caller_key = load(CallerSettings).key.get_secret_value()
    versions, rebuilds, plans = Versions(store), Rebuilds(store), Plans(store)
    files, erasures, sandboxed = VersionFiles(store, versions), Erasures(store), load(SandboxSettings)
    async with (
        AsyncExitStack() as stack,
        connect(load(NatsSettings), "training-orchestrator", life.end) as broker,
        metadata_client(settings) as client,
        kubernetes_client(training) as cluster,
        CommandTrainer(
            Surroundings(
                settings=training, store=store, versions=versions, files=files, environ=os.environ, clock=utc_now
            )
        ) as processes,
    ):
        catalogue = Catalogue(client, caller_key)
        requests = RequestDataset(versions, rebuilds, catalogue, broker, utc_now, training)
        sandbox = stack.enter_context(Sandbox(sandboxed))
        make = MakeShard(files, CutRecordings(store, archives, sandbox), erasures, sandboxed.children)
        advance = AdvanceShards(plans, make, broker, utc_now)
        foreign = ForeignRecordings(archives, DurationProbe(sandbox, settings.probe_at_once))
        plan = PlanVersion(plans, files, erasures, catalogue, foreign, store.bucket, settings.shard_bytes)
        assemble = AssembleDataset(versions, plans, files, plan, advance, broker, utc_now)
        rebuild = RebuildDataset(versions, rebuilds, plans, files, advance, CheckForeign(archives, files), utc_now)
        shards = Consumer(broker, _shards(assemble, rebuild))
        triggers = TriggerVersions(versions, catalogue, broker, utc_now)
        following = FollowRuns(
            settings=training,
            runs=Runs(store),
            versions=versions,
            trainers={
                "event": EventTrainer(utc_now),
                "command": processes,
                "kubernetes": KubernetesTrainer(
                    settings=training, jobs=KubernetesJobs(cluster, training), bucket=store.bucket, clock=utc_now
                ),
            },
            broker=broker,
            clock=utc_now,
        )
        withdrawals = Consumer(broker, _withdrawals(WithdrawVersions(versions, files, utc_now)))
        life.probes.ready_when("nats", lambda: broker.connected)
        life.probes.ready_when("consumer", lambda: not (shards.halted or withdrawals.halted))
        app = build_app(
            requests, rebuild, CheckVersions(store, files, utc_now, life.stop.is_set), versions, store, caller_key
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(shards.run(life.stop))
            tasks.create_task(withdrawals.run(life.stop))
            tasks.create_task(announce_presence(broker, "training-orchestrator", life))
            tasks.create_task(requests.request_unfinished(life.stop, settings.unfinished_seconds))
            tasks.create_task(following.run(life.stop))
            tasks.create_task(triggers.run(life.stop, settings.trigger_seconds))
            tasks.create_task(serve_http(app, listen(settings.host, settings.port), life.stop))


def _shards(assemble: AssembleDataset, rebuild: RebuildDataset) -> Work:
    async def handle(delivery: Delivery) -> None:
        work = _shard(delivery.event)
        await (rebuild.rebuild_dataset(work) if work.rebuild else assemble.assemble_dataset(work))

    async def give_up(event: subjects.Event, reason: Reason, _: int) -> None:
        work = _shard(event)
        await (rebuild if work.rebuild else assemble).give_up(work, reason)

    return Work(stream=subjects.WORK, durable=subjects.DATASET_SHARDS, handle=handle, give_up=give_up)


def _shard(event: subjects.Event) -> DatasetShardRequested:
    if not isinstance(event, DatasetShardRequested):
        raise Poison("unexpected_event", f"The training-orchestrator does not work on {type(event).__name__}.")
    return event


def _withdrawals(withdraw: WithdrawVersions) -> Work:
    async def handle(delivery: Delivery) -> None:
        match delivery.event:
            case RecordingErased() as event:
                await withdraw.withdraw_versions(event)
            case event:
                raise Poison("unexpected_event", f"No version is withdrawn for {type(event).__name__}.")

    return Work(stream=subjects.EVENTS, durable=subjects.WITHDRAWALS, handle=handle)
