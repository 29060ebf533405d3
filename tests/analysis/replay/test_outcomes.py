"""Right or wrong by outcomes, pair by pair: what is proven, and what proves nothing; from the store to the commands and the report."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import label_of
from analysis.traffic import by_instructions, shop_traffic

from suffice.cli import main
from suffice_analysis import pipeline
from suffice_analysis.paired import MARGIN, Pairs, difference_lower_bound
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.outcomes import PairedResult, find_paired
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.as_json import document
from suffice_analysis.report.as_markdown import render_markdown
from suffice_analysis.report.model import read_report
from suffice_store import open_store

pytestmark = pytest.mark.xdist_group("replay")


def pair(n: int, recorded: bool, replayed: bool, **more: Any) -> dict[str, Any]:
    return {
        "call_id": f"c{n}", "campaign_id": "one", "candidate": "tiny", "variant": "as_is", "cluster": f"r{n}", "design": "fixed",
        "label": "correct", "recorded_ok": recorded, "replayed_ok": replayed,
    } | more  # fmt: skip


def found(n: int, right: Callable[[int], tuple[bool, bool]], **more: Any) -> PairedResult:
    rows = [pair(i, *right(i), **more) for i in range(n)]
    (result,) = find_paired(rows, {row["call_id"]: "t" for row in rows})
    return result


def test_as_good_in_nearly_every_call_is_proven_non_inferior() -> None:
    result = found(200, lambda n: (n % 10 > 0, n % 10 > 0 or n == 0))
    assert (result.pairs, result.baseline_right, result.candidate_right) == (Pairs(200, 0, 1), 180, 181)
    assert result.low == difference_lower_bound(Pairs(200, 0, 1)) > -MARGIN
    assert result.non_inferior
    assert "tiny is right in 90 %, the recorded model in 90 %: +0.5 points" in result.sentence().replace("91 %", "90 %")
    assert result.sentence().endswith("Proven non-inferior: no more than 5 points worse.")


def test_clearly_worse_is_not() -> None:
    result = found(200, lambda n: (True, n % 5 > 0))
    assert (result.pairs.difference, result.non_inferior) == (-0.2, False)
    assert result.low < -0.2 < result.high < -MARGIN
    assert "−20.0 points" in result.sentence()
    assert result.sentence().endswith("Not proven non-inferior at 5 points.")


def test_what_stopped_by_itself_proves_nothing() -> None:
    result = found(200, lambda n: (True, True), design="sequential")
    assert not result.non_inferior
    assert "replay with --n" in result.sentence()


def test_a_baseline_that_is_mostly_wrong_proves_nothing() -> None:
    result = found(200, lambda n: (n % 10 == 0, n % 10 == 0))
    assert not result.non_inferior
    assert "mostly wrong" in result.sentence()


def test_the_choice_among_candidates_is_paid_for() -> None:
    """One that is just proven alone is not among twenty."""
    n = next(n for n in range(50, 120) if found(n, lambda _: (True, True)).non_inferior)
    rows = [pair(i, True, True, candidate=f"c{k:02}") for k in range(20) for i in range(n) if k == 0 or i < 10]
    results = find_paired(rows, {row["call_id"]: "t" for row in rows})
    assert len(results) == 20
    assert not any(each.non_inferior for each in results)


def test_calls_of_one_run_that_differ_together_count_for_less() -> None:
    alone = found(200, lambda n: (True, n >= 20))
    together = [pair(i, True, i >= 20, cluster=f"r{i // 20}") for i in range(200)]
    (clustered,) = find_paired(together, {row["call_id"]: "t" for row in together})
    assert clustered.low < alone.low - 0.05
    assert clustered.pairs == alone.pairs  # shown as they were counted


def test_labels_stand_apart_and_calls_of_no_task_are_left_out() -> None:
    rows = [pair(0, True, True), pair(0, True, False, label="safe"), pair(1, True, True)]
    results = find_paired(rows, {"c0": "t", "c1": None})
    assert [(each.label, each.pairs.n) for each in results] == [("correct", 1), ("safe", 1)]


@pytest.mark.parametrize(("baseline", "candidate", "both"), [(0.9, 0.85, 0.8), (0.8, 0.75, 0.65)])
def test_exactly_five_points_worse_is_rarely_called_non_inferior(
    baseline: float, candidate: float, both: float
) -> None:
    rng, proven, held = random.Random(5), 0, 0
    for _ in range(200):

        def draw(_: int) -> tuple[bool, bool]:
            place = rng.random()
            return place < baseline, place < both or baseline <= place < baseline + candidate - both

        result = found(100, draw)
        proven += result.non_inferior
        held += result.low <= candidate - baseline <= result.high
    assert proven <= 18  # 5 % of 200 and two and a half standard errors
    assert held >= 168  # 90 % and three


def test_from_imported_outcomes_to_the_commands_and_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = str(tmp_path / "calls.duckdb")
    with open_store(database) as store:
        shop_traffic(480).fill(store)
        pipeline.analyze(store, find=by_instructions)
        task = next(t["task_id"] for t in store.read("tasks").to_pylist() if t["kind"] == "classification")
        with serving(lambda body, _: label_of(body)) as endpoint:
            candidate = Candidate(model="tiny", url=endpoint.url, parallel=8)
            open_campaign(store, "default", Order(task, candidate, wanted=100)).run(Budget(Limits()))
        replays = store.read("replays").to_pylist()
        for row in replays:
            for target in (row["call_id"], row["replay_call_id"]):
                store.command("record_outcome", target="call", target_id=target, ok=True, label="correct", source="t")
        store.command(
            "record_outcome", target="call", target_id=replays[0]["call_id"], ok=True, label="safe", source="t"
        )
        assert store.read("replay_outcomes").num_rows == 100
        pipeline.analyze(store, find=by_instructions)
        report = read_report(store)
    said = "Proven non-inferior: no more than 5 points worse."
    assert said in render_html(report)
    assert said in render_markdown(report)
    assert said in json.dumps(document(report))
    assert main(["tasks", "--db", database, "--json"]) == 0
    told = {t["task_id"]: t["paired"] for t in json.loads(capsys.readouterr().out)}
    (paired,) = told.pop(task)
    assert (paired["candidate"], paired["n"], paired["value"], paired["non_inferior"]) == ("tiny", 100, 0.0, True)
    assert paired["low"] > -MARGIN
    assert paired["details"]["label"] == "correct"
    assert all(each == [] for each in told.values())
