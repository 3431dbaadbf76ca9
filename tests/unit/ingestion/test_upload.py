from datetime import UTC, datetime

import pytest

from ai2text.common.errors import Refused
from ai2text.common.object_store import StoredObject
from ai2text.ingestion.upload import PART_BYTES_MIN, Part, chosen, fields_of, part_key, parts_among

SHA = "ab" * 32


def stored(number: int, size_bytes: int, said_bytes: int | None = None) -> StoredObject:
    key = part_key("t/staging/u/", number, size_bytes if said_bytes is None else said_bytes, SHA)
    return StoredObject(key=key, size_bytes=size_bytes, etag="e", modified_at=datetime.now(UTC))


def parts(*sizes: int) -> list[Part]:
    return parts_among(stored(number, size) for number, size in enumerate(sizes, start=1))


def test_a_part_is_known_by_its_key_and_the_parts_stand_in_order() -> None:
    found = parts_among([stored(2, 7), stored(1, 5), stored(10, 3)])
    assert [(part.number, part.size_bytes, part.sha256) for part in found] == [(1, 5, SHA), (2, 7, SHA), (10, 3, SHA)]


def test_what_a_killed_writer_left_and_what_is_no_part_count_as_absent() -> None:
    other = StoredObject(key="t/staging/u/upload.json", size_bytes=9, etag="e", modified_at=None)
    assert parts_among([stored(1, 5, said_bytes=8), other]) == []


def test_without_a_list_all_parts_are_taken() -> None:
    whole = parts(PART_BYTES_MIN, PART_BYTES_MIN, 1)
    assert chosen(whole, None, 2 * PART_BYTES_MIN + 1) == whole


def test_a_list_chooses_among_them() -> None:
    first, second, third = parts(PART_BYTES_MIN, 5, 1)
    assert chosen([first, second, third], [1, 3], None) == [first, third]


@pytest.mark.parametrize(
    ("sizes", "named", "size_bytes", "code"),
    [
        ([], None, None, "parts_missing"),
        ([5], [], None, "parts_missing"),
        ([5], [1, 2, 7], None, "parts_missing: These parts have not arrived: 2, 7."),
        ([5, 5], [2, 1], None, "parts_out_of_order"),
        ([5, 5], [1, 1], None, "parts_out_of_order"),
        ([PART_BYTES_MIN, 5, 5], None, None, "parts_too_small.* send 2 anew"),
        ([5], None, 6, "size_mismatch"),
    ],
)
def test_what_makes_no_whole_is_refused_by_number(
    sizes: list[int], named: list[int] | None, size_bytes: int | None, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        chosen(parts(*sizes), named, size_bytes)


def test_a_gap_is_named_although_nobody_listed_the_parts() -> None:
    with pytest.raises(Refused, match=r"not arrived: 1, 2\."):
        chosen(parts_among([stored(3, 5)]), None, None)


def test_many_missing_parts_are_named_in_one_line() -> None:
    with pytest.raises(Refused, match="20 and 978 more"):
        chosen(parts_among([stored(999, 5)]), None, None)


def test_fields_are_those_of_a_form_and_a_temperature_of_0_counts() -> None:
    asked = {"name": "a", "tags": ["x", "y"], "temperature": 0.0, "prompt": None, "options": {"beam_size": 1}}
    assert fields_of(asked) == {"name": "a", "tags": "x,y", "temperature": "0.0", "options": '{"beam_size": 1}'}
