"""A transcript is corrected through the gateway, as an editor would, and everybody sees it."""

from typing import Any

import httpx

from tests.e2e.test_live_events import upload
from tests.e2e.test_tenant_events import event_stream, first
from tests.fixtures.ingestion_service import variant
from tests.fixtures.stack import Stack

CLIP = "06-lets-hope-its-nothing.wav"
DROPPED = 4711
"""Of a variant of the bytes that no other test drops."""


def editor(stack: Stack, token: str) -> httpx.Client:
    return httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False)


def transcribed(stack: Stack, token: str) -> str:
    received = upload(stack, token, CLIP)
    assert stack.get(f"/v1/jobs/{received['job_id']}", token=token, wait="60").json()["status"] == "completed"
    return f"/v1/recordings/{received['recording_id']}"


def test_a_correction_is_seen_in_every_form_found_by_search_and_told_to_listeners(stack: Stack, uploader: str) -> None:
    path = transcribed(stack, uploader)
    with editor(stack, uploader) as client, event_stream(stack, uploader, type="transcript.corrected") as told:
        seen = client.get(f"{path}/transcript")
        segment: dict[str, Any] = seen.json()["segments"][0]
        words = [word["text"].strip() for word in segment["words"]]
        text = " ".join(["Corrected", *words[1:]])
        change = f"{path}/transcript/segments/{segment['id']}"
        assert client.patch(change, json={"text": text}).status_code == 428
        answer = client.patch(change, json={"text": text}, headers={"If-Match": f'"{segment["etag"]}"'})
        assert answer.status_code == 200, answer.text
        changed = answer.json()["segment"]
        assert [word["start"] for word in changed["words"][1:]] == [word["start"] for word in segment["words"][1:]]
        stale = client.patch(change, json={"text": "x"}, headers={"If-Match": f'"{segment["etag"]}"'})
        assert (stale.status_code, stale.json()["segment"]) == (412, changed)
        now = client.get(f"{path}/transcript")
        assert (now.headers["etag"], now.json()["segments"][0]) == ('"2"', changed)
        srt = client.get(f"{path}/transcript", params={"format": "srt"}).text
        assert "Corrected" in srt
        assert [hit["recording_id"] for hit in client.get("/v1/search?q=corrected").json()["items"]] == [
            path.rpartition("/")[2]
        ]
        (document,) = first(1, told)
        assert document["data"] == {"recording_id": path.rpartition("/")[2], "revision": 2}
        assert [item["kind"] for item in client.get(f"{path}/transcript/revisions").json()["items"]] == [
            "machine",
            "human",
        ]
        assert client.patch(path, json={"review": "verified"}).json()["review"] == "verified"
        assert client.post(f"{path}/transcript/revert", json={"revision": 1}).json() == {"revision": 3}
        assert client.get(f"{path}/transcript").json()["text"] == seen.json()["text"]


def test_a_token_that_may_only_read_changes_nothing(stack: Stack, tenant: str, uploader: str) -> None:
    path = transcribed(stack, uploader)
    with editor(stack, stack.token("--tenant", tenant, "--scope", "recordings:read")) as client:
        segment = client.get(f"{path}/transcript").json()["segments"][0]
        headers = {"If-Match": f'"{segment["etag"]}"'}
        change = f"{path}/transcript/segments/{segment['id']}"
        assert client.patch(change, json={"text": "x"}, headers=headers).status_code == 403
        assert client.post(f"{path}/transcript/revert", json={"revision": 1}).status_code == 403
        assert client.patch(path, json={"review": "verified"}).status_code == 403


def test_the_files_beside_a_recording_follow_its_corrections(stack: Stack) -> None:
    first, second = (stack.inbox / "corrected" / name for name in ("a", "b"))
    for folder in (first, second):
        folder.mkdir(parents=True)
    (second / "talk.txt").write_text("my own notes")
    (first / "talk.wav").write_bytes(variant(DROPPED))
    stack.wait_until_settled(["corrected/a/talk.wav"])
    text = (first / "talk.txt").read_text()
    path = f"/v1/recordings/{stack.by_name()['corrected/a/talk.wav']['recording_id']}"

    def says(what: str, *files: str) -> None:
        stack.until(lambda: all((stack.inbox / "corrected" / name).exists() for name in files))
        stack.until(lambda: all(what in (stack.inbox / "corrected" / name).read_text() for name in files))

    with editor(stack, stack.own_token()) as client:
        segment = client.get(f"{path}/transcript").json()["segments"][0]
        change = f"{path}/transcript/segments/{segment['id']}"
        answer = client.patch(change, json={"text": "Potatoes."}, headers={"If-Match": f'"{segment["etag"]}"'})
        assert answer.status_code == 200, answer.text
        says("Potatoes.", "a/talk.txt", "a/talk.srt")
        (second / "talk.wav").write_bytes(variant(DROPPED))
        says("Potatoes.", "b/talk.wav.txt", "b/talk.srt")
        (first / "talk.txt").unlink()
        says("Potatoes.", "a/talk.txt")
        again = client.post("/v1/jobs", json={"recording_id": path.rpartition("/")[2], "rerun": True})
        assert client.get(f"/v1/jobs/{again.json()['job_id']}?wait=60", timeout=90).json()["status"] == "completed"
        stack.wait_until_settled(["corrected/a/talk.wav", "corrected/b/talk.wav"])
        says("Potatoes.", "a/talk.txt", "b/talk.wav.txt")
        assert client.post(f"{path}/transcript/revert", json={"revision": 1}).status_code == 200
        says(text, "a/talk.txt", "b/talk.wav.txt")
    assert (second / "talk.txt").read_text() == "my own notes"
    stack.until(lambda: sorted(path.name for path in first.iterdir()) == ["talk.srt", "talk.txt", "talk.wav"])
