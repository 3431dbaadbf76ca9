from datetime import UTC, datetime
from typing import Any

import pytest

from ai2text.common.bucket_settings import Bucket
from ai2text.common.object_store import StoredObject
from ai2text.ingestion.bucket_objects import ask_of, done_keys, staged_key, tagged, takes


def bucket(**options: Any) -> Bucket:
    return Bucket(**{"name": "archive", "bucket": "recordings", **options})


def seen(key: str, etag: str = "0123456789abcdef") -> StoredObject:
    return StoredObject(key=key, size_bytes=1, etag=etag, modified_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("options", "key", "taken"),
    [
        ({}, "a/talk.WAV", True),
        ({}, "a/talk.txt", False),
        ({}, "a/.talk.wav", False),
        ({}, "a/talk.wav.part", False),
        ({}, "a/", False),
        ({"prefix": "in/"}, "in/talk.wav", True),
        ({"prefix": "in/"}, "out/talk.wav", False),
        ({"prefix": "in/"}, "in/done/talk.wav", False),
        ({"include": ("calls/*",)}, "calls/2024/x.wav", True),
        ({"include": ("calls/*",)}, "other/x.wav", False),
        ({"include": ("*.mp3",)}, "a/b.mp3", True),
        ({"exclude": ("private",)}, "a/private/x.wav", False),
        ({"exclude": ("*-raw.wav",)}, "a/x-raw.wav", False),
    ],
)
def test_which_keys_are_taken(options: dict[str, Any], key: str, *, taken: bool) -> None:
    assert takes(bucket(**options), key) == taken


def test_the_parts_of_a_key_below_the_prefix_are_tags_where_that_is_wanted() -> None:
    wanted = bucket(prefix="in/", tags=("archive",), tags_from_folders=True)
    assert tagged(wanted, ask_of(wanted), "in/calls//2024/calls/x.wav").tags == ("archive", "calls", "2024")
    plain = bucket(tags=("archive",))
    assert tagged(plain, ask_of(plain), "calls/x.wav").tags == ("archive",)


def test_an_ask_says_what_the_table_says() -> None:
    ask = ask_of(bucket(tenant="acme", language="de", model="large", lane="interactive"))
    assert (ask.tenant, ask.place, ask.model, ask.lane, ask.options.language) == (
        "acme",
        "recordings",
        "large",
        "interactive",
        "de",
    )


def test_a_moved_object_keeps_its_path_and_yields_to_what_stands_there() -> None:
    assert done_keys(bucket(prefix="in/"), seen("in/a/x.wav")) == ("in/done/a/x.wav", "in/done/a/x-01234567.wav")


def test_the_staging_key_is_that_of_the_content() -> None:
    first = staged_key(bucket(), seen("x.wav"))
    assert first == staged_key(bucket(), seen("x.wav"))
    assert first != staged_key(bucket(), seen("x.wav", etag="other"))
    assert first.startswith("default/staging/")
