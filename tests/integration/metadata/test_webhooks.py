"""Webhooks against the real PostgreSQL, the real NATS and a real receiver: told once, signed, retried, paused."""

import asyncio
import base64
import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.contracts.datasets import DatasetAssembled
from ai2text.common.contracts.reason import Reason
from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.contracts.training import TrainingEnded, TrainingRequested
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionFailed, TranscriptionStarted
from ai2text.common.contracts.webhooks import WebhookDeliveryRequested
from ai2text.common.jetstream import Broker
from ai2text.common.object_store import ObjectStore
from ai2text.common.occurrences import Kind
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_training import persist_training
from ai2text.metadata.postgres.deliveries import (
    KEPT_DAYS,
    LEASE_SECONDS,
    PAUSES_SECONDS,
    REQUESTED_AT_ONCE,
    forget_old,
    request_due,
)
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.webhooks import MOST_OF_A_TENANT
from ai2text.metadata.webhook_targets import Targets
from tests.fixtures.examples import EVENTS
from tests.fixtures.inside import ask
from tests.fixtures.receiver import receiver, silent
from tests.fixtures.servers import set_up_anew, wipe
from tests.integration.metadata.catalogue import asked, rows
from tests.integration.metadata.told import EVERYTHING, SOON_SECONDS, Told, ingested, told, transcribed

JOB = asked("talk")


@pytest.fixture
def telling(database: Database, broker: Broker) -> Told:
    return told(database, broker)


def event(kind: Kind, subject: str, **changes: Any) -> Any:
    """An example, of now."""
    moments = {"ingested_at", "rejected_at", "started_at", "failed_at", "cancelled_at", "assembled_at"}
    (moment,) = (moments | {"requested_at", "ended_at"}) & set(type(EVENTS[subject]).__slots__)
    return replace(EVENTS[subject], **{moment: utc_now()}, **changes)  # type: ignore[arg-type]


async def requested(database: Database) -> int:
    async with database.transaction() as connection:
        return await request_due(connection, utc_now())


async def deliveries(database: Database) -> list[dict[str, Any]]:
    return await rows(database, "SELECT *, delivery_id::text, event_id::text FROM webhook_deliveries ORDER BY position")


async def test_what_happened_arrives_once_signed_as_it_is_told_and_stands_in_the_log(telling: Told) -> None:
    with receiver() as theirs, capture_logs() as logs:
        webhook = await telling.subscribe(theirs.url, Kind.INGESTED, Kind.TRANSCRIBED)
        async with telling.delivering():
            for _ in range(2):
                await telling.report(ingested(JOB), transcribed(JOB))
            await telling.until(webhook, status="delivered")
            async with asyncio.timeout(SOON_SECONDS):
                while len(theirs.received) < 2:
                    await asyncio.sleep(0.05)
            await telling.report(ingested(JOB), transcribed(JOB))
    assert sorted(one.document["type"] for one in theirs.received) == ["recording.ingested", "recording.transcribed"]
    assert all(one.is_signed_with(webhook["secret"]) for one in theirs.received)
    (done,) = theirs.of_kind("recording.transcribed")
    data = {"recording_id": JOB.recording_id, "job_id": JOB.job_id, "revision": 1, "current": True}
    assert done.document["data"] == data
    log = {entry["kind"]: entry for entry in await telling.log(webhook)}
    entry = log["recording.transcribed"]
    assert (entry["status"], entry["attempts"], entry["status_code"], entry["error"]) == ("delivered", 1, 200, None)
    assert entry["document"] == done.document
    headers = done.headers
    assert (headers["webhook-id"], headers["webhook-delivery-id"]) == (entry["event_id"], entry["delivery_id"])
    assert headers["webhook-id"] == done.document["id"]
    assert (headers["content-type"], headers["user-agent"]) == ("application/json", "AI2Text")
    assert "traceparent" not in headers, "nothing of the inside"
    said = json.dumps(logs, default=str)
    for secret in (webhook["secret"].removeprefix("whsec_"), headers["webhook-signature"], theirs.url, "nobody reads"):
        assert secret not in said


async def test_each_kind_is_told_of_what_is_reported_and_each_event_once(
    telling: Told, database: Database, object_store: ObjectStore
) -> None:
    await telling.subscribe("http://127.0.0.1:9/all")
    await telling.subscribe("http://127.0.0.1:9/failures", Kind.FAILED)
    rejected: RecordingRejected = event(Kind.REJECTED, subjects.RECORDING_REJECTED)
    started: TranscriptionStarted = event(Kind.STARTED, subjects.TRANSCRIPTION_STARTED)
    failed: TranscriptionFailed = event(Kind.FAILED, subjects.TRANSCRIPTION_FAILED)
    cancelled: TranscriptionCancelled = event(Kind.CANCELLED, subjects.TRANSCRIPTION_CANCELLED, job_id=str(uuid4()))
    assembled: DatasetAssembled = event(Kind.ASSEMBLED, subjects.DATASET_ASSEMBLED, references_key=None)
    requested: TrainingRequested = event(Kind.TRAINING_REQUESTED, subjects.TRAINING_REQUESTED)
    ended: TrainingEnded = event(Kind.TRAINING_ENDED, subjects.TRAINING_ENDED)
    reports = (ingested(JOB), rejected, started, failed, cancelled, transcribed(JOB))
    for _ in range(2):
        await telling.report(*reports)
        await persist_dataset(database, object_store, assembled)
        for training in (requested, ended):
            await persist_training(database, training)
    kinds = [row["kind"] for row in await deliveries(database)]
    reported = set(Kind) - {Kind.CORRECTED, Kind.ERASED}  # that people do
    assert sorted(kinds) == sorted([*reported, Kind.FAILED])


async def test_two_who_report_the_same_at_once_tell_of_it_once(telling: Told, database: Database) -> None:
    await telling.subscribe("http://127.0.0.1:9/")
    await asyncio.gather(*(telling.report(ingested(JOB), transcribed(JOB)) for _ in range(6)))
    assert len(await deliveries(database)) == 2


async def test_nobody_is_told_of_what_was_before_or_is_long_ago_or_of_somebody_else(
    telling: Told, database: Database, owner: psycopg.Connection
) -> None:
    before = ingested(asked("before"))
    await telling.subscribe("http://127.0.0.1:9/")
    await telling.report(before, ingested(asked("theirs", tenant="other")))
    owner.execute("UPDATE webhooks SET created_at = now() - interval '1 year'")
    old: RecordingRejected = event(Kind.REJECTED, subjects.RECORDING_REJECTED)
    await telling.report(replace(old, rejected_at=utc_now() - timedelta(days=KEPT_DAYS + 1)))
    assert await deliveries(database) == []


async def test_what_was_not_committed_is_not_told(telling: Told, database: Database) -> None:
    await telling.subscribe("http://127.0.0.1:9/")
    broken = replace(transcribed(JOB), outcome_key="a\0b")
    with pytest.raises(psycopg.DataError):
        await telling.report(ingested(JOB), broken)
    assert await deliveries(database) == []


async def test_who_fails_is_told_again_after_a_pause_with_the_same_id_and_a_new_signature(telling: Told) -> None:
    with receiver() as theirs:
        theirs.statuses = [500, 503]
        webhook = await telling.subscribe(theirs.url)
        async with telling.delivering():
            await telling.report(ingested(JOB))
            failed = await telling.until(webhook, attempts=1)
            assert (failed["status"], failed["status_code"]) == ("waiting", 500)
            assert failed["error"] == "The answer was 500, and only 2xx counts."
            assert (await telling.get(f"/{webhook['webhook_id']}"))["status"] == "failing"
            await telling.attempt_now()
            await telling.until(webhook, attempts=2)
            await telling.attempt_now()
            await telling.until(webhook, status="delivered", attempts=3, status_code=200, error=None)
    assert len({one.headers["webhook-id"] for one in theirs.received}) == 1
    assert len({one.body for one in theirs.received}) == 1
    assert all(one.is_signed_with(webhook["secret"]) for one in theirs.received)
    assert (await telling.get(f"/{webhook['webhook_id']}"))["status"] == "active"


async def test_the_pauses_grow_over_eleven_hours_and_then_the_delivery_is_given_up(
    telling: Told, owner: psycopg.Connection
) -> None:
    with receiver() as theirs:
        theirs.statuses = [500] * 20
        webhook = await telling.subscribe(theirs.url)
        pauses = list[float]()
        async with telling.delivering():
            await telling.report(ingested(JOB))
            for attempt in range(1, len(PAUSES_SECONDS) + 1):
                await telling.until(webhook, attempts=attempt, status="waiting")
                left = "SELECT extract(epoch FROM next_attempt_at - attempted_at) FROM webhook_deliveries"
                pauses += [float(seconds) for (seconds,) in owner.execute(left)]
                await telling.attempt_now()
            await telling.until(webhook, attempts=len(PAUSES_SECONDS) + 1, status="given_up", next_attempt_at=None)
    for pause, planned in zip(pauses, PAUSES_SECONDS, strict=True):
        assert planned * 0.9 <= pause <= planned * 1.1
    assert 10 * 3600 < sum(PAUSES_SECONDS) < 12 * 3600
    assert (await telling.get(f"/{webhook['webhook_id']}"))["status"] == "failing"


async def test_five_deliveries_in_a_row_that_are_given_up_pause_the_webhook(
    telling: Told, owner: psycopg.Connection
) -> None:
    jobs = [asked(f"talk {number}") for number in range(7)]
    with receiver() as theirs:
        theirs.statuses = [500] * 20
        webhook = await telling.subscribe(theirs.url, Kind.INGESTED)
        await telling.report(*(ingested(job) for job in jobs))
        owner.execute("UPDATE webhook_deliveries SET attempts = %s", (len(PAUSES_SECONDS),))
        async with telling.delivering():
            async with asyncio.timeout(SOON_SECONDS):
                while (await telling.get(f"/{webhook['webhook_id']}"))["status"] != "paused":
                    await asyncio.sleep(0.05)
            await telling.report(ingested(asked("afterwards")))
    log = await telling.log(webhook)
    assert [entry["status"] for entry in log] == ["given_up"] * 7, "and of what comes while it is paused nobody is told"
    assert [entry["attempts"] for entry in log].count(len(PAUSES_SECONDS)) <= 2, "not attempted any more"


async def test_one_that_is_delivered_begins_the_count_anew(telling: Told, owner: psycopg.Connection) -> None:
    with receiver() as theirs:
        webhook = await telling.subscribe(theirs.url)
        owner.execute("UPDATE webhooks SET given_up_in_a_row = 4, failing = true")
        async with telling.delivering():
            await telling.report(ingested(JOB))
            await telling.until(webhook, status="delivered")
    assert owner.execute("SELECT given_up_in_a_row, failing FROM webhooks").fetchall() == [(0, False)]


async def test_gone_is_gone(telling: Told, database: Database) -> None:
    with receiver() as theirs:
        theirs.statuses = [410]
        webhook = await telling.subscribe(theirs.url)
        async with telling.delivering():
            await telling.report(ingested(JOB))
            given_up = await telling.until(webhook, status="given_up")
        assert (given_up["status_code"], given_up["attempts"]) == (410, 1)
        found = await telling.get(f"/{webhook['webhook_id']}")
        assert found["status"] == "paused"
        assert found["paused_at"] is not None
        await telling.report(ingested(asked("afterwards")))
    assert len(await deliveries(database)) == 1


async def test_a_redirection_is_a_failed_attempt(telling: Told) -> None:
    with receiver() as inside, receiver() as theirs:
        theirs.statuses, theirs.location = [302], inside.url
        webhook = await telling.subscribe(theirs.url)
        async with telling.delivering():
            await telling.report(ingested(JOB))
            await telling.until(webhook, attempts=1, status="waiting", status_code=302)
        assert inside.received == []


async def test_a_name_that_leads_inside_after_it_was_subscribed_is_refused_at_the_attempt(
    database: Database, broker: Broker
) -> None:
    answers = [["93.184.215.14"]]

    async def resolve(host: str, port: int) -> list[str]:
        return answers.pop() if answers else ["127.0.0.1"]

    with receiver() as inside:
        telling = told(database, broker, Targets((), resolve))
        webhook = await telling.subscribe(f"https://hooks.example.org:{inside.port}/")
        async with telling.delivering():
            await telling.report(ingested(JOB))
            entry = await telling.until(webhook, attempts=1, status="waiting", status_code=None)
        assert entry["error"] == "url: this is no address on the open internet, with https."
        assert inside.received == []


@pytest.mark.slow
async def test_one_who_never_answers_holds_up_nobody_else(telling: Told) -> None:
    with receiver() as theirs, ExitStack() as letting_go:
        deaf = await telling.subscribe(letting_go.enter_context(silent()))
        webhook = await telling.subscribe(theirs.url)
        await telling.report(*(ingested(asked(f"talk {number}")) for number in range(60)))
        async with telling.delivering(within_seconds=600):
            async with asyncio.timeout(60):
                while {entry["status"] for entry in await telling.log(webhook)} != {"delivered"}:
                    await asyncio.sleep(0.05)
            assert [entry["attempts"] for entry in await telling.log(deaf)] == [0] * 60
            letting_go.close()
        assert len(theirs.received) == 60


async def test_of_each_webhook_so_many_attempts_are_under_way_and_of_a_failing_one_a_single_one(
    telling: Told, database: Database, owner: psycopg.Connection
) -> None:
    for path in ("a", "b"):
        await telling.subscribe(f"http://127.0.0.1:9/{path}")
    await telling.report(*(ingested(asked(f"talk {number}")) for number in range(20)))
    owner.execute("UPDATE webhooks SET failing = url LIKE '%/b'")
    assert await requested(database) == REQUESTED_AT_ONCE + 1
    assert await requested(database) == 0, "until one of them is made"
    owner.execute(
        "UPDATE webhook_deliveries SET requested_at = requested_at - make_interval(secs => %s)", (LEASE_SECONDS,)
    )
    assert await requested(database) == REQUESTED_AT_ONCE + 1, "or was lost"


async def test_replicas_ask_for_each_attempt_once(telling: Told, database: Database) -> None:
    await telling.subscribe("http://127.0.0.1:9/")
    await telling.report(*(ingested(asked(f"talk {number}")) for number in range(20)))
    assert sum(await asyncio.gather(*(requested(database) for _ in range(6)))) == REQUESTED_AT_ONCE
    assert len(await rows(database, "SELECT FROM outbox")) == REQUESTED_AT_ONCE


async def test_a_request_that_was_lost_with_its_stream_comes_by_itself(
    telling: Told, database: Database, broker: Broker, owner: psycopg.Connection
) -> None:
    with receiver() as theirs:
        webhook = await telling.subscribe(theirs.url)
        await telling.report(ingested(JOB))
        assert await requested(database) == 1
        await wipe(broker)
        owner.execute("DELETE FROM outbox")
        await set_up_anew(broker)
        owner.execute(
            "UPDATE webhook_deliveries SET requested_at = requested_at - make_interval(secs => %s)", (LEASE_SECONDS,)
        )
        async with telling.delivering():
            await telling.until(webhook, status="delivered", attempts=1)
    assert len(theirs.received) == 1


async def test_an_attempt_that_was_made_is_not_made_again_whoever_asks(telling: Told) -> None:
    with receiver() as theirs:
        webhook = await telling.subscribe(theirs.url)
        async with telling.delivering() as delivering:
            await telling.report(ingested(JOB))
            entry = await telling.until(webhook, status="delivered")
            for attempt in (1, 2):
                asking = _request(entry["delivery_id"], attempt)
                await delivering.deliver_webhook(asking)
                await delivering.give_up(asking, Reason(code="x", detail="x"), 6)
        assert len(theirs.received) == 1
    assert (await telling.log(webhook))[0]["status"] == "delivered"


def _request(delivery_id: str, attempt: int) -> WebhookDeliveryRequested:
    return WebhookDeliveryRequested(
        tenant="default", delivery_id=UUID(delivery_id), attempt=attempt, requested_at=utc_now()
    )


async def test_a_request_that_breaks_its_reader_counts_as_a_failed_attempt_and_is_kept_as_a_dead_letter(
    telling: Told, database: Database, broker: Broker, owner: psycopg.Connection
) -> None:
    """Here a webhook without a secret, which the catalogue would not take, and what is no request at all."""
    webhook = await telling.subscribe("http://127.0.0.1:9/")
    await telling.report(ingested(JOB))
    owner.execute("ALTER TABLE webhooks ALTER secret DROP NOT NULL")
    owner.execute("UPDATE webhooks SET secret = NULL")
    quick = broker.settings.model_copy(update={"retry_base_seconds": 0.01})
    async with told(database, Broker(broker.client, quick)).delivering():
        entry = await telling.until(webhook, attempts=1)
        await broker.publish_encoded(subjects.WEBHOOK_DELIVERY_REQUESTED, b'{"attempt": 1}', "broken")
        async with asyncio.timeout(SOON_SECONDS):
            while (await broker.jetstream.stream_info(subjects.DEAD)).state.messages < 2:
                await asyncio.sleep(0.05)
    assert (entry["status"], entry["error"]) == ("waiting", "Something broke here before there was an answer.")


async def test_what_is_old_is_forgotten_and_the_rest_is_kept(
    telling: Told, database: Database, owner: psycopg.Connection
) -> None:
    await telling.subscribe("http://127.0.0.1:9/")
    await telling.report(*(ingested(asked(f"talk {number}")) for number in range(4)))
    owner.execute(
        "UPDATE webhook_deliveries SET created_at = now() - make_interval(days => %s) WHERE mod(position, 2) = 0",
        (KEPT_DAYS,),
    )
    async with database.transaction() as connection:
        assert await forget_old(connection) == 2
        assert await forget_old(connection) == 0
    assert len(await deliveries(database)) == 2


async def test_a_webhook_that_was_deleted_is_told_nothing_any_more(telling: Told) -> None:
    with receiver() as theirs:
        webhook = await telling.subscribe(theirs.url)
        await telling.report(ingested(JOB))
        path = f"/v1/webhooks/{webhook['webhook_id']}"
        assert (await ask(telling.app, "DELETE", path, "other", EVERYTHING)).status_code == 404
        assert (await ask(telling.app, "DELETE", path, "default", EVERYTHING)).status_code == 204
        assert (await ask(telling.app, "DELETE", path, "default", EVERYTHING)).status_code == 404
        assert (await ask(telling.app, "GET", f"{path}/deliveries", "default", EVERYTHING)).status_code == 404
        assert await requested(telling.database) == 0
        assert theirs.received == []


async def test_the_secret_is_shown_once_and_the_readers_role_cannot_even_select_it(
    telling: Told, database: Database
) -> None:
    webhook = await telling.subscribe("http://127.0.0.1:9/")
    assert webhook["secret"].startswith("whsec_")
    assert len(base64.b64decode(webhook["secret"].removeprefix("whsec_"))) == 32
    (listed,) = (await telling.get())["items"]
    one = await telling.get(f"/{webhook['webhook_id']}")
    assert listed == one == {name: value for name, value in webhook.items() if name != "secret"}
    assert set(one) == {"webhook_id", "url", "events", "created_at", "created_by", "paused_at", "status"}
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.reading("default") as connection:
            await connection.execute("SELECT secret FROM webhooks")


async def test_a_tenant_has_so_many_webhooks_and_no_more_also_when_all_are_made_at_once(telling: Told) -> None:
    body = {"url": "http://127.0.0.1:9/", "events": ["recording.ingested"]}
    asking = (
        ask(telling.app, "POST", "/v1/webhooks", "default", EVERYTHING, json=body) for _ in range(MOST_OF_A_TENANT + 3)
    )
    answers = await asyncio.gather(*asking)
    assert sorted(answer.status_code for answer in answers) == [201] * MOST_OF_A_TENANT + [422] * 3
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"too_many_webhooks"}
    await telling.subscribe("http://127.0.0.1:9/", tenant="other")


async def test_webhooks_and_deliveries_are_listed_page_by_page_the_newest_first(telling: Told) -> None:
    made = [(await telling.subscribe(f"http://127.0.0.1:9/{number}"))["webhook_id"] for number in range(3)]
    first = await telling.get(limit=2)
    second = await telling.get(limit=2, after_id=first["next"])
    assert [item["webhook_id"] for page in (first, second) for item in page["items"]] == made[::-1]
    jobs = [asked(f"talk {number}") for number in range(3)]
    for job in jobs:
        await telling.report(ingested(job))
    log = f"/{made[0]}/deliveries"
    first = await telling.get(log, limit=2)
    second = await telling.get(log, limit=2, after_id=first["next"])
    listed = [item["document"]["data"]["recording_id"] for page in (first, second) for item in page["items"]]
    assert listed == [job.recording_id for job in reversed(jobs)]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"url": "https://127.0.0.1:8081/v1/snapshot", "events": ["recording.ingested"]}, "target_refused"),
        ({"url": "http://169.254.169.254/latest", "events": ["recording.ingested"]}, "target_refused"),
        ({"url": "https://user:secret@127.0.0.1/", "events": ["recording.ingested"]}, "invalid_url"),
        ({"url": "https://127.0.0.1/", "events": []}, "invalid_request"),
        ({"url": "https://127.0.0.1/", "events": ["everything"]}, "invalid_request"),
        ({"url": "https://127.0.0.1/"}, "invalid_request"),
        ({"url": "https://127.0.0.1/", "events": ["recording.ingested"], "secret": "mine"}, "invalid_request"),
    ],
    ids=str,
)
async def test_what_is_no_good_ask_is_refused_by_its_field(
    database: Database, broker: Broker, body: dict[str, Any], code: str
) -> None:
    nowhere = told(database, broker, Targets(()))
    answer = await ask(nowhere.app, "POST", "/v1/webhooks", "default", EVERYTHING, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    if "url" in code or "target" in code:
        assert answer.json()["detail"].startswith("url: ")
    assert await rows(database, "SELECT FROM webhooks") == []


async def test_only_admins_make_see_and_delete_webhooks(telling: Told) -> None:
    webhook = await telling.subscribe("http://127.0.0.1:9/")
    path = f"/v1/webhooks/{webhook['webhook_id']}"
    for method, asked_path in (("POST", "/v1/webhooks"), ("GET", "/v1/webhooks"), ("DELETE", path), ("GET", path)):
        assert (await ask(telling.app, method, asked_path, "default", json={})).status_code == 403
