from datetime import UTC, datetime, timedelta

import pytest

from ai2text.common.caller_token import CallerUnknown, sign, verify
from ai2text.common.clock import utc_now
from ai2text.common.contracts.inside import Caller

KEY = "0123456789abcdef0123456789abcdef"
CALLER = Caller(tenant="t", subject="s", scopes=frozenset({"admin"}), request_id="r")


def test_a_service_learns_who_asks() -> None:
    assert verify(sign(CALLER, KEY, utc_now), KEY) == CALLER


@pytest.mark.parametrize("token", [None, "", "x.y.z", sign(CALLER, "f" * 32, utc_now)])
def test_without_the_gateways_word_nothing_is_answered(token: str | None) -> None:
    with pytest.raises(CallerUnknown):
        verify(token, KEY)


def test_the_word_is_good_for_a_minute_only() -> None:
    earlier = datetime.now(UTC) - timedelta(seconds=61)
    with pytest.raises(CallerUnknown):
        verify(sign(CALLER, KEY, lambda: earlier), KEY)
