"""The table of slices: each with verdict, interval, grade and money; few calls claim nothing; nothing hostile runs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from suffice_dashboard.slices import slices_section

EVIDENCE = [{"grade": "replay", "kind": "replay:tiny:as_is", "sentence": "tiny answered 120 of 124 <as> well."}]
SLICE: dict[str, Any] = {
    "name": "after search",
    "calls": 450,
    "share": 0.45,
    "verdict": "likely",
    "verdict_reason": "For it: a label.",
    "replaceability": 0.84,
    "replaceability_low": 0.71,
    "replaceability_high": 0.92,
    "grade": "proxy",
    "evidence_n": 120,
    "evidence": json.dumps(EVIDENCE),
    "counted_apart": True,
    "paid_usd": Decimal("12.5"),
    "basis": "month",
    "saving_usd": 8.0,
    "saving_low_usd": 5.0,
    "saving_high_usd": 9.0,
    "model": "Qwen3.5-9B",
    "extra_wrong": 31.0,
    "action": "answer:label",
    "action_share": 0.9,
    "action_low": 0.86,
    "action_high": 0.93,
    "n": 210,
}


def test_a_slice_shows_what_a_task_shows() -> None:
    shown = slices_section([SLICE])
    for said in ("after search", "45 % of its calls (450)", "84 % (71–92)", "grade proxy · n = 120", "$12.50", "$8.00",
                 "$5.00–$9.00", "Qwen3.5-9B; 31 more wrong answers nobody catches", "90 % (86–93) · n = 210",
                 "120 of 124 &lt;as&gt; well", "every total counts it by its slices"):  # fmt: skip
        assert said.replace("\u202f", " ") in shown.replace("\u202f", " "), said


def test_few_calls_claim_nothing_and_what_stays_saves_nothing() -> None:
    few = slices_section([SLICE | {"calls": 60, "replaceability": None, "saving_usd": None, "counted_apart": False}])
    assert "under 100 calls" in few
    assert "84 %" not in few
    assert "$8.00" not in few
    assert "every total" not in few
    assert "$8.00" not in slices_section([SLICE | {"verdict": "stays"}])


def test_what_is_too_wide_for_a_number_is_an_interval() -> None:
    shown = slices_section([SLICE | {"replaceability_low": 0.1, "replaceability_high": 0.7, "replaceability": 0.3}])
    assert "10–70" in shown
    assert "unknown" not in shown


def test_a_slice_of_an_older_analysis_has_its_action_alone() -> None:
    kept = ("name", "calls", "share", "action", "action_share", "action_low", "action_high", "n")
    shown = slices_section([dict.fromkeys(SLICE) | {name: SLICE[name] for name in kept}])
    assert "answer:label" in shown
    assert "grade" not in shown


def test_names_from_outside_never_run() -> None:
    hostile = "<script>alert(1)</script>"
    shown = slices_section([SLICE | {"name": hostile, "model": hostile, "action": hostile, "verdict_reason": hostile}])
    assert "<script>" not in shown
