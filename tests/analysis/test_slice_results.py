"""Slices carry what a task carries: a big agent whose first step a small model can do, and whose second it can't."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from analysis.traffic import MemoryStore, Traffic, by_instructions

from suffice_analysis import pipeline
from suffice_analysis.commands import tasks as tasks_command
from suffice_analysis.discovery.router import read_router
from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.next_steps import find_next_steps
from suffice_analysis.replay.candidates import BASELINE
from suffice_analysis.report.as_json import document
from suffice_analysis.report.as_markdown import render_markdown
from suffice_analysis.report.model import read_report
from suffice_analysis.slice_words import counted_rows, differing, slice_sentence
from suffice_analysis.slices import chooses
from suffice_store import open_store

LABELS = ("billing", "shipping", "returns", "other")
SYSTEM = "You work for our shop. First name the ticket's category, and when you are told to, plan the answer in steps."
RUNS = 300


def agent_traffic(runs: int = RUNS, *, plans: int | None = None, noise: Iterable[str] = ()) -> Traffic:
    """Runs of two calls: a label, then a plan. ``noise``: runs whose labels say nothing; ``plans``: of the first so many runs."""
    rng = random.Random(7)
    traffic = Traffic()
    words = [f"word{i}" for i in range(400)]
    for i in range(runs):
        label, run = rng.choice(LABELS), f"r{i}"
        asked = ("user", f"Ticket about {label}: {' '.join(rng.choices(words, k=12))}")
        plan = "\n".join(f"{n}. {' '.join(rng.choices(words, k=14))}" for n in range(1, 9))
        said = LABELS[i % 4] if run in noise else label
        traffic.call([("system", SYSTEM), asked], said, run_id=run)
        if plans is None or i < plans:
            more = ("user", f"Now plan the steps: {' '.join(rng.choices(words, k=6))}")
            traffic.call([("system", SYSTEM), asked, ("assistant", said), more], plan, run_id=run)
    return traffic


def replays(
    traffic: Traffic, runs: int = RUNS, candidate: str = "tiny", design: str = "sequential"
) -> dict[str, pa.Table]:
    """Every call of the first runs replayed: labels pass, plans fail. ``design``: fixed, had their number been set before."""
    names = ("campaign_id", "candidate", "variant", "call_id", "verdict", "cluster", "position", "recorded_ns", "cost_usd",
             "latency_ms", "response_model", "failure", "judge", "masked", "replay_call_id")  # fmt: skip
    rows = []
    for place, call in enumerate(c for c in traffic.calls if int(c["run_id"][1:]) < runs):
        good = len(call["input_hashes"]) == 2
        own = ("c", candidate, "as_is", call["call_id"], "pass" if good else "fail", call["run_id"], place, place, 0.001,
               200.0, "tiny-1", None if good else "text", "label", False, None)  # fmt: skip
        rows.append(dict(zip(names, own, strict=True)))
    order = {"campaign_id": "c", "template": "", "recorded_ns": 1, "bar": 0.95, "design": design, "wanted": len(rows)}
    order |= {"model": "small", "settings": "{}"}
    return {"replays": pa.Table.from_pylist(rows), "replay_campaigns": pa.Table.from_pylist([order])}


def analysed(traffic: Traffic, **reads: pa.Table) -> MemoryStore:
    store = traffic.store(**reads)
    pipeline.analyze(store, find=by_instructions, clock=iter(range(10**18, 10**18 + 99)).__next__)  # type: ignore[arg-type]
    return store


def by_name(store: MemoryStore) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in store.appended["slices"]}


@pytest.fixture(scope="module")
def plain() -> MemoryStore:
    return analysed(agent_traffic())


def test_each_slice_has_an_interval_a_grade_a_verdict_and_a_saving(plain: MemoryStore) -> None:
    (task,) = plain.appended["tasks"]
    found = by_name(plain)
    assert set(found) == {"step 1", "from step 2 on"}
    label, plan = found["step 1"], found["from step 2 on"]
    assert (label["verdict"], label["kind"]) == ("likely", "classification")
    assert (plan["verdict"], plan["kind"]) == ("stays", "planning")
    for each in found.values():
        assert each["replaceability_low"] < each["replaceability"] < each["replaceability_high"]
        assert each["grade"] in ("prior", "proxy")
        assert each["proven"] is False
        assert {e["grade"] for e in json.loads(each["evidence"])} == {"prior", "proxy"}
    assert label["grade"] == "proxy"
    assert label["replaceability"] > plan["replaceability"] + 0.3
    assert label["saving_low_usd"] <= label["saving_usd"] <= label["saving_high_usd"]
    assert label["saving_usd"] < label["basis_usd"]
    assert sum(each["calls"] for each in found.values()) == task["calls"] == 2 * RUNS
    assert sum((each["paid_usd"] for each in found.values()), Decimal(0)) == task["paid_usd"]


def test_estimates_come_from_the_half_that_did_not_choose(plain: MemoryStore) -> None:
    """Labels that say nothing, in the choosing half alone, move the task's estimate and not the slice's."""
    choosing = [f"r{i}" for i in range(RUNS) if chooses(f"r{i}")]
    noisy = analysed(agent_traffic(noise=choosing))
    names = ("replaceability", "replaceability_low", "replaceability_high", "grade", "evidence_n")
    before, after = by_name(plain)["step 1"], by_name(noisy)["step 1"]
    assert [before[n] for n in names] == [after[n] for n in names]
    assert before["evidence_n"] < RUNS / 3  # half of it is history, and half of the rest

    def skill(store: MemoryStore) -> float:
        return next(float(e["value"]) for e in store.appended["evidence"] if e["kind"] == "predictability")

    assert skill(noisy) < skill(plain) - 0.05


def test_a_task_with_slices_that_move_and_slices_that_stay_is_counted_by_them(plain: MemoryStore) -> None:
    found = by_name(plain)
    assert all(each["counted_apart"] for each in found.values())
    totals = {e["measure"]: e for e in plain.appended["estimates"] if not e["task_id"]}
    expected = found["step 1"]["replaceability"] * found["step 1"]["share"]
    assert totals["expected_share_calls"]["value"] == pytest.approx(expected)
    rows = {s["alternative"]: s for s in plain.appended["savings"] if not s["task_id"]}
    named = found["step 1"]["alternative"]
    assert rows[named]["saving_usd"] == pytest.approx(found["step 1"]["saving_usd"])
    assert rows[named]["note"].startswith("1 of 2 tasks and slices moved.")
    assert {s["task_id"] for s in plain.appended["savings"]} == {"", plain.appended["tasks"][0]["task_id"]}


def test_a_slice_with_few_calls_makes_small_claims() -> None:
    few = analysed(agent_traffic(plans=90))
    plan = by_name(few)["from step 2 on"]
    assert (plan["calls"], plan["replaceability"], plan["saving_usd"]) == (90, None, None)
    assert plan["verdict_reason"].startswith("Only 90 calls; under 100 no percentage is claimed")
    assert plan["replaceability_low"] < plan["replaceability_high"]
    assert not plan["counted_apart"]


def test_replays_of_the_task_prove_a_slice_and_refute_another() -> None:
    traffic = agent_traffic()
    store = analysed(traffic, **replays(traffic))
    (task,) = store.appended["tasks"]
    found = by_name(store)
    assert task["verdict"] == "stays"
    label, plan = found["step 1"], found["from step 2 on"]
    assert {each["chosen_by"] for each in found.values()} == {"replay"}
    assert (label["verdict"], label["grade"], label["proven"], label["candidate"]) == ("proven", "replay", True, "tiny")
    assert (plan["verdict"], plan["proven"]) == ("stays", False)
    other_half = sum(not chooses(f"r{i}") for i in range(RUNS))
    assert label["evidence_n"] == plan["evidence_n"] == other_half  # what chose the split proves nothing
    assert f"{other_half} of {other_half} as well as recorded" in label["verdict_reason"]
    share = next(e for e in store.appended["estimates"] if e["measure"] == "proven_share_calls")
    assert share["value"] == pytest.approx(label["share"])


def test_a_number_of_replays_set_before_gives_a_slice_the_exact_interval() -> None:
    traffic = agent_traffic()
    running = by_name(analysed(traffic, **replays(traffic, runs=120)))
    fixed = by_name(analysed(traffic, **replays(traffic, runs=120, design="fixed")))
    for name, good in (("step 1", 1), ("from step 2 on", 0)):
        own, n = fixed[name], fixed[name]["evidence_n"]
        assert n == running[name]["evidence_n"] == sum(not chooses(f"r{i}") for i in range(120))
        low, high = clopper_pearson_interval(good * n, n, 0.9)
        assert (own["replaceability_low"], own["replaceability_high"]) == pytest.approx((low, high))
        width = own["replaceability_high"] - own["replaceability_low"]
        assert width < 0.8 * (running[name]["replaceability_high"] - running[name]["replaceability_low"])


def test_a_slice_whose_calls_failed_counts_where_its_answers_served() -> None:
    """A fifth of the known plans were no good; all labels were, so the task as a whole is on no failing path."""
    traffic = agent_traffic()
    plans = [call for call in traffic.calls if len(call["input_hashes"]) > 2]
    labels = [call for call in traffic.calls if len(call["input_hashes"]) == 2]
    good = {call["call_id"]: i % 5 != 0 for i, call in enumerate(plans[:75])} | {
        call["call_id"]: True for call in labels
    }
    said = [{"target": "call", "target_id": key, "ok": ok, "score": None, "label": None} for key, ok in good.items()]
    found = by_name(analysed(traffic, outcomes=pa.Table.from_pylist(said), **replays(traffic)))
    other_half = [call for call in plans if not chooses(call["run_id"])]
    assert found["from step 2 on"]["evidence_n"] == sum(good.get(call["call_id"], False) for call in other_half)
    assert found["step 1"]["evidence_n"] == len(other_half)
    told = {e["kind"]: e["sentence"] for e in json.loads(found["from step 2 on"]["evidence"])}
    assert told["run_outcomes"].startswith("15 of 75 runs with it whose outcome is known failed (20 %")


def test_a_noisy_slice_makes_nothing_easier_for_another() -> None:
    """The baseline repeats its labels and half of its plans: a candidate with four of five labels right is not lifted by that."""
    traffic = agent_traffic()
    asked = replays(traffic)["replays"].to_pylist()
    label = [row["judge"] == "label" and row["verdict"] == "pass" for row in asked]
    again = [
        row | {"candidate": BASELINE, "verdict": "pass" if good or i % 4 == 1 else "fail"}
        for i, (row, good) in enumerate(zip(asked, label, strict=True))
    ]
    tiny = [row | {"verdict": "pass" if (i // 2) % 5 else "fail"} for i, row in enumerate(asked)]
    order = replays(traffic)["replay_campaigns"]
    store = analysed(traffic, replays=pa.Table.from_pylist([*again, *tiny]), replay_campaigns=order)
    task = next(e for e in store.appended["estimates"] if e["measure"] == "replaceability" and e["candidate"] == "tiny")
    assert task["value"] > 0.85  # 0.8 of what the baseline reaches
    for each in store.appended["slices"]:
        if each["name"] == "step 1":
            assert each["replaceability"] == pytest.approx(0.8, abs=0.06)


def test_a_proven_slice_of_the_tested_model_is_to_be_moved_at_what_that_takes_once() -> None:
    """As the headline says of it: tested, $2,400 once; and not "test first" at an unknown effort."""
    traffic = agent_traffic()
    given = replays(traffic)
    price = {"candidate": {"input_usd_per_mtok": 0.05, "output_usd_per_mtok": 0.1}}
    order = {**given["replay_campaigns"].to_pylist()[0], "settings": json.dumps(price)}
    store = analysed(traffic, replays=given["replays"], replay_campaigns=pa.Table.from_pylist([order]))
    read = {"ignored": False, "replaceability": 0.5, "grade": "replay"}
    tasks = [{**task, **read} for task in store.appended["tasks"]]
    (step,) = find_next_steps(*counted_rows(tasks, store.appended["savings"], store.appended["slices"]))
    total = next(r for r in store.appended["savings"] if not r["task_id"] and r["alternative"] == "hosted_slm")
    assert (step.model, step.verdict, step.tested, step.proven) == ("tiny", "proven", True, True)
    assert (step.one_off_usd, step.one_off_low_usd) == (total["one_off_usd"], pytest.approx(1_500, rel=0.05))
    assert step.one_off_usd == 2_400
    assert step.decision in ("move", "check_volume", "wait")
    alone = [row for row in store.appended["savings"] if row["task_id"]]  # without the totals none of it is known
    (blind,) = find_next_steps(*counted_rows(tasks, alone, store.appended["slices"]))
    assert (blind.tested, blind.one_off_usd) == (False, None)


def test_few_replays_of_a_slice_prove_nothing() -> None:
    traffic = agent_traffic()
    label = by_name(analysed(traffic, **replays(traffic, runs=60)))["step 1"]
    assert (label["verdict"], label["grade"], label["proven"]) == ("likely", "replay", False)
    assert label["verdict_reason"].startswith(
        "Tested, over the bar but not proven so far (100.0 %; bar 95 %; n = 32): "
    )
    assert label["replaceability_low"] < 0.95 < label["replaceability_high"]


def test_the_report_names_the_slice_to_move_and_the_one_that_stays(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        agent_traffic().fill(store)
        pipeline.analyze(store)
        report = read_report(store)
    (task,) = report.tasks
    assert task.row["verdict"] == "untested"
    (step,) = report.next_steps
    assert (step.task_id, step.name) == (task.row["task_id"], f"{task.row['name']}, step 1")
    by = {row["name"]: row for row in task.slices}
    assert step.saving_usd == by["step 1"]["saving_usd"]
    assert step.extra_wrong_share < 0.1  # of the slice's own answers
    said = f"No whole task should stay on the large model. A slice stays of “{task.row['name']}”, from step 2 on."
    assert report.headlines[-1] == said


def test_slices_are_in_json_router_and_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = str(tmp_path / "calls.duckdb")
    with open_store(database) as store:
        agent_traffic().fill(store)
        pipeline.analyze(store)
        read = store.read("slices").to_pylist()
        report = read_report(store)
        tasks_command.export_router(store, "default", tmp_path / "tasks.router")
    told = differing(read, report.tasks[0].row["verdict"])
    assert told
    markdown = render_markdown(report).replace("\\", "")
    assert all(slice_sentence(each) in markdown for each in told)
    assert [s["verdict"] for s in document(report)["tasks"][0]["slices"]] == [row["verdict"] for row in read]
    assert tasks_command.main(["--db", database, "--json"]) == 0
    (task,) = json.loads(capsys.readouterr().out)
    assert {s["name"]: s["verdict"] for s in task["slices"]} == {row["name"]: row["verdict"] for row in read}
    assert task["slices"][0]["evidence"][0]["sentence"]
    assert read_router(tmp_path / "tasks.router").verdicts == {
        **{row["slice_id"]: row["verdict"] for row in read},
        task["task_id"]: task["verdict"],
    }


def test_shares_of_who_is_talked_to_add_up_as_told() -> None:
    """69.6, 25.8 and 4.6 % would read 70, 26 and 5."""
    rows = [{"calls": 1_000, "hci_no_calls": 696, "hci_yes_calls": 258}]
    assert tasks_command.hci_sentence(rows) == "Of the calls 70 % talk to no human, 26 % do, of 4 % it is not known."
    small = [{"calls": 1_000, "hci_no_calls": 996, "hci_yes_calls": 4}]
    assert "of 0 % it is not known" in tasks_command.hci_sentence(small).replace("0.0 %", "0 %")
