"""A word that was said is found where it was said."""

import html
import re

import pytest

from tests.fixtures.stack import SAMPLES, Stack


def test_a_word_of_an_upload_is_found_by_its_tenant_and_by_nobody_else(stack: Stack, uploader: str) -> None:
    with (SAMPLES / "02-preserve-the-old-but.mp3").open("rb") as file:
        received = stack.post("/v1/recordings", token=uploader, files={"file": file}).json()
    stack.get(f"/v1/jobs/{received['job_id']}", token=uploader, wait="60")
    segments = stack.get(f"/v1/recordings/{received['recording_id']}/transcript", token=uploader).json()["segments"]
    word = max(re.findall(r"\w+", segments[0]["text"]), key=len)
    answer = stack.get("/v1/search", token=uploader, q=word.upper()).json()
    hit = next(item for item in answer["items"] if item["segment"] == segments[0]["id"])
    assert hit["recording_id"] == received["recording_id"]
    assert {name: hit[name] for name in ("start", "end", "text")} == {
        name: segments[0][name] for name in ("start", "end", "text")
    }
    assert f"<mark>{word}</mark>" in hit["highlight"]
    assert html.unescape(re.sub("</?mark>", "", hit["highlight"])) == hit["text"]
    assert answer["next"] is None
    stranger = stack.token("--tenant", "stranger")
    assert stack.get("/v1/search", token=stranger, q=word).json() == {"items": [], "next": None, "more": False}


@pytest.mark.parametrize("query", [{"q": ""}, {"q": "..."}, {}, {"q": "word", "limit": "0"}])
def test_a_search_for_nothing_is_refused_with_a_sentence(stack: Stack, uploader: str, query: dict[str, str]) -> None:
    answer = stack.get("/v1/search", token=uploader, **query)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_jobs_are_listed_with_their_tenants_own_newest_first(stack: Stack, uploader: str) -> None:
    jobs = []
    for name in ("silence.wav", "noise.wav"):
        with (SAMPLES / name).open("rb") as file:
            jobs.append(stack.post("/v1/recordings", token=uploader, files={"file": file}).json()["job_id"])
    shown = [stack.get(f"/v1/jobs/{job}", token=uploader, wait="60").json() for job in reversed(jobs)]
    for job in shown:
        assert [attempt["number"] for attempt in job.pop("attempt_history")] == [1]
    first = stack.get("/v1/jobs", token=uploader, status="completed", limit="1").json()
    second = stack.get("/v1/jobs", token=uploader, status="completed", limit="1", after_id=first["next"]).json()
    assert first["items"] + second["items"] == shown
    assert second["next"] is None
    assert stack.get("/v1/jobs", token=uploader, status="failed").json()["items"] == []
