"""The GenAI conventions as real exporters send them, and as careless ones do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from collector.otlp_samples import CHAT, START_NS, Recorder
from opentelemetry.trace import StatusCode

from suffice.wire.call import Call, Usage
from suffice.wire.canonical import call_hash
from suffice_collector.dialects import Records, normalise_spans
from suffice_collector.otlp import parse_traces
from suffice_store.records import CallRecord


def records_of(recorder: Recorder) -> Records:
    return normalise_spans(parse_traces(recorder.body(), "application/x-protobuf").groups)


def call_of(attributes: dict[str, Any], **span: Any) -> Call:
    recorder = Recorder()
    recorder.span(attributes=attributes, **span)
    (record,) = records_of(recorder).calls
    return record.call


def test_one_call_whole() -> None:
    recorder = Recorder({"suffice.project": "p", "deployment.environment.name": "prod"})
    attributes = {
        **CHAT,
        "gen_ai.system_instructions": '[{"type":"text","content":"Be terse."}]',
        "gen_ai.tool.definitions": '[{"type":"function","name":"look","parameters":{"type":"object"}}]',
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.conversation.id": "c1",
        "gen_ai.agent.name": "clerk",
        "server.address": "api.openai.com",
        "openai.response.service_tier": "default",
        "user.id": "u1",
        "custom": "kept",
    }
    span = recorder.span(attributes=attributes)
    trace_id, span_id = f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
    usage = {key: value for key, value in CHAT.items() if key.startswith("gen_ai.usage.")}
    content = {
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
    }
    kept = {key: value for key, value in attributes.items() if key not in content}
    assert records_of(recorder) == Records(
        calls=[
            CallRecord(
                call=Call(
                    wire_format="",
                    operation="chat",
                    provider="openai",
                    request_model="gpt-5-mini",
                    response_model="gpt-5-mini-2026-08-07",
                    system_instructions=[{"type": "text", "content": "Be terse."}],
                    input_messages=[{"role": "user", "parts": [{"type": "text", "content": "Capital of France?"}]}],
                    output_messages=[
                        {
                            "role": "assistant",
                            "parts": [{"type": "text", "content": "Paris."}],
                            "finish_reason": "stop",
                        }
                    ],
                    tool_definitions=[{"type": "function", "name": "look", "parameters": {"type": "object"}}],
                    usage=Usage(input_tokens=42, output_tokens=17, cache_read_tokens=12, raw=usage),
                    parameters={"temperature": 0.2},
                    stream=True,
                    response_id="chatcmpl-1",
                    finish_reasons=["stop"],
                    service_tier="default",
                ),
                call_id=call_hash("p", trace_id, span_id),
                project="p",
                trace_id=trace_id,
                span_id=span_id,
                run_id=trace_id,
                service="billing",
                environment="prod",
                agent_name="clerk",
                conversation_id="c1",
                user_id="u1",
                server_address="api.openai.com",
                started_ns=START_NS,
                ended_ns=START_NS + 1_500_000_000,
                time_to_first_token_ms=250.0,
                dialect="otel_genai",
                attributes={
                    **kept,
                    "gen_ai.response.finish_reasons": ["stop"],
                    "otel.resource": {
                        "service.name": "billing",
                        "suffice.project": "p",
                        "deployment.environment.name": "prod",
                    },
                    "otel.scope.name": "some.instrumentation",
                    "otel.scope.version": "1.0",
                    "otel.span.name": "chat gpt-5-mini",
                },
            )
        ]
    )


@pytest.mark.parametrize(
    "operation", ["invoke_agent", "create_agent", "execute_tool", "fetch_response", "invoke_workflow"]
)
def test_spans_that_ask_no_model_are_kept_and_not_counted(operation: str) -> None:
    recorder = Recorder()
    recorder.span(f"{operation} clerk", {**CHAT, "gen_ai.operation.name": operation})
    records = records_of(recorder)
    assert records.calls == []
    (span,) = records.spans
    assert span.name == f"{operation} clerk"
    assert span.attributes["gen_ai.usage.input_tokens"] == 42
    assert span.attributes["otel.resource"] == {"service.name": "billing"}


def test_a_span_without_genai_attributes_is_kept_whole() -> None:
    recorder = Recorder()
    recorder.span("GET /", {"http.response.status_code": 200})
    (span,) = records_of(recorder).spans
    assert (span.project, span.service, span.name, span.scope, span.kind, span.status) == (
        "default", "billing", "GET /", "some.instrumentation", 3, "unset",
    )  # fmt: skip
    assert span.attributes["http.response.status_code"] == 200


def test_before_operations_had_a_name_a_model_and_tokens_make_a_call() -> None:
    call = call_of({"gen_ai.system": "OpenAI", "gen_ai.request.model": "m", "gen_ai.usage.prompt_tokens": 5})
    assert (call.provider, call.operation, call.usage) == (
        "openai", "chat", Usage(input_tokens=5, raw={"gen_ai.usage.prompt_tokens": 5}),
    )  # fmt: skip


class TestUsage:
    @pytest.mark.parametrize(
        "word", ["cache_creation.input_tokens", "cache_write.input_tokens", "cache_creation_input_tokens"]
    )
    def test_cache_writes_under_every_name_they_had(self, word: str) -> None:
        call = call_of({**CHAT, f"gen_ai.usage.{word}": 8})
        assert call.usage is not None
        assert (call.usage.input_tokens, call.usage.cache_write_5m_tokens) == (42, 8)

    def test_a_whole_that_is_smaller_than_its_part_did_not_include_it(self) -> None:
        call = call_of({**CHAT, "gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_write.input_tokens": 20})
        assert call.usage is not None
        assert call.usage.input_tokens == 42

    def test_no_tokens_stated_is_no_usage_and_not_zero(self) -> None:
        assert call_of({k: v for k, v in CHAT.items() if "usage" not in k}).usage is None

    @pytest.mark.parametrize("value", [-1, 1.5, "many", True, 2**60])
    def test_what_can_be_no_count_is_not_stated(self, value: Any) -> None:
        call = call_of({**CHAT, "gen_ai.usage.input_tokens": value})
        assert call.usage is not None
        assert call.usage.input_tokens is None

    @pytest.mark.parametrize("value", [7, 7.0, "7"])
    def test_a_count_in_any_spelling(self, value: Any) -> None:
        call = call_of({**CHAT, "gen_ai.usage.input_tokens": value, "gen_ai.usage.cache_read.input_tokens": 0})
        assert call.usage is not None
        assert call.usage.input_tokens == 7


class TestContent:
    def test_structured_messages_and_json_text_are_the_same(self) -> None:
        from suffice_collector.dialects import fields

        message = {"role": "user", "parts": [{"type": "text", "content": "hi"}]}
        assert fields.messages({"m": [message]}, "m") == fields.messages({"m": json.dumps([message])}, "m") == [message]

    def test_tool_calls_and_their_answers(self) -> None:
        sent = [
            {"role": "assistant", "parts": [{"type": "tool_call", "id": "t1", "name": "look", "arguments": {"q": 1}}]},
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t1", "result": "21C"}]},
        ]
        call = call_of({**CHAT, "gen_ai.input.messages": json.dumps(sent)})
        assert call.input_messages == [
            sent[0],
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "t1", "response": "21C"}]},
        ]

    def test_bytes_of_pictures_are_never_kept(self) -> None:
        part = {"type": "blob", "mime_type": "image/png", "modality": "image", "content": "iVBORw0KGgo="}
        call = call_of({**CHAT, "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [part]}])})
        (stored,) = call.input_messages[0]["parts"]
        assert stored.keys() == {"type", "modality", "mime_type", "blake2b", "size"}
        assert stored["size"] == 8

    @pytest.mark.parametrize(
        "garbage", ["", "not json", "7", "{}", '[1, null, "x"]', '[{"parts": 7}]', '[{"role": 3, "parts": [null, 5]}]']
    )
    def test_garbage_messages_do_not_lose_the_call(self, garbage: str) -> None:
        call = call_of({**CHAT, "gen_ai.input.messages": garbage, "gen_ai.tool.definitions": garbage})
        assert call.usage is not None
        assert call.usage.input_tokens == 42
        assert all(isinstance(message["role"], str) for message in call.input_messages)

    @pytest.mark.parametrize(
        ("stated", "expected"),
        [(("tool_calls",), ["tool_call"]), ('["end_turn"]', ["stop"]), ("max_tokens", ["length"]), ((), ["stop"])],
    )
    def test_finish_reasons_in_the_conventions_words(self, stated: Any, expected: list[str]) -> None:
        assert call_of({**CHAT, "gen_ai.response.finish_reasons": stated}).finish_reasons == expected


def test_a_failed_call() -> None:
    attributes = {k: v for k, v in CHAT.items() if "usage" not in k and "output" not in k}
    call = call_of({**attributes, "error.type": "RateLimitError"}, status=StatusCode.ERROR, message="slow down")
    assert (call.completeness, call.error_type, call.error_message) == ("error", "RateLimitError", "slow down")
    assert call_of(attributes, status=StatusCode.ERROR).error_type == "_OTHER"


def test_a_service_nobody_named_has_no_name() -> None:
    recorder = Recorder({"service.name": "unknown_service:python"})
    recorder.span()
    assert records_of(recorder).calls[0].service is None
