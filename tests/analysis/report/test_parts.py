"""All calls and all that was paid in parts that add up, by tasks and by slices; and the remainder beside the expected share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from analysis.report.test_formats import make_report
from analysis.test_slice_results import agent_traffic
from analysis.traffic import shop_traffic

from suffice_analysis.report.charts import parts_chart
from suffice_analysis.report.model import Report
from suffice_analysis.report.parts import NAMES, as_json, find_parts, remainder


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("parts"), shop_traffic())


def expecting(report: Report, value: float | None, low: float = 0.4, high: float = 0.44) -> Report:
    share = report.shares["expected_share_calls"] | {"value": value, "low": low, "high": high}
    return replace(report, shares=report.shares | {"expected_share_calls": share})


def test_they_add_up_to_all_calls_and_all_that_was_paid(report: Report) -> None:
    found = find_parts(report)
    assert [part.name for part in found] == list(NAMES)
    assert [part.calls for part in found] == [0, 240, 0, 240]
    assert sum(part.share_calls for part in found) == pytest.approx(1)
    assert sum(part.usd or 0 for part in found) == pytest.approx(report.basis_usd)
    assert sum(part.share_cost or 0 for part in found) == pytest.approx(1)


def test_what_a_user_ignores_is_no_part(report: Report) -> None:
    first = report.tasks[0]
    ignored = replace(report, tasks=[replace(first, row={**first.row, "ignored": True}), *report.tasks[1:]])
    found = find_parts(ignored)
    assert sum(part.calls for part in found) == report.analysis["calls"] - first.row["calls"]
    assert sum(part.share_calls for part in found) == pytest.approx(1)


def test_too_few_calls_embeddings_and_calls_in_no_task_are_not_judged(report: Report) -> None:
    moving = [t for t in report.tasks if t.row["verdict"] != "stays"]
    few = replace(moving[0], row={**moving[0].row, "calls": 99})
    embedding = replace(moving[1], row={**moving[1].row, "kind": "embedding"})
    staying = [t for t in report.tasks if t.row["verdict"] == "stays"]
    found = {part.name: part for part in find_parts(replace(report, tasks=[few, embedding, *staying]))}
    assert (found["to_test"].calls, found["not_judged"].calls) == (0, 240)  # 99, 120, and 21 that are in no task now


def test_of_a_task_that_counts_by_its_slices_each_slice_is_in_its_part(tmp_path: Path) -> None:
    parted = make_report(tmp_path, agent_traffic())
    calls = {part.name: part.calls for part in find_parts(parted)}
    apart = {row["verdict"]: row["calls"] for row in parted.tasks[0].slices if row["counted_apart"]}
    assert (calls["stays"], calls["to_test"]) == (apart["stays"], apart["likely"])


def test_without_prices_there_is_no_cost(report: Report) -> None:
    unpriced = replace(report, totals=[])
    assert {part.usd for part in find_parts(unpriced)} == {part.share_cost for part in find_parts(unpriced)} == {None}
    assert as_json(unpriced)["worse_share_cost"] is None
    assert ">cost</text>" not in parts_chart(unpriced)
    assert ">cost</text>" in parts_chart(report)


def test_what_a_reader_adds_up_is_all(report: Report) -> None:
    """With as many digits as the expected share has."""
    rest = remainder(expecting(report, 0.42))
    assert rest is not None
    assert (rest.stays, rest.worse, rest.not_judged) == ("50 %", "8 %", "")
    fine = remainder(expecting(report, 0.4213, 0.4202, 0.4224))
    assert fine is not None
    assert (fine.stays, fine.worse) == ("50.0 %", "7.9 %")
    assert as_json(expecting(report, 0.4213))["worse_share_calls"] == pytest.approx(0.0787)


def test_where_no_one_share_is_stated_nothing_is_left_of_it(report: Report) -> None:
    assert remainder(expecting(report, 0.42, 0.1, 0.9)) is None
    assert remainder(expecting(report, None)) is None
    assert remainder(replace(report, shares={})) is None
    assert as_json(expecting(report, None))["worse_share_calls"] is None


def test_the_picture_states_the_interval_where_it_is_too_wide_for_a_value(report: Report) -> None:
    assert "expected 42 %</text>" in parts_chart(expecting(report, 0.42))
    assert "expected 10–90 %</text>" in parts_chart(expecting(report, 0.42, 0.1, 0.9))
