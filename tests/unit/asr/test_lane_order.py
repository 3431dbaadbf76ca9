from ai2text.asr.main import BULK, INTERACTIVE, lane_order


def test_interactive_goes_first_and_bulk_every_fifth_time() -> None:
    firsts = [lane_order(turn)[0] for turn in range(10)]
    assert firsts == [*[INTERACTIVE] * 4, BULK, *[INTERACTIVE] * 4, BULK]


def test_both_lanes_are_always_looked_at() -> None:
    assert all(set(lane_order(turn)) == {INTERACTIVE, BULK} for turn in range(10))
