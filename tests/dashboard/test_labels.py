"""Names on the map: over no mark and no other name, nearest to their own mark, inside; the most important first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suffice_dashboard.charts.labels import Box, Mark, place_names

marks = st.lists(st.builds(Mark, st.floats(0, 900), st.floats(0, 520), st.floats(4, 21)), min_size=1, max_size=25)


@given(marks, st.text(min_size=1, max_size=34))
def test_no_name_can_be_taken_for_a_neighbours(all_marks: list[Mark], text: str) -> None:
    placed = place_names(all_marks, [(number, text) for number in range(len(all_marks))], 900, 520)
    boxes = [box for _, box in placed]
    assert not any(a.meets(b) for i, a in enumerate(boxes) for b in boxes[:i])
    for number, box in placed:
        assert 0 <= box.x - box.width / 2 <= box.x + box.width / 2 <= 900
        assert box.away(all_marks[number]) >= 0
        assert all(box.away(mark) >= box.away(all_marks[number]) for mark in all_marks)


def test_the_first_takes_the_place_below_the_second_another_and_the_last_none() -> None:
    close = [Mark(450, 260, 10), Mark(450, 262, 10), Mark(800, 500, 10)]
    placed = dict(place_names(close, [(0, "first"), (1, "second"), (2, "third")], 900, 520))
    assert set(placed) == {0, 1, 2}
    assert placed[0].y < 260  # below it lies the other mark's own place
    assert placed[1].y > 262
    assert place_names([Mark(10, 10, 9)], [(0, "a name that is far too long for the plane")], 100, 100) == []


def test_boxes_meet_where_less_than_the_room_between_them_is_left() -> None:
    assert Box(0, 0, 10, 10).meets(Box(11, 0, 10, 10))
    assert not Box(0, 0, 10, 10).meets(Box(15, 0, 10, 10))
