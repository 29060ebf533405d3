"""MLflow tracing: every value is JSON text; ``mlflow.spanInputs`` and ``mlflow.spanOutputs`` are the vendor's bodies.

With MLFLOW_ENABLE_OTEL_GENAI_SEMCONV it speaks the conventions, names no provider, and writes the response's model
over the request's (the request's stands in ``model``). Embeddings come without usage in ``chat.tokenUsage``; the
vendor's answer, where it is handed on, has it.
"""

from __future__ import annotations

from suffice import semconv
from suffice.wire.call import Call
from suffice_collector.dialects import fields, otel_genai, payload, tokens
from suffice_collector.dialects.place import call_record, failure_of
from suffice_collector.otlp import Resource, Span
from suffice_store.records import CallRecord

NAME = "mlflow"
SCOPES: tuple[str, ...] = ("mlflow.",)

TYPE = "mlflow.spanType"
_INPUTS, _OUTPUTS = "mlflow.spanInputs", "mlflow.spanOutputs"
_OPERATIONS = {"CHAT_MODEL": "chat", "LLM": "chat", "EMBEDDING": "embeddings"}


def matches(span: Span) -> bool:
    a = span.attributes
    if fields.word(a, semconv.OPERATION, semconv.CALL_OPERATIONS):
        return True
    return TYPE in a and _plain(a[TYPE]) in _OPERATIONS


def normalise(span: Span, resource: Resource) -> CallRecord | None:
    a = span.attributes
    call = _own(span) if _plain(a.get(TYPE)) in _OPERATIONS else otel_genai.call_of(span)
    model = fields.json_value(a, "model")
    call.request_model = model if isinstance(model, str) else call.request_model
    call.provider = call.provider or _plain(a.get("mlflow.message.format")) or ""
    content = [*otel_genai.CONTENT, *((_INPUTS, _OUTPUTS) if call.input_messages else ())]
    return call_record(call, span, resource, NAME, content)


def _own(span: Span) -> Call:
    a = span.attributes
    failed, why = failure_of(span)
    call = Call(
        wire_format="",
        operation=_OPERATIONS[_plain(a[TYPE]) or "LLM"],
        provider="",
        response_model=_plain(a.get("mlflow.llm.model")),
        usage=tokens.usage_of(fields.json_object(a, "mlflow.chat.tokenUsage")),
        tool_definitions=fields.tools(a, "mlflow.chat.tools"),
        completeness="complete" if failed is None else "error",
        error_type=failed,
        error_message=why,
    )
    payload.fill(call, payload.read_request(fields.json_value(a, _INPUTS)))
    payload.fill(call, None, payload.read_answer(fields.json_value(a, _OUTPUTS)))
    return call


def _plain(value: object) -> str | None:
    found = fields.json_value({"it": value}, "it")
    return found if isinstance(found, str) and found else None
