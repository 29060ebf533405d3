"""Figures are read back: what is drawn, for whom, and what is said where something is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from suffice_dashboard.charts import estimate, runs, savings, spend, tasks


def task(task_id: str, verdict: str, paid: str | None, **more: Any) -> dict[str, Any]:
    return {
        "task_id": task_id, "name": f"Task {task_id}", "verdict": verdict, "paid_usd": None if paid is None else Decimal(paid),
        "calls": 10, "replaceability": 0.6, "replaceability_low": 0.4, "replaceability_high": 0.8, **more,
    }  # fmt: skip


def share(value: float | None, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "bar": 0.95}


def test_money_bar_orders_by_verdict_then_cost_and_leaves_out_the_unpriced() -> None:
    rows = [task("a", "stays", "5"), task("b", "likely", "1"), task("c", "likely", "3"), task("d", "untested", None)]
    figure = spend.money_bar(rows, share(0.4, 0.3, 0.5), share(0.0, 0.0, 0.0))
    paid = [bar for bar in figure.data if bar.type == "bar" and bar.y[0] == spend.PAID]
    assert [(bar.customdata[0], bar.x[0]) for bar in paid] == [("c", 3.0), ("b", 1.0), ("a", 5.0)]


def test_segments_too_thin_to_see_become_one_for_each_verdict() -> None:
    rows = [
        task("a", "likely", "100"),
        task("b", "likely", "0.2"),
        task("c", "likely", "0.3"),
        task("d", "stays", "0.1"),
    ]
    figure = spend.money_bar(rows, share(0.4), share(0.0))
    paid = [(bar.name, bar.x[0]) for bar in figure.data if bar.type == "bar" and bar.y[0] == spend.PAID]
    assert paid == [("Task a", 100.0), ("2 smaller tasks", 0.5), ("Task d", 0.1)]


def test_money_bar_shows_the_expected_part_up_to_its_interval() -> None:
    figure = spend.money_bar([task("a", "likely", "10")], share(0.4, 0.3, 0.5), share(0.0, 0.0, 0.0))
    movable = [bar.x[0] for bar in figure.data if bar.type == "bar" and bar.y[0] == spend.MOVABLE]
    assert movable == pytest.approx([3, 1, 1, 5])
    words = [note.text for note in figure.layout.annotations]
    assert words == ["<b>40\u202f% (30–50)</b> · $4.00", "<b>0\u202f%</b> · $0.00"]


def test_money_bar_says_unknown_where_there_is_no_estimate() -> None:
    figure = spend.money_bar([task("a", "likely", "10")], None, share(None))
    assert [note.text for note in figure.layout.annotations] == ["unknown", "unknown"]


def test_names_cannot_carry_markup_into_a_figure() -> None:
    rows = [task("a", "likely", "10", name="<a href='javascript:x'>x</a>")]
    assert "<a " not in spend.money_bar(rows, share(0.4), share(0.0)).to_json().replace("\\u003c", "<")


def test_spend_over_time_takes_days_numbers_and_hours() -> None:
    row = {"calls": 3, "error_calls": 1, "unpriced_calls": 0, "paid_usd": Decimal("2.5")}
    figure = spend.spend_over_time([row | {"key": "2026-11-16"}, row | {"key": "2026-11-17", "paid_usd": None}])
    assert list(figure.data[0].x) == ["2026-11-16", "2026-11-17"]
    assert list(figure.data[0].y) == [2.5, 0.0]
    assert figure.data[0].customdata[1][0] == "unpriced"
    assert list(spend.spend_over_time([row | {"key": 20_773}]).data[0].x) == ["2026-11-16T00:00"]
    assert spend.spend_over_time([]).data[0].x == ()


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
    figure = estimate.estimate_picture(share(0.61, 0.44, 0.83), "untested")
    assert [list(trace.x) for trace in figure.data] == [[0, 1], [0.44, 0.83], [0.61]]
    assert [note.text for note in figure.layout.annotations] == [
        "<b>61\u202f%</b>",
        "44\u202f%",
        "83\u202f%",
        "proven from 95\u202f%",
    ]
    assert figure.layout.shapes[0].x0 == 0.95


def test_an_interval_too_wide_for_one_number_has_no_dot() -> None:
    figure = estimate.estimate_picture(share(0.69, 0.36, 0.92), "untested")
    assert [list(trace.x) for trace in figure.data] == [[0, 1], [0.36, 0.92]]
    assert [note.text for note in figure.layout.annotations] == ["36\u202f%", "92\u202f%", "proven from 95\u202f%"]


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
    figure = spend.money_bar([task("a", "likely", "6")], share(0.50, 0.49, 0.51), share(0.0))
    ticks = [trace.marker for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"]
    assert [(tick.symbol, tick.line.width) for tick in ticks] == [("line-ns", 3)]


def test_money_bar_marks_where_the_tasks_begin_that_stay() -> None:
    figure = spend.money_bar([task("a", "likely", "6"), task("b", "stays", "4")], share(0.5), share(0.0))
    assert [shape.x0 for shape in figure.layout.shapes] == [6.0]


def test_estimate_picture_of_nothing_says_unknown() -> None:
    assert estimate.estimate_picture(share(None), "untested").layout.annotations[0].text == "unknown"


def test_actions_beyond_the_limit_are_added_up() -> None:
    rows = [{"action": f"tool:t{i}", "calls": 10 - i} for i in range(10)]
    bar = estimate.actions_bar(rows, limit=8).data[0]
    assert list(bar.x) == [3, 3, 4, 5, 6, 7, 8, 9, 10]
    assert bar.y[0] == "2 other actions"
    assert bar.y[-1] == "calls t0"


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
    figure = savings.cost_chart([dear, saving(0)])
    today, bars = figure.data[0], figure.data[1]
    assert (today.x[0], list(bars.x)) == (100.0, [40.0, 115.0])
    whisker = [list(trace.x) for trace in figure.data if trace.type == "scatter" and trace.mode == "lines+markers"]
    assert whisker == [[35.0, 50.0]]
    said = [note.text for note in figure.layout.annotations]
    assert "<b>$40.00</b> · saves $60.00" in said
    assert "<b>$115.00</b> · costs more" in said
    wrong = savings.wrong_answers_chart([dear, saving(0)])
    assert [(t.x[0], t.error_x.array[0], t.error_x.arrayminus[0]) for t in wrong.data] == [(12.0, 18.0, 7.0)] * 2


def test_an_unpriced_alternative_says_so() -> None:
    nothing = saving(0, paid_usd=None, projected_usd=None, saving_usd=None, extra_wrong=None)
    said = [note.text for note in savings.cost_chart([nothing]).layout.annotations]
    assert said == ["<b>unpriced</b>", "unpriced"]
    assert savings.wrong_answers_chart([nothing]).data[0].text == ("unknown",)


def test_run_timeline_starts_at_zero_and_marks_errors() -> None:
    step = {"task_name": "Plan", "action": None, "model": "m", "paid_usd": None, "error_type": None}
    calls = [
        step | {"call_id": "a", "started_ns": 5_000_000_000, "latency_ms": 500.0},
        step | {"call_id": "b", "started_ns": 6_000_000_000, "latency_ms": 1500.0, "error_type": "Timeout"},
        step | {"call_id": "c", "started_ns": None, "latency_ms": None},
    ]
    bar = runs.run_timeline(calls, "a").data[0]
    assert (list(bar.base), list(bar.x)) == ([0.0, 1.0], [0.5, 1.5])
    assert bar.text == ("500\u202fms", "✕ 1.5\u202fs")
    assert len(set(bar.marker.color)) == 2


def test_a_run_without_times_has_no_timeline() -> None:
    assert runs.run_timeline([{"started_ns": None}]) is None
