"""A recording is erased: what the catalogue forgets, what it tells, and what can never come back."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, decode_outcome, encode
from ai2text.common.contracts.datasets import DatasetAssembled, DatasetReference
from ai2text.common.contracts.dead_letter import DeadLetter
from ai2text.common.contracts.erasure import DatasetVersion, Tombstone
from ai2text.common.contracts.inside import Caller
from ai2text.common.contracts.outcome import Cancellation
from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.contracts.transcription import TranscriptionCancelled, TranscriptionRequested
from ai2text.common.object_store import ObjectStore
from ai2text.common.occurrences import Kind
from ai2text.metadata.apply_retention import apply_retention
from ai2text.metadata.erase_recording import EraseRecording
from ai2text.metadata.persist_dataset import persist_dataset
from ai2text.metadata.persist_dead_letter import persist_dead_letter
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.postgres.retention import save_retention
from ai2text.metadata.postgres.webhooks import insert_webhook
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from tests.fixtures.examples import EVENTS, NOW, SHA256, TRANSCRIPT
from tests.integration.metadata.catalogue import INGESTED, asked, fail, ingest, persisted, rows, start, transcribe
from tests.integration.metadata.erased import KEPT, erasures_told, rows_with
from tests.integration.metadata.inside import Inside
from tests.integration.metadata.told import transcribed

TALK = asked("talk", duration_seconds=10.0)
OTHER = asked("other", duration_seconds=10.0)
PATH = f"/v1/recordings/{TALK.recording_id}"
SECRET = "rosebud"


@pytest.fixture
def erasing(database: Database, object_store: ObjectStore) -> EraseRecording:
    return EraseRecording(database=database, store=object_store, clock=utc_now)


@pytest.fixture
async def talk(database: Database, object_store: ObjectStore) -> None:
    """With everything in the bucket that a recording can have there; OTHER beside it."""
    for job in (TALK, OTHER):
        await ingest(database, job)
        await start(database, job)
        await transcribe(database, job, f"a {SECRET} here" if job is TALK else "nothing", "and more")
    for key in (
        TALK.audio_key,
        TALK.outcome_key,
        identity.draft_key("default", TALK.job_id),
        identity.facts_key("default", SHA256, INGESTED.source.source_id, TALK.job_id),
    ):
        object_store.put(key, encode(TRANSCRIPT))


def keys_in(store: ObjectStore) -> set[str]:
    return {found.key for found in store.list("default/")}


async def erase(inside: Inside, status: int = 202) -> dict[str, Any]:
    answer = await inside.ask("DELETE", PATH)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def reborn(database: Database, generation: int) -> TranscriptionRequested:
    job = asked("talk", generation=generation, audio_key=identity.audio_key("default", SHA256, generation))
    facts = replace(INGESTED, recording_id=job.recording_id, first_job=job, audio_key=job.audio_key)
    await persisted(database, facts)
    return job


@pytest.mark.usefixtures("talk")
async def test_nothing_of_it_is_in_the_catalogue_and_everything_of_others(
    inside: Inside, owner: psycopg.Connection
) -> None:
    assert {"segments", "transcripts", "segment_words"} <= set(rows_with(owner, SECRET))
    said = await erase(inside)
    assert set(said) == {"recording_id", "erased_at"}
    assert rows_with(owner, SECRET) == {}
    assert set(rows_with(owner, TALK.recording_id)) <= KEPT
    for path in (PATH, f"{PATH}/audio", f"{PATH}/transcript", f"{PATH}/transcript/revisions"):
        answer = await inside.ask("GET", path)
        assert answer.status_code == 410
        assert "was erased at" in answer.json()["detail"]
    for path, body in (("/transcript/replace", {"find": "a", "replace": "b"}), ("/transcript/revert", {"revision": 1})):
        assert (await inside.ask("POST", f"{PATH}{path}", body, headers={"If-Match": "*"})).status_code == 410
    assert (await inside.ask("PATCH", PATH, {"tags": ["x"]})).status_code == 410
    (left,) = (await inside.ask("GET", "/v1/recordings")).json()["items"]
    assert left["recording_id"] == OTHER.recording_id
    assert (await inside.ask("GET", f"/v1/search?q={SECRET}")).json()["items"] == []
    assert len((await inside.ask("GET", "/v1/search?q=more")).json()["items"]) == 1
    assert (await inside.ask("GET", "/v1/status")).json()["recordings"]["transcribed"] == 1


@pytest.mark.usefixtures("talk")
async def test_everything_of_it_in_the_bucket_is_named_and_the_tombstone_stays(
    inside: Inside, database: Database, object_store: ObjectStore
) -> None:
    (segment, *_) = (await inside.ask("GET", f"{PATH}/transcript")).json()["segments"]
    etag = {"If-Match": f'"{segment["etag"]}"'}
    edited = await inside.ask("PATCH", f"{PATH}/transcript/segments/{segment['id']}", {"text": "no"}, headers=etag)
    assert edited.status_code == 200
    held = keys_in(object_store)
    assert any(key.startswith("default/revisions/") for key in held)
    await erase(inside)
    (told,) = await erasures_told(database)
    assert set(told.keys) == held
    assert (told.job_ids, told.next_life, told.publication) == ((TALK.job_id,), 1, 0)
    assert keys_in(object_store) - held == {identity.tombstone_key("default", TALK.recording_id)}
    tombstone = decode(Tombstone, object_store.get(identity.tombstone_key("default", TALK.recording_id)))
    assert (tombstone.recording_id, tombstone.next_life) == (TALK.recording_id, 1)


@pytest.mark.usefixtures("talk")
async def test_webhooks_are_told_once_and_nothing_but_the_id(
    inside: Inside, database: Database, erasing: EraseRecording
) -> None:
    who = Caller(tenant="default", subject="s", scopes=frozenset(), request_id="r")
    async with database.transaction() as connection:
        await insert_webhook(connection, who, "https://hooks.example.org/", [Kind.ERASED], b"secret")
    await erase(inside)
    await persisted(database, *LATE)
    assert await erasing.erase_again(0) == 1
    (told,) = await rows(database, "SELECT document FROM webhook_deliveries")
    assert told["document"]["type"] == "recording.erased"
    assert told["document"]["data"] == {"recording_id": TALK.recording_id}
    await reborn(database, 1)
    await erase(inside)
    assert len(await rows(database, "SELECT FROM webhook_deliveries")) == 2, "its next life was erased"


@pytest.mark.usefixtures("talk")
async def test_erasing_twice_says_the_same_and_another_tenant_s_is_not_there(inside: Inside) -> None:
    stranger = await inside.ask("DELETE", PATH, tenant="stranger")
    assert stranger.status_code == 404
    assert (await inside.ask("GET", PATH)).status_code == 200
    assert await erase(inside) == await erase(inside)
    assert (await inside.ask("GET", PATH, tenant="stranger")).status_code == 404


async def test_a_worker_that_still_has_the_job_finds_it_cancelled_where_it_would_write(
    inside: Inside, database: Database, object_store: ObjectStore, erasing: EraseRecording
) -> None:
    await ingest(database, TALK)
    await start(database, TALK)
    await erase(inside)
    assert isinstance(decode_outcome(object_store.get(TALK.outcome_key)), Cancellation)
    assert not object_store.put_first(TALK.outcome_key, encode(TRANSCRIPT))
    waiting = await rows(database, "SELECT subject FROM outbox ORDER BY position")
    assert [row["subject"] for row in waiting][-2:] == [subjects.TRANSCRIPTION_CANCELLED, subjects.RECORDING_ERASED]
    (told,) = await erasures_told(database)
    assert TALK.outcome_key not in told.keys, "it has no content, and keeps workers from the job"
    assert await erasing.erase_again(0) == 1
    (again,) = await erasures_told(database)
    assert TALK.outcome_key in again.keys
    assert await erasing.erase_again(0) == 0


LATE = (
    replace(INGESTED, recording_id=TALK.recording_id, first_job=TALK),
    transcribed(TALK),
    TranscriptionCancelled(
        tenant="default",
        recording_id=TALK.recording_id,
        job_id=TALK.job_id,
        generation=0,
        outcome_key=TALK.outcome_key,
        cancelled_at=NOW,
    ),
)


@pytest.mark.usefixtures("talk")
async def test_what_is_reported_later_is_not_kept_and_told_to_whoever_has_it(
    inside: Inside, database: Database, owner: psycopg.Connection
) -> None:
    await erase(inside)
    await erasures_told(database)
    for report in LATE:
        await persisted(database, report)
    await start(database, TALK)
    await fail(database, TALK)
    assert set(rows_with(owner, TALK.recording_id)) <= KEPT
    assert set(rows_with(owner, TALK.job_id)) <= KEPT
    ingested, transcript, failure = await erasures_told(database)
    assert {TALK.audio_key, INGESTED.facts_key} < set(ingested.keys)
    assert set(transcript.keys) == set(failure.keys) == {TALK.outcome_key, identity.draft_key("default", TALK.job_id)}
    assert [one.publication for one in (ingested, transcript, failure)] == [1, 2, 3]


@pytest.mark.usefixtures("talk")
async def test_a_source_that_held_it_before_does_not_bring_it_back(
    inside: Inside, database: Database, owner: psycopg.Connection
) -> None:
    await erase(inside)
    after = asked("after")
    await persisted(
        database,
        replace(INGESTED, recording_id=after.recording_id, first_job=after, replaces_recording_id=TALK.recording_id),
    )
    assert set(rows_with(owner, TALK.recording_id)) <= KEPT
    assert (await inside.ask("GET", f"/v1/recordings/{after.recording_id}")).status_code == 200


@pytest.mark.usefixtures("talk")
async def test_an_upload_begins_another_life_to_which_nothing_of_the_first_comes(
    inside: Inside, database: Database, owner: psycopg.Connection, object_store: ObjectStore
) -> None:
    await erase(inside)
    job = await reborn(database, 1)
    assert (await inside.ask("GET", PATH)).json()["status"] == "queued"
    for report in LATE:
        await persisted(database, report)
    assert (await inside.ask("GET", PATH)).json()["status"] == "queued"
    await transcribe(database, job, "another life")
    seen = (await inside.ask("GET", f"{PATH}/transcript")).json()
    assert (seen["revision"], seen["text"]) == (1, "another life")
    (segment,) = seen["segments"]
    etag = {"If-Match": f'"{segment["etag"]}"'}
    await inside.ask("PATCH", f"{PATH}/transcript/segments/{segment['id']}", {"text": "mine"}, headers=etag)
    key = identity.revision_key("default", TALK.recording_id, 2, 1)
    assert object_store.exists(key)
    await erasures_told(database)
    await erase(inside)
    (told,) = await erasures_told(database)
    assert told.next_life == 2
    assert {key, job.outcome_key} <= set(told.keys)
    assert set(rows_with(owner, job.job_id)) <= KEPT


@pytest.mark.usefixtures("talk")
async def test_asking_for_another_model_of_it_is_refused_and_makes_no_ghost(
    inside: Inside, owner: psycopg.Connection
) -> None:
    await erase(inside)
    answer = await inside.ask("POST", "/v1/jobs", {"recording_id": TALK.recording_id, "model": "large-v3"})
    assert answer.status_code == 410
    assert set(rows_with(owner, TALK.recording_id)) <= KEPT


@pytest.mark.usefixtures("talk")
async def test_whoever_reports_in_that_very_moment_comes_before_or_too_late(
    inside: Inside, database: Database, owner: psycopg.Connection
) -> None:
    for life in range(0, 40, 2):
        job = TALK if life == 0 else await reborn(database, life // 2)
        await asyncio.gather(
            erase(inside),
            persisted(database, transcribed(job)),
            start(database, job),
            persisted(database, replace(INGESTED, recording_id=job.recording_id, first_job=job)),
        )
        assert set(rows_with(owner, TALK.recording_id)) <= KEPT


async def test_a_refusal_is_taken_out_of_the_catalogue_and_may_be_told_again(
    inside: Inside, database: Database, object_store: ObjectStore
) -> None:
    rejected = EVENTS[subjects.RECORDING_REJECTED]
    assert isinstance(rejected, RecordingRejected)
    await persisted(database, rejected)
    path = f"/v1/recordings/{rejected.rejection_id}"
    assert (await inside.ask("DELETE", path)).status_code == 202
    assert (await inside.ask("GET", path)).status_code == 404
    assert await erasures_told(database) == []
    assert keys_in(object_store) == set()
    await persisted(database, rejected)
    assert (await inside.ask("GET", path)).json()["status"] == "rejected"


@pytest.mark.usefixtures("talk")
async def test_a_tombstone_whose_writer_died_is_taken_in(
    inside: Inside, database: Database, object_store: ObjectStore, owner: psycopg.Connection
) -> None:
    tombstone = Tombstone(tenant="default", recording_id=TALK.recording_id, next_life=1, erased_at=utc_now())
    object_store.put(identity.tombstone_key("default", TALK.recording_id), encode(tombstone))
    bucket = ReconcileBucket(PersistReports(database, utc_now), object_store)
    await bucket.reconcile_bucket()
    assert rows_with(owner, SECRET) == {}
    assert (await inside.ask("GET", PATH)).status_code == 410
    told = await erasures_told(database)
    assert TALK.audio_key in told[0].keys


async def test_a_catalogue_that_was_lost_does_not_learn_of_it_from_what_is_left(
    inside: Inside, database: Database, object_store: ObjectStore, owner: psycopg.Connection
) -> None:
    facts = replace(
        INGESTED,
        recording_id=TALK.recording_id,
        first_job=TALK,
        facts_key=identity.facts_key("default", SHA256, INGESTED.source.source_id, TALK.job_id),
    )
    object_store.put(facts.facts_key, encode(facts))
    transcript = transcribed(TALK).transcript
    object_store.put(TALK.outcome_key, encode(transcript))
    revision = identity.revision_key("default", TALK.recording_id, 2)
    object_store.put(revision, b"{}")
    tombstone = Tombstone(tenant="default", recording_id=TALK.recording_id, next_life=1, erased_at=utc_now())
    object_store.put(identity.tombstone_key("default", TALK.recording_id), encode(tombstone))
    await ReconcileBucket(PersistReports(database, utc_now), object_store).reconcile_bucket()
    assert set(rows_with(owner, TALK.recording_id)) <= KEPT
    assert (await inside.ask("GET", PATH)).status_code == 410
    told = {key for one in await erasures_told(database) for key in one.keys}
    assert {facts.facts_key, TALK.outcome_key, revision} <= told


@pytest.mark.usefixtures("talk")
async def test_versions_of_datasets_that_it_is_in_are_named_also_those_that_come_later(
    inside: Inside, database: Database, object_store: ObjectStore, owner: psycopg.Connection
) -> None:
    await persist_dataset(database, object_store, _version(object_store, 1))
    await erase(inside)
    (told,) = await erasures_told(database)
    assert told.datasets == (DatasetVersion(name="broadcast", version=1),)
    await persist_dataset(database, object_store, _version(object_store, 2))
    (late,) = await erasures_told(database)
    assert late.datasets == (DatasetVersion(name="broadcast", version=2),)
    assert set(rows_with(owner, TALK.recording_id)) <= KEPT
    await reborn(database, 1)
    await persist_dataset(database, object_store, _version(object_store, 3, life=1))
    assert await erasures_told(database) == []
    assert "dataset_references" in rows_with(owner, TALK.recording_id)


def assembled(store: ObjectStore, name: str, number: int, references: Sequence[DatasetReference]) -> DatasetAssembled:
    event = EVENTS[subjects.DATASET_ASSEMBLED]
    assert isinstance(event, DatasetAssembled)
    key = f"default/dataset-files/{name}-{number}"
    store.put(key, b"".join(encode(one) + b"\n" for one in references) or b"\n")
    return replace(event, name=name, version=number, references_key=key)


def _version(store: ObjectStore, number: int, life: int = 0) -> DatasetAssembled:
    made_from = [
        DatasetReference(recording_id=job.recording_id, revision=1, job_id=job.job_id, life=life)
        for job in (TALK, OTHER)
    ]
    return assembled(store, "broadcast", number, made_from)


@pytest.mark.usefixtures("talk")
async def test_dead_letters_of_it_go_from_catalogue_and_stream_and_none_comes_later(
    inside: Inside, database: Database, owner: psycopg.Connection
) -> None:
    letter = EVENTS[subjects.DEAD_LETTERED]
    assert isinstance(letter, DeadLetter)
    of_talk = replace(letter, subject=subjects.TRANSCRIPTION_REQUESTED + ".bulk", payload_base64=_payload(TALK))
    assert await persist_dead_letter(database, of_talk, 17)
    await erase(inside)
    (told,) = await erasures_told(database)
    assert told.dead_letters == (17,)
    assert not await persist_dead_letter(database, replace(of_talk, dead_letter_id=f"{INGESTED.source.source_id}"), 18)
    assert rows_with(owner, TALK.job_id).keys() <= KEPT


def _payload(job: TranscriptionRequested) -> str:
    return base64.b64encode(encode(job)).decode()


@pytest.mark.usefixtures("talk")
async def test_what_is_kept_for_too_long_is_erased_and_the_audit_trail_says_so(
    inside: Inside, database: Database, erasing: EraseRecording
) -> None:
    stranger = asked("talk", tenant="stranger")
    await ingest(database, stranger)
    await rows(
        database,
        "UPDATE recordings SET listed_at = %(at)s, created_at = %(at)s WHERE recording_id <> %(young)s RETURNING 1",
        {"at": utc_now() - timedelta(days=31), "young": OTHER.recording_id},
    )
    assert await apply_retention(erasing) == 0
    assert await erasing.erase_recording("default", f"{uuid4()}") is None
    assert (await inside.ask("PUT", "/v1/retention", {"days": 30})).json() == {"days": 30}
    assert (await inside.ask("GET", "/v1/retention")).json() == {"days": 30}
    assert (await inside.ask("GET", "/v1/retention", tenant="stranger")).json() == {"days": None}
    assert await apply_retention(erasing) == 1
    assert (await inside.ask("GET", PATH)).status_code == 410
    assert (await inside.ask("GET", f"/v1/recordings/{OTHER.recording_id}")).status_code == 200
    (entry,) = await rows(database, "SELECT subject, action, target FROM audit")
    assert entry == {"subject": "retention", "action": "DELETE /v1/recordings/{recording_id}", "target": PATH}
    assert (await inside.ask("PUT", "/v1/retention", {"days": None})).json() == {"days": None}
    async with database.transaction() as connection:
        await save_retention(connection, "stranger", 30, "s")
    assert await apply_retention(erasing) == 1


async def test_more_keys_than_fit_into_a_message_are_told_in_several(
    inside: Inside, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ai2text.metadata.postgres.erasures.KEYS_AT_ONCE", 2)
    await ingest(database, TALK)
    await transcribe(database, TALK, "so")
    await ingest(database, asked("talk", generation=1))
    await erase(inside)
    told = await erasures_told(database)
    assert [one.publication for one in told] == [0, 1]
    assert len({key for one in told for key in one.keys}) == 3
