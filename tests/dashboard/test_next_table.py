"""What to do next: money, risk and effort of each step and of all together, with the report's own figures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from dashboard.test_steps import PROVEN, SAVINGS, TASKS, TESTED, saving, task

from suffice_analysis.next_steps import add_up, find_next_steps
from suffice_analysis.report.decisions import back_after
from suffice_analysis.savings.effort import YEARS
from suffice_analysis.savings.payback import needed_usd_per_month
from suffice_dashboard.next_table import back_words, proven_words, render_next, step_cells, sum_cells
from suffice_dashboard.steps import Spend
from suffice_store.rounding import about

RECORDED = Spend(2.0, "per_1000_calls", 5.0)  # $2.00 per 1,000 calls, 5,000 of them recorded
ASSUMED = (
    '[{"name": "price_fall_per_year", "value": 0.3}, {"name": "self_host_hours", "value": 20},'
    ' {"name": "engineer_usd_per_hour", "value": 100}]'
)


def stated(task_id: str, **more: Any) -> dict[str, Any]:
    row = saving(task_id, 3_000.0, basis="month", quality_grade="replay", one_off_usd=2_400.0, payback_days=25.0)
    return row | {"assumptions": ASSUMED, "details": '{"calls": 200}'} | more


def test_a_step_is_said_as_a_share_and_in_the_money_recorded() -> None:
    details = {"calls": 100, "one_off_range": [1523.0, 8467.0]}
    row = SAVINGS[0] | {"one_off_usd": 2400.52, "details": json.dumps(details), "assumptions": ASSUMED}
    (step,) = find_next_steps([TASKS[0]], [row])
    cells = step_cells(step, 1, RECORDED)
    assert cells.what == "1. Test “A” against m"
    assert cells.saves == ("25\u202f% (20–30)", "$2.50 ($2.00–$3.00)")
    assert cells.wrong == ("27 of 100 (6–54)", "135 of the 500 recorded")
    assert cells.once == ("about $2,400", "$1,500–$8,500")
    assert step.back_from_calls == pytest.approx(needed_usd_per_month(2400.52, 0.3) * 100 / 0.5)
    assert cells.back == (f"from {about(step.back_from_calls)} of its calls a month", "500 recorded")
    spread = replace(step, back_from_calls_low=9_000.0, back_from_calls_high=None)
    assert step_cells(spread, 1, RECORDED).back == (cells.back[0], "9,000 to no volume; 500 recorded")
    assert step_cells(step, 1, Spend(2.0, "month")).saves == ("25\u202f% (20–30)", "$0.50 ($0.40–$0.60) a month")
    assert step_cells(step, 1, None).saves == ("$0.50 ($0.40–$0.60)", "")


def test_what_may_cost_more_is_no_share() -> None:
    (step,) = find_next_steps([TASKS[0]], SAVINGS)
    dear = replace(step, saving_low_usd=-0.4)
    assert step_cells(dear, 1, Spend(2.0, "month")).saves == ("$0.50 (−$0.40 to $0.60) a month", "")


@pytest.mark.parametrize(
    ("rows", "basis", "once", "back"),
    [
        ({}, "month", ("about $4,800", ""), ("{}", "at 400 calls a month")),
        ({"alternative": "self_hosted_slm"}, "month", ("about $2,800", "GPUs that they share counted once"), ("{}", "at 400 calls a month")),
        (
            {"details": '{"calls": 200, "floor": {"contract": "c"}}'}, "month", ("about $4,800", ""),
            ("open", "under the commitment that they share"),
        ),
        ({"one_off_usd": 1e9}, "month", ("about $2,000,000,000", ""), ("not in 5 years", "at 400 calls a month")),
        ({"details": "{}"}, "month", ("about $4,800", ""), ("{}", "at this volume")),
        ({"one_off_usd": None}, "month", ("not known", ""), ("not known", "")),
        ({}, "per_1000_calls", ("about $4,800", ""), ("{}", "2,000 recorded")),
    ],
)  # fmt: skip
def test_the_sum_says_when_what_is_spent_once_is_back_as_the_report_does(
    rows: dict[str, Any], basis: str, once: tuple[str, str], back: tuple[str, str]
) -> None:
    found = find_next_steps([PROVEN, TASKS[0]], [stated(each, **rows, basis=basis) for each in ("p", "a")])
    whole = add_up(found)
    assert whole is not None
    spend = Spend(20_000.0, basis, 0.0 if basis == "month" else 5.0)
    (cells,) = sum_cells(found, spend)
    assert (cells.what, cells.once) == ("Both together", once)
    assert cells.back == (back[0].format(back_after(whole, basis)), back[1])
    assert back_words(whole, None) == ("not known", "")


def test_the_ends_of_the_intervals_are_added_up() -> None:
    found = find_next_steps(TASKS, SAVINGS)
    (cells,) = sum_cells(found, None)
    assert cells.saves == ("$1.40 ($1.20–$1.60)", "")
    assert cells.wrong == ("28 of 100 (6–54)", "")
    assert sum_cells(found[:1], None) == sum_cells([], None) == []


def test_what_is_proven_is_summed_apart_where_it_is_several_and_not_all() -> None:
    other = task("q", "proven")
    rows = [*TESTED, saving("q", 0.1, quality_grade="replay")]
    three = find_next_steps([PROVEN, other, TASKS[0]], rows)
    assert [cells.what for cells in sum_cells(three, RECORDED)] == ["Proven alone", "All three together"]
    proven, whole = (cells.saves for cells in sum_cells(three, RECORDED))
    assert (proven[1], whole[1]) == ("$3.00 ($2.00–$4.00)", "$5.00 ($3.50–$6.50)")
    assert [cells.what for cells in sum_cells(three[:2], RECORDED)] == ["Both together"]
    assert proven_words(three) == "2 of them are proven."
    assert proven_words(three[:2]) == "All of them are proven."
    assert proven_words(three[1:]) == "1 of them is proven."
    assert proven_words(find_next_steps(TASKS, SAVINGS)) == "None of them is proven."
    assert proven_words(three[:1]) == ""


def test_what_waits_is_in_no_sum() -> None:
    rows = [stated(each) for each in ("p", "a")] + [stated("q", payback_days=None, saving_usd=9_000.0)]
    three = find_next_steps([PROVEN, task("q", "proven"), TASKS[0]], rows)
    assert [step.task_id for step in three] == ["p", "a", "q"]
    (cells,) = sum_cells(three, Spend(20_000.0, "month"))
    assert (cells.what, cells.once) == ("Those that pay back together", ("about $4,800", ""))
    assert sum_cells(three[1:], Spend(20_000.0, "month")) == []


def test_the_table_has_a_line_a_step_and_one_for_all() -> None:
    hostile = TASKS[0] | {"name": "<script>x"}
    steps = find_next_steps([hostile, TASKS[1]], SAVINGS)
    html = render_next(steps, RECORDED, ["<i>badge</i>"] * 2, [["first <b>", "more"], ["only"]], ["<a>x</a>"] * 2)
    assert re.findall(r'<tr class="(\w*)"', html) == ["", "", "sum"]
    assert html.count('<div class="go"><i>badge</i><a>x</a></div>') == 2
    assert "Hosted SLM. first &lt;b&gt;" in html
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert f">Back within {YEARS}</th>" in html, "a volume says from which on"
    assert ">Back after</th>" in render_next(steps, Spend(2.0, "month"), [""] * 2, [["x"]] * 2, [""] * 2)
