"""Langfuse's SDK (v3 on): observations of type generation or embedding; input, output and usage as JSON.

``usage_details`` is Langfuse's own ({"input", "output", "input_cache_read", ...}: each token in one of them, so
that the whole is their sum) or the vendor's usage object as it came (inclusive).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from suffice.wire.call import Call, Usage
from suffice_collector.dialects import fields, payload, tokens
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "langfuse"
SCOPES: tuple[str, ...] = ("langfuse-sdk",)

_START = "langfuse.observation."
TYPE = f"{_START}type"
_INPUT, _OUTPUT = f"{_START}input", f"{_START}output"
_OPERATIONS = {"generation": "chat", "embedding": "embeddings"}


def matches(span: Span) -> bool:
    return fields.word(span.attributes, TYPE, _OPERATIONS) is not None


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    failed, why = failure_of(span)
    if failed is None and a.get(f"{_START}level") == "ERROR":
        failed, why = "_OTHER", fields.text(a, f"{_START}status_message")
    parameters = fields.json_object(a, f"{_START}model.parameters") or {}
    call = Call(
        wire_format="",
        operation=_OPERATIONS[a[TYPE]],
        provider=(_plain(a, f"{_START}metadata.ls_provider") or "").lower(),
        request_model=_plain(a, f"{_START}metadata.ls_model_name"),
        response_model=fields.text(a, f"{_START}model.name"),
        usage=_usage(fields.json_object(a, f"{_START}usage_details")),
        parameters=payload.parameters_of({k: v for k, v in parameters.items() if v != "Infinity"}),
        stream=f"{_START}completion_start_time" in a,
        response_id=_plain(a, f"{_START}metadata.id"),
        finish_reasons=fields.finish_reasons({"it": _plain(a, f"{_START}metadata.finish_reason")}, "it"),
        service_tier=fields.text(parameters, "service_tier"),
        completeness="complete" if failed is None else "error",
        error_type=failed,
        error_message=why or fields.text(a, f"{_START}status_message"),
    )
    said = _either(a, _INPUT)
    asked = payload.read_request(said)
    asked.tools = asked.tools or fields.tools({"tools": _tools_among(said)}, "tools")
    payload.fill(call, asked)
    if call.operation == "chat":
        payload.fill(call, None, payload.read_answer(_either(a, _OUTPUT)))
    record = call_record(call, span, resource, NAME, (_INPUT, _OUTPUT) if call.input_messages else ())
    record.environment = record.environment or fields.text(a, "langfuse.environment")
    record.task_name = fields.text(a, f"{_START}prompt.name")
    record.run_name = fields.text(a, "langfuse.trace.name")
    record.agent_name = record.agent_name or _plain(a, f"{_START}metadata.lc_agent_name")
    first = _time_ns(_plain(a, f"{_START}completion_start_time"))
    if first > span.started_ns > 0:
        record.time_to_first_token_ms = (first - span.started_ns) / 1e6
    return record


def _usage(raw: dict[str, Any] | None) -> Usage | None:
    if raw is None:
        return None
    if "input" not in raw and "output" not in raw:
        return tokens.usage_of(raw)
    usage = Usage(
        input_tokens=_sum(raw, "input"),
        output_tokens=_sum(raw, "output"),
        cache_read_tokens=fields.integer(raw, "input_cache_read", "input_cached_tokens", "cache_read_input_tokens"),
        cache_write_5m_tokens=fields.integer(raw, "input_cache_creation", "cache_creation_input_tokens"),
        reasoning_tokens=fields.integer(raw, "output_reasoning", "output_reasoning_tokens"),
        raw=raw,
    )
    return usage if usage.input_tokens is not None or usage.output_tokens is not None else None


def _sum(raw: dict[str, Any], side: str) -> int | None:
    """Langfuse splits a side into parts that don't overlap: input, input_cache_read, input_audio, ..."""
    found = [fields.integer(raw, key) for key in raw if key == side or key.startswith(f"{side}_")]
    if side == "input":  # Anthropic's words, which Langfuse keeps
        found += [fields.integer(raw, key) for key in ("cache_read_input_tokens", "cache_creation_input_tokens")]
    known = [each for each in found if each is not None]
    return sum(known) if known else None


def _tools_among(said: Any) -> list[Any]:
    """Definitions that the LangChain handler puts among the messages, as role ``tool``."""
    if not isinstance(said, list):
        return []
    contents = [each.get("content") for each in said if isinstance(each, dict) and each.get("role") == "tool"]
    return [each for each in contents if isinstance(each, dict) and each.get("type") == "function"]


def _either(a: dict[str, Any], key: str) -> Any:
    """JSON, or the text that it is instead."""
    value = fields.json_value(a, key)
    return a.get(key) if value is None or isinstance(value, int | float) else value


def _plain(a: dict[str, Any], key: str) -> str | None:
    """A text, given as it is or as a JSON string."""
    value = fields.text(a, key)
    if value is not None and value.startswith('"'):
        inner = fields.json_value(a, key)
        return inner if isinstance(inner, str) else value
    return None if value == "null" else value


def _time_ns(text: str | None) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1e9) if text else 0
    except ValueError:
        return 0
