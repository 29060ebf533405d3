"""Figures are read back: what is drawn, for whom, and what is said where something is missing."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from suffice_dashboard.charts import drawn as drawing
from suffice_dashboard.charts import estimate, savings, spend, tasks
from suffice_dashboard.charts.drawn import Figure, Line, Rule, Scale, words


def task(task_id: str, verdict: str, paid: str | None, **more: Any) -> dict[str, Any]:
    return {
        "task_id": task_id, "name": f"Task {task_id}", "verdict": verdict, "paid_usd": None if paid is None else Decimal(paid),
        "calls": 10, "replaceability": 0.6, "replaceability_low": 0.4, "replaceability_high": 0.8, **more,
    }  # fmt: skip


def share(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "bar": 0.95}


def money_bar(rows: list[dict[str, Any]], expected: Any, proven: Any) -> tuple[str, str, str]:
    """The three lines of the picture, as HTML."""
    html = spend.money_bar(rows, expected, proven)
    paid, movable, proved = (
        html.split(f"<span>{name}</span>")[1] for name in (spend.PAID, spend.MOVABLE, spend.PROVEN)
    )
    return paid.split(spend.MOVABLE)[0], movable.split(spend.PROVEN)[0], proved


def segments(line: str) -> list[tuple[str, float, float]]:
    """What is told of each bar of a line, up to its colon; where it begins and how wide it is, in percent."""
    found = re.findall(r'class="bar[^"]*" style="left:([\d.]+)%;width:([\d.]+)%[^>]*?title="([^":]*)', line)
    found += re.findall(
        r'class="bar[^"]*" style="left:([\d.]+)%;width:([\d.]+)%[^>]*?href="[^>]*?title="([^":]*)', line
    )
    seen = dict.fromkeys((said, float(left), float(width)) for left, width, said in found)
    return sorted(seen, key=lambda each: each[1])


def test_money_bar_orders_by_verdict_then_cost_and_leaves_out_the_unpriced() -> None:
    rows = [task("a", "stays", "5"), task("b", "likely", "1"), task("c", "likely", "3"), task("d", "untested", None)]
    paid, _, _ = money_bar(rows, share(0.4, 0.3, 0.5), share(0.0, 0.0, 0.0))
    assert segments(paid) == [("Task c", 0.0, 33.33), ("Task b", 33.33, 11.11), ("Task a", 44.44, 55.56)]
    assert re.findall(r'href="(task[^"]*)"', paid) == ["task?task_id=c", "task?task_id=b", "task?task_id=a"]


def test_segments_too_thin_to_see_become_one_for_each_verdict() -> None:
    rows = [
        task("a", "likely", "100"),
        task("b", "likely", "0.2"),
        task("c", "likely", "0.3"),
        task("d", "stays", "0.1"),
    ]
    paid, _, _ = money_bar(rows, share(0.4), share(0.0))
    assert [name for name, _, _ in segments(paid)] == ["Task a", "2 smaller tasks", "Task d"]
    assert paid.count("href=") == 2, "several tasks together open none"


def test_money_bar_shows_the_expected_part_up_to_its_interval() -> None:
    _, movable, proved = money_bar([task("a", "likely", "10")], share(0.4, 0.3, 0.5), share(0.0, 0.0, 0.0))
    assert [(left, width) for said, left, width in segments(movable) if said] == [(0, 30), (30, 10), (40, 10)]
    assert "<b>40\u202f% (30–50)</b> · $4.00" in movable
    assert "<b>0\u202f%</b> · $0.00" in proved


def test_money_bar_says_unknown_where_there_is_no_estimate() -> None:
    _, movable, proved = money_bar([task("a", "likely", "10")], None, share(None))
    assert "<b>unknown</b>" in movable
    assert "<b>unknown</b>" in proved


def test_names_cannot_carry_markup_into_a_figure() -> None:
    hostile = "<a href='javascript:x'>\"x"
    rows = [task("a", "likely", "10", name=hostile, model=hostile)]
    drawn = [
        spend.money_bar(rows, share(0.4), share(0.0)),
        savings.cost_chart([saving(0, model=hostile, alternative=hostile)]),
        savings.wrong_answers_chart([saving(0, alternative=hostile)]),
        estimate.actions_bars([{"action": f"tool:{hostile}", "calls": 1}]),
        drawing.render(Figure(Scale(0, 1), [Line(hostile, [words(Scale(0, 1), 0, hostile, hostile)], hostile)], [(0, hostile)], [Rule(0.5, hostile)])),
    ]  # fmt: skip
    for html in drawn:
        assert "javascript" in html
        assert "<a href='" not in html
        assert '"x' not in html.replace('"x"', "")


def test_spend_over_time_takes_days_numbers_and_hours() -> None:
    row = {"calls": 3, "error_calls": 1, "unpriced_calls": 0, "paid_usd": Decimal("2.5")}
    html = spend.spend_over_time([row | {"key": "2026-11-16"}, row | {"key": "2026-11-17", "paid_usd": None}])
    assert 'title="16 Nov: $2.50, 3 calls, 1 errors, 0 unpriced"' in html
    assert '<span class="none" title="17 Nov: unpriced, 3 calls' in html, "hollow, not 0"
    assert 'title="16 Nov: $2.50' in spend.spend_over_time([row | {"key": 20_773}])
    assert 'title="16 Nov, 14:00: $2.50' in spend.spend_over_time([row | {"key": "2026-11-16T14:00Z"}], "hour")
    assert spend.spend_over_time([]) == ""
    assert 'role="img" aria-label="Spend by day; 16 Nov: $2.50, 3 calls, 1 errors, 0 unpriced; 17 Nov: unpriced' in html


def test_a_day_without_calls_leaves_a_gap() -> None:
    row = {"calls": 1, "error_calls": 0, "unpriced_calls": 0, "paid_usd": 1}
    html = spend.spend_over_time([row | {"key": key} for key in ("2026-11-01", "2026-11-02", "2026-11-10")])
    left = [float(each) for each in re.findall(r'class="bar"[^>]*left:([\d.]+)%', html)]
    assert left == pytest.approx([1.0, 11.0, 91.0])


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 100, ["$0", "$20", "$40", "$60", "$80", "$100"]),
        (-30, 45, ["−$20", "$0", "$20", "$40"]),
        (0, 0.011, ["$0", "$0.005", "$0.010"]),
        (0, 1_234_567, ["$0", "$500,000", "$1,000,000"]),
        (0, 0, ["$0"]),
    ],
)
def test_ticks_are_round_amounts(low: float, high: float, said: list[str]) -> None:
    assert [text for _, text in drawing.money_ticks(high, low)] == said


def test_counts_have_whole_ticks() -> None:
    assert [text for _, text in drawing.count_ticks(3)] == ["0", "1", "2", "3"]
    assert [text for _, text in drawing.count_ticks(6_240)] == ["0", "2,000", "4,000", "6,000"]
    assert drawing.count_ticks(0) == [(0.0, "0")]


def test_what_lies_beyond_the_axis_stands_at_its_end() -> None:
    scale = Scale(10, 20)
    assert [scale.at(value) for value in (5, 15, 99)] == [0, 50, 100]
    assert scale.span(30, 15) == "left:50.00%;width:50.00%"
    assert Scale(1, 1).at(1) == 0


def test_task_map_tells_verdicts_by_shape_and_carries_the_task() -> None:
    points = [
        {"task_id": t, "x": i, "y": -i, "calls": 4 + i, "example": "You are …", "point_id": str(i)}
        for i, t in enumerate(["a", "b", "gone"])
    ]
    figure = tasks.task_map(points, [task("a", "likely", "2"), task("b", "stays", None)])
    assert [(trace.name, trace.marker.symbol, trace.customdata[0][0]) for trace in figure.data] == [
        ("Likely", "diamond", "a"), ("Untested", "triangle-up", "gone"), ("Stays", "square", "b"),
    ]  # fmt: skip
    assert "Task a" in figure.data[0].customdata[0][1]
    assert {note.text for note in figure.layout.annotations} == {"Task a", "Task b"}


def test_task_map_by_cost_gives_a_template_its_share_of_the_task() -> None:
    points = [
        {"task_id": "a", "x": 0, "y": 0, "calls": calls, "example": "", "point_id": str(calls)} for calls in (2, 8)
    ]
    small, large = tasks.task_map(points, [task("a", "likely", "10")], "cost").data[0].marker.size
    assert small == pytest.approx(8 + 34 * (2 / 8) ** 0.5)
    assert large == pytest.approx(42)


def test_estimate_picture_draws_interval_value_and_bar() -> None:
    html = estimate.estimate_picture(share(0.61, 0.44, 0.83), "untested")
    assert 'class="range" style="left:44.00%;width:39.00%' in html
    assert 'class="tick" style="left:61.00%"' in html
    assert re.findall(r"<b>([^<]*)</b>", html) == ["61\u202f%", "44\u202f%", "83\u202f%"]
    assert "proven from 95\u202f%" in html
    assert 'class="rule dotted" style="left:95.00%"' in html
    assert 'class="dot"' not in html, "a dot would hide a narrow interval"


def test_the_ends_of_a_narrow_interval_are_not_written_over_each_other() -> None:
    html = estimate.estimate_picture(share(0.88, 0.87, 0.89), "likely")
    assert re.findall(r"<b>([^<]*)</b>", html) == ["88\u202f%"]


def test_an_interval_too_wide_for_one_number_has_no_mark() -> None:
    html = estimate.estimate_picture(share(0.69, 0.36, 0.92), "untested")
    assert re.findall(r"<b>([^<]*)</b>", html) == ["36\u202f%", "92\u202f%"]
    assert "tick" not in html


def test_the_map_names_the_costliest_tasks_first() -> None:
    rows = [task(f"t{i:02d}", "likely", str(i)) for i in range(20)]
    points = [
        {"task_id": row["task_id"], "x": i % 5, "y": i // 5, "calls": 99 - i, "example": ""}
        for i, row in enumerate(rows)
    ]
    said = [note.text for note in tasks.task_map(points, rows).layout.annotations]
    assert said == [f"Task t{i:02d}" for i in range(19, 3, -1)]


def test_a_name_on_the_map_has_a_line_to_its_own_mark() -> None:
    rows = [task("a", "likely", "2"), task("b", "stays", "1")]
    points = [
        {"task_id": t, "x": i / 50, "y": 0, "calls": 9, "example": ""} for i, t in enumerate(["a", "b", "gone", "gone"])
    ]
    points[3]["x"] = 1.0
    notes = tasks.task_map(points, rows).layout.annotations
    assert [(note.text, note.x, note.showarrow) for note in notes] == [("Task a", 0.0, True), ("Task b", 0.02, True)]
    assert abs(notes[0].ay - notes[1].ay) + abs(notes[0].ax - notes[1].ax) > 14


def test_the_value_of_the_movable_part_hides_no_narrow_interval() -> None:
    _, movable, proved = money_bar([task("a", "likely", "6")], share(0.50, 0.49, 0.51), share(0.0))
    assert movable.count('class="tick" style="left:50.00%"') == 1
    assert "tick" not in proved


def test_money_bar_marks_where_the_tasks_begin_that_stay() -> None:
    html = spend.money_bar([task("a", "likely", "6"), task("b", "stays", "4")], share(0.5), share(0.0))
    assert set(re.findall(r'class="rule dotted" style="left:([\d.]+)%"', html)) == {"60.00"}


def test_estimate_picture_of_nothing_says_unknown() -> None:
    html = estimate.estimate_picture(share(None), "untested")
    assert "<b>unknown</b>" in html
    assert "range" not in html.split("sf-range", 1)[1]


def test_actions_beyond_the_limit_are_added_up() -> None:
    html = estimate.actions_bars([{"action": f"tool:t{i}", "calls": 10 - i} for i in range(10)], limit=8)
    names = re.findall(r'<span class="l"[^>]*>([^<]*)', html)
    assert names == [*(f"calls t{i}" for i in range(8)), "2 other actions"]
    assert "5\u202f% · 3" in html


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("tool:get_weather", "calls get_weather"),
        ("answer:short_text", "answers with short text"),
        ("odd", "odd"),
        ("x:y", "x:y"),
    ],
)
def test_action_words(action: str, said: str) -> None:
    assert estimate.action_words(action) == said


def saving(position: int, **more: Any) -> dict[str, Any]:
    return {
        "alternative": "small_tier", "position": position, "model": f"m{position}", "basis": "month", "paid_usd": 100.0,
        "projected_usd": 40.0, "saving_usd": 60.0, "saving_low_usd": 50.0, "saving_high_usd": 65.0, "pays": True,
        "extra_wrong": 12.0, "extra_wrong_low": 5.0, "extra_wrong_high": 30.0, **more,
    }  # fmt: skip


def test_alternatives_stand_side_by_side_with_quality() -> None:
    dear = saving(
        1, alternative="self_hosted_slm", projected_usd=115.0, saving_usd=-15.0, saving_low_usd=None, pays=False
    )
    html = savings.cost_chart([dear, saving(0)])
    assert re.findall(r'class="l"><span>([^<]+)', html) == [
        savings.TODAY,
        "Vendor&#x27;s small tier",
        "Self-hosted SLM",
    ]
    bars = [
        float(width) * 115.0 * savings.ROOM / 100 for width in re.findall(r'class="bar [^>]*?width:([\d.]+)%', html)
    ]
    assert bars == pytest.approx([100.0, 40.0, 115.0], abs=0.05)
    ((left, width),) = re.findall(r'class="ends" style="left:([\d.]+)%;width:([\d.]+)%', html)
    ends = [float(each) * 115.0 * savings.ROOM / 100 for each in (left, width)]
    assert ends == pytest.approx([35.0, 15.0], abs=0.05), "paid minus the interval of the saving"
    assert "<b>$40</b> · saves $60" in html
    assert "<b>$115</b> · costs more" in html
    wrong = savings.wrong_answers_chart([dear, saving(0)])
    assert wrong.count('title="12 extra wrong answers (5–30)"') == 4, "a mark and its interval, twice"


def test_what_costs_far_more_than_today_is_cut_and_says_how_much() -> None:
    html = savings.cost_chart([saving(0, projected_usd=5_000.0, saving_usd=-4_900.0, saving_low_usd=None, pays=False)])
    widths = [float(width) for width in re.findall(r'class="bar [^>]*?width:([\d.]+)%', html)]
    assert widths[1] / widths[0] == pytest.approx(savings.MOST_SHOWN, abs=0.01)
    assert "<b>$5,000</b> · costs more" in html


def test_an_unpriced_alternative_says_so() -> None:
    nothing = saving(0, paid_usd=None, projected_usd=None, saving_usd=None, extra_wrong=None)
    html = savings.cost_chart([nothing])
    assert "<b>unpriced</b>" in html
    assert "<b></b>unpriced" in html
    wrong = savings.wrong_answers_chart([nothing, saving(1, alternative="caching_batch")])
    assert "</b>unknown" in wrong
    assert "</b>none: same model" in wrong
