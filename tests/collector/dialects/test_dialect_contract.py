"""What holds for every dialect: fixed names, one span one record, the same call read from each, no error on garbage."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from collector.dialects.examples import EXAMPLES

from suffice.wire.canonical import call_hash
from suffice_collector.dialects import DIALECTS, Dialect, dialects_of, normalise_span
from suffice_collector.otlp import Resource, Span
from suffice_store.appending import build_tables
from suffice_store.records import CallRecord

RESOURCE = Resource({"service.name": "billing"})
OF_LOGS_OR_OURS = {"suffice", "claude_code", "codex"}  # read by tests of their own
GARBAGE: tuple[Any, ...] = (
    None,
    "",
    "x",
    "[",
    "{}",
    "[[]]",
    "[null]",
    "[1]",
    -1,
    2**70,
    True,
    [],
    [None],
    {},
    {"a": 1},
)


def read(span: Span) -> CallRecord:
    record = normalise_span(span, RESOURCE)
    assert isinstance(record, CallRecord)
    return record


def test_every_dialect_has_an_example() -> None:
    assert {dialect.NAME for dialect in DIALECTS} - OF_LOGS_OR_OURS == set(EXAMPLES)
    assert len({dialect.NAME for dialect in DIALECTS}) == len(DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: str(dialect.NAME))
def test_fixed_names(dialect: Dialect) -> None:
    assert isinstance(dialect.SCOPES, tuple)
    assert callable(dialect.matches)
    assert callable(dialect.normalise)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_call_from_each(name: str) -> None:
    """System and question, answer, tokens with one meaning, model: whatever the spelling."""
    record = read(EXAMPLES[name])
    call, usage = record.call, record.call.usage
    assert record.dialect == name
    assert record.call_id == call_hash("default", "a" * 32, "b" * 16)
    texts = [(m["role"], "".join(str(p.get("content")) for p in m["parts"])) for m in call.request_messages()]
    assert texts == [("system", "Be brief."), ("user", "Capital of France?")]
    assert [part["content"] for message in call.output_messages for part in message["parts"]] == ["Paris."]
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.reasoning_tokens) == (42, 17, 12, 6)
    assert "gpt-5-mini-2026-08-07" in (call.response_model, call.request_model) or call.request_model == "gpt-5-mini"
    assert (call.provider, call.operation, call.completeness) == ("openai", "chat", "complete")
    if name != "traceai":
        assert call.finish_reasons[:1] == ["stop"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_reading_changes_nothing_and_is_repeatable(name: str) -> None:
    span = deepcopy(EXAMPLES[name])
    first = read(span)
    assert span == EXAMPLES[name]
    assert read(span) == first


@pytest.mark.parametrize("name", EXAMPLES)
def test_content_that_became_messages_is_not_stored_twice(name: str) -> None:
    kept = str(read(EXAMPLES[name]).attributes)
    assert "Capital of France?" not in kept


@pytest.mark.parametrize("name", EXAMPLES)
def test_garbage_in_any_attribute_is_not_stated_and_never_an_error(name: str) -> None:
    chance = random.Random(7)
    span = EXAMPLES[name]
    spoiled = [{**span.attributes, key: value} for key in span.attributes for value in GARBAGE]
    for _ in range(50):
        spoiled.append({k: chance.choice(GARBAGE) if chance.random() < 0.4 else v for k, v in span.attributes.items()})
    records = [normalise_span(replace(span, attributes=attributes), RESOURCE) for attributes in spoiled]
    tables = build_tables(records, 1)
    assert sum(table.num_rows for name, table in tables.items() if name in ("calls", "spans")) == len(spoiled)


def test_an_index_is_no_size() -> None:
    span = deepcopy(EXAMPLES["openinference"])
    span.attributes["llm.input_messages.999999999.message.content"] = "far"
    span.attributes["llm.input_messages.99999999999999.message.content"] = "too far"
    assert [m["parts"][0]["content"] for m in read(span).call.input_messages][-1] == "far"


def test_a_scope_is_looked_up_once() -> None:
    dialects_of.cache_clear()
    for _ in range(100):
        dialects_of("strands.telemetry.tracer")
    assert dialects_of.cache_info().misses == 1


def test_a_failed_call_says_why_whoever_tells_it() -> None:
    for name, span in EXAMPLES.items():
        failed = deepcopy(span)
        failed.status, failed.status_message = "error", "overloaded"
        call = read(failed).call
        assert (call.completeness, call.error_message) == ("error", "overloaded"), name
        assert call.error_type, name
