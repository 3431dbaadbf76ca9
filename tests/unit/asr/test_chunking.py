from hypothesis import given
from hypothesis import strategies as st

from ai2text.asr.chunking import Chunker, ChunkRules, Pieces
from ai2text.asr.timeline import Timeline
from ai2text.asr.voice_activity import SAMPLE_RATE_HZ, Speech


def speech(start: float, end: float, pause: float) -> Speech:
    return Speech(start=round(start * SAMPLE_RATE_HZ), end=round(end * SAMPLE_RATE_HZ), pause_seconds=pause)


def chunked(pieces: list[Speech], longest: float = 15.0) -> list[Pieces]:
    chunker = Chunker(ChunkRules(longest_seconds=longest))
    return [*(chunk for piece in pieces for chunk in chunker.push(piece)), *chunker.finish()]


def test_a_chunk_ends_at_the_longest_pause_of_its_second_half() -> None:
    pieces = [speech(0, 8, 0), speech(8.5, 10, 0.5), speech(11, 13, 1.0), speech(13.2, 14.5, 0.2), speech(15, 20, 0.5)]
    assert [len(chunk) for chunk in chunked(pieces)] == [2, 3]


def test_a_long_pause_always_ends_a_chunk() -> None:
    assert [len(chunk) for chunk in chunked([speech(0, 1, 0), speech(5, 6, 4.0), speech(6.5, 7, 0.5)])] == [1, 2]


@given(st.lists(st.tuples(st.floats(0.1, 15), st.floats(0.1, 3)), max_size=30))
def test_every_piece_is_in_one_chunk_and_none_is_too_long(drawn: list[tuple[float, float]]) -> None:
    pieces, at = [], 0.0
    for seconds, pause in drawn:
        pieces.append(speech(at + pause, at + pause + seconds, pause))
        at += pause + seconds
    chunks = chunked(pieces)
    assert [piece for chunk in chunks for piece in chunk] == pieces
    assert all(sum(piece.samples for piece in chunk) <= 15 * SAMPLE_RATE_HZ + 1 for chunk in chunks)


def test_times_of_joined_speech_become_times_of_the_recording() -> None:
    timeline = Timeline([speech(1, 3, 1), speech(10, 12, 7)])
    assert timeline.span_of(0.5, 1.0) == (1.5, 2.0)
    assert timeline.span_of(2.5, 3.0) == (10.5, 11.0)
    assert timeline.span_of(1.9, 2.2) == (10.0, 10.2), "a word lies where its middle lies"
