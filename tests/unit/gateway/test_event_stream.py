import json

from ai2text.api_gateway.event_stream import SILENCE, block


def test_a_block_has_its_lines_and_ends_with_an_empty_one() -> None:
    assert block({"a": "b"}, "segments", "7") == b'event: segments\nid: 7\ndata: {"a": "b"}\n\n'
    assert block({"a": 1}) == b'data: {"a": 1}\n\n'
    assert SILENCE.startswith(b":")


def test_no_text_can_end_a_block_or_begin_another_field() -> None:
    text = "one\n\ndata: two\r\u2028\u0085 ü"
    said = block({"text": text}, "segments", "1").decode()
    assert len(said.splitlines()) == 4
    assert json.loads(said.splitlines()[2].removeprefix("data: ")) == {"text": text}
