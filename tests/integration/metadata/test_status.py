"""The numbers of the pipeline, from real rows, real streams and words that were heard."""

import asyncio
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.contracts.states import Lane
from ai2text.common.jetstream import Broker
from ai2text.common.presence import Presence
from ai2text.metadata.measure_backlog import measure_backlog
from ai2text.metadata.persist_dead_letter import persist_dead_letter
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.queues import Queues
from ai2text.metadata.report_status import ReportStatus
from tests.fixtures.examples import EVENTS, NOW, PRESENCE
from tests.integration.metadata.catalogue import asked, fail, ingest, long_ago, persisted, transcribe

DEADLINE_SECONDS = 15


def sample(unit: str, lane: Lane) -> float | None:
    return REGISTRY.get_sample_value(f"ai2text_backlog_{unit}", {"lane": lane})


@pytest.fixture
def presence() -> Presence:
    return Presence(lambda: 0.0)


@pytest.fixture
def report(database: Database, broker: Broker, presence: Presence) -> ReportStatus:
    return ReportStatus(database, Queues(broker), presence, lambda: NOW)


async def test_the_backlog_counts_unfinished_jobs_and_their_audio_by_lane(
    database: Database, report: ReportStatus
) -> None:
    for name, lane, seconds in (("a", Lane.BULK, 10.0), ("b", Lane.BULK, 2.5), ("c", Lane.INTERACTIVE, 1.0)):
        await ingest(database, asked(name, lane=lane, duration_seconds=seconds))
    await ingest(database, asked("d", tenant="stranger", lane=Lane.BULK, duration_seconds=100.0))
    done = asked("e", duration_seconds=50.0)
    await ingest(database, done)
    await transcribe(database, done, "said")
    own = (await report.of_tenant("default"))["queue"]
    assert own == {
        "lanes": {
            "interactive": {"jobs": 1, "audio_seconds": 1.0},
            "bulk": {"jobs": 2, "audio_seconds": 12.5},
        }
    }
    everything = (await report.of_everything())["queue"]
    assert everything["lanes"]["bulk"] == {"jobs": 3, "audio_seconds": 112.5}


async def test_the_backlog_of_all_tenants_is_a_metric(database: Database) -> None:
    await ingest(database, asked("a", lane=Lane.BULK, duration_seconds=10.0))
    await ingest(database, asked("b", tenant="stranger", lane=Lane.BULK, duration_seconds=5.0))
    stop = asyncio.Event()
    measuring = asyncio.create_task(measure_backlog(database, stop))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while sample("audio_seconds", Lane.BULK) != 15:
            await asyncio.sleep(0.05)
    stop.set()
    await measuring
    assert sample("jobs", Lane.BULK) == 2
    assert sample("audio_seconds", Lane.INTERACTIVE) == 0


async def test_rates_count_what_was_finished_within_the_window(database: Database, report: ReportStatus) -> None:
    await transcribe(database, asked("now", duration_seconds=40.0), "said", processing_seconds=10)
    await transcribe(database, asked("before", duration_seconds=40.0), "said", at=long_ago(301))
    await transcribe(database, asked("theirs", tenant="stranger"), "said")
    assert (await report.of_tenant("default"))["rates"] == {
        "window_seconds": 300,
        "recordings": 1,
        "audio_seconds": 40.0,
        "processing_seconds": 10.0,
        "real_time_factor": 0.25,
    }


async def test_without_any_transcription_there_is_no_real_time_factor(report: ReportStatus) -> None:
    rates = (await report.of_tenant("default"))["rates"]
    assert (rates["recordings"], rates["audio_seconds"], rates["real_time_factor"]) == (0, 0, None)


async def test_failures_count_jobs_and_rejections_by_reason(database: Database, report: ReportStatus) -> None:
    await fail(database, asked("bad"))
    await fail(database, asked("long ago"), at=long_ago(90_000))
    await fail(database, asked("theirs", tenant="stranger"))
    rejected = EVENTS["recording.rejected.v1"]
    assert isinstance(rejected, RecordingRejected)
    await persisted(database, rejected)
    dead = EVENTS["dead.lettered.v1"]
    await persist_dead_letter(database, dead, 1)  # type: ignore[arg-type]
    own = (await report.of_tenant("default"))["failures"]
    assert own == {"window_seconds": 86_400, "jobs": 1, "rejections": 1, "by_code": {"decode_failed": 2}}
    everything = (await report.of_everything())["failures"]
    assert (everything["jobs"], everything["dead_letters"]) == (2, 1)


async def test_models_are_those_that_the_workers_have_loaded(report: ReportStatus, presence: Presence) -> None:
    presence.hear(PRESENCE)
    presence.hear(replace(PRESENCE, instance="gpu-2/1"))
    presence.hear(replace(PRESENCE, service="ingestion", facts={}))
    status = await report.of_tenant("default")
    assert status["models"] == [{"name": "small", "device": "cpu", "compute_type": "int8", "workers": 2}]


async def test_only_the_whole_status_tells_of_services_and_readers(
    database: Database, report: ReportStatus, presence: Presence
) -> None:
    presence.hear(PRESENCE)
    own, everything = await report.of_tenant("default"), await report.of_everything()
    assert set(everything) - set(own) == {"services"}
    assert set(everything["queue"]) - set(own["queue"]) == {"readers", "unannounced", "unsettled"}
    assert "dead-letters" in everything["queue"]["readers"]
    (service,) = everything["services"]
    assert (service["service"], service["ready"], service["seen_seconds_ago"]) == ("asr", PRESENCE.ready, 0.0)
