"""What users of other recorders complain about, each complaint with the tests that keep it from happening here.

The first half is the list; most tests stand where their subject does. The second half is what stood nowhere.
Repositories: lf langfuse/langfuse, px Arize-ai/phoenix, oi Arize-ai/openinference, ol openlit/openlit, tl traceloop/openllmetry,
ll BerriAI/litellm, lg pydantic/logfire, otc open-telemetry/opentelemetry-python-contrib.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
from pathlib import Path
from typing import Any

import anyio
import httpx2
import openai
import pytest
from opentelemetry import context as host_context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from sdk.asking import MESSAGES
from sdk.local_servers import Server, Sink
from sdk.transports.drivers import BODY, PATH, STREAMED

import suffice
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange

TESTS = Path(__file__).resolve().parents[1]
KEPT_FROM_HAPPENING = {
    "cached tokens counted twice (lf#12306, lf#10592, ll#11364)": "test_cached_tokens_are_counted_once",
    "thinking not priced (lf#16508, oi#1811, px#7637)": "test_thinking_is_part_of_the_output test_audio_and_reasoning_at_their_own_price",
    "wrong by a factor of two for tiers (lf#13780, ll#13810)": "test_the_tier_is_the_answers test_tiers_and_bands_and_snapshots",
    "a missing price shown as 0 (px#12673, lf#4523)": "test_unpriced_is_null_and_said_never_zero test_without_a_price_it_says_unpriced",
    "framework and provider both counted (oi#2101, px#5628, lf#1872)": "test_in_any_order test_a_client_inside_a_client_is_one_call",
    "no usage of streams (tl#2898)": "test_a_stream_without_usage_is_estimated_and_asked_as_the_app_asked",
    "Failed to detach context (oi#1769, ol#1369)": "test_an_abandoned_generator_leaves_the_hosts_context_alone",
    "breaks the app when a client changes inside (oi#3823, lg#1029)": "test_a_failing_hook_is_logged_once_and_passes test_an_answer_of_an_unknown_shape_is_handed_on test_the_kill_switch_leaves_everything_as_it_was",
    "memory grows (tl#2790, lf#2974)": "test_memory_does_not_grow test_nothing_of_the_app_is_kept_alive",
    "adds latency, blocks the loop (lf#4977, lf#4296)": "test_an_event_loop_is_never_held test_greenlets_made_after_init_are_not_held_up",
    "lost at exit, fork, Celery, Lambda (otc#4916, lf#3292)": "test_celery_s_children_recycled_after_each_task_deliver_20_of_20 test_a_worker_recycled_after_each_task_delivers_all test_a_forked_child_records_for_itself test_a_frozen_process_goes_on_where_it_was",
    "flush says yes where nothing arrived (ai-memory PR 203)": "test_what_the_collector_says_is_what_is_counted",
    "large payloads kill a batch (dd-agent#36411, lg PR 1027)": "test_large_payloads_do_not_kill_a_batch test_files_inside_any_json_are_taken_out",
    "spans that are no LLM's flood the project, the provider is taken over (lf#7811, lf#8897)": "test_the_global_provider_is_left_alone test_other_requests_pass test_requests_to_everything_else_leave_nothing",
    "convention churn breaks who reads (tl PR 3809, tl#3515)": "test_every_real_record_is_kept",
    "coding agents' telemetry arrives by half (claude-code#42281)": "test_every_real_record_is_kept test_one_record_either_way",
    "tool calls and definitions missing (oi#1720, oi#2140, lf#13920)": "test_tools_are_recorded test_anthropic_tools_are_recorded",
    "personal data in parameters and tools (lf#3518, LibreChat#14362)": "test_no_secret_leaves_the_process test_a_key_never_survives",
}


@pytest.mark.parametrize("complaint", KEPT_FROM_HAPPENING)
def test_each_complaint_has_its_tests(complaint: str) -> None:
    there = {name for path in TESTS.rglob("test_*.py") for name in re.findall(r"def (test_\w+)\(", path.read_text())}
    assert set(KEPT_FROM_HAPPENING[complaint].split()) <= there


# --- usage: one meaning for every vendor --------------------------------------------------------------

ASKED: dict[str, Any] = {"model": "m", "messages": MESSAGES, "max_tokens": 9, "service_tier": "auto"}
TEXT = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]}
STATED: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {  # each: 100 in, 80 of them cached; 37 out, all told
    "openai.chat": (
        "/v1/chat/completions",
        ASKED,
        {
            "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
            "service_tier": "flex",
            "usage": {
                "prompt_tokens": 100,
                "completion_tokens": 37,
                "prompt_tokens_details": {"cached_tokens": 80},
                "completion_tokens_details": {"reasoning_tokens": 30},
            },
        },
    ),
    "openai.responses": (
        "/v1/responses",
        {"model": "m", "input": "hi", "service_tier": "auto"},
        {
            "object": "response",
            "status": "completed",
            "output": [TEXT],
            "service_tier": "flex",
            "usage": {
                "input_tokens": 100,
                "output_tokens": 37,
                "input_tokens_details": {"cached_tokens": 80},
                "output_tokens_details": {"reasoning_tokens": 30},
            },
        },
    ),
    "anthropic.messages": (  # its input_tokens are those that were neither read from the cache nor written to it
        "/v1/messages",
        ASKED,
        {
            "type": "message",
            "content": [{"type": "text", "text": "x"}],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 80,
                "cache_creation_input_tokens": 10,
                "output_tokens": 37,
                "service_tier": "priority",
            },
        },
    ),
    "gemini.generateContent": (  # its candidates are without the thoughts
        "/v1beta/models/g:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        {
            "candidates": [{"content": {"role": "model", "parts": [{"text": "x"}]}, "finishReason": "STOP"}],
            "usageMetadata": {
                "promptTokenCount": 100,
                "cachedContentTokenCount": 80,
                "candidatesTokenCount": 7,
                "thoughtsTokenCount": 30,
            },
        },
    ),
    "bedrock.converse": (
        "/model/m/converse",
        {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
        {
            "output": {"message": {"role": "assistant", "content": [{"text": "x"}]}},
            "stopReason": "end_turn",
            "usage": {
                "inputTokens": 10,
                "outputTokens": 37,
                "cacheReadInputTokens": 80,
                "cacheWriteInputTokens": 10,
            },
        },
    ),
}


def parsed(wire_format: str) -> Any:
    path, request, answer = STATED[wire_format]
    headers = {"content-type": "application/json"}
    exchange = Exchange(
        "POST", "http://h" + path, {}, json.dumps(request).encode(), 200, headers, json.dumps(answer).encode()
    )
    call = parse_exchange(exchange)
    assert call is not None
    assert call.wire_format == wire_format
    return call


@pytest.mark.parametrize("wire_format", STATED)
def test_cached_tokens_are_counted_once(wire_format: str) -> None:
    usage = parsed(wire_format).usage
    assert (usage.input_tokens, usage.cache_read_tokens) == (100, 80)
    path, _, answer = STATED[wire_format]
    assert usage.raw == answer.get("usage", answer.get("usageMetadata")), path  # whoever doubts it can look


@pytest.mark.parametrize("wire_format", STATED)
def test_thinking_is_part_of_the_output(wire_format: str) -> None:
    usage = parsed(wire_format).usage
    states_thinking = "openai" in wire_format or "gemini" in wire_format
    assert (usage.output_tokens, usage.reasoning_tokens) == (37, 30 if states_thinking else None)


@pytest.mark.parametrize("wire_format", ["openai.chat", "openai.responses", "anthropic.messages"])
def test_the_tier_is_the_answers(wire_format: str) -> None:
    """Asked for was "auto": what is paid is what the answer says."""
    assert parsed(wire_format).service_tier == ("priority" if "anthropic" in wire_format else "flex")


async def test_a_stream_without_usage_is_estimated_and_asked_as_the_app_asked(
    provider: Server, sink: Sink, record: Any
) -> None:
    record()
    provider.requests.clear()  # type: ignore[attr-defined]
    client = openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="none")
    async with client:
        answer = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        said = [chunk async for chunk in answer]
    assert all(chunk.usage is None for chunk in said)
    assert "stream_options" not in json.loads(provider.requests[-1]["body"])  # type: ignore[attr-defined]
    assert suffice.flush() == (1, 0, 0)
    given = sink.calls[0]["attributes"]
    assert given["suffice.usage.source"] == "estimated"
    assert given["gen_ai.usage.input_tokens"] > 0
    assert given["gen_ai.usage.output_tokens"] > 0


# --- the host --------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("shared", [False, True])
async def test_an_abandoned_generator_leaves_the_hosts_context_alone(
    shared: bool, provider: Server, sink: Sink, record: Any, caplog: Any
) -> None:
    """Left after its first piece and finalised by the loop, in another context: a token given back there fails."""
    hosts = TracerProvider(shutdown_on_exit=False)
    record(http_spans=True, **({"tracer_provider": hosts} if shared else {}))
    tracer = hosts.get_tracer("host")

    async def pieces(client: openai.AsyncOpenAI) -> Any:
        with tracer.start_as_current_span("of the host"):
            answer = await client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
        async for chunk in answer:
            yield chunk

    async def first_piece(client: openai.AsyncOpenAI) -> None:
        async for _ in pieces(client):
            return

    client = openai.AsyncOpenAI(base_url=f"{provider.url}/v1", api_key="none")
    with caplog.at_level(logging.DEBUG, "opentelemetry"), tracer.start_as_current_span("outer") as outer:
        before = host_context.get_current()
        await first_piece(client)  # here, and in a task, whose context is a copy
        await asyncio.create_task(first_piece(client))
        gc.collect()
        await asyncio.sleep(0)
        assert trace.get_current_span() is outer
        assert host_context.get_current() == before
        await client.close()
        for _ in range(500):  # the loop finalises the generators in tasks of its own
            gc.collect()
            if sum(suffice.flush()) == 2:
                break
            await asyncio.sleep(0.01)
    assert [each.message for each in caplog.records if "detach" in each.message] == []
    assert suffice.flush() == (2, 0, 0)
    assert {call["attributes"]["suffice.completeness"] for call in sink.calls} == {"partial"}


@pytest.mark.parametrize("answer", [b"", b"<html>busy</html>", b"[1, 2]", b'{"choices": 7, "usage": []}', b"\xff\x00"])
def test_an_answer_of_an_unknown_shape_is_handed_on(answer: bytes, record: Any, caplog: Any) -> None:
    """A vendor's novelty, or a proxy's page: the app gets its bytes, and nobody is warned."""
    record()
    reply = httpx2.MockTransport(lambda _: httpx2.Response(200, content=answer))
    with caplog.at_level(logging.WARNING, "suffice"), httpx2.Client(transport=reply) as client:
        assert client.post("http://h/bin/chat/completions", json=BODY).content == answer
    counted = suffice.flush()
    assert counted.dropped == counted.pending == 0
    assert caplog.records == []


def test_requests_to_everything_else_leave_nothing(sink: Sink, record: Any) -> None:
    """Side traffic of the clients themselves, a vector store, a GET on a call's own path, a web page."""
    record()
    reply = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"data": []}))
    with httpx2.Client(transport=reply) as client:
        client.get("http://h/api/agent-harnesses")
        client.get("http://h" + PATH)
        client.get("http://h" + PATH + "?after=3")
        client.post("http://h/collections/x/points/search", json={"vector": [1]})
        client.post("http://h/v1/chat/completions/extra", json=BODY)
        client.put("http://h" + PATH, json=BODY)
    assert suffice.flush() == (0, 0, 0)
    assert sink.spans == []


# --- ways to stop ------------------------------------------------------------------------------------


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_cancelled_by_anyio_is_the_apps_own_end(
    streamed: bool, provider: Server, sink: Sink, record: Any
) -> None:
    """anyio cancels by itself, not through a task's ``cancel`` alone: the scope sees its own exception come back."""
    record()
    provider.requests.clear()  # type: ignore[attr-defined]
    seen: list[bytes] = []

    async def ask() -> None:
        body = STREAMED | {"model": "stall-m"} if streamed else BODY | {"model": "mute-m"}
        async with (
            httpx2.AsyncClient(timeout=20) as client,
            client.stream("POST", provider.url + PATH, json=body) as response,
        ):
            async for piece in response.aiter_bytes():
                seen.append(piece)

    async with anyio.create_task_group() as group:
        group.start_soon(ask)
        while not (seen if streamed else provider.requests):  # type: ignore[attr-defined]  # noqa: ASYNC110
            await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    assert suffice.flush() == (1, 0, 0)
    given = sink.calls[0]["attributes"]
    assert (given["suffice.completeness"], given["error.type"]) == ("error", "CancelledError")
