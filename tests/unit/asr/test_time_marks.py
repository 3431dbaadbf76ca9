from ai2text.asr.time_marks import marked

FIRST = 1000


def at(seconds: float) -> int:
    return FIRST + round(seconds * 50)


def test_two_marks_in_a_row_part_a_window_and_an_open_end_belongs_to_the_next() -> None:
    cut = marked([at(0), 5, 6, at(2), at(2.5), 7, at(4), at(4), 8], 3000, FIRST)
    assert [(part.start, part.end) for part in cut.parts] == [(0.0, 2.0), (2.5, 4.0)]
    assert (cut.seconds, cut.complete) == (4.0, False)


def test_one_mark_at_the_end_says_that_nothing_follows() -> None:
    cut = marked([at(0), 5, at(2), at(2), 7, at(4)], 1200, FIRST)
    assert [part.tokens for part in cut.parts] == [(at(0), 5, at(2)), (at(2), 7, at(4))]
    assert (cut.seconds, cut.complete) == (12.0, True)


def test_a_window_without_inner_marks_is_one_part() -> None:
    assert marked([at(0), 5, 6], 700, FIRST).parts[0].end == 7.0
    assert marked([at(0), 5, 6, at(3)], 700, FIRST).parts[0].end == 3.0
