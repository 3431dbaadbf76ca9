"""Jobs that are asked for over the inside API, against the real PostgreSQL and the real NATS."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from ai2text.common import subjects
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode
from ai2text.common.contracts.recordings import RecordingRejected
from ai2text.common.contracts.states import Lane, Task
from ai2text.common.contracts.transcription import TranscriptionOptions, TranscriptionRequested, TranscriptionStarted
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Database
from tests.fixtures.examples import EVENTS, NOW
from tests.integration.metadata.catalogue import asked, fail, ingest, persisted, rows, transcribe
from tests.integration.metadata.inside import DEFAULTS, Inside

TALK = asked("talk", options=DEFAULTS.options)
"""What ingestion asked for with the same defaults."""


async def published(database: Database) -> list[TranscriptionRequested]:
    async with database.transaction() as connection:
        taken = await outbox.take(connection, 100)
        await outbox.remove(connection, [each.position for each in taken])
    requests = [each for each in taken if each.subject.startswith(subjects.TRANSCRIPTION_REQUESTED)]
    return [decode(TranscriptionRequested, each.payload) for each in requests]


async def request(inside: Inside, **asked: Any) -> tuple[int, dict[str, Any]]:
    answer = await inside.ask("POST", "/v1/jobs", {"recording_id": TALK.recording_id, **asked})
    return answer.status_code, answer.json()


async def test_another_model_is_a_new_job_that_can_be_read_at_once(database: Database, inside: Inside) -> None:
    await ingest(database, TALK)
    status, job = await request(inside, model="large", lane="interactive", options={"beam_size": 1})
    options = TranscriptionOptions(beam_size=1)
    assert status == 202
    assert job["job_id"] == identity.job_id(TALK.recording_id, "large", Task.TRANSCRIBE, options, 0)
    assert (job["status"], job["lane"], job["generation"], job["replaces"]) == ("queued", "interactive", 0, None)
    assert (await inside.ask("GET", f"/v1/jobs/{job['job_id']}")).json() == job
    (published_job,) = await published(database)
    own = {"job_id": job["job_id"], "outcome_key": f"default/outcomes/{job['job_id']}.json"}
    expected = replace(TALK, **own, model="large", lane=Lane.INTERACTIVE, options=options)
    assert replace(published_job, requested_at=TALK.requested_at) == expected


async def test_the_same_ask_is_the_job_that_ingestion_made(database: Database, inside: Inside) -> None:
    await ingest(database, TALK)
    status, job = await request(inside)
    assert (status, job["job_id"]) == (200, TALK.job_id)
    assert await published(database) == []


async def test_options_that_are_spelt_out_and_options_left_out_are_the_same_ask(
    database: Database, inside: Inside
) -> None:
    await ingest(database, TALK)
    spelt = {"beam_size": 3, "language": None, "temperature": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], "initial_prompt": "  "}
    status, job = await request(inside, model="small", task="transcribe", options=spelt)
    assert (status, job["job_id"]) == (200, TALK.job_id)


async def test_a_language_may_be_named_for_itself_or_among_the_options(database: Database, inside: Inside) -> None:
    await ingest(database, TALK)
    first = await request(inside, language="de")
    second = await request(inside, options={"language": "de"})
    assert (first[0], second[0]) == (202, 200)
    assert first[1]["job_id"] == second[1]["job_id"] != TALK.job_id


async def test_a_rerun_is_the_next_generation_and_replaces_the_newest_one(database: Database, inside: Inside) -> None:
    await transcribe(database, TALK, "Good morning.")
    await ingest(database, TALK)
    generations = [await request(inside, rerun=True) for _ in range(2)]
    assert [status for status, _ in generations] == [202, 202]
    first, second = (job for _, job in generations)
    assert (first["generation"], first["replaces"]) == (1, TALK.job_id)
    assert (second["generation"], second["replaces"]) == (2, first["job_id"])
    assert [job.generation for job in await published(database)] == [1, 2]
    status, same = await request(inside)
    assert (status, same["job_id"]) == (200, second["job_id"]), "without it the newest one is meant"
    assert (await rows(database, "SELECT status FROM recordings")) == [{"status": "transcribed"}]


async def test_a_rerun_of_what_was_never_asked_is_the_first_generation(database: Database, inside: Inside) -> None:
    await ingest(database, TALK)
    status, job = await request(inside, model="large", rerun=True)
    assert (status, job["generation"], job["replaces"]) == (202, 0, None)


async def test_whatever_is_asked_last_is_the_newest_job_and_its_transcript_the_one_people_see(
    database: Database, inside: Inside
) -> None:
    await transcribe(database, TALK, "Good morning.")
    await ingest(database, TALK)
    await request(inside, rerun=True)
    _, job = await request(inside, model="large")
    assert (await inside.ask("GET", f"/v1/recordings/{TALK.recording_id}")).json()["job_id"] == job["job_id"]
    again, large = await published(database)
    await transcribe(database, large, "By a large one.", at=NOW + timedelta(seconds=1))
    await transcribe(database, again, "And again.")
    (row,) = await rows(
        database,
        "SELECT t.job_id::text FROM transcripts t JOIN recordings USING (recording_id) "
        "WHERE revision = current_revision",
    )
    assert row["job_id"] == job["job_id"], "whichever is persisted first"


@pytest.mark.parametrize("rerun", [False, True])
async def test_those_who_ask_the_same_at_once_get_one_job(database: Database, inside: Inside, rerun: bool) -> None:  # noqa: FBT001
    await ingest(database, asked("talk", model="other"))
    if rerun:
        await ingest(database, TALK)
    answers = await asyncio.gather(*(request(inside, rerun=rerun) for _ in range(6)))
    made = [job["job_id"] for status, job in answers if status == 202]
    requests = [job.job_id for job in await published(database)]
    assert sorted(made) == sorted(requests), "each new job was answered with 202 once, and published once"
    assert len(set(made)) == len(made)
    if not rerun:
        assert {job["job_id"] for _, job in answers} == {TALK.job_id}
        assert len(made) == 1
    stored = await rows(database, "SELECT generation FROM jobs WHERE model = 'small' ORDER BY generation")
    assert [row["generation"] for row in stored] == list(range(len(stored))), "no generation was made twice or left out"


async def test_what_waits_in_bulk_and_is_asked_interactively_is_requested_again_as_the_same_job(
    database: Database, inside: Inside
) -> None:
    await ingest(database, TALK)
    for _ in range(2):
        status, job = await request(inside, lane="interactive")
        assert (status, job["job_id"], job["lane"]) == (200, TALK.job_id, "interactive")
    (again,) = await published(database)
    assert again == replace(TALK, lane=Lane.INTERACTIVE, publication=1)
    await ingest(database, TALK)
    (row,) = await rows(database, "SELECT lane FROM jobs")
    assert row["lane"] == "interactive", "also after ingestion has said bulk once more"


async def test_what_runs_already_or_has_ended_is_not_requested_again(database: Database, inside: Inside) -> None:
    await ingest(database, TALK)
    started = EVENTS["transcription.started.v1"]
    assert isinstance(started, TranscriptionStarted)
    await persisted(database, replace(started, recording_id=TALK.recording_id, job_id=TALK.job_id))
    assert (await request(inside, lane="interactive"))[1]["status"] == "running"
    await fail(database, TALK)
    status, job = await request(inside, lane="interactive")
    assert (status, job["status"], job["error"]["code"]) == (200, "failed", "decode_failed")
    assert await published(database) == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"language": "Klingon"}, "language"),
        ({"language": "xx"}, "language"),
        ({"options": {"beam_sise": 1}}, "options.beam_sise"),
        ({"options": {"beam_size": 0}}, "options.beam_size"),
        ({"options": {"beam_size": "many"}}, "options.beam_size"),
        ({"options": {"temperature": [2]}}, "options.temperature"),
        ({"options": {"temperature": []}}, "options.temperature"),
        ({"options": {"initial_prompt": "a\x00b"}}, "options.initial_prompt"),
        ({"options": {"language": "xx"}}, "language"),
        ({"task": "summarise"}, "task"),
        ({"lane": "fast"}, "lane"),
        ({"model": ""}, "model"),
        ({"model": "a\nb"}, "model"),
        ({"modell": "large"}, "modell"),
        ({"recording_id": "x"}, "recording_id"),
        ({"rerun": "perhaps"}, "rerun"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_the_fields_name(
    database: Database, inside: Inside, wrong: dict[str, Any], named: str
) -> None:
    await ingest(database, TALK)
    status, problem = await request(inside, **wrong)
    assert status == 422
    assert named in problem["detail"]
    assert await published(database) == []


@pytest.mark.lesson("L38")
@pytest.mark.parametrize(("name", "code"), [("initial_prompt", "prompt_too_long"), ("hotwords", "hotwords_too_long")])
async def test_l38_a_prompt_that_is_too_long_is_refused_with_the_limit(
    database: Database, inside: Inside, name: str, code: str
) -> None:
    await ingest(database, TALK)
    status, problem = await request(inside, options={name: "x" * 1001})
    assert (status, problem["code"]) == (422, code)
    assert name in problem["detail"]
    assert "1000" in problem["detail"]


async def test_an_unknown_recording_and_another_tenants_are_a_404(database: Database, inside: Inside) -> None:
    await ingest(database, TALK)
    for tenant, recording in (("default", str(uuid4())), ("stranger", TALK.recording_id)):
        answer = await inside.ask("POST", "/v1/jobs", {"recording_id": recording}, tenant)
        assert answer.status_code == 404
    assert await published(database) == []


async def test_a_recording_that_was_rejected_has_nothing_to_transcribe(database: Database, inside: Inside) -> None:
    rejected = EVENTS["recording.rejected.v1"]
    assert isinstance(rejected, RecordingRejected)
    await persisted(database, rejected)
    status, problem = await request(inside, recording_id=rejected.rejection_id)
    assert (status, problem["code"]) == (422, "recording_rejected")
    assert "recording_id" in problem["detail"]
