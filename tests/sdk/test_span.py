"""A call as attributes: every field under its name, nothing that isn't known."""

from __future__ import annotations

from suffice.context import Place, Run
from suffice.span import call_attributes, run_span_name, span_name
from suffice.wire.call import Call, Usage
from suffice.wire.exchange import Exchange

EXCHANGE = Exchange("POST", "https://api.x.ai/v1/chat/completions", started_ns=10**9, first_chunk_ns=1_250_000_000)


def test_everything() -> None:
    call = Call(
        "openai.chat",
        "chat",
        "x_ai",
        request_model="grok",
        response_model="grok-1",
        system_instructions=[{"type": "text", "content": "s"}],
        input_messages=[{"role": "user", "parts": [{"type": "text", "content": "ü"}]}],
        output_messages=[{"role": "assistant", "parts": [], "finish_reason": "stop"}],
        tool_definitions=[{"type": "function", "name": "f"}],
        usage=Usage(1, 2, 3, 4, 5, 6, 7, 8, "reported", {"a": 1}),
        parameters={"temperature": 0, "stop_sequences": "x", "seed": 3, "odd": {"y": 1}, "top_p": {"bad": 1}},
        response_format={"type": "json_schema", "json_schema": {}},
        stream=True,
        response_id="r",
        finish_reasons=["stop"],
        service_tier="flex",
        completeness="error",
        status_code=500,
        error_type="boom",
        error_message="why",
    )
    run = Run("triage", id="r1", user="u", session="s", agent="a")
    assert call_attributes(call, EXCHANGE, Place("t", run, 4), "app.py:f:1") == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "x_ai",
        "gen_ai.request.model": "grok",
        "gen_ai.response.model": "grok-1",
        "gen_ai.response.id": "r",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "json",
        "gen_ai.response.time_to_first_chunk": 0.25,
        "server.address": "api.x.ai",
        "server.port": 443,
        "http.response.status_code": 500,
        "error.type": "boom",
        "suffice.error.message": "why",
        "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "ü"}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [], "finish_reason": "stop"}],
        "gen_ai.system_instructions": [{"type": "text", "content": "s"}],
        "gen_ai.tool.definitions": [{"type": "function", "name": "f"}],
        "suffice.response_format": {"type": "json_schema", "json_schema": {}},
        "suffice.parameters": call.parameters,
        "suffice.service_tier": "flex",
        "suffice.wire_format": "openai.chat",
        "suffice.completeness": "error",
        "suffice.attempt": 1,
        "suffice.call_site": "app.py:f:1",
        "gen_ai.usage.input_tokens": 1,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.cache_write.input_tokens": 9,
        "suffice.usage.cache_write_5m_tokens": 4,
        "suffice.usage.cache_write_1h_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 6,
        "suffice.usage.audio_input_tokens": 7,
        "suffice.usage.audio_output_tokens": 8,
        "suffice.usage.source": "reported",
        "suffice.usage.raw": {"a": 1},
        "gen_ai.request.temperature": 0,
        "gen_ai.request.stop_sequences": ["x"],
        "gen_ai.request.seed": 3,
        "suffice.task": "t",
        "suffice.step": 4,
        "suffice.run.id": "r1",
        "suffice.run.name": "triage",
        "gen_ai.agent.name": "a",
        "user.id": "u",
        "gen_ai.conversation.id": "s",
    }


def test_what_is_not_known_is_left_out() -> None:
    exchange = Exchange("POST", "http://localhost/v1/messages")
    assert call_attributes(Call("anthropic.messages", "chat", "anthropic"), exchange, None, None) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "server.address": "localhost",
        "server.port": 80,
        "suffice.wire_format": "anthropic.messages",
        "suffice.completeness": "complete",
        "suffice.attempt": 1,
        "suffice.usage.source": "absent",
    }


def test_names() -> None:
    assert span_name(Call("f", "chat", "p", request_model="m")) == "chat m"
    assert span_name(Call("f", "chat", "p")) == "chat"
    assert run_span_name(Run("n")) == "invoke_agent n"
    assert run_span_name(Run("n", agent="a")) == "invoke_agent a"
    assert run_span_name(Run()) == "invoke_agent"
