"""A vendor's own request and answer, where a sender hands them on whole (``input.value``, ``mlflow.spanInputs``...).

Read by shape: OpenAI's chat, responses and embeddings, Anthropic's messages, LangChain's generations. Only what the
dialect's own attributes don't say is taken from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from suffice.wire.call import Call, Message, ToolDefinition, Usage
from suffice.wire.lenient import as_object
from suffice_collector.dialects import fields
from suffice_collector.dialects.said import messages_of, parts_of
from suffice_collector.dialects.tokens import usage_of

_NOT_PARAMETERS = {
    "model", "model_name", "messages", "input", "tools", "functions", "system", "instructions", "stream",
    "stream_options", "response_format", "text", "user", "metadata", "prompt", "contents", "_type", "extra_headers",
    "extra_body", "extra_query", "timeout", "id", "created_at", "object", "status", "output", "usage", "error",
    "incomplete_details", "temperature_set",
}  # fmt: skip
_RENAMED = {
    "stop": "stop_sequences",
    "max_output_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "n": "choice.count",
}


@dataclass(slots=True)
class Asked:
    """What a request says; empty where it is none."""

    model: str | None = None
    system: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    tools: list[ToolDefinition] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    response_format: dict[str, Any] | None = None
    stream: bool = False


@dataclass(slots=True)
class Answered:
    """What an answer says; empty where it is none."""

    messages: list[Message] = field(default_factory=list)
    response_id: str | None = None
    model: str | None = None
    finish_reasons: list[str] = field(default_factory=list)
    usage: Usage | None = None
    service_tier: str | None = None


def read_request(value: Any) -> Asked:
    """A request body, or a bare conversation."""
    if not isinstance(value, dict):
        return Asked(messages=messages_of(value))
    asked = Asked(model=fields.text(value, "model", "model_name"), stream=value.get("stream") is True)
    spoken = next((value[key] for key in ("messages", "input", "prompt", "contents") if value.get(key)), None)
    asked.messages = messages_of(value if spoken is None and "role" in value else spoken)
    asked.system = parts_of(value.get("system") or value.get("instructions"))
    asked.tools = fields.tools(value, "tools") or fields.tools(value, "functions")
    form = value.get("response_format")
    if form is None and isinstance(value.get("text"), dict):
        form = value["text"].get("format")
    asked.response_format = form if isinstance(form, dict) and form.get("type") not in (None, "text") else None
    asked.parameters = parameters_of(value)
    return asked


def parameters_of(value: dict[str, Any]) -> dict[str, Any]:
    """The settings of a request, by the conventions' names; nulls and LangSmith's own are none."""
    return {
        _RENAMED.get(key, key): each
        for key, each in value.items()
        if each is not None and key not in _NOT_PARAMETERS and not key.startswith(("ls_", "lc_")) and _is_small(each)
    }


def read_answer(value: Any) -> Answered:
    """A response body, a message of one, or a bare text."""
    if not isinstance(value, dict):
        return Answered(messages=messages_of(value, "assistant"))
    if "generations" in value:
        return _read_generations(value)
    answered = Answered(
        response_id=fields.text(value, "id"),
        model=fields.text(value, "model", "model_name"),
        usage=usage_of(value.get("usage") if isinstance(value.get("usage"), dict) else None),
        service_tier=fields.text(value, "service_tier"),
    )
    if isinstance(choices := value.get("choices"), list):
        for choice in choices:
            _add_choice(answered, choice)
    elif isinstance(output := value.get("output"), list):  # the responses format: its items are one answer
        items = messages_of(output, "assistant")
        parts = [part for item in items for part in item["parts"]]
        answered.messages = [{"role": "assistant", "parts": parts}] if parts else []
    elif "role" in value or "content" in value or "kwargs" in value or value.get("type") == "ai":
        answered.messages = messages_of(value, "assistant")
        if answered.model is None:  # a message within an answer: its id is not the answer's
            answered.response_id = None
        if value.get("stop_reason"):
            answered.finish_reasons = [fields.finish_reason(str(value["stop_reason"]))]
        if answered.usage is not None and answered.response_id and answered.response_id.startswith("msg_"):
            answered.usage = usage_of(value["usage"], exclusive=True)  # Anthropic's own counts leave the cache out
    return answered


def fill(call: Call, asked: Asked | None = None, answered: Answered | None = None) -> Call:
    """Into ``call``, what it does not say itself."""
    if asked is not None:
        call.request_model = call.request_model or asked.model
        if not call.input_messages:
            call.input_messages = asked.messages
            call.system_instructions = call.system_instructions or asked.system
        call.tool_definitions = call.tool_definitions or asked.tools
        call.parameters = {**asked.parameters, **call.parameters}
        call.response_format = call.response_format or asked.response_format
        call.stream = call.stream or asked.stream
    if answered is not None:
        call.response_model = call.response_model or answered.model
        call.output_messages = call.output_messages or answered.messages
        call.response_id = call.response_id or answered.response_id
        call.finish_reasons = call.finish_reasons or answered.finish_reasons
        call.usage = call.usage or answered.usage
        call.service_tier = call.service_tier or answered.service_tier
    return call


def _add_choice(answered: Answered, choice: Any) -> None:
    if not isinstance(choice, dict):
        return
    reason = choice.get("finish_reason")
    if isinstance(reason, str):
        answered.finish_reasons.append(fields.finish_reason(reason))
    for message in messages_of(choice.get("message", choice.get("text")), "assistant"):
        if isinstance(reason, str):
            message["finish_reason"] = fields.finish_reason(reason)
        answered.messages.append(message)


def _read_generations(value: dict[str, Any]) -> Answered:
    """LangChain's LLMResult: generations of generations, the vendor's metadata inside the message."""
    answered = Answered()
    rows = value["generations"]
    first = rows[0] if isinstance(rows, list) and rows else None
    for each in first if isinstance(first, list) else [first]:
        if not isinstance(each, dict):
            continue
        said = each.get("message") if isinstance(each.get("message"), dict) else each.get("text")
        answered.messages += messages_of(said, "assistant")
        inner = as_object(said.get("kwargs", said.get("data", said))) if isinstance(said, dict) else {}
        meta = inner.get("response_metadata") or each.get("generation_info") or {}
        if isinstance(meta, dict):
            answered.response_id = answered.response_id or fields.text(meta, "id")
            answered.model = answered.model or fields.text(meta, "model_name", "model")
            reason = fields.text(meta, "finish_reason", "stop_reason")
            answered.finish_reasons += [fields.finish_reason(reason)] if reason else []
        if isinstance(inner.get("usage_metadata"), dict):
            answered.usage = answered.usage or usage_of(inner["usage_metadata"])
    if isinstance(told := value.get("llm_output"), dict):
        answered.response_id = answered.response_id or fields.text(told, "id")
        answered.model = answered.model or fields.text(told, "model_name", "model")
        raw = told.get("token_usage")
        answered.usage = answered.usage or usage_of(raw if isinstance(raw, dict) else None)
    return answered


def _is_small(value: Any) -> bool:
    return isinstance(value, bool | int | float | str) or (isinstance(value, list | dict) and len(str(value)) < 1_000)
