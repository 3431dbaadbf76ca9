import csv
import html
import io
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
import webvtt
from hypothesis import example, given
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


ODD = (
    *(
        "-->",
        "00:00:01,000 --> 00:00:02,000",
        "1",
        "\n\n2\n",
        "<b>bold</b>",
        "<v Bob>",
        "&lt;",
        "{\\an8}",
        "NOTE",
        "WEBVTT",
    ),
    *(
        "שלום עולם",
        "\u202eturned\u202c",
        "これは長い文章です" * 8,
        "👩‍👩‍👧‍👦" * 9,
        "\t",
        "\r\n",
        "\u2028",
        "\x85",
        "\x1b[31m",
        "a" * 100,
    ),
)
any_text = st.text(st.characters(codec="utf-8"), max_size=100)
texts = st.lists(st.one_of(st.sampled_from(ODD), any_text), max_size=8).map(" ".join)
times = st.one_of(st.floats(0, 36_000), st.sampled_from([0.0, 1.0, 1.0004, 1.0006, 5.0]))
lengths = st.one_of(st.floats(0, 60), st.sampled_from([0.0, 1e-9, 0.0005, 1.0, -1.0]))
speakers = st.one_of(st.none(), st.sampled_from(["", " ", "channel 1", "A\nB", "<i>", "-->"]), any_text)


@st.composite
def segments(draw: st.DrawFn) -> Piece:
    """In any order, beside, over and within each other."""
    start, length = draw(times), draw(lengths)
    text = draw(texts)
    words = []
    if draw(st.booleans()):
        parts = text.split()
        step = length / max(len(parts), 1)
        words = [Piece(start + i * step, start + (i + 1) * step, f" {part}") for i, part in enumerate(parts)]
    return Piece(start, start + length, text, words, draw(speakers))


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
    for segment in given_segments:
        shown = "".join("".join(cue.lines) for cue in captions.cues([segment]))
        assert letters(shown) == letters(segment.text)
    everything = "".join("".join(cue.lines) for cue in captions.cues(given_segments))
    assert sorted(letters(everything)) == sorted(letters("".join(piece.text for piece in given_segments)))


def letters(text: str) -> str:
    """Without white space, and what steers a terminal instead of being read."""
    return "".join(each for each in text if not each.isspace() and unicodedata.category(each) != "Cc")


READERS: dict[str, tuple[Callable[[list[Piece]], str], Callable[[str], webvtt.WebVTT]]] = {
    "srt": (captions.to_srt, lambda text: webvtt.from_buffer(io.StringIO(text), format="srt")),
    "vtt": (captions.to_vtt, webvtt.from_string),
}


@pytest.mark.parametrize("form", READERS)
@given(given_segments=st.lists(segments(), max_size=8))
@example(given_segments=[Piece(0, 1, "\x01 \x01")])
@example(given_segments=[Piece(0, 3, "00:00:01,000 --> 00:00:02,000\n\n7"), Piece(1, 2, "7", speaker="A > B\n\nC")])
def test_another_reader_finds_the_same_cues_times_and_lines(form: str, given_segments: list[Piece]) -> None:
    write, read = READERS[form]
    expected = list(captions.cues(given_segments))
    written = write(given_segments)
    found = read(written).captions if written else []
    assert [(cue.start_in_seconds, cue.end_in_seconds) for cue in found] == [
        (cue.start_ms // 1000, cue.end_ms // 1000) for cue in expected
    ]
    assert [(milliseconds(cue.start), milliseconds(cue.end)) for cue in found] == [
        (cue.start_ms, cue.end_ms) for cue in expected
    ]
    if form == "vtt":
        assert [[html.unescape(line) for line in cue.text.split("\n")] for cue in found] == [
            list(cue.lines) for cue in expected
        ]
    else:
        assert [cue.raw_text.split("\n") for cue in found] == [list(cue.lines) for cue in expected]


def milliseconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60) * 1000 + float(seconds) * 1000)


@given(st.lists(segments(), max_size=8))
def test_every_segment_is_one_row_of_the_tsv(given_segments: list[Piece]) -> None:
    lines = io.StringIO(captions.to_tsv(given_segments), newline="")
    head, *rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    assert head == ["start", "end", "text"]
    assert [(int(start), int(end), letters(text)) for start, end, text in rows] == [
        (round(s.start * 1000), round(s.end * 1000), letters(s.text)) for s in given_segments
    ]


@given(st.lists(segments(), max_size=8))
def test_every_segment_with_words_is_one_line_of_the_text(given_segments: list[Piece]) -> None:
    lines = captions.to_text(given_segments).splitlines()
    said = [letters(segment.text) for segment in given_segments]
    assert [letters(line) for line in lines] == [text for text in said if text]


def test_who_speaks_into_anothers_words_is_shown_then_and_not_after_them() -> None:
    words = [Piece(n, n + 1, f" monologue{n:02}") for n in range(40)]
    said = [Piece(0, 40, "".join(word.text for word in words), words, "A"), Piece(11.5, 12, "Really?", (), "B")]
    (question,) = (cue for cue in captions.cues(said) if cue.speaker == "B")
    assert question.start_ms == 11_500


def test_a_text_that_people_changed_is_shown_and_not_the_words_it_had() -> None:
    heard = Piece(0, 2, " Two words.", [Piece(0, 1, " Too"), Piece(1, 2, " words.")])
    (cue,) = captions.cues([heard])
    assert cue.lines == ("Two words.",)
    assert [cue.lines for cue in captions.cues([replace(heard, text="")])] == []


def test_vtt_has_its_header_and_dots() -> None:
    assert (
        captions.to_vtt(TRANSCRIPT.segments)
        == "WEBVTT\n\n00:00:00.100 --> 00:00:01.200\n<v channel 1>Good morning.\n\n"
    )


def test_tsv_has_milliseconds_and_one_segment_a_line() -> None:
    assert captions.to_tsv([Piece(0.1, 1.25, " One\ttwo. ")]) == "start\tend\ttext\n100\t1250\tOne two.\n"
