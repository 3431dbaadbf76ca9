from typing import Any

import httpx
import pytest

from ai2text.cli.client import AnsweredWithError, get_json, list_items

PAGES: dict[str | None, dict[str, Any]] = {
    None: {"items": [1, 2], "next": "b"},
    "b": {"items": [3], "next": None},
}


def answering(status: int, **content: Any) -> httpx.Client:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, **content))
    return httpx.Client(transport=transport, base_url="http://gateway")


def paging(asked: list[str]) -> httpx.Client:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        return httpx.Response(200, json=PAGES[request.url.params.get("after_id")])

    return httpx.Client(transport=httpx.MockTransport(answer), base_url="http://gateway")


def test_a_list_is_followed_to_its_end() -> None:
    asked: list[str] = []
    with paging(asked) as client:
        assert list_items(client, "/v1/jobs", {"status": None}, 2500) == [1, 2, 3]
    assert asked == ["limit=1000", "limit=1000&after_id=b"]


def test_a_list_is_followed_no_further_than_asked() -> None:
    asked: list[str] = []
    with paging(asked) as client:
        assert list_items(client, "/v1/jobs", {"status": "queued"}, 2) == [1, 2]
    assert asked == ["status=queued&limit=2"]


@pytest.mark.parametrize(
    ("status", "content", "sentence"),
    [
        (401, {"json": {"detail": "It is over."}}, "The gateway does not take the token: It is over."),
        (403, {"json": {"detail": "This needs the scope admin."}}, "This needs the scope admin."),
        (404, {"json": {"detail": "No job."}}, "The gateway answered 404 to GET /v1/jobs: No job."),
        (422, {"json": {"detail": "limit: too large"}}, "limit: too large"),
        (503, {"json": {"detail": "Try again."}}, "The gateway answered 503 to GET /v1/jobs: Try again."),
        (502, {"text": "<html>"}, "The gateway answered 502 to GET /v1/jobs: <html>"),
        (500, {"json": ["odd"]}, "The gateway answered 500 to GET /v1/jobs: ['odd']"),
        (200, {"text": "hello"}, "http://gateway/v1/jobs answered with something else than JSON: is this a gateway?"),
    ],
)
def test_a_refusal_is_one_sentence(status: int, content: dict[str, Any], sentence: str) -> None:
    with answering(status, **content) as client, pytest.raises(AnsweredWithError) as caught:
        get_json(client, "/v1/jobs")
    assert str(caught.value) == sentence
