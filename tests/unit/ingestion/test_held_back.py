"""The end is handed out only to a good verdict."""

import io
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from ai2text.common.errors import Refused
from ai2text.ingestion.held_back import HeldBack


def test_everything_but_the_last_bytes_is_handed_out_at_once() -> None:
    held = HeldBack(io.BytesIO(b"abcdef"), 6)
    assert (held.read(4), held.read(1)) == (b"abcd", b"e")
    with ThreadPoolExecutor(1) as reader:
        last = reader.submit(held.read, 1)
        assert wait([last], 0.1).not_done
        held.release()
        assert last.result(5) == b"f"


@pytest.mark.parametrize("size", [6, 100, -1])
def test_a_read_that_would_reach_the_end_waits_too(size: int) -> None:
    held = HeldBack(io.BytesIO(b"abcdef"), 6)
    with ThreadPoolExecutor(1) as reader:
        whole = reader.submit(held.read, size)
        assert wait([whole], 0.1).not_done
        held.release()
        assert whole.result(5) == b"abcdef"


def test_who_reads_what_was_refused_is_told_why_at_the_next_read_and_not_only_at_the_end() -> None:
    held = HeldBack(io.BytesIO(b"abcdef"), 6)
    assert held.read(1) == b"a"
    held.refuse(Refused("not_audio", "It is none."))
    with pytest.raises(Refused, match="It is none"):
        held.read(1)
