"""What the SDK writes into a span comes out of it again, whole."""

from __future__ import annotations

from typing import Any

import pytest
from collector.otlp_samples import START_NS, Recorder
from hypothesis import given
from hypothesis import strategies as st

from suffice import semconv
from suffice.config import read_settings
from suffice.context import Place, Run
from suffice.privacy import gate_of
from suffice.span import call_attributes, outcome_attributes
from suffice.wire.call import Call, Usage
from suffice.wire.canonical import call_hash
from suffice.wire.exchange import Exchange
from suffice_collector.dialects import Records, normalise_spans
from suffice_collector.otlp import parse_traces
from suffice_store.records import CallRecord, OutcomeRecord

CALL = Call(
    wire_format="anthropic.messages",
    operation="chat",
    provider="anthropic",
    request_model="claude-sonnet-4-5",
    response_model="claude-sonnet-4-5-20250929",
    system_instructions=[{"type": "text", "content": "Be terse. é😀"}],
    input_messages=[
        {"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]},
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "t1", "name": "w", "arguments": {"c": [1, None]}}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t1", "response": {"t": 21.5}}]},
        {"role": "user", "parts": [{"type": "blob", "modality": "image", "blake2b": "00" * 16, "size": 8}]},
    ],
    output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": "21 °C"}], "finish_reason": "stop"}],
    tool_definitions=[{"type": "function", "name": "w", "parameters": {"type": "object"}}],
    usage=Usage(100, 20, 30, 4, 5, 6, 7, 8, raw={"input_tokens": 61, "cache_creation": {"ephemeral_5m": 4}}),
    parameters={"temperature": 0.2, "max_tokens": 64, "thinking": {"type": "enabled"}},
    response_format={"type": "json_schema", "schema": {}},
    stream=True,
    response_id="msg_1",
    finish_reasons=["stop"],
    service_tier="standard",
    status_code=200,
)
EXCHANGE = Exchange("POST", "https://api.anthropic.com/v1/messages", started_ns=START_NS, first_chunk_ns=START_NS + 250_000_000, attempt=2)  # fmt: skip
GATE = gate_of(read_settings(environ={}))


def read_back(recorder: Recorder) -> Records:
    return normalise_spans(parse_traces(recorder.body(), "application/x-protobuf").groups)


def sent(call: Call, place: Place | None = None, exchange: Exchange = EXCHANGE, **resource: str) -> CallRecord:
    recorder = Recorder(resource, scope=semconv.SCOPE)
    recorder.span("chat x", GATE.attributes(call_attributes(call, exchange, place, "app.py:main:3")))
    records = read_back(recorder)
    assert (len(records.calls), records.spans, records.outcomes) == (1, [], [])
    return records.calls[0]


def test_a_full_call_comes_back_equal() -> None:
    assert sent(CALL).call == CALL


def test_a_bare_call_comes_back_equal() -> None:
    bare = Call(wire_format="openai.chat", operation="chat", provider="openai")
    assert sent(bare).call == bare


def test_a_failed_call_comes_back_equal() -> None:
    failed = Call(
        wire_format="openai.chat",
        operation="chat",
        provider="openai",
        completeness="error",
        status_code=429,
        error_type="rate_limit_exceeded",
        error_message="slow down",
    )
    assert sent(failed).call == failed


def test_its_place_in_run_task_and_service() -> None:
    run = Run(id="r1", name="nightly", agent="clerk", user="u1", session="s1")
    place = Place(run=run, task="classify", step=3)
    record = sent(CALL, place, **{"suffice.project": "p", "deployment.environment.name": "prod"})
    assert record.call_id == call_hash("p", str(record.trace_id), str(record.span_id))
    found = {name: getattr(record, name) for name in (
        "project", "run_id", "run_name", "step", "service", "environment", "agent_name", "task_name", "conversation_id",
        "user_id", "call_site", "server_address", "attempt", "started_ns", "ended_ns", "time_to_first_token_ms",
        "source", "dialect",
    )}  # fmt: skip
    assert found == {
        "project": "p",
        "run_id": "r1",
        "run_name": "nightly",
        "step": 3,
        "service": "billing",
        "environment": "prod",
        "agent_name": "clerk",
        "task_name": "classify",
        "conversation_id": "s1",
        "user_id": "u1",
        "call_site": "app.py:main:3",
        "server_address": "api.anthropic.com",
        "attempt": 2,
        "started_ns": START_NS,
        "ended_ns": START_NS + 1_500_000_000,
        "time_to_first_token_ms": 250.0,
        "source": "otlp",
        "dialect": "suffice",
    }


def test_without_a_run_the_trace_is_the_run() -> None:
    record = sent(CALL)
    assert record.run_id == record.trace_id
    assert record.attempt == 2


def test_the_attempts_before_it_are_named_by_call_id() -> None:
    ids = ["0" * 31 + "a:" + "0" * 15 + "b", "1" * 32 + ":" + "2" * 16]
    exchange = Exchange(
        "POST", "https://api.openai.com/v1/chat/completions", started_ns=START_NS, attempt=3, retry_of=ids
    )
    record = sent(CALL, None, exchange, **{"suffice.project": "p"})
    assert record.retry_of == tuple(call_hash("p", *each.split(":")) for each in ids)
    assert sent(CALL).retry_of == ()


def test_a_forged_link_is_left_out() -> None:
    exchange = Exchange(
        "POST", "https://api.openai.com/v1/chat/completions", started_ns=START_NS, retry_of=["x", "é:1"]
    )
    assert sent(CALL, None, exchange).retry_of == ()


def test_content_is_not_stored_a_second_time_among_the_attributes() -> None:
    record = sent(CALL)
    assert semconv.INPUT_MESSAGES not in record.attributes
    assert record.attributes[semconv.WIRE_FORMAT] == "anthropic.messages"
    assert record.attributes["otel.resource"] == {"service.name": "billing"}


def test_an_outcome() -> None:
    recorder = Recorder({"suffice.project": "p"}, scope=semconv.SCOPE)
    recorder.span(semconv.OUTCOME_SPAN, outcome_attributes("run", "r1", True, 0.5, "good"))
    recorder.span(semconv.OUTCOME_SPAN, outcome_attributes("call", "c1", None, None, "bad"))
    assert read_back(recorder).outcomes == [
        OutcomeRecord("p", "run", "r1", True, 0.5, "good", "sdk", START_NS),
        OutcomeRecord("p", "call", "c1", None, None, "bad", "sdk", START_NS),
    ]


def test_an_outcome_of_nothing_is_kept_as_a_span() -> None:
    recorder = Recorder(scope=semconv.SCOPE)
    recorder.span(semconv.OUTCOME_SPAN, {semconv.OUTCOME_TARGET: "task"})
    records = read_back(recorder)
    assert (len(records.spans), records.outcomes) == (1, [])


def test_another_span_of_ours_is_kept_as_a_span() -> None:
    recorder = Recorder(scope=semconv.SCOPE)
    recorder.span("invoke_agent clerk", {semconv.RUN_ID: "r1", semconv.OPERATION: "invoke_agent"})
    assert [span.name for span in read_back(recorder).spans] == ["invoke_agent clerk"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
parts = st.builds(lambda content: {"type": "text", "content": content}, texts)
messages = st.lists(st.builds(lambda role, said: {"role": role, "parts": said}, texts, st.lists(parts, max_size=3)), max_size=3)  # fmt: skip
counts = st.none() | st.integers(0, 2**53)


@given(
    messages, messages, st.builds(Usage, counts, counts, counts, counts, counts, counts, counts, counts), st.booleans()
)
def test_any_call_comes_back_equal(asked: Any, answered: Any, usage: Usage, stream: bool) -> None:
    call = Call(
        "openai.chat", "chat", "openai", input_messages=asked, output_messages=answered, usage=usage, stream=stream
    )
    assert sent(call).call == call


@pytest.mark.parametrize("stated", [7, 1.5, True, "stop", {"a": "b"}])
@pytest.mark.parametrize("key", [semconv.FINISH_REASONS, semconv.RETRY_OF])
def test_a_list_that_is_none_is_not_stated(key: str, stated: object) -> None:
    recorder = Recorder({}, scope=semconv.SCOPE)
    recorder.span("chat x", {semconv.WIRE_FORMAT: "openai.chat"})
    (group,) = parse_traces(recorder.body(), "application/x-protobuf").groups
    group.spans[0].attributes[key] = stated
    (record,) = normalise_spans([group]).calls
    assert (record.call.finish_reasons, record.retry_of) == ([], ())
