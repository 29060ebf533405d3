"""The vendors' own clients, unchanged, against a real server: what they got, and what was recorded."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from sdk.asking import ANTHROPIC_TOOL, HOW, OPENAI_TOOL, ask_anthropic, ask_openai
from sdk.local_servers import Server, Sink

import suffice


def recorded(sink: Sink) -> dict[str, Any]:
    """The one call's attributes, JSON parsed, without what differs from run to run."""
    assert suffice.flush(10) == (1, 0, 0)
    (call,) = sink.calls
    given = dict(call["attributes"])
    for name in ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"):
        given[name] = json.loads(given.get(name, "null"))
    if "gen_ai.tool.definitions" in given:
        given["gen_ai.tool.definitions"] = json.loads(given["gen_ai.tool.definitions"])
    return given


@pytest.mark.parametrize("how", HOW)
async def test_openai_answers_as_ever_and_is_recorded(how: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert await ask_openai(provider.url, how) == "You said: Grüß Gott from Ulm"
    given = recorded(sink)
    assert given["gen_ai.input.messages"] == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "Grüß Gott from Ulm"}]},
    ]
    assert given["gen_ai.output.messages"] == [
        {
            "role": "assistant",
            "parts": [{"type": "text", "content": "You said: Grüß Gott from Ulm"}],
            "finish_reason": "stop",
        }
    ]
    numbers = {name: value for name, value in given.items() if name.startswith("gen_ai.usage.")}
    assert numbers == {
        "gen_ai.usage.input_tokens": 42,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.usage.cache_read.input_tokens": 32,
        "gen_ai.usage.reasoning.output_tokens": 3,
    }
    streamed = how.endswith("stream")
    assert given.get("gen_ai.request.stream", False) is streamed
    assert ("gen_ai.response.time_to_first_chunk" in given) is streamed
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-test",
        "gen_ai.response.model": "gpt-test-2026-01-01",
        "gen_ai.response.id": "chatcmpl-1",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.temperature": 0.5,
        "server.address": "127.0.0.1",
        "http.response.status_code": 200,
        "suffice.wire_format": "openai.chat",
        "suffice.completeness": "complete",
        "suffice.attempt": 1,
        "suffice.usage.source": "reported",
    }
    assert {name: given.get(name) for name in expected} == expected
    assert given["suffice.call_site"].startswith("sdk/asking.py:ask_openai:")


@pytest.mark.parametrize("how", HOW)
async def test_anthropic_answers_as_ever_and_is_recorded(how: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert await ask_anthropic(provider.url, how) == ["You said: Grüß Gott from Ulm"]
    given = recorded(sink)
    assert given["gen_ai.system_instructions"] == [{"type": "text", "content": "Be brief."}]
    assert given["gen_ai.input.messages"] == [
        {"role": "user", "parts": [{"type": "text", "content": "Grüß Gott from Ulm"}]}
    ]
    assert given["gen_ai.output.messages"][0]["parts"] == [{"type": "text", "content": "You said: Grüß Gott from Ulm"}]
    expected = {
        "gen_ai.usage.input_tokens": 36,  # 11 + 20 read from the cache + 5 written to it
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gen_ai.usage.cache_write.input_tokens": 5,
        "suffice.usage.cache_write_5m_tokens": 5,
        "gen_ai.provider.name": "anthropic",
        "gen_ai.response.model": "claude-test-20260101",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.request.max_tokens": 100,
        "suffice.wire_format": "anthropic.messages",
        "suffice.completeness": "complete",
    }
    assert {name: given.get(name) for name in expected} == expected


@pytest.mark.parametrize("how", HOW)
async def test_tools_are_recorded(how: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert await ask_openai(provider.url, how, tools=[OPENAI_TOOL]) == '{"city": "Ulm"}'
    given = recorded(sink)
    assert [tool["name"] for tool in given["gen_ai.tool.definitions"]] == ["weather"]
    (call,) = given["gen_ai.output.messages"][0]["parts"]
    assert call == {"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Ulm"}}
    assert given["gen_ai.response.finish_reasons"] == ["tool_call"]


@pytest.mark.parametrize("how", HOW)
async def test_anthropic_tools_are_recorded(how: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    answer = await ask_anthropic(provider.url, how, tools=[ANTHROPIC_TOOL])
    assert answer == ["You said: Grüß Gott from Ulm", ("weather", {"city": "Ulm"})]
    given = recorded(sink)
    assert [tool["name"] for tool in given["gen_ai.tool.definitions"]] == ["weather"]
    assert given["gen_ai.output.messages"][0]["parts"][1] == {
        "type": "tool_call",
        "id": "toolu_1",
        "name": "weather",
        "arguments": {"city": "Ulm"},
    }


@pytest.mark.parametrize("how", HOW)
async def test_a_compressed_answer_is_read(how: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert await ask_openai(provider.url, how, model="gzip-model") == "You said: Grüß Gott from Ulm"
    assert recorded(sink)["gen_ai.output.messages"][0]["parts"][0]["content"] == "You said: Grüß Gott from Ulm"


async def test_a_retry_is_an_attempt_of_the_same_step(provider: Server, sink: Sink, record: Any) -> None:
    record()
    provider.refused.clear()  # type: ignore[attr-defined]
    with suffice.run("triage"):
        await ask_openai(provider.url, "sync", model="retry-1")
        await ask_openai(provider.url, "sync")
    assert suffice.flush(10) == (3, 0, 0)
    seen = [
        (
            call["attributes"]["suffice.step"],
            call["attributes"]["suffice.attempt"],
            call["attributes"]["http.response.status_code"],
        )
        for call in sorted(sink.calls, key=lambda call: call["started_ns"])
    ]
    assert seen == [(1, 1, 503), (1, 2, 200), (2, 1, 200)]


async def test_a_refused_call_is_an_error_without_its_key(provider: Server, sink: Sink, record: Any) -> None:
    record()
    with pytest.raises(openai.BadRequestError):
        await ask_openai(provider.url, "sync", model="refuse-1")
    given = recorded(sink)
    assert given["suffice.completeness"] == "error"
    assert given["error.type"] == "invalid_request_error"
    assert given["suffice.error.message"] == "bad key sk-proj-[masked]"
    assert sink.calls[0]["status"][0] == 2


@pytest.mark.parametrize("how", ["sync stream", "async stream"])
async def test_a_cut_stream_raises_as_ever_and_is_partial(how: str, provider: Server, sink: Sink, record: Any) -> None:
    with pytest.raises(Exception) as bare:  # noqa: PT011 - openai 2 lets httpx's error through, openai 3 has its own
        await ask_openai(provider.url, how, model="cut-1")
    record()
    with pytest.raises(bare.type):
        await ask_openai(provider.url, how, model="cut-1")
    given = recorded(sink)
    assert given["suffice.completeness"] == "error"
    assert given["error.type"] == "RemoteProtocolError"
