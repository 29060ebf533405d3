"""A small fixed traffic of four tasks, and a store in memory that serves it: what the analysis' tests share."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from suffice.wire.canonical import canonical_json, canonical_message, message_hash
from suffice_analysis.discovery.types import Discovery, FoundTask, FoundTemplate
from suffice_store.arrow_schema import arrow_schema
from suffice_store.store import Store
from suffice_store.tables import ANALYSIS_TABLES
from suffice_store.tables import calls as calls_table

DAY_NS = 86_400_000_000_000
START_NS = 1_790_000_000_000_000_000
LABELS = ("billing", "shipping", "returns", "other")
PRICE = {
    "provider": "openai",
    "model": "gpt-6.1-sol",
    "tier": "standard",
    "context_from_tokens": 0,
    "valid_from_day": 0,
    "input_usd_per_mtok": Decimal("2"),
    "output_usd_per_mtok": Decimal("10"),
    "cache_read_usd_per_mtok": Decimal("0.2"),
    "cache_write_5m_usd_per_mtok": None,
    "cache_write_1h_usd_per_mtok": None,
    "source": "test",
    "source_date": "2026-11-01",
    "project": "",
}
CALLS_SCHEMA = pa.schema(
    [(n, pa.string()) for n in (
        "call_id", "external_id", "run_id", "service", "agent_name", "task_name", "conversation_id", "user_id", "operation",
        "provider", "request_model", "response_model", "model", "service_tier", "chain_before", "chain_after", "toolset_hash",
        "response_format", "parameters", "usage_source", "error_type", "finish_reason", "completeness",
    )]
    + [(n, pa.int64()) for n in (
        "started_ns", "ended_ns", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens",
        "cache_write_1h_tokens", "reasoning_tokens", "status_code",
    )]
    + [("time_to_first_token_ms", pa.float64()), ("latency_ms", pa.float64()), ("stream", pa.bool_()),
       ("input_hashes", pa.list_(pa.string())), ("output_hashes", pa.list_(pa.string())), ("paid_usd", pa.decimal128(38, 12))]
)  # fmt: skip


class MemoryStore:
    """The reads an analysis makes and those a report makes, over rows in memory."""

    def __init__(self, calls: list[dict[str, Any]], messages: list[dict[str, Any]], **reads: pa.Table) -> None:
        self.calls = calls
        self.messages = messages
        self.reads = reads
        self.appended: dict[str, list[dict[str, Any]]] = {name: [] for name in ANALYSIS_TABLES}
        self.published: list[dict[str, Any]] = []

    def read(self, name: str, **parameters: Any) -> pa.Table:
        if name in self.reads:
            return self.reads[name]
        if name == "analysis_calls":
            return pa.Table.from_pylist(self.calls, schema=CALLS_SCHEMA)
        if name == "analysis_messages":
            return pa.Table.from_pylist(self.messages) if self.messages else pa.table({})
        if name == "prices":
            return pa.Table.from_pylist([PRICE])
        if name in (
            "toolsets",
            "decisions",
            "contracts",
            "daily",
            "replays",
            "replay_marks",
            "replay_outcomes",
            "outcomes",
        ):
            return pa.table({})
        if name == "known_tasks":
            return self._known_tasks()
        if name == "projects":
            return pa.table({"project": pa.array([], pa.string()), "calls": pa.array([], pa.int64())})
        if name == "analyses":
            return pa.Table.from_pylist(self.published[::-1]) if self.published else pa.table({})
        if name in self.appended:
            latest = self.published[-1]["analysis_id"] if self.published else None
            rows = [r for r in self.appended[name] if r["analysis_id"] == latest]
            if "task_id" in parameters:
                rows = [r for r in rows if r["task_id"] == parameters["task_id"]]
            return pa.Table.from_pylist(rows, schema=arrow_schema(name))
        raise KeyError(name)

    def _known_tasks(self) -> pa.Table:
        order = [run["analysis_id"] for run in self.published]
        newest = {r["task_id"]: r for r in sorted(self.appended["tasks"], key=lambda r: order.index(r["analysis_id"]))}
        names = ("task_id", "name", "recogniser")
        rows = [{n: r[n] for n in names} | {"latest": r["analysis_id"] == order[-1]} for r in newest.values()]
        return pa.Table.from_pylist(rows) if rows else pa.table({})

    def read_batches(self, name: str, **parameters: Any) -> Iterator[pa.RecordBatch]:
        yield from self.read(name, **parameters).to_batches()

    def append(self, tables: Mapping[str, pa.Table], **_: Any) -> None:
        for name, rows in tables.items():
            self.appended[name] += rows.to_pylist()

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        assert name == "publish_analysis"
        self.published.append(arguments)
        return {}

    def close(self) -> None: ...


class Traffic:
    """Builds calls and the messages they are made of."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.messages: dict[str, dict[str, Any]] = {}

    def message(self, role: str, text: str) -> str:
        canonical = canonical_message({"role": role, "parts": [{"type": "text", "content": text}]})
        key = message_hash("default", canonical)
        content = canonical_json(canonical).decode()
        self.messages[key] = {"message_hash": key, "role": role, "content": content, "chars": len(content)}
        return key

    def call(self, request: list[tuple[str, str]], answer: str | None, **columns: Any) -> None:
        number = len(self.calls)
        row: dict[str, Any] = dict.fromkeys(CALLS_SCHEMA.names)
        row |= {
            "call_id": f"{number:032x}",
            "run_id": f"run{number}",
            "service": "shop",
            "operation": "chat",
            "provider": "openai",
            "request_model": "gpt-6.1-sol",
            "model": "gpt-6.1-sol",
            "stream": False,
            "usage_source": "reported",
            "status_code": 200,
            "completeness": "complete",
            "finish_reason": "stop",
            "started_ns": START_NS + number * DAY_NS // 40,
            "latency_ms": 500.0 + number % 7,
            "input_hashes": [self.message(*m) for m in request],
            "output_hashes": [] if answer is None else [self.message("assistant", answer)],
            "input_tokens": sum(len(t) for _, t in request) // 4,
            "output_tokens": len(answer or "") // 4,
        } | columns
        if "paid_usd" not in columns and row["input_tokens"] is not None:
            row["paid_usd"] = (Decimal(row["input_tokens"]) * 2 + Decimal(row["output_tokens"]) * 10) / 1_000_000
        self.calls.append(row)

    def fill(self, store: Store) -> None:
        """Append all of it to a real store."""
        stored = [c.name for c in calls_table.c]
        rows = [
            {k: v for k, v in row.items() if k in stored}
            | {
                "project": "default",
                "started_day": 0 if row["started_ns"] is None else row["started_ns"] // DAY_NS,
                "attempt": 1,
                "received_ns": START_NS,
                "wire_format": "openai.chat",
                "source": "import",
                "dialect": "test",
                "normaliser_version": 1,
            }
            for row in self.calls
        ]
        texts = [
            {**m, "project": "default", "canonical_version": 1, "received_ns": START_NS} for m in self.messages.values()
        ]
        store.append(
            {
                "calls": pa.Table.from_pylist(rows, schema=arrow_schema("calls")),
                "messages": pa.Table.from_pylist(texts, schema=arrow_schema("messages")),
            }
        )

    def store(self, **reads: pa.Table) -> MemoryStore:
        return MemoryStore(self.calls, list(self.messages.values()), **reads)


def shop_traffic(calls: int = 480, seed: int = 5) -> Traffic:
    """A shop's agents: labels tickets, reads orders as JSON, talks with customers, plans campaigns. In turn."""
    rng = random.Random(seed)
    traffic = Traffic()
    words = [f"word{i}" for i in range(400)]
    for i in range(calls):
        noise = " ".join(rng.choices(words, k=12))
        kind = i % 4
        if kind == 0:
            label = rng.choice(LABELS)
            system = "You classify tickets of our shop. Answer with one category and nothing else: billing, shipping, returns, other."
            traffic.call([("system", system), ("user", f"Ticket about {label}: {noise}")], label)
        elif kind == 1:
            order, total = rng.randrange(10_000, 99_999), rng.randrange(10, 900)
            system = "Extract the order from the e-mail of a customer as JSON with the fields order and total. No other text please."
            mail = f"Hello, {noise}. Order number: {order}. Total: {total} EUR. Thanks"
            answer = json.dumps({"order": str(order), "total": str(total)})
            traffic.call([("system", system), ("user", mail)], answer, response_format='{"type": "json_object"}')
        elif kind == 2:
            system = "You are the friendly assistant of our shop. Chat with the customer, be warm, keep the thread of the conversation."
            answer = f"I am glad you ask! {' '.join(rng.choices(words, k=90))}. Shall we look at it together?"
            traffic.call([("system", system), ("user", f"Hi, {noise}?")], answer)
        else:
            system = "You plan campaigns. Break the goal down into a plan of steps with owners and dates, and name the risks of the plan."
            answer = "\n".join(f"{n}. {' '.join(rng.choices(words, k=14))}" for n in range(1, 9))
            traffic.call([("system", system), ("user", f"Goal: {noise}")], answer)
    return traffic


def by_instructions(calls: pa.Table, texts: Mapping[str, Any], toolsets: Any, **_: Any) -> Discovery:
    """A stand-in for discovery that no change there can move: one task per first message."""
    first = [hashes[0] if hashes else None for hashes in calls["input_hashes"].to_pylist()]
    counts = Counter(f for f in first if f)
    named: dict[str, FoundTask] = {}
    for key, count in sorted(counts.items()):
        text = json.loads(texts[key].content)["parts"][0]["content"]
        named[key] = FoundTask(f"t_{key[:8]}", " ".join(text.split()[:4]), "template", text, {"first": key}, count)
    ids = [named[f].task_id if f else None for f in first]
    templates = [FoundTemplate(f"p_{k[:8]}", t.task_id, t.calls, t.template[:200]) for k, t in named.items()]
    vectors = np.eye(max(1, len(templates)), dtype=np.float32)[: len(templates)]
    points = [f"p_{f[:8]}" if f else None for f in first]
    return Discovery(ids, points, {t.task_id: t for t in named.values()}, templates, vectors)
