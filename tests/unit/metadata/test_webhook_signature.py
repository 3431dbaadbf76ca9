"""Signatures are those of Standard Webhooks, and the operations book says how to check them."""

import base64
import hmac
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ai2text.metadata.deliver_webhook import signed

BOOK = Path(__file__).parents[3] / "docs/operations.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode(SECRET.removeprefix("whsec_"))


def of_the_book() -> Any:
    (snippet,) = re.findall(r"```python\n(def is_ours.*?)```", BOOK.read_text(), re.DOTALL)
    names: dict[str, Any] = {"base64": base64, "hmac": hmac, "time": time}
    exec(snippet, names)  # noqa: S102 - it is ours
    return names["is_ours"]


def test_a_signature_is_that_of_the_libraries_own_tests() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed(KEY, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


def test_what_the_book_says_takes_what_is_signed() -> None:
    assert of_the_book()(signed(KEY, "event", b"{}", datetime.now(UTC)), b"{}", SECRET)


@pytest.mark.parametrize(
    ("changed", "body"),
    [
        ({}, b"[]"),
        ({"webhook-id": "another"}, b"{}"),
        ({"webhook-timestamp": "1614265330"}, b"{}"),
        ({"webhook-signature": "v1,AAAA"}, b"{}"),
    ],
    ids=str,
)
def test_what_the_book_says_takes_nothing_else(changed: dict[str, str], body: bytes) -> None:
    headers = {**signed(KEY, "event", b"{}", datetime.now(UTC)), **changed}
    assert not of_the_book()(headers, body, SECRET)


def test_an_old_one_is_not_taken_again() -> None:
    old = signed(KEY, "event", b"{}", datetime.fromtimestamp(time.time() - 301, UTC))
    assert not of_the_book()(old, b"{}", SECRET)
