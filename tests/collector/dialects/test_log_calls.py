"""Coding agents' log events, written by hand: a request, its answer, its failure, and what is no call."""

from __future__ import annotations

from typing import Any

from suffice_collector.dialects.log_calls import read_logs
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord

SECOND = 10**9
RESOURCE = Resource({"service.name": "agent"})


def log(name: str, at_s: float, scope: str = "", body: Any = None, **attributes: Any) -> LogRecord:
    told = {key.replace("__", "."): value for key, value in attributes.items()}
    return LogRecord(name, None, None, int(at_s * SECOND), 0, 9, scope, "", body, told)


def claude(name: str, at_s: float, sequence: int, **attributes: Any) -> LogRecord:
    place = {"session__id": "s", "prompt__id": "p", "event__sequence": sequence, "model": "claude-sonnet-4-5"}
    return log(name, at_s, "com.anthropic.claude_code.events", **place, **attributes)


def read(*logs: LogRecord) -> tuple[list[CallRecord], list[str]]:
    calls, moments = read_logs(logs, RESOURCE)
    return calls, [moment.name for moment in moments]


def texts(record: CallRecord) -> tuple[list[str], list[str]]:
    call = record.call
    return (
        [str(part.get("content")) for message in call.input_messages for part in message["parts"]],
        [str(part.get("content")) for message in call.output_messages for part in message["parts"]],
    )


COUNTS = {"input_tokens": "20", "output_tokens": 17, "cache_read_tokens": 14, "cache_creation_tokens": 8}


def test_claude_code_two_requests_of_one_prompt() -> None:
    calls, moments = read(
        claude("user_prompt", 1, 0, prompt="Fix it"),
        claude("api_request", 3, 1, duration_ms=500, **COUNTS),
        claude("assistant_response", 3, 2, response="Looking."),
        claude("tool_result", 3.5, 3, tool_name="Bash"),
        claude("api_request", 5, 4, **COUNTS),
        claude("assistant_response", 5, 5, response="Done."),
    )
    assert [texts(call) for call in calls] == [(["Fix it"], ["Looking."]), (["Fix it"], ["Done."])]
    assert moments == ["user_prompt", "tool_result"]
    usage = calls[0].call.usage
    assert usage is not None
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens) == (42, 14, 8)
    assert (calls[0].started_ns, calls[0].ended_ns) == (int(2.5 * SECOND), 3 * SECOND)
    assert calls[0].run_id == calls[1].run_id
    assert calls[0].call_id != calls[1].call_id


def test_claude_code_a_failed_request() -> None:
    [call], _ = read(claude("api_error", 3, 1, error="overloaded", status_code="529", attempt=2))
    assert (call.call.completeness, call.call.status_code, call.call.error_message) == ("error", 529, "overloaded")
    assert (call.call.usage, call.attempt) == (None, 2)


def test_codex_a_request_with_its_prompt_and_one_that_failed() -> None:
    place = {"conversation__id": "c", "model": "gpt-5-codex"}
    calls, moments = read(
        log("codex.user_prompt", 1, prompt="Fix it", **place),
        log("codex.api_request", 2, duration_ms="1000", http__response__status_code=200, **place),
        log("codex.sse_event", 2.5, event__kind="response.created", **place),
        log(
            "codex.sse_event", 3, event__kind="response.completed", input_token_count="42", output_token_count="17",
            cached_token_count=12, reasoning_token_count=6, tool_token_count=59, **place,
        ),
        log("codex.api_request", 4, http__response__status_code=429, error__message="slow down", **place),
    )  # fmt: skip
    done, failed = calls
    usage = done.call.usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.reasoning_tokens) == (42, 17, 12, 6)
    assert (done.call.request_model, texts(done)[0], done.started_ns) == ("gpt-5-codex", ["Fix it"], SECOND)
    assert (failed.call.completeness, failed.call.error_type, failed.call.usage) == ("error", "429", None)
    assert moments == ["codex.user_prompt", "codex.api_request", "codex.sse_event"]


def test_gemini_cli_thoughts_are_output() -> None:
    place = {"session__id": "s", "prompt_id": "p", "model": "gemini-3-pro"}
    [call], moments = read(
        log("gemini_cli.api_request", 1, request_text="Fix it", **place),
        log(
            "gemini_cli.api_response", 3, response_text="Done.", duration_ms=2000, input_token_count=42,
            output_token_count=11, thoughts_token_count=6, cached_content_token_count=12, status_code=200, **place,
        ),
    )  # fmt: skip
    usage = call.call.usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, usage.reasoning_tokens) == (42, 17, 12, 6)
    assert (texts(call), call.started_ns, moments) == ((["Fix it"], ["Done."]), SECOND, [])


def test_what_is_nobodys_is_kept_as_a_moment() -> None:
    calls, moments = read(log("", 1, body="listening on 80"), log("gen_ai.choice", 1, body={"message": {}}))
    assert (calls, moments) == ([], ["log", "gen_ai.choice"])


def test_the_same_record_has_the_same_id() -> None:
    first, again = (read(claude("api_request", 3, 1, **COUNTS))[0][0] for _ in range(2))
    assert first.call_id == again.call_id
