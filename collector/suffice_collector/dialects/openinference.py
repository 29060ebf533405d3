"""OpenInference (Arize): ``openinference.span.kind``, messages spread over ``llm.input_messages.N.*``.

Its ``gen_ai.*`` copies (dual mode) are not read: the request's model is overwritten there. The response's id is in no
attribute, but in ``output.value``, the vendor's answer or LangChain's; so is the request's model in ``input.value``.
"""

from __future__ import annotations

from typing import Any

from suffice.wire.call import Call
from suffice_collector.dialects import fields, flat, payload, tokens
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "openinference"
SCOPES: tuple[str, ...] = ("openinference.",)

KIND = "openinference.span.kind"
_OPERATIONS = {"LLM": "chat", "EMBEDDING": "embeddings"}
_SPREAD = ("llm.input_messages.", "llm.output_messages.", "llm.tools.")
_WHOLE = ("input.value", "output.value")


def matches(span: Span) -> bool:
    return fields.word(span.attributes, KIND, _OPERATIONS) is not None


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    failed, why = failure_of(span)
    call = Call(
        wire_format="",
        operation=_OPERATIONS[a[KIND]],
        provider=(fields.text(a, "llm.provider", "llm.system") or "").lower(),
        response_model=fields.text(a, "llm.model_name", "embedding.model_name"),
        input_messages=flat.openinference_messages(a, "llm.input_messages."),
        output_messages=flat.openinference_messages(a, "llm.output_messages."),
        tool_definitions=flat.openinference_tools(a),
        usage=_usage(a),
        finish_reasons=fields.finish_reasons(a, "llm.finish_reason"),
        completeness="complete" if failed is None else "error",
        error_type=failed,
        error_message=why,
    )
    stated = fields.json_object(a, "llm.invocation_parameters") or fields.json_object(
        a, "embedding.invocation_parameters"
    )
    asked = payload.read_request(fields.json_value(a, "input.value"))
    if stated:
        told = payload.read_request(stated)
        told.messages = []
        if "created_at" in stated:  # the response's object, where openai-agents puts the request's settings
            told.model = None
        payload.fill(call, told)
    payload.fill(call, asked, payload.read_answer(fields.json_value(a, "output.value")))
    if call.operation == "embeddings":
        call.output_messages = []
        call.input_messages = call.input_messages or payload.read_request(a.get("input.value")).messages
    content = [*flat.keys_under(a, *_SPREAD), *(key for key in _WHOLE if call.input_messages or call.output_messages)]
    record = call_record(call, span, resource, NAME, content)
    record.task_name = fields.text(a, "llm.prompt_template.name")
    first = next((event.time_ns for event in span.events if event.name == "First Token Stream Event"), 0)
    if first > span.started_ns > 0:
        record.time_to_first_token_ms = (first - span.started_ns) / 1e6
    return record


def _usage(a: dict[str, Any]) -> Any:
    start = "llm.token_count."
    raw = {key.removeprefix(start): value for key, value in a.items() if key.startswith(start)}
    asked = {key.removeprefix("prompt_details."): value for key, value in raw.items() if key.startswith("prompt_d")}
    answered = {
        key.removeprefix("completion_details."): value for key, value in raw.items() if key.startswith("completion_d")
    }
    return tokens.usage_of({**raw, "input_token_details": asked, "output_token_details": answered}) if raw else None
