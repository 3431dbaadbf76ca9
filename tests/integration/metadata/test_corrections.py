"""People's changes over the inside API: revisions that nobody loses, against the real PostgreSQL and the real S3."""

import asyncio
from typing import Any

import httpx
import pytest

from ai2text.common import subjects
from ai2text.common.clock import utc_now
from ai2text.common.contracts import identity
from ai2text.common.contracts.codec import decode, encode
from ai2text.common.contracts.revisions import HumanRevision, TranscriptCorrected
from ai2text.common.object_store import ObjectStore
from ai2text.metadata.correct_transcript import CorrectTranscript
from ai2text.metadata.persist_reports import PersistReports
from ai2text.metadata.postgres import outbox
from ai2text.metadata.postgres.pool import Database
from ai2text.metadata.reconcile_bucket import ReconcileBucket
from tests.integration.metadata.catalogue import asked, ingest, rows, transcribe
from tests.integration.metadata.inside import Inside

TALK = asked("talk")
TEXTS = ("one potato", "two potato", "three potato")
PATH = f"/v1/recordings/{TALK.recording_id}/transcript"
Document = dict[str, Any]


class Editor:
    """Somebody who looks at a transcript and changes it."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def sees(self, query: str = "") -> Document:
        answer = await self._inside.ask("GET", f"{PATH}{query}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == f'"{answer.json()["revision"]}"'
        seen: Document = answer.json()
        return seen

    async def texts(self, query: str = "") -> list[str]:
        return [segment["text"] for segment in (await self.sees(query))["segments"]]

    async def change(
        self, method: str, path: str, body: Document | None = None, etag: str | None = None
    ) -> httpx.Response:
        return await self._inside.ask(
            method, f"{PATH}{path}", body, headers={"If-Match": f'"{etag}"'} if etag else None
        )

    async def edit(self, segment: Document, **fields: Any) -> httpx.Response:
        return await self.change("PATCH", f"/segments/{segment['id']}", fields, segment["etag"])

    async def revisions(self) -> list[tuple[int, int | None, str, str | None]]:
        items = (await self._inside.ask("GET", f"{PATH}/revisions")).json()["items"]
        return [(item["revision"], item["parent"], item["kind"], item["change"]) for item in items]


@pytest.fixture
async def editor(database: Database, inside: Inside) -> Editor:
    await ingest(database, TALK)
    await transcribe(database, TALK, *TEXTS)
    return Editor(inside)


async def announced(database: Database) -> list[TranscriptCorrected]:
    async with database.transaction() as connection:
        taken = await outbox.take(connection, 100)
    return [decode(TranscriptCorrected, one.payload) for one in taken if one.subject == subjects.TRANSCRIPT_CORRECTED]


async def test_a_corrected_segment_is_what_people_see_and_the_others_are_the_same(
    editor: Editor, database: Database, object_store: ObjectStore
) -> None:
    before = await editor.sees()
    answer = await editor.edit(before["segments"][1], text="  two\ntomatoes ", speaker="Anna")
    assert answer.status_code == 200
    done = answer.json()
    assert (done["revision"], done["segment"]["text"], done["segment"]["speaker"]) == (2, "two tomatoes", "Anna")
    assert answer.headers["etag"] == f'"{done["segment"]["etag"]}"'
    after = await editor.sees()
    assert (after["revision"], after["text"]) == (2, "one potato two tomatoes three potato")
    assert after["segments"][1] == done["segment"]
    assert [after["segments"][n] for n in (0, 2)] == [before["segments"][n] for n in (0, 2)]
    assert after["segments"][1]["id"] == before["segments"][1]["id"]
    assert await editor.sees("?revision=1") == before
    assert await editor.revisions() == [(1, None, "machine", None), (2, 1, "human", "edit")]
    (told,) = await announced(database)
    stands = decode(HumanRevision, object_store.get(told.revision_key))
    assert (stands.revision, stands.parent, stands.author, stands.base_job_id) == (2, 1, "somebody", TALK.job_id)
    assert [one.text for one in stands.changed] == ["two tomatoes"], "its changes, and not the whole again"
    (row,) = await rows(database, "SELECT review, current_revision FROM recordings")
    assert row == {"review": "corrected", "current_revision": 2}


async def test_two_people_who_edit_different_segments_never_collide_and_of_one_segment_the_second_is_told(
    editor: Editor,
) -> None:
    one, two, _ = (await editor.sees())["segments"]
    first, second, late = await asyncio.gather(
        editor.edit(one, text="uno"), editor.edit(two, text="dos"), editor.edit(two, text="due")
    )
    assert first.status_code == 200
    assert sorted([second.status_code, late.status_code]) == [200, 412]
    refused = late if late.status_code == 412 else second
    assert refused.json()["code"] == "stale"
    present = (await editor.sees())["segments"][1]
    assert refused.json()["segment"] == present
    assert (await editor.edit(present, text="zwei")).status_code == 200
    assert await editor.texts() == ["uno", "zwei", "three potato"]


async def test_an_etag_has_to_be_sent_and_to_be_that_of_the_segment(editor: Editor) -> None:
    segment = (await editor.sees())["segments"][0]
    path = f"/segments/{segment['id']}"
    assert (await editor.change("PATCH", path, {"text": "x"})).status_code == 428
    assert (await editor.change("PATCH", path, {"text": "x"}, "other")).status_code == 412
    assert (await editor.change("PATCH", path, {"text": "x"}, f'{segment["etag"]}", "more')).status_code == 200
    assert (await editor.change("POST", f"{path}/merge")).status_code == 428
    assert (await editor.change("POST", "/replace", {"find": "a", "replace": "b"})).status_code == 428


async def test_a_segment_is_split_and_merged_again(editor: Editor) -> None:
    segment = (await editor.sees())["segments"][1]
    answer = await editor.change("POST", f"/segments/{segment['id']}/split", {"at": 1.4}, segment["etag"])
    first, second = answer.json()["segments"]
    assert [first["text"], second["text"]] == ["two", "potato"]
    assert first["id"] == segment["id"] != second["id"]
    assert await editor.texts() == ["one potato", "two", "potato", "three potato"]
    merged = await editor.change("POST", f"/segments/{first['id']}/merge", etag=first["etag"])
    assert [one["text"] for one in merged.json()["segments"]] == ["two potato"]
    seen = await editor.sees()
    assert [one["id"] for one in seen["segments"]] == [
        one["id"] for one in (await editor.sees("?revision=1"))["segments"]
    ]
    last = seen["segments"][-1]
    assert (await editor.change("POST", f"/segments/{last['id']}/merge", etag=last["etag"])).status_code == 409
    assert [change for *_, change in await editor.revisions()] == [None, "split", "merge"]


async def test_something_is_replaced_all_over_in_one_revision_after_a_look(editor: Editor) -> None:
    asked_for = {"find": "potato", "replace": "tomato"}
    looked = await editor.change("POST", "/replace", {**asked_for, "dry_run": True}, "1")
    assert [hit["after"] for hit in looked.json()["hits"]] == ["one tomato", "two tomato", "three tomato"]
    assert looked.json()["revision"] == 1
    assert await editor.texts() == list(TEXTS)
    done = await editor.change("POST", "/replace", asked_for, "1")
    assert (done.json()["revision"], done.json()["hits"]) == (2, looked.json()["hits"])
    assert await editor.texts() == ["one tomato", "two tomato", "three tomato"]
    assert (await editor.change("POST", "/replace", asked_for, "1")).status_code == 412
    nothing = await editor.change("POST", "/replace", asked_for, "2")
    assert (nothing.json()["revision"], nothing.json()["hits"]) == (2, [])


@pytest.mark.parametrize(
    ("asked_for", "texts"),
    [
        ({"find": "o", "replace": "0", "whole_word": True}, list(TEXTS)),
        ({"find": "ONE", "replace": "1"}, list(TEXTS)),
        ({"find": r"\b(\w+) potato", "replace": r"\1 \1", "regex": True}, ["one one", "two two", "three three"]),
        ({"find": ".", "replace": "x"}, list(TEXTS)),
        ({"find": "one potato", "replace": r"\1"}, [r"\1", "two potato", "three potato"]),
    ],
)
async def test_what_is_found_is_what_was_meant(editor: Editor, asked_for: Document, texts: list[str]) -> None:
    assert (await editor.change("POST", "/replace", asked_for, "1")).status_code == 200
    assert await editor.texts() == texts


@pytest.mark.parametrize(
    "asked_for",
    [
        {"find": "(", "replace": "", "regex": True},
        {"find": "x*", "replace": "", "regex": True},
        {"find": r"(\w)", "replace": r"\2", "regex": True},
        {"find": r"^(\w+\s?)*$", "replace": "", "regex": True, "whole_word": False, "extra": 1},
        {"find": "", "replace": "x"},
        {"find": "o", "replace": "x" * 1001},
    ],
)
async def test_what_is_no_pattern_is_refused(editor: Editor, asked_for: Document) -> None:
    assert (await editor.change("POST", "/replace", asked_for, "1")).status_code == 422
    assert await editor.texts() == list(TEXTS)


async def test_a_pattern_without_end_is_cut_off(editor: Editor, database: Database, inside: Inside) -> None:
    other = asked("other")
    await ingest(database, other)
    await transcribe(database, other, "a" * 5000 + "!")
    path = f"/v1/recordings/{other.recording_id}/transcript/replace"
    body = {"find": "(a|aa)+$", "replace": "b", "regex": True}
    answer = await inside.ask("POST", path, body, headers={"If-Match": '"1"'})
    assert answer.status_code == 422
    assert "takes too long" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"start": 5.0}, "invalid_times"),
        ({"start": -1.0}, "invalid_times"),
        ({"end": 1e9}, "invalid_times"),
        ({"start": 0.5, "end": 0.5}, "invalid_times"),
        ({"text": "a\u0000b"}, "invalid_text"),
        ({"text": "x" * 10_001}, "too_long"),
        ({"speaker": "x" * 101}, "too_long"),
        ({"unknown": 1}, "invalid_request"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_reason(editor: Editor, fields: Document, code: str) -> None:
    answer = await editor.edit((await editor.sees())["segments"][0], **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await editor.sees())["revision"] == 1


async def test_what_changes_nothing_is_no_revision(editor: Editor) -> None:
    segment = (await editor.sees())["segments"][0]
    for fields in ({}, {"text": segment["text"]}, {"start": segment["start"], "speaker": segment["speaker"] or ""}):
        answer = await editor.edit(segment, **fields)
        assert (answer.status_code, answer.json()) == (200, {"segment": segment, "revision": 1}), "its etag too"
    assert len(await editor.revisions()) == 1


async def test_any_revision_can_be_gone_back_to_and_that_is_a_revision_too(editor: Editor) -> None:
    one, two, three = (await editor.sees())["segments"]
    await editor.edit(one, text="eins")
    await editor.change("POST", f"/segments/{two['id']}/split", {"at": 1.4}, two["etag"])
    await editor.change("POST", f"/segments/{three['id']}/merge", etag=three["etag"])
    seen = {number: await editor.sees(f"?revision={number}") for number in (1, 2, 3)}
    for step, number in enumerate((1, 3, 2, 1)):
        answer = await editor.change("POST", "/revert", {"revision": number})
        assert answer.json()["revision"] == 4 + step
        now = await editor.sees()
        assert [_content(one) for one in now["segments"]] == [_content(one) for one in seen[number]["segments"]]
    assert [await editor.sees(f"?revision={number}") for number in (1, 2, 3)] == list(seen.values())
    assert (await editor.change("POST", "/revert", {"revision": 99})).status_code == 404


def _content(segment: Document) -> Document:
    return {name: value for name, value in segment.items() if name != "etag"}


async def test_human_work_wins_over_a_later_machine_whose_revision_can_be_gone_to(
    editor: Editor, database: Database
) -> None:
    await editor.edit((await editor.sees())["segments"][0], text="by hand")
    again = asked("talk", generation=1)
    await ingest(database, again)
    await transcribe(database, again, "all", "new")
    assert (await editor.texts())[0] == "by hand"
    assert await editor.texts("?revision=3") == ["all", "new"]
    assert (await editor.change("POST", "/revert", {"revision": 3})).json() == {"revision": 4}
    assert await editor.texts() == ["all", "new"]
    await editor.edit((await editor.sees())["segments"][1], text="newer")
    assert (await editor.change("POST", "/revert", {"revision": 2})).json() == {"revision": 6}
    assert await editor.texts() == ["by hand", *TEXTS[1:]]
    assert await editor.texts("?revision=5") == ["all", "newer"]


async def test_a_window_of_a_transcript_is_cut_out_in_every_form(editor: Editor, inside: Inside) -> None:
    assert await editor.texts("?from=1.2&to=1.9") == ["two potato"]
    assert await editor.texts("?from=1.5") == ["two potato", "three potato"]
    assert (await inside.ask("GET", f"{PATH}?format=txt&to=1")).text == "one potato\n"
    assert (await inside.ask("GET", f"{PATH}?revision=7")).status_code == 404


async def test_search_lists_and_snapshot_follow_what_people_see(
    editor: Editor, inside: Inside, database: Database
) -> None:
    await editor.edit((await editor.sees())["segments"][0], text="one aubergine")
    found = (await inside.ask("GET", "/v1/search?q=aubergine")).json()["items"]
    assert [hit["text"] for hit in found] == ["one aubergine"]
    old = (await inside.ask("GET", "/v1/search?q=potato")).json()["items"]
    assert sorted(hit["text"] for hit in old) == ["three potato", "two potato"]
    recording = (await inside.ask("GET", f"/v1/recordings/{TALK.recording_id}")).json()
    assert recording["text_preview"] == "one aubergine two potato three potato"
    assert recording["review"] == "corrected"
    lines = (await inside.ask("GET", "/v1/snapshot")).text.splitlines()
    assert ["one aubergine two potato three potato" in line for line in lines] == [True]


async def forget_corrections(database: Database) -> None:
    """As if their transactions had never been committed."""
    async with database.transaction() as connection:
        await connection.execute("UPDATE recordings SET current_revision = 1, review = 'unreviewed'")
        await connection.execute("DELETE FROM segments WHERE since > 0")
        await connection.execute("UPDATE segments SET until = NULL")
        await connection.execute("DELETE FROM transcripts WHERE kind = 'human'")


async def test_a_catalogue_that_has_lost_them_learns_people_s_work_from_the_bucket(
    editor: Editor, database: Database, object_store: ObjectStore
) -> None:
    one, two, three = (await editor.sees())["segments"]
    await editor.edit(one, text="uno")
    await editor.change("POST", f"/segments/{two['id']}/split", {"at": 1.4}, two["etag"])
    await editor.edit(three, text="tres")
    seen, revisions = await editor.sees(), await editor.revisions()
    await forget_corrections(database)
    assert await editor.texts() == list(TEXTS)
    reconcile = ReconcileBucket(PersistReports(database, utc_now), object_store)
    assert await reconcile.reconcile_bucket() == 3
    assert await editor.sees() == seen
    assert await editor.revisions() == revisions
    assert await reconcile.reconcile_bucket() == 0


async def test_a_revision_whose_writer_died_before_its_row_is_taken_in_and_the_change_looked_at_again(
    editor: Editor, database: Database, object_store: ObjectStore
) -> None:
    first, second, _ = (await editor.sees())["segments"]
    await editor.edit(first, text="by the dead")
    (written,) = await announced(database)
    stands = object_store.get(written.revision_key)
    await forget_corrections(database)
    assert await editor.texts() == list(TEXTS)
    answer = await editor.edit(second, text="by the living")
    assert answer.json()["revision"] == 3
    assert await editor.texts() == ["by the dead", "by the living", "three potato"]
    assert object_store.get(written.revision_key) == stands
    assert (await editor.edit(first, text="late")).status_code == 412


async def test_revisions_are_taken_in_from_the_bucket_once_in_any_order(
    editor: Editor, database: Database, object_store: ObjectStore
) -> None:
    correcting = CorrectTranscript(database=database, store=object_store, clock=utc_now)
    segment = (await editor.sees())["segments"][0]
    await editor.edit(segment, text="first")
    (told,) = await announced(database)
    assert not await correcting.take_in(told.revision_key)
    lost = decode(HumanRevision, object_store.get(told.revision_key))
    key = identity.revision_key("default", TALK.recording_id, 9)
    object_store.put(key, encode(lost))
    assert await correcting.take_in(key)
    assert [number for number, *_ in await editor.revisions()] == [1, 2, 3]
    assert await editor.texts() == ["first", *TEXTS[1:]]


async def test_nothing_is_changed_for_another_tenant(editor: Editor, inside: Inside) -> None:
    segment = (await editor.sees())["segments"][0]
    headers = {"If-Match": f'"{segment["etag"]}"'}
    calls: list[tuple[str, str, Document | None]] = [
        ("PATCH", f"/segments/{segment['id']}", {"text": "x"}),
        ("POST", f"/segments/{segment['id']}/split", {"at": 0.5}),
        ("POST", f"/segments/{segment['id']}/merge", None),
        ("POST", "/replace", {"find": "o", "replace": "0"}),
        ("POST", "/revert", {"revision": 1}),
    ]
    for method, path, body in calls:
        answer = await inside.ask(method, f"{PATH}{path}", body, tenant="other", headers=headers)
        assert answer.status_code == 404, path
    assert (await editor.sees())["revision"] == 1


async def test_many_edits_of_many_people_are_all_there_in_one_line(editor: Editor, database: Database) -> None:
    async def persist(number: int) -> None:
        while True:
            segment = (await editor.sees())["segments"][number % 3]
            answer = await editor.edit(segment, text=f"{segment['text']} {number}")
            if answer.status_code == 200:
                return
            assert answer.status_code == 412

    await asyncio.gather(*(persist(number) for number in range(12)))
    texts = " ".join(await editor.texts())
    assert all(f" {number}" in texts for number in range(12))
    assert [number for number, *_ in await editor.revisions()] == list(range(1, 14))
    assert [told.revision for told in await announced(database)] == list(range(2, 14))


async def test_tags_and_what_a_review_came_to_are_changed_one_by_one(editor: Editor, inside: Inside) -> None:
    path = f"/v1/recordings/{TALK.recording_id}"
    for body, review, tags in (
        ({"review": "verified"}, "verified", ["archive"]),
        ({"tags": ["b", "a", "b"]}, "verified", ["a", "b"]),
        ({"review": "excluded", "tags": []}, "excluded", []),
    ):
        changed = (await inside.ask("PATCH", path, body)).json()
        assert (changed["review"], changed["tags"]) == (review, tags)
    await editor.edit((await editor.sees())["segments"][0], text="changed")
    assert (await inside.ask("GET", path)).json()["review"] == "excluded", "it was put aside for a reason"
    for wrong in ({"review": "done"}, {"tags": ["a,b"]}, {"tags": ["a\u0000"]}, {"tags": [""]}, {"other": 1}):
        assert (await inside.ask("PATCH", path, wrong)).status_code == 422
    assert (await inside.ask("PATCH", path, {"review": "verified"}, tenant="other")).status_code == 404


async def test_who_edits_what_was_verified_leaves_it_corrected(editor: Editor, inside: Inside) -> None:
    path = f"/v1/recordings/{TALK.recording_id}"
    await inside.ask("PATCH", path, {"review": "verified"})
    await editor.edit((await editor.sees())["segments"][0], text="changed")
    assert (await inside.ask("GET", path)).json()["review"] == "corrected"


async def test_webhooks_are_told_of_a_correction_with_it(editor: Editor, database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO webhooks (tenant, url, events, secret, created_by, created_at)
            VALUES ('default', 'https://hooks.example', '{transcript.corrected}', 'secret', 'x', '2026-01-01Z')
            """
        )
    await editor.edit((await editor.sees())["segments"][0], text="changed")
    (told,) = await rows(database, "SELECT kind, document FROM webhook_deliveries")
    assert told["kind"] == "transcript.corrected"
    assert told["document"]["data"] == {"recording_id": TALK.recording_id, "revision": 2}
