"""The whole way: real clients, the SDK, a real collector process; what went in comes out of the read API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from collector.processes import Process, free_port, wait_until
from sdk.asking import ANTHROPIC_TOOL, HOW, OPENAI_TOOL, ask_anthropic, ask_openai
from sdk.local_servers import Server

import suffice


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("collector")
    port = free_port()
    arguments = ["collector", "--db", str(folder / "calls.duckdb"), "--port", str(port)]
    environment = {"SUFFICE_KEY": "our-key", "SUFFICE_SPOOL": str(folder / "spool")}
    process = Process(arguments, port, folder / "log.txt", environment)
    try:
        yield process.wait_healthy()
    finally:
        process.client.close()
        process.child.terminate()
        process.child.wait(30)


@pytest.fixture
def project(request: pytest.FixtureRequest, collector: Process) -> Iterator[str]:
    """Recording into the collector, into a project of the test's own."""
    name = request.node.name
    suffice.init(f"http://127.0.0.1:{collector.port}", "tests", key="our-key", project=name, quiet=True)
    yield name
    suffice.shutdown()


def stored(collector: Process, project: str, calls: int = 1) -> list[dict[str, Any]]:
    assert suffice.flush(10) == (calls, 0, 0)
    wait_until(lambda: len(collector.rows("calls", project=project)) >= calls, "the stored calls", 10)
    listed = collector.rows("calls", project=project)
    assert len(listed) == calls
    return [collector.rows("call", project=project, call_id=row["call_id"])[0] for row in listed]


def conversation(collector: Process, project: str, call_id: str) -> list[tuple[str, str, Any]]:
    rows = collector.rows("conversation", project=project, call_id=call_id)
    return [(row["direction"], row["role"], json.loads(row["content"])["parts"]) for row in rows]


@pytest.mark.parametrize("how", HOW)
async def test_an_openai_call(how: str, provider: Server, collector: Process, project: str) -> None:
    answer = await ask_openai(provider.url, how, tools=[OPENAI_TOOL])
    (call,) = stored(collector, project)
    expected = {
        "service": "tests",
        "provider": "openai",
        "request_model": "gpt-test",
        "response_model": "gpt-test-2026-01-01",
        "operation": "chat",
        "wire_format": "openai.chat",
        "stream": how.endswith("stream"),
        "input_tokens": 42,
        "output_tokens": 7,
        "cache_read_tokens": 32,
        "reasoning_tokens": 3,
        "usage_source": "reported",
        "finish_reason": "tool_call",
        "completeness": "complete",
        "status_code": 200,
        "attempt": 1,
    }
    assert {name: call[name] for name in expected} == expected
    assert call["call_site"].startswith("sdk/asking.py:ask_openai:")
    assert conversation(collector, project, call["call_id"]) == [
        ("request", "system", [{"type": "text", "content": "Be brief."}]),
        ("request", "user", [{"type": "text", "content": "Grüß Gott from Ulm"}]),
        (
            "answer",
            "assistant",
            [{"type": "tool_call", "id": "call_1", "name": "weather", "arguments": json.loads(answer)}],
        ),
    ]
    assert [tool["name"] for tool in json.loads(call["tools"])] == ["weather"]


@pytest.mark.parametrize("how", HOW)
async def test_an_anthropic_call(how: str, provider: Server, collector: Process, project: str) -> None:
    await ask_anthropic(provider.url, how, tools=[ANTHROPIC_TOOL])
    (call,) = stored(collector, project)
    expected = {
        "provider": "anthropic",
        "response_model": "claude-test-20260101",
        "wire_format": "anthropic.messages",
        "input_tokens": 36,
        "output_tokens": 9,
        "cache_read_tokens": 20,
        "cache_write_5m_tokens": 5,
        "completeness": "complete",
        "finish_reason": "tool_call",
    }
    assert {name: call[name] for name in expected} == expected
    assert conversation(collector, project, call["call_id"]) == [
        ("request", "system", [{"type": "text", "content": "Be brief."}]),
        ("request", "user", [{"type": "text", "content": "Grüß Gott from Ulm"}]),
        (
            "answer",
            "assistant",
            [
                {"type": "text", "content": "You said: Grüß Gott from Ulm"},
                {"type": "tool_call", "id": "toolu_1", "name": "weather", "arguments": {"city": "Ulm"}},
            ],
        ),
    ]


async def test_a_run_with_its_task_and_outcome(provider: Server, collector: Process, project: str) -> None:
    with suffice.run("triage", user="u1", session="s1") as run:
        for word in ("one", "two"):
            with suffice.task("classify"):
                await ask_openai(provider.url, "sync", messages=[{"role": "user", "content": word}])
        suffice.outcome(ok=True, label="solved")
    calls = sorted(stored(collector, project, 2), key=lambda call: call["step"])
    assert [(call["run_id"], call["run_name"], call["step"], call["task_name"]) for call in calls] == [
        (run.id, "triage", 1, "classify"),
        (run.id, "triage", 2, "classify"),
    ]
    assert {(call["user_id"], call["conversation_id"], call["agent_name"]) for call in calls} == {
        ("u1", "s1", "triage")
    }
    (outcome,) = wait_until(lambda: collector.rows("outcomes", project=project), "the outcome", 10)
    assert (outcome["target"], outcome["target_id"], outcome["ok"], outcome["label"]) == ("run", run.id, True, "solved")


async def test_a_batch_that_is_delivered_twice_counts_once(provider: Server, collector: Process, project: str) -> None:
    """As after an acknowledgement that was lost."""
    from suffice import context

    await ask_openai(provider.url, "sync")
    recorder = context.recorder
    assert recorder is not None
    bodies: list[bytes] = []
    send = recorder._deliverer.collector.post_spans

    def twice(body: bytes) -> Any:
        bodies.append(body)
        send(body)
        return send(body)

    recorder._deliverer.collector.post_spans = twice  # type: ignore[method-assign]
    stored(collector, project)
    assert len(bodies) == 1
    assert collector.rows("overview", project=project)[0]["calls"] == 1
