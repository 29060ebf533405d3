"""Finishing: a capture becomes a span, written as OTLP. Runs in the recorder's thread, where time matters less.

Where the app gave its own tracer provider, or wants HTTP child spans, the span is a real one of that provider and comes
back from it when it has ended; else it is written directly.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    set_span_in_context,
)

from suffice import call_site, otlp, semconv
from suffice.announce import FirstCall
from suffice.capture import Capture
from suffice.config import Settings
from suffice.decoding import decode_body
from suffice.messages_json import Pieces
from suffice.privacy import addresses, gate_of
from suffice.span import call_attributes, span_name
from suffice.wire.call import Call
from suffice.wire.canonical import call_hash
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange

_OUR_SCOPE = otlp.Scope(semconv.SCOPE)
_NO_CONTEXT = Context()
_clean_url = lru_cache(256)(addresses.url)  # 8 µs; an app has few addresses


class Finished(NamedTuple):
    """A call and its span's attributes, redacted."""

    call: Call
    name: str
    attributes: dict[str, Any]
    client: str  # its user agent


class Encoded(NamedTuple):
    """A span as it goes into a batch."""

    scope: otlp.Scope
    data: otlp.Bytes
    is_call: bool

    @property
    def size(self) -> int:
        return sum(map(len, self.data))


class Ids(NamedTuple):
    trace_id: bytes
    span_id: bytes


def finish_capture(capture: Capture, settings: Settings, breathe: Callable[[], None]) -> Finished | None:
    """What a capture was; None if it turns out to be no LLM call. ``breathe`` is called between the steps."""
    exchange = exchange_of(capture)
    call = parse_exchange(exchange)
    if call is None:
        return None
    if capture.truncated and call.completeness == "complete":
        call.completeness = "partial"
    breathe()
    gate = gate_of(settings)
    given = call_attributes(call, exchange, capture.place, call_site.describe(capture.site))
    if gate.mode != "full":
        given[semconv.CAPTURE_MODE] = gate.mode
    given = gate.attributes_in_pieces(given, breathe)
    breathe()
    client = exchange.request_headers.get("user-agent", "unknown client")
    return Finished(call, gate.label(span_name(call)), given, client)


def encode_call(finished: Finished, capture: Capture) -> tuple[Encoded, Ids]:
    """The span of a call, written directly: under its parent, else a trace of its own."""
    parent = capture.parent
    # from the operating system: an app that seeds ``random`` would get the same ids in every run
    ids = Ids(os.urandom(16) if parent is None else parent.trace_id.to_bytes(16, "big"), os.urandom(8))
    failed = finished.call.error_type is not None
    span = otlp.Span(
        finished.name,
        ids.trace_id,
        ids.span_id,
        None if parent is None else parent.span_id.to_bytes(8, "big"),
        otlp.KIND_CLIENT,
        capture.started_ns,
        capture.ended_ns,
        finished.attributes,
        otlp.STATUS_ERROR if failed else otlp.STATUS_UNSET,
        finished.attributes.get(semconv.ERROR_MESSAGE, "") if failed else "",
        parent is not None and parent.is_remote,
    )
    return Encoded(_OUR_SCOPE, otlp.encode_span(span), True), ids


def start_call_span(tracer: Tracer, capture: Capture) -> Span:
    """The span of a call as one of the tracer's provider."""
    context = context_of(capture.parent)
    return tracer.start_span("call", context, SpanKind.CLIENT, start_time=capture.started_ns)


def end_call_span(finished: Finished, capture: Capture, tracer: Tracer) -> Ids:
    """Describe and end it. Raises RuntimeError if it isn't sampled."""
    span = capture.span or start_call_span(tracer, capture)
    if not span.is_recording():
        raise RuntimeError("the tracer provider samples this call out")
    span.update_name(finished.name)
    span.set_attributes({k: str(v) if isinstance(v, Pieces) else v for k, v in finished.attributes.items()})
    if finished.call.error_type:
        span.set_status(Status(StatusCode.ERROR, finished.attributes.get(semconv.ERROR_MESSAGE)))
    span.end(capture.ended_ns)
    context = span.get_span_context()
    return Ids(context.trace_id.to_bytes(16, "big"), context.span_id.to_bytes(8, "big"))


def encode_readable(span: ReadableSpan, settings: Settings, *, shared: bool) -> Encoded:
    """An ended span of a provider. What other code made is redacted, and loses its events and its status's text."""
    scope = span.instrumentation_scope
    is_ours = scope is not None and scope.name == semconv.SCOPE
    given = span.attributes or {}
    gate = gate_of(settings)
    attributes = given if is_ours and not shared else gate.attributes(given)
    context, parent = span.get_span_context() or INVALID_SPAN_CONTEXT, span.parent
    data = otlp.encode_span(
        otlp.Span(
            gate.label(span.name),
            context.trace_id.to_bytes(16, "big"),
            context.span_id.to_bytes(8, "big"),
            None if parent is None else parent.span_id.to_bytes(8, "big"),
            span.kind.value + 1,
            span.start_time or 0,
            span.end_time or 0,
            attributes,
            span.status.status_code.value,
            (span.status.description or "") if is_ours and not shared else "",
            parent is not None and parent.is_remote,
        )
    )
    named = _OUR_SCOPE if is_ours or scope is None else otlp.Scope(scope.name, scope.version or "")
    return Encoded(named, data, semconv.WIRE_FORMAT in given)


def context_of(parent: SpanContext | None) -> Context:
    """A context that only names the parent: nothing is attached."""
    return _NO_CONTEXT if parent is None else set_span_in_context(NonRecordingSpan(parent), _NO_CONTEXT)


def first_call(call: Call, ids: Ids, project: str) -> FirstCall:
    usage = call.usage
    return FirstCall(
        call_hash(project, ids.trace_id.hex(), ids.span_id.hex()),
        call.response_model or call.request_model,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
    )


def exchange_of(capture: Capture) -> Exchange:
    """The raw exchange as the wire formats read it: decoded, credentials dropped."""
    attempt = capture.attempt
    headers = addresses.response_headers(capture.response_headers)
    body = capture.chunks[0] if len(capture.chunks) == 1 else b"".join(capture.chunks)
    encoding = headers.get("content-encoding", "")
    if capture.encoded and encoding and body:
        try:
            body = decode_body(body, encoding)
        except ValueError:
            capture.truncated = True
    return Exchange(
        method=capture.method,
        url=_clean_url(capture.url),
        request_headers=addresses.request_headers(capture.request_headers),
        request_body=capture.request_body,
        status=capture.status,
        response_headers=headers,
        response_body=body,
        streamed=capture.streamed,
        ending=capture.ending,
        error_type=capture.error_type,
        error_message=addresses.text(capture.error_message) if capture.error_message else None,
        started_ns=capture.started_ns,
        first_chunk_ns=capture.first_chunk_ns,
        ended_ns=capture.ended_ns,
        attempt=attempt.number if attempt else 1,
        retry_of=attempt.retry_of() if attempt else [],
    )
