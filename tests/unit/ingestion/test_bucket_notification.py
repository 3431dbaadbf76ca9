"""Payloads in the form that MinIO documents."""

import json
from typing import Any

import pytest

from ai2text.common.errors import Refused
from ai2text.ingestion.bucket_notification import hinted_keys
from tests.fixtures.notifications import notification

CREATED = b'{"Records": [{"eventName": "s3:ObjectCreated:Put", "s3": %b}]}'


def record(event: str, key: str, bucket: str = "archive") -> dict[str, Any]:
    made: dict[str, Any] = json.loads(notification(bucket, key, event=event))["Records"][0]
    return made


@pytest.mark.parametrize(
    ("escaped", "key"),
    [
        ("talk.wav", "talk.wav"),
        ("two+words.wav", "two words.wav"),
        ("calls%2F2024%2Fa%2Bb.wav", "calls/2024/a+b.wav"),
        ("Gespr%C3%A4che/%23%3F%25.wav", "Gespräche/#?%.wav"),
    ],
)
def test_keys_are_unescaped_as_in_a_query(escaped: str, key: str) -> None:
    payload = json.loads(notification("archive", "x.wav"))
    payload["Records"][0]["s3"]["object"]["key"] = escaped
    assert hinted_keys(json.dumps(payload).encode(), "archive") == [key]


def test_what_is_escaped_by_us_for_tests_comes_back() -> None:
    assert hinted_keys(notification("archive", "a b/ä+ü #?.wav"), "archive") == ["a b/ä+ü #?.wav"]


@pytest.mark.parametrize("event", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
@pytest.mark.parametrize("prefix", ["s3:", ""])
def test_what_writes_an_object_is_a_hint(event: str, prefix: str) -> None:
    payload = {"Records": [record(f"{prefix}ObjectCreated:{event}", "x.wav")]}
    assert hinted_keys(json.dumps(payload).encode(), "archive") == ["x.wav"]


@pytest.mark.parametrize(
    "event", ["s3:ObjectCreated:PutTagging", "s3:ObjectCreated:PutRetention", "s3:ObjectRemoved:Delete", "s3:TestEvent"]
)
def test_other_events_are_none(event: str) -> None:
    assert hinted_keys(json.dumps({"Records": [record(event, "x.wav")]}).encode(), "archive") == []


def test_another_bucket_is_none_of_our_business() -> None:
    assert hinted_keys(notification("other", "x.wav"), "archive") == []


def test_several_records_keep_their_order() -> None:
    records = [record("s3:ObjectCreated:Put", name) for name in ("b.wav", "a.wav", "b.wav")]
    assert hinted_keys(json.dumps({"Records": records}).encode(), "archive") == ["b.wav", "a.wav", "b.wav"]


def test_a_test_message_without_records_is_heard() -> None:
    assert hinted_keys(b"", "archive") == []
    assert hinted_keys(b'{"Service":"Amazon S3","Event":"s3:TestEvent"}', "archive") == []


@pytest.mark.parametrize(
    "payload",
    [
        b"{",
        b"\xff\xfe",
        b'{"Records": {}}',
        b'{"Records": [{}]}',
        b'{"Records": [1]}',
        CREATED % b'{"bucket": "archive", "object": {"key": "x"}}',
        CREATED % b'{"bucket": {"name": "archive"}, "object": {}}',
        CREATED % b'{"bucket": {"name": "archive"}, "object": {"key": 5}}',
        CREATED % b'{"bucket": {"name": "archive"}, "object": {"key": "%ff"}}',
    ],
)
def test_what_is_no_notification_is_refused(payload: bytes) -> None:
    with pytest.raises(Refused, match="invalid_notification"):
        hinted_keys(payload, "archive")
