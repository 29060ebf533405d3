"""Tasks: what each would save stands in its line, as on Savings, and orders the table."""

from __future__ import annotations

import re
from typing import Any

import pytest
from dashboard.conftest import Open, shown
from dashboard.test_steps import SAVINGS, TASKS, saving, task

from suffice_analysis.savings.recommend import first_choice
from suffice_dashboard.formatting import render_interval
from suffice_dashboard.views.tasks import ORDERS, task_table, verdict_counts, with_savings
from suffice_store.file_store import FileStore


def rows(tasks: list[dict[str, Any]], savings: list[dict[str, Any]]) -> dict[str, Any]:
    return {row["task_id"]: row["saves"] for row in with_savings(tasks, savings)}


def test_what_a_task_would_save_is_a_share_of_all_spend() -> None:
    found = rows(TASKS, SAVINGS)  # $2.00 are paid per 1,000 calls
    assert found["a"] == pytest.approx((0.25, 0.20, 0.30))
    assert found["b"] == pytest.approx((0.45, 0.40, 0.50))
    assert found["c"] is None, "it stays"


def test_what_a_test_left_open_is_not_counted_as_likely() -> None:
    tested = [
        task("a") | {"grade": "replay"},
        task("b", "proven") | {"grade": "replay"},
        task("c", "stays") | {"grade": "replay"},
    ]
    assert verdict_counts(tested) == "1 proven, 1 tested and open, 1 stays"
    assert (
        verdict_counts([task("a") | {"grade": "prior"}, task("c", "stays"), task("d", "stays")]) == "1 likely, 2 stay"
    )


def test_nothing_is_said_where_nothing_is_known_or_pays() -> None:
    few = [task("a", calls=99)]
    assert rows(few, SAVINGS) == {"a": None}
    assert rows(TASKS[:1], SAVINGS[:1]) == {"a": None}, "all spend is not known"
    assert rows(TASKS[:1], [saving("a", -1.0, pays=False), SAVINGS[-1]]) == {"a": None}
    assert rows(TASKS[:1], []) == {"a": None}


def test_the_table_says_it_with_its_interval_and_whether_it_may_cost_more() -> None:
    shared = {"kind": "code", "share_cost": 0.5, "grade": "prior"}
    found = with_savings([each | shared for each in TASKS], [SAVINGS[0] | {"saving_low_usd": -0.1}, *SAVINGS[1:]])
    html = task_table(sorted(found, key=ORDERS["saving"][1]))
    assert re.findall(r">([ABC])</a>", html) == ["B", "A", "C"]
    assert '<b>45\u202f%</b><div class="sub">(40–50)</div>' in html
    assert '<b>25\u202f%</b><div class="sub">may cost more</div>' in html
    assert html.count(">–</td>") == 1


def test_the_page_says_of_a_task_what_savings_says(open_page: Open, fleet_store: FileStore) -> None:
    (analysis,) = fleet_store.read("analyses").to_pylist()[:1]
    savings = fleet_store.read("savings", analysis_id=analysis["analysis_id"]).to_pylist()
    paid = next(float(row["paid_usd"]) for row in savings if row["task_id"] == "" and row["paid_usd"])
    task_id = next(row["task_id"] for row in fleet_store.read("tasks", analysis_id=analysis["analysis_id"]).to_pylist() if row["verdict"] == "likely")  # fmt: skip
    chosen = first_choice([row for row in savings if row["task_id"] == task_id])
    assert chosen is not None
    ends = (float(chosen[name]) / paid for name in ("saving_usd", "saving_low_usd", "saving_high_usd"))
    text = shown(open_page(fleet_store, "views/tasks.py", sort="saving"))
    line = next(part for part in text.split("</thead>")[1].split("<tr") if f"task?task_id={task_id}" in part)
    assert f"<b>{render_interval(*ends).partition(' ')[0]}</b>" in line
