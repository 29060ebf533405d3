"""What Ollama's endpoints share: options, formats, answers, counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.blobs import blob_part
from suffice.wire.call import Call, Message, Usage
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, first_count
from suffice.wire.parameters import kept_parameters, written_parameters

_OPTION_NAMES = {"num_predict": "max_tokens", "stop": "stop_sequences"}
_OF_BODY = ("think", "raw", "suffix", "template", "truncate", "dimensions")  # the other parameters are options
_COUNTS = ("prompt_eval_count", "eval_count")
_DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")


def image_parts(images: Any) -> list[dict[str, Any]]:
    """Images as base64 text; also as the description that we write, since the bytes are gone by then."""
    blobs = [blob_part(each, None, "image") for each in as_list(images) if isinstance(each, str)]
    return blobs + [dict(each) for each in as_objects(images) if isinstance(each.get("type"), str)]


def read_parameters(body: Mapping[str, Any], read_elsewhere: frozenset[str]) -> dict[str, Any]:
    """Options and what stands beside them. An empty text is Ollama's way to say nothing."""
    given = {k: v for k, v in body.items() if v != ""} | as_object(body.get("options"))
    return kept_parameters(given, _OPTION_NAMES, read_elsewhere)


def write_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    written = written_parameters(parameters, _OPTION_NAMES)
    top = {key: written.pop(key) for key in _OF_BODY if key in written}
    return top | ({"options": written} if written else {})


def read_format(given: Any) -> dict[str, Any] | None:
    if isinstance(given, dict):
        return {"type": "json_schema", "schema": given}
    return {"type": "json_object"} if given == "json" else None


def write_format(response_format: Mapping[str, Any] | None) -> dict[str, Any]:
    if not response_format:
        return {}
    schema = response_format.get("schema")
    return {"format": schema if isinstance(schema, dict) else "json"}


def ollama_usage(body: Mapping[str, Any]) -> Usage | None:
    """Counts as stated, durations in nanoseconds beside them in the raw object."""
    given, made = first_count(body.get("prompt_eval_count")), first_count(body.get("eval_count"))
    if given is None and made is None:
        return None
    return Usage(given, made, raw={key: body[key] for key in (*_COUNTS, *_DURATIONS) if key in body})


def take_answer(call: Call, body: Mapping[str, Any], parts: list[dict[str, Any]] | None) -> None:
    """Put an answer of these parts into the call (None: there was none), with finish reason, usage and error."""
    call.response_model = as_text(body.get("model"))
    if parts is not None:
        message: Message = {"role": "assistant", "parts": parts}
        if reason := _finish_reason(body, parts):
            message["finish_reason"] = reason
            call.finish_reasons.append(reason)
        call.output_messages.append(message)
    call.usage = ollama_usage(body)
    call.completeness = "complete" if parts is not None and body.get("done") is not False else "partial"
    note_failure(call, body)


def _finish_reason(body: Mapping[str, Any], parts: list[dict[str, Any]]) -> str | None:
    if body.get("done") is not True:
        return None
    reason = as_text(body.get("done_reason")) or "stop"  # the first versions state none
    is_call = any(part["type"] == "tool_call" for part in parts)
    return "tool_call" if reason == "stop" and is_call else reason
