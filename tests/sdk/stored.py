"""What one call of the vendors' clients must be when it comes out of a running collector's read API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from collector.processes import Process, wait_until
from free_ports import free_port

KEY = "our-key"


@contextmanager
def keyed_collector(folder: Path) -> Iterator[Process]:
    """``suffice collector`` in a process of its own, with a key."""
    port = free_port()
    arguments = ["collector", "--db", str(folder / "calls.duckdb"), "--port", str(port)]
    environment = {"SUFFICE_KEY": KEY, "SUFFICE_SPOOL": str(folder / "spool")}
    with Process(arguments, port, folder / "log.txt", environment).running() as process:
        yield process


def read_calls(collector: Process, project: str, count: int = 1) -> list[dict[str, Any]]:
    """The ``call`` read of each of the project's calls, of which there must be ``count``."""
    wait_until(lambda: len(collector.rows("calls", project=project)) >= count, "the stored calls")
    listed = collector.rows("calls", project=project)
    assert len(listed) == count
    return [collector.rows("call", project=project, call_id=row["call_id"])[0] for row in listed]


def check_openai_call(collector: Process, project: str, how: str, answer: str) -> None:
    """``sdk.asking.ask_openai`` with a tool: tokens, messages, tools and answer as they went in."""
    (call,) = read_calls(collector, project)
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
    assert json.loads(answer) == {"city": "Ulm"}
    assert conversation(collector, project, call["call_id"]) == [
        ("request", "system", [{"type": "text", "content": "Be brief."}]),
        ("request", "user", [{"type": "text", "content": "Grüß Gott from Ulm"}]),
        ("answer", "assistant", [{"type": "tool_call", "id": "call_1", "name": "weather", "arguments": {"city": "Ulm"}}]),
    ]  # fmt: skip
    assert [tool["name"] for tool in json.loads(call["tools"])] == ["weather"]


def check_anthropic_call(collector: Process, project: str, how: str, answer: list[Any]) -> None:
    """The same of ``sdk.asking.ask_anthropic``."""
    (call,) = read_calls(collector, project)
    expected = {
        "provider": "anthropic",
        "request_model": "claude-test",
        "response_model": "claude-test-20260101",
        "wire_format": "anthropic.messages",
        "stream": how.endswith("stream"),
        "input_tokens": 36,
        "output_tokens": 9,
        "cache_read_tokens": 20,
        "cache_write_5m_tokens": 5,
        "completeness": "complete",
        "finish_reason": "tool_call",
    }
    assert {name: call[name] for name in expected} == expected
    said = "You said: Grüß Gott from Ulm"
    assert [answer[0], list(answer[1])] == [said, ["weather", {"city": "Ulm"}]]
    tool_call = {"type": "tool_call", "id": "toolu_1", "name": "weather", "arguments": {"city": "Ulm"}}
    assert conversation(collector, project, call["call_id"]) == [
        ("request", "system", [{"type": "text", "content": "Be brief."}]),
        ("request", "user", [{"type": "text", "content": "Grüß Gott from Ulm"}]),
        ("answer", "assistant", [{"type": "text", "content": said}, tool_call]),
    ]
    assert [tool["name"] for tool in json.loads(call["tools"])] == ["weather"]


def conversation(collector: Process, project: str, call_id: str) -> list[tuple[str, str, Any]]:
    rows = collector.rows("conversation", project=project, call_id=call_id)
    return [(row["direction"], row["role"], json.loads(row["content"])["parts"]) for row in rows]
