from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ai2text.common import captions
from tests.fixtures.examples import TRANSCRIPT


@dataclass(frozen=True)
class Piece:
    start: float
    end: float
    text: str
    words: Sequence["Piece"] = ()
    speaker: str | None = None


def test_srt_has_numbers_commas_and_a_blank_line_after_each_cue() -> None:
    assert captions.to_srt(TRANSCRIPT.segments) == "1\n00:00:00,100 --> 00:00:01,200\nGood morning.\n\n"


def test_vtt_names_the_voice_and_holds_no_markup_of_the_text() -> None:
    said = [Piece(0, 1, "R&D <b>", speaker="channel 1"), Piece(1, 2, "Fine.")]
    assert captions.to_vtt(said).split("\n\n")[1:3] == [
        "00:00:00.000 --> 00:00:01.000\n<v channel 1>R&amp;D &lt;b&gt;",
        "00:00:01.000 --> 00:00:02.000\nFine.",
    ]


def test_text_has_one_segment_a_line() -> None:
    segments = [Piece(0, 1, " One. "), Piece(1, 2, ""), Piece(2, 3, "Two.")]
    assert captions.to_text(segments) == "One.\nTwo.\n"


def test_a_transcript_without_words_gives_empty_files() -> None:
    assert not captions.to_srt([])
    assert not captions.to_text([])


def test_times_beyond_an_hour_are_written_out() -> None:
    (cue,) = captions.to_srt([Piece(3725.5, 3726.25, "Late.")]).split("\n\n")[:1]
    assert cue.splitlines()[1] == "01:02:05,500 --> 01:02:06,250"


def test_a_long_segment_is_cut_at_words_with_the_words_own_times() -> None:
    words = [Piece(i, i + 0.5, f" word{i:02}") for i in range(30)]
    cues = list(captions.cues([Piece(0, 30, "".join(w.text for w in words), words)]))
    assert len(cues) > 1
    for cue in cues:
        first = cue.lines[0].split()[0]
        assert cue.start_ms == int(first.removeprefix("word")) * 1000


texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=300)
times = st.floats(0, 36_000, allow_nan=False)


@st.composite
def segments(draw: st.DrawFn) -> Piece:
    start, length = draw(times), draw(st.floats(0, 60, allow_nan=False))
    text = draw(texts)
    words = []
    if draw(st.booleans()):
        parts = text.split()
        step = length / max(len(parts), 1)
        words = [Piece(start + i * step, start + (i + 1) * step, f" {part}") for i, part in enumerate(parts)]
    return Piece(start, start + length, text, words)


@given(st.lists(segments(), max_size=8))
def test_cues_never_overlap_never_have_zero_length_and_fit_two_lines(given_segments: list[Piece]) -> None:
    end_ms = 0
    for cue in captions.cues(given_segments):
        assert cue.start_ms >= end_ms
        assert cue.end_ms > cue.start_ms
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < len(line) <= 42 for line in cue.lines)
        end_ms = cue.end_ms


@given(st.lists(segments(), max_size=8))
def test_no_character_of_the_text_is_lost_in_the_cues(given_segments: list[Piece]) -> None:
    shown = "".join("".join(cue.lines) for cue in captions.cues(given_segments))
    said = "".join(piece.text for piece in given_segments)
    assert "".join(shown.split()) == "".join(said.split())


def test_vtt_has_its_header_and_dots() -> None:
    assert (
        captions.to_vtt(TRANSCRIPT.segments)
        == "WEBVTT\n\n00:00:00.100 --> 00:00:01.200\n<v channel 1>Good morning.\n\n"
    )


def test_tsv_has_milliseconds_and_one_segment_a_line() -> None:
    assert captions.to_tsv([Piece(0.1, 1.25, " One\ttwo. ")]) == "start\tend\ttext\n100\t1250\tOne two.\n"
