"""History read anew: what an older version read wrongly or not at all is mended; run again, nothing changes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collector.dialects.examples import CONVENTIONS, EXAMPLES, span

from suffice.cli import main
from suffice_collector.dialects import normalise_span
from suffice_collector.dialects.place import span_record
from suffice_collector.otlp import Resource
from suffice_collector.renormalise import Changes, renormalise
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.records import CallRecord

RESOURCE = Resource({"service.name": "billing"})


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "calls.duckdb")


def each_call() -> list[CallRecord]:
    """One call of every dialect, in a trace of its own."""
    records = [
        normalise_span(replace(example, trace_id=f"{number:032x}"), RESOURCE)
        for number, example in enumerate(EXAMPLES.values(), start=1)
    ]
    return [record for record in records if isinstance(record, CallRecord)]


def columns(store: FileStore, *names: str) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in store.read("calls", limit=1_000).to_pylist()]


def test_what_was_read_rightly_stays(path: str) -> None:
    calls = each_call()
    with FileStore(path) as store:
        store.append(build_tables(calls, 1))
        before = store.read("calls", limit=1_000)
        changes = renormalise(store)
        assert (changes.read, changes.calls_changed, changes.columns) == (len(calls), 0, {})
        assert store.read("calls", limit=1_000) == before


def test_a_value_read_wrongly_is_mended_once(path: str) -> None:
    wrong = each_call()
    for record in wrong:
        assert record.call.usage is not None
        if record.dialect == "openllmetry":
            record.call.provider, record.call.usage.cache_read_tokens = "OpenAI", None
    with FileStore(path) as store:
        store.append(build_tables(wrong, 1))
        assert renormalise(store, dry_run=True).calls_changed == 1
        changes = renormalise(store)
        assert (changes.calls_changed, changes.columns) == (1, {"provider": 1, "cache_read_tokens": 1})
        assert {row["provider"] for row in columns(store, "provider")} == {"openai"}
        assert renormalise(store) == Changes(read=len(wrong))


def test_messages_are_kept(path: str) -> None:
    [wrong] = [record for record in each_call() if record.dialect == "strands"]
    wrong.call.provider = "strands-agents"
    with FileStore(path) as store:
        store.append(build_tables([wrong], 1))
        said = store.read("conversation", call_id=wrong.call_id)
        wrong.call.provider = "x"
        renormalise(store)
        assert store.read("conversation", call_id=wrong.call_id) == said


def test_a_span_that_no_dialect_read_becomes_a_call_and_its_duplicate_is_found(path: str) -> None:
    unread = [span_record(span(scope, {**CONVENTIONS, "n": scope}), RESOURCE) for scope in ("client",)] + [
        span_record(replace(span("wrapper", CONVENTIONS), trace_id="e" * 32), RESOURCE)
    ]
    with FileStore(path) as store:
        store.append(build_tables(unread, 1))
        assert columns(store, "call_id") == []
        changes = renormalise(store)
        assert (changes.calls_found, changes.marks) == (2, 1)
        assert len(columns(store, "call_id")) == 1  # both are stored, one counts
        assert renormalise(store) == Changes(read=2)


def test_the_command_says_what_changed(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with FileStore(path) as store:
        store.append(build_tables([span_record(EXAMPLES["haystack"], RESOURCE)], 1))
    assert main(["db", "renormalise", "--db", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "read": 1, "calls_changed": 0, "calls_found": 1, "columns": {}, "duplicates_marked": 0,
    }  # fmt: skip
    assert main(["db", "renormalise", "--db", path]) == 0
    assert capsys.readouterr().out.startswith("1 spans and calls read: 0 calls changed, 0 more found")
