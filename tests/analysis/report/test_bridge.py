"""The bridge: each step alone is found under its name, and whatever changed, the steps add up."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from analysis.report.spreadsheet import read_workbook
from analysis.report.test_formats import make_report, words_of
from analysis.traffic import by_instructions, shop_traffic
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.cli import main
from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.as_json import document
from suffice_analysis.report.as_markdown import render_markdown
from suffice_analysis.report.as_xlsx import render_xlsx
from suffice_analysis.report.bridge import NAMES, NONE, NONE_SHORT, Bridge, make_bridge, read_previous
from suffice_store.file_store import FileStore

HOSTED = "hosted_slm"


def task(
    task_id: str, calls: int, usd: float, *, tokens: int = 100, rate: float = 0.5, verdict: str = "likely", n: int = 0
) -> dict[str, Any]:
    """``usd`` per basis, as observed too; ``rate``: saving per USD."""
    return {
        "task_id": task_id, "calls": calls, "paid_usd": usd, "input_tokens": calls * tokens, "output_tokens": 0, "verdict": verdict,
        "alternatives": [{"alternative": HOSTED, "paid_usd": usd, "saving_usd": usd * rate, "pays": True}],
        "estimate": {"value": rate, "low": 0.1, "high": 0.9, "candidate": "any SLM", "n": n, "grade": "replay" if n else "prior"},
    }  # fmt: skip


def told_of(*tasks: dict[str, Any]) -> dict[str, Any]:
    """As ``told``, of tasks with and without a price."""
    whole = told(*(each for each in tasks if each["paid_usd"] is not None))
    return whole | {"tasks": list(tasks)}


def told(*tasks: dict[str, Any], version: str = "1", analysis: str = "a", basis: str = "month") -> dict[str, Any]:
    paid = sum(each["paid_usd"] for each in tasks)
    saving = sum(each["alternatives"][0]["saving_usd"] for each in tasks if each["verdict"] != "stays")
    return {
        "schema": "suffice.report/1", "generated_ns": 1_794_787_200 * 10**9, "basis": basis, "tasks": list(tasks),
        "analysis": {"analysis_id": analysis, "suffice_version": version, "basis": basis},
        "savings": [{"alternative": HOSTED, "paid_usd": paid, "saving_usd": saving, "pays": True}],
    }  # fmt: skip


BEFORE = told(task("a", 1000, 10.0), task("b", 500, 20.0, rate=0.2))


def steps(now: dict[str, Any]) -> tuple[dict[str, float], dict[str, float]]:
    """Those that are something, of spend and of saving."""
    spend, saving = make_bridge(BEFORE, {**now, "analysis": {**now["analysis"], "analysis_id": "b"}}).changes
    for change in (spend, saving):
        assert change.then_usd + sum(change.steps.values()) == pytest.approx(change.now_usd)
    found = [{name: usd for name, usd in change.steps.items() if abs(usd) > 1e-9} for change in (spend, saving)]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("now", "spend", "saving"),
    [
        (BEFORE, {}, {}),
        (told(task("a", 2000, 20.0), task("b", 1000, 40.0, rate=0.2)), {"volume": 30.0}, {"volume": 9.0}),
        # 1,500 calls as before, 500 of them from b (4 ct) to a (1 ct)
        (told(task("a", 1500, 15.0)), {"mix": -15.0}, {"mix": -1.5}),
        (told(task("a", 1000, 20.0, tokens=200), task("b", 500, 20.0, rate=0.2)), {"size": 10.0}, {"size": 5.0}),
        (told(task("a", 1000, 5.0), task("b", 500, 20.0, rate=0.2)), {"price": -5.0}, {"price": -2.5}),
        (told(task("a", 1000, 10.0, rate=0.7, n=80), task("b", 500, 20.0, rate=0.2)), {}, {"evidence": 2.0}),
        (told(task("a", 1000, 10.0, rate=0.7), task("b", 500, 20.0, rate=0.2)), {}, {"evidence": 2.0}),
        (told(task("a", 1000, 10.0, rate=0.7), task("b", 500, 20.0, rate=0.2), version="2"), {}, {"method": 2.0}),
    ],
)  # fmt: skip
def test_each_cause_is_found_under_its_name(
    now: dict[str, Any], spend: dict[str, float], saving: dict[str, float]
) -> None:
    found = steps(now)
    assert found == (pytest.approx(spend), pytest.approx(saving))


def unpriced(task_id: str, calls: int) -> dict[str, Any]:
    row = task(task_id, calls, 0.0)
    row["alternatives"][0] |= {"paid_usd": None, "saving_usd": None, "pays": False}
    return row | {"paid_usd": None}


def change_steps(before: dict[str, Any], now: dict[str, Any]) -> list[dict[str, float]]:
    """Those that are something, of each change."""
    changes = make_bridge(before, {**now, "analysis": {**now["analysis"], "analysis_id": "b"}}).changes
    return [{name: usd for name, usd in change.steps.items() if abs(usd) > 1e-9} for change in changes]


def test_a_price_for_calls_that_had_none_is_a_price_and_no_volume() -> None:
    """The same 1,300 calls: 300 of task c got a price, and 100 of a's 1,000 that had none."""
    a_before = task("a", 1000, 9.0) | {"unpriced_calls": 100}
    before, after = told_of(a_before, unpriced("c", 300)), told_of(task("a", 1000, 10.0), task("c", 300, 8.0))
    assert change_steps(before, after) == [pytest.approx({"price": 9.0}), pytest.approx({"price": 0.5 + 4.0})]
    assert change_steps(after, before) == [pytest.approx({"price": -9.0}), pytest.approx({"price": -4.5})]


def test_calls_without_a_price_are_volume_too() -> None:
    """1,000 priced and 500 unpriced calls, then twice as many of each: all of it is volume."""
    before = told_of(task("a", 1000, 10.0), unpriced("c", 500))
    assert change_steps(before, told_of(task("a", 2000, 20.0), unpriced("c", 1000))) == [
        pytest.approx({"volume": 10.0}),
        pytest.approx({"volume": 5.0}),
    ]


def test_a_task_that_was_tested_and_priced_since_is_a_price() -> None:
    """What it saved per dollar was not known before, so no step of evidence can be told apart."""
    before = told_of(task("a", 1000, 10.0), unpriced("c", 300))
    after = told_of(task("a", 1000, 10.0), task("c", 300, 8.0, rate=0.25, n=80))
    assert change_steps(before, after) == [pytest.approx({"price": 8.0}), pytest.approx({"price": 2.0})]


def test_a_small_model_that_got_cheaper_is_a_price() -> None:
    now = copy.deepcopy(BEFORE)
    now["tasks"][0]["alternatives"][0]["saving_usd"] = 7.0  # as replaceable as before, and saves more
    now["savings"][0]["saving_usd"] += 2.0
    assert steps(now) == ({}, pytest.approx({"price": 2.0}))


UNITS = st.builds(
    task,
    st.sampled_from("abcd"), st.integers(1, 10**6), st.floats(0.01, 10**5), tokens=st.integers(1, 10**5), rate=st.floats(0, 1),
    verdict=st.sampled_from(["likely", "stays"]), n=st.sampled_from([0, 80]),
)  # fmt: skip
LISTS = st.lists(UNITS, min_size=1, max_size=4, unique_by=lambda each: str(each["task_id"]))


@settings(max_examples=60, deadline=None)
@given(LISTS, LISTS)
def test_whatever_changed_the_steps_add_up(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> None:
    for change in make_bridge(told(*before), told(*now, analysis="b")).changes:
        assert change.then_usd + sum(change.steps.values()) == pytest.approx(
            change.now_usd, abs=1e-6 * (1 + change.now_usd + change.then_usd)
        )
        if change.what == "Spend":
            assert abs(change.steps["rest"]) <= 1e-6 * (1 + change.now_usd + change.then_usd), (
                "every call is in a task here"
            )


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            {**BEFORE, "basis": "per_1000_calls"},
            "states amounts a month, this one per 1,000 calls: they are not comparable.",
        ),
        ({**BEFORE, "savings": []}, "one of them has no prices"),
    ],
)
def test_what_cant_be_compared_says_why(now: dict[str, Any], said: str) -> None:
    bridge = make_bridge(BEFORE, {**now, "analysis": {**now["analysis"], "analysis_id": "b"}})
    assert bridge.changes == []
    assert bridge.sentences[0].endswith(f"{said}" if said.endswith(".") else f"{said}.")
    assert make_bridge(BEFORE, BEFORE).sentences == [
        "The report of 2026-11-16 tells the same analysis: nothing has changed since."
    ]


def test_a_file_that_is_no_report_is_refused(tmp_path: Path) -> None:
    for text in ("no json", "[]", '{"schema": "other"}'):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(SufficeError, match="is no report in JSON"):
            read_previous(tmp_path / "x.json")
    with pytest.raises(SufficeError, match="can't be read"):
        read_previous(tmp_path / "none.json")


def test_two_reports_of_growing_traffic_in_every_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the command line: half of the calls first, then all of them."""
    db, whole = tmp_path / "calls.duckdb", shop_traffic(960)
    half = shop_traffic(960)
    half.calls = half.calls[:480]
    with FileStore(str(db)) as store:
        half.fill(store)
        pipeline.analyze(store, find=by_instructions)
    assert main(["report", "-o", str(tmp_path / "1.json"), "--db", str(db)]) == 0
    with FileStore(str(db)) as store:
        whole.fill(store)
        pipeline.analyze(store, find=by_instructions)
    files = [str(tmp_path / f"2{ending}") for ending in (".html", ".md", ".json")]
    assert (
        main(
            [
                "report",
                *(word for file in files for word in ("-o", file)),
                "--previous",
                str(tmp_path / "1.json"),
                "--db",
                str(db),
            ]
        )
        == 0
    )
    assert capsys.readouterr().err.count("wrote ") == 4
    bridge = json.loads((tmp_path / "2.json").read_text())["bridge"]
    spend = bridge["changes"][0]
    assert spend["then_usd"] + sum(spend["steps"].values()) == pytest.approx(spend["now_usd"])
    assert list(spend["steps"]) == ["volume", "mix", "size", "price", "rest"]
    for sentence in bridge["sentences"]:
        assert sentence in " ".join(words_of((tmp_path / "2.html").read_text()).text)
        assert sentence in (tmp_path / "2.md").read_text()


def test_without_a_report_before_nothing_is_said(tmp_path: Path) -> None:
    report = make_report(tmp_path, shop_traffic(120))
    assert document(report)["bridge"] is None
    assert NONE_SHORT in " ".join(words_of(render_html(report)).first)
    assert NONE in render_markdown(report)
    assert "No earlier report was given to compare with." in render_markdown(report)
    summary = {
        value for (sheet, _, _), value in read_workbook(render_xlsx(report)).values.items() if sheet == "Summary"
    }
    assert "No earlier report was given to compare with." in summary
    assert 'id="bridge"' not in render_html(report)
    said = replace(report, bridge=Bridge(1, "a", [], ["<b>|hostile|"]))
    assert "&lt;b&gt;|hostile|" in render_html(said)
    assert "&lt;b&gt;\\|hostile\\|" in render_markdown(said)
    assert set(NAMES) >= {"volume", "mix", "price", "evidence", "method"}
