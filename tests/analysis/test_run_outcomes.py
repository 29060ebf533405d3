"""Outcomes of runs: agreement with answers that let runs fail proves nothing; evidence can be held to what served."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from analysis.test_pipeline import by_instructions
from analysis.traffic import LABELS, MemoryStore, Traffic

from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_analysis.run_outcomes import Path, RunOutcomes, find_path, read_run_outcomes

RUNS = 300


def said(target: str, target_id: str, ok: bool | None) -> dict[str, Any]:
    return {"target": target, "target_id": target_id, "ok": ok, "score": None, "label": None}


def traffic() -> Traffic:
    """Runs of one call: a label for a ticket."""
    rng, made = random.Random(3), Traffic()
    words = [f"word{i}" for i in range(400)]
    for i in range(RUNS):
        label = rng.choice(LABELS)
        asked = f"Ticket about {label}: {' '.join(rng.choices(words, k=12))}"
        made.call([("system", "Sort the ticket into a queue."), ("user", asked)], label, run_id=f"r{i}")
    return made


def replays(made: Traffic, failing: range = range(0)) -> dict[str, pa.Table]:
    """Every call replayed once; the answers to those of ``failing`` were not as good."""
    names = ("campaign_id", "candidate", "variant", "call_id", "verdict", "cluster", "position", "recorded_ns", "cost_usd",
             "latency_ms", "response_model", "failure", "judge", "masked", "replay_call_id")  # fmt: skip
    rows = [
        ("c", "tiny", "as_is", call["call_id"], "fail" if i in failing else "pass", call["run_id"], i, i, 0.001, 200.0,
         "tiny-1", "label" if i in failing else None, "label", False, None)
        for i, call in enumerate(made.calls)
    ]  # fmt: skip
    order = {"campaign_id": "c", "template": "", "recorded_ns": 1, "bar": 0.95, "design": "fixed", "wanted": RUNS}
    order |= {"model": "small", "settings": "{}"}
    return {
        "replays": pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows]),
        "replay_campaigns": pa.Table.from_pylist([order]),
    }


def analysed(
    made: Traffic,
    outcomes: list[dict[str, Any]],
    failing: range = range(0),
    *,
    successful_runs: bool = False,
    **more: pa.Table,
) -> MemoryStore:
    """Analysed with these outcomes; ``more``: further reads."""
    reads = replays(made, failing) | ({"outcomes": pa.Table.from_pylist(outcomes)} if outcomes else {}) | more
    store = made.store(**reads)
    pipeline.analyze(store, find=by_instructions, clock=lambda: 10**18, successful_runs=successful_runs)
    return store


def verdict(store: MemoryStore) -> str:
    (task,) = store.appended["tasks"]
    return str(task["verdict"])


def answers(store: MemoryStore) -> Mapping[str, Any]:
    (row,) = [e for e in store.appended["estimates"] if e["candidate"] == "tiny"]
    return row


def told(store: MemoryStore) -> list[str]:
    return [e["sentence"] for e in store.appended["evidence"] if e["kind"] == "run_outcomes"]


@pytest.fixture(scope="module")
def made() -> Traffic:
    return traffic()


def test_without_outcomes_agreement_is_what_there_is(made: Traffic) -> None:
    store = analysed(made, [])
    assert (verdict(store), answers(store)["n"], told(store)) == ("proven", RUNS, [])


def test_on_the_path_of_failing_runs_agreement_alone_proves_nothing(made: Traffic) -> None:
    """A fifth of the known runs failed, and too few are known to have gone well."""
    outcomes = [said("run", f"r{i}", i % 5 != 0) for i in range(50)]
    store = analysed(made, outcomes)
    assert verdict(store) == "likely"
    assert (answers(store)["n"], answers(store)["proven"]) == (40, False)
    (sentence,) = told(store)
    assert sentence.startswith("10 of 50 runs with it whose outcome is known failed (20 %, 12–31 %).")
    assert "40 answers" in sentence
    share = next(e for e in store.appended["estimates"] if e["measure"] == "proven_share_calls")
    assert share["value"] == 0


def test_what_agrees_with_answers_that_served_is_proven(made: Traffic) -> None:
    outcomes = [said("run", f"r{i}", i % 5 != 0) for i in range(RUNS)]
    store = analysed(made, outcomes)
    assert (verdict(store), answers(store)["n"]) == ("proven", RUNS * 4 // 5)


def test_few_failures_are_no_path(made: Traffic) -> None:
    outcomes = [said("run", f"r{i}", i % 60 != 0) for i in range(RUNS)]  # 5 of 300
    store = analysed(made, outcomes)
    assert (verdict(store), answers(store)["n"]) == ("proven", RUNS)
    assert "no merit" not in told(store)[0]


def test_all_evidence_held_to_runs_that_went_well(made: Traffic) -> None:
    """The wrong answers were given where the run failed."""
    outcomes = [said("run", f"r{i}", i >= 10) for i in range(200)]
    whole = analysed(made, outcomes, failing=range(10))
    assert (answers(whole)["value"], answers(whole)["n"]) == (pytest.approx(290 / 300), RUNS)
    held = analysed(made, outcomes, failing=range(10), successful_runs=True)
    assert (answers(held)["value"], answers(held)["n"]) == (1.0, 190)
    assert json.loads(held.published[0]["parameters"])["successful_runs"] is True
    seen = {e["kind"]: e for e in held.appended["evidence"]}
    assert seen["predictability"]["n"] < next(
        e["n"] for e in whole.appended["evidence"] if e["kind"] == "predictability"
    )
    assert held.appended["tasks"][0]["calls"] == RUNS  # counted over all of them


def test_no_run_that_went_well_is_said(made: Traffic) -> None:
    with pytest.raises(SufficeError, match="no run is known to have gone well"):
        analysed(made, [said("run", "r1", False)], successful_runs=True)


def test_a_calls_own_outcome_and_its_runs() -> None:
    calls = pa.table({"call_id": ["a", "b", "c", "d"], "run_id": ["r", "r", "s", None]})
    outcomes = [said("run", "r", True), said("call", "b", False), said("run", "s", None), said("call", "d", True)]
    found = read_run_outcomes(outcomes, calls)
    assert found.ok_of == {0: True, 1: False, 3: True}
    assert found.good(range(4)) == [0, 3]
    assert find_path(found, range(4), calls) == Path(known=2, failed=1)  # run r, and call d
    assert not find_path(RunOutcomes(), range(4), calls).is_failing


@pytest.mark.parametrize(("known", "failed", "failing"), [(0, 0, False), (2, 2, False), (60, 3, False), (59, 3, True)])
def test_when_a_path_is_failing(known: int, failed: int, failing: bool) -> None:
    assert Path(known, failed).is_failing is failing
