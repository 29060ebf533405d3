"""The whole analysis on small traffic: what it publishes, when, and what it does with degenerate input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from analysis.traffic import MemoryStore, Traffic, by_instructions, shop_traffic

from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_store import Store, open_store


def analyze(store: Any, **more: Any) -> Any:
    clock = iter(range(10**18, 10**18 + 100)).__next__
    return pipeline.analyze(store, find=by_instructions, clock=clock, **more)


def tasks_of(store: MemoryStore) -> dict[str, dict[str, Any]]:
    return {row["kind"]: row for row in store.appended["tasks"]}


@pytest.fixture(scope="module")
def analysed() -> MemoryStore:
    store = shop_traffic().store()
    analyze(store)
    return store


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    with open_store(str(tmp_path / "calls.duckdb")) as store:
        yield store


def test_tasks_are_told_by_kind_with_all_their_calls(analysed: MemoryStore) -> None:
    tasks = tasks_of(analysed)
    assert {k: (t["calls"], t["answer_form"], t["hci"]) for k, t in tasks.items()} == {
        "classification": (120, "label", "no"),
        "extraction": (120, "json", "no"),
        "conversation": (120, "long_text", "yes"),
        "planning": (120, "long_text", "unknown"),
    }
    assert sum(t["paid_usd"] for t in tasks.values()) == sum(c["paid_usd"] for c in analysed.calls)


def test_what_the_paper_leaves_to_the_large_model_stays_and_the_rest_is_likely(analysed: MemoryStore) -> None:
    assert {k: t["verdict"] for k, t in tasks_of(analysed).items()} == {
        "classification": "likely",
        "extraction": "likely",
        "conversation": "stays",
        "planning": "stays",
    }


def test_open_conversation_is_never_expected_above_half(analysed: MemoryStore) -> None:
    conversation = tasks_of(analysed)["conversation"]["task_id"]
    estimate = next(e for e in analysed.appended["estimates"] if e["task_id"] == conversation)
    assert estimate["value"] < 0.5


def test_the_proven_share_is_zero_and_nothing_is_proven(analysed: MemoryStore) -> None:
    estimates = analysed.appended["estimates"]
    proven = {e["measure"]: e["value"] for e in estimates if e["measure"].startswith("proven")}
    assert proven == dict.fromkeys(("proven_share_calls", "proven_share_tokens", "proven_share_cost"), 0.0)
    assert not any(e["proven"] for e in estimates)
    assert {e["proven_low"] for e in estimates} == {None}


def test_headline_shares_are_the_weighted_tasks_that_do_not_stay(analysed: MemoryStore) -> None:
    tasks = {t["task_id"]: t for t in analysed.appended["tasks"]}
    own = {e["task_id"]: e["value"] for e in analysed.appended["estimates"] if e["task_id"]}
    total = {e["measure"]: e["value"] for e in analysed.appended["estimates"] if not e["task_id"]}
    for measure, weight in (
        ("expected_share_calls", lambda t: t["calls"]),
        ("expected_share_tokens", lambda t: t["input_tokens"] + t["output_tokens"]),
        ("expected_share_cost", lambda t: float(t["paid_usd"])),
    ):
        weights = {i: weight(t) for i, t in tasks.items()}
        moved = sum(own[i] * w for i, w in weights.items() if tasks[i]["verdict"] != "stays")
        assert total[measure] == pytest.approx(moved / sum(weights.values()))


def test_a_task_under_100_calls_is_in_no_total_and_is_named() -> None:
    """120 labels, 14 extractions, both priced: the shares and the savings move the labels alone."""
    traffic = Traffic()
    whole = shop_traffic(480)
    for i, call in enumerate(whole.calls):
        if i % 4 == 0 or (i % 4 == 1 and i < 56):
            traffic.calls.append(call)
    traffic.messages = whole.messages
    store = traffic.store()
    analyze(store)
    tasks = {t["kind"]: t for t in store.appended["tasks"]}
    estimates = {(e["task_id"], e["measure"]): e for e in store.appended["estimates"]}
    total = estimates["", "expected_share_calls"]
    labels = estimates[tasks["classification"]["task_id"], "replaceability"]["value"]
    assert tasks["extraction"]["calls"] == 14
    assert total["value"] == pytest.approx(labels * 120 / 134)
    details = json.loads(total["details"])
    small_cost = float(tasks["extraction"]["paid_usd"])
    assert (details["left_out_small_calls"], details["left_out_small_cost"]) == (14, pytest.approx(small_cost))
    rows = {(s["task_id"], s["alternative"]): s for s in store.appended["savings"]}
    for name in ("small_tier", "hosted_slm"):
        own = rows[tasks["classification"]["task_id"], name]
        assert rows["", name]["saving_usd"] == pytest.approx(max(0.0, own["saving_usd"]))
        assert rows[tasks["extraction"]["task_id"], name]["quality"] is None


def test_a_failed_call_without_usage_is_not_unpriced(file_store: Store) -> None:
    """As in the overview: what was not billed has no missing price."""
    traffic = shop_traffic(160)
    failed = {
        "completeness": "error",
        "status_code": 500,
        "input_tokens": None,
        "output_tokens": None,
        "paid_usd": None,
    }
    for call in traffic.calls[:8]:
        call |= failed
    traffic.fill(file_store)
    analyze(file_store)
    unpriced = sum(t["unpriced_calls"] for t in file_store.read("tasks").to_pylist())
    assert unpriced == file_store.read("overview").to_pylist()[0]["unpriced_calls"] == 0


def test_each_evidence_row_is_a_sentence_with_a_source(analysed: MemoryStore) -> None:
    rows = analysed.appended["evidence"]
    assert {r["grade"] for r in rows} == {"prior", "proxy"}
    for row in rows:
        assert row["sentence"].endswith(".")
        assert row["sentence"][0].isupper() or row["sentence"][0].isdigit()
        assert row["source"]


def test_actions_and_assignments_cover_the_calls(analysed: MemoryStore) -> None:
    labels = next(t["task_id"] for t in analysed.appended["tasks"] if t["kind"] == "classification")
    actions = [(a["action"], a["calls"]) for a in analysed.appended["actions"] if a["task_id"] == labels]
    assert actions == [("answer:label", 120)]
    assigned = analysed.appended["assignments"]
    ids = [row["call_id"] for row in assigned]
    assert ids == sorted(ids)  # some calls' tasks are found without reading all
    assert [a["call_id"] for a in assigned] == [c["call_id"] for c in analysed.calls]
    assert all(a["task_id"] and a["point_id"] and a["action"] for a in assigned)


def test_the_same_data_and_seed_give_the_same_rows() -> None:
    first, second = shop_traffic().store(), shop_traffic().store()
    assert analyze(first, seed=3) == analyze(second, seed=3)
    assert first.appended == second.appended


def test_another_price_is_another_data_hash() -> None:
    first, second = shop_traffic(40).store(), shop_traffic(40).store()
    second.calls[0]["paid_usd"] += Decimal("0.01")
    assert analyze(first)["data_hash"] != analyze(second)["data_hash"]


def test_interrupted_it_publishes_nothing() -> None:
    store = shop_traffic(80).store()

    def stop(stage: str, share: float) -> None:
        if stage == "storing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        analyze(store, progress=stop)
    assert store.published == []


def test_every_long_stage_is_named() -> None:
    stages: list[str] = []
    analyze(shop_traffic(80).store(), progress=lambda stage, share: stages.append(stage))
    assert list(dict.fromkeys(stages)) == [
        "reading calls",
        "estimating",
        "drawing the map",
        "pricing alternatives",
        "storing",
        "done",
    ]


def test_caching_keeps_the_quality_of_the_same_model(analysed: MemoryStore) -> None:
    rows = [r for r in analysed.appended["savings"] if r["alternative"] == "caching_batch"]
    assert {(r["quality"], r["extra_wrong"], r["quality_grade"]) for r in rows} == {(1.0, 0.0, "same model")}


def test_progress_never_goes_back() -> None:
    shares: list[float] = []
    analyze(shop_traffic(80).store(), progress=lambda stage, share: shares.append(share))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_renamed_and_ignored_tasks() -> None:
    store = shop_traffic().store()
    analyze(store)
    by_kind = {k: t["task_id"] for k, t in tasks_of(store).items()}
    decided = pa.table(
        {
            "kind": ["rename", "ignore"],
            "task_id": [by_kind["planning"], by_kind["conversation"]],
            "value": ['"Campaigns"', "true"],
        }
    )
    again = shop_traffic().store(decisions=decided)
    analyze(again)
    tasks = tasks_of(again)
    assert (tasks["planning"]["name"], tasks["planning"]["name_source"]) == ("Campaigns", "user")
    assert tasks["conversation"]["verdict_reason"] == "A user chose to ignore it."
    assert by_kind["conversation"] not in {s["task_id"] for s in again.appended["savings"]}
    shares = [
        next(e["value"] for e in s.appended["estimates"] if e["measure"] == "expected_share_calls")
        for s in (store, again)
    ]
    assert shares[1] > shares[0]


def test_no_calls_says_what_to_do() -> None:
    with pytest.raises(SufficeError, match="no calls to analyse"):
        analyze(Traffic().store())


def test_one_call() -> None:
    traffic = Traffic()
    traffic.call([("system", "Classify the ticket."), ("user", "x")], "billing")
    store = traffic.store()
    assert analyze(store)["basis"] == "per_1000_calls"
    task = store.appended["tasks"][0]
    assert (task["calls"], task["verdict"]) == (1, "untested")
    assert "no percentage" in task["verdict_reason"]
    estimates = {e["measure"]: e for e in store.appended["estimates"]}
    assert estimates["replaceability"]["value"] is None
    assert estimates["expected_share_calls"]["value"] is None
    assert estimates["replaceability"]["high"] - estimates["replaceability"]["low"] > 0.8


def test_all_errors_unpriced_untimed_and_without_usage() -> None:
    traffic = Traffic()
    for i in range(120):
        traffic.call(
            [("system", "Classify the ticket."), ("user", f"x{i}")],
            None,
            status_code=500,
            error_type="server_error",
            completeness="error",
            started_ns=None,
            latency_ms=None,
            input_tokens=None,
            output_tokens=None,
            usage_source="absent",
        )
    store = traffic.store()
    run = analyze(store)
    assert (run["basis"], run["first_call_ns"], run["last_call_ns"]) == ("per_1000_calls", None, None)
    task = store.appended["tasks"][0]
    assert (task["error_calls"], task["unpriced_calls"], task["paid_usd"]) == (120, 0, None)
    assert (task["verdict"], task["latency_p50_ms"]) == ("untested", None)
    assert "No answer of it was recorded" in task["verdict_reason"]
    assert [e["measure"] for e in store.appended["estimates"]] == [
        "proven_share_calls",
        "proven_share_tokens",
        "proven_share_cost",
    ]
    assert {s["saving_usd"] for s in store.appended["savings"]} == {None}


def test_embeddings_only() -> None:
    traffic = Traffic()
    for i in range(120):
        traffic.call([("user", f"text {i % 2}")], None, operation="embeddings", model="text-embedding-4")
    store = traffic.store()
    analyze(store)
    assert {t["kind"] for t in store.appended["tasks"]} == {"embedding"}
    assert not [e for e in store.appended["estimates"] if e["measure"] == "replaceability"]
    assert {s["alternative"] for s in store.appended["savings"] if s["pays"]} <= {"caching_batch"}


def test_calls_in_no_task_still_cost() -> None:
    traffic = shop_traffic(400)
    traffic.call([], "odd", input_tokens=1000, output_tokens=100)
    store = traffic.store()
    analyze(store)
    paid = float(sum(c["paid_usd"] for c in traffic.calls))
    total = next(s for s in store.appended["savings"] if s["task_id"] == "")
    per = {s["task_id"]: s["paid_usd"] for s in store.appended["savings"] if s["task_id"]}
    assert total["paid_usd"] > sum(per.values())
    assert total["paid_usd"] / paid == pytest.approx(sum(per.values()) / (paid - float(traffic.calls[-1]["paid_usd"])))


def test_on_a_real_store_ids_stay_and_only_the_last_run_is_shown(file_store: Store) -> None:
    shop_traffic(160).fill(file_store)
    first = pipeline.analyze(file_store)
    before = {t["task_id"]: t["calls"] for t in file_store.read("tasks").to_pylist()}
    second = pipeline.analyze(file_store)
    rows = file_store.read("tasks").to_pylist()
    assert first["analysis_id"] != second["analysis_id"]
    assert {r["analysis_id"] for r in rows} == {second["analysis_id"]}
    assert {t["task_id"]: t["calls"] for t in rows} == before
    assert first["data_hash"] == second["data_hash"]
    assert sum(before.values()) == 160
