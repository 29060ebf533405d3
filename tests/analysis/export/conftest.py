"""A store with traffic that has all that an export must see: secrets, faults, runs of several calls, tools, repeats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import label_of
from analysis.traffic import LABELS, START_NS, Traffic, by_instructions

from suffice.wire.canonical import canonical_json, canonical_message, message_hash
from suffice_analysis import pipeline
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_store import Store, open_store

SYSTEM = (
    "You classify tickets of our shop. Answer with one category and nothing else: billing, shipping, returns, other."
)
KEY = "sk-proj-Ab12Cd34Ef56Gh78Ij90Kl12Mn34"
MAIL = "jane.doe@example.org"
REPLAYED = 12


def ticket(n: int, more: str = "") -> list[tuple[str, str]]:
    return [("system", SYSTEM), ("user", f"Ticket about {LABELS[n % 4]}: number {n} {more}")]


def tickets() -> Traffic:
    """120 good calls in 60 runs of two; then one of each fault, a secret, a mail, two that repeat an earlier request."""
    traffic = Traffic()
    hour = 3_600_000_000_000
    for n in range(120):
        traffic.call(ticket(n), LABELS[n % 4], run_id=f"run{n // 2}", started_ns=START_NS + n * hour)
    last = {"started_ns": START_NS + 121 * hour}
    traffic.call(ticket(200), None, completeness="error", error_type="timeout", **last)
    traffic.call(ticket(201), "shipp", finish_reason="length", **last)
    traffic.call(ticket(202), "I'm sorry, but I can't help with that.", **last)
    traffic.call(
        ticket(203), "This one is hard to tell, as it speaks of many things at once and names no order at all.", **last
    )
    traffic.call(ticket(204), "billing", run_id="bad run", **last)
    traffic.call(ticket(205, f"my key is {KEY}"), "shipping", **last)
    traffic.call(ticket(206, f"write to {MAIL}"), "returns", **last)
    traffic.call(ticket(0), "billing", run_id="repeats", **last)  # asked and answered before
    traffic.call([("system", SYSTEM), ("user", "TICKET about shipping:  number 1 ")], "other", run_id="differs", **last)
    return traffic


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "calls.duckdb"
    with open_store(str(path)) as store:
        tickets().fill(store)
        store.command("record_outcome", target="run", target_id="bad run", ok=False, source="test")
        pipeline.analyze(store, find=by_instructions)
        (task,) = store.read("tasks").to_pylist()
        with serving(lambda body, _: label_of(body)) as endpoint:
            order = Order(task["task_id"], Candidate(model="tiny", url=endpoint.url), wanted=REPLAYED)
            open_campaign(store, "default", order).run(Budget(Limits()))
    return path


@pytest.fixture(scope="module")
def store(filled: Path) -> Iterator[Store]:
    with open_store(str(filled)) as opened:
        yield opened


def tool_message(traffic: Traffic, role: str, parts: list[dict[str, Any]]) -> str:
    """A message of other parts than text."""
    canonical = canonical_message({"role": role, "parts": parts})
    key = message_hash("default", canonical)
    content = canonical_json(canonical).decode()
    traffic.messages[key] = {"message_hash": key, "role": role, "content": content, "chars": len(content)}
    return key


def dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
