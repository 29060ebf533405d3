"""Finishing: a capture becomes an ended span. Runs in the recorder's thread, where time matters less."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from suffice import call_site, redact, semconv
from suffice.announce import FirstCall
from suffice.capture import Capture, RawHeaders
from suffice.config import CaptureMode, Settings
from suffice.decoding import decode_body
from suffice.span import call_attributes, span_name
from suffice.wire.canonical import call_hash
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange


def start_call_span(tracer: Tracer, capture: Capture) -> Span:
    return tracer.start_span("call", capture.parent, SpanKind.CLIENT, start_time=capture.started_ns)


def finish_capture(capture: Capture, tracer: Tracer, settings: Settings) -> FirstCall | None:
    """End the span of a capture; None if it turns out to be no LLM call. Raises RuntimeError if it isn't sampled."""
    exchange = exchange_of(capture)
    call = parse_exchange(exchange)
    if call is None:
        return None
    if capture.truncated and call.completeness == "complete":
        call.completeness = "partial"
    span = capture.span or start_call_span(tracer, capture)
    if not span.is_recording():
        raise RuntimeError("the tracer provider samples this call out")
    site = call_site.describe(capture.site)
    given = redact.attributes(call_attributes(call, exchange, capture.place, site), settings.capture)
    span.update_name(span_name(call))
    span.set_attributes(given)
    if call.error_type:
        span.set_status(Status(StatusCode.ERROR, given.get(semconv.ERROR_MESSAGE)))
    span.end(capture.ended_ns)
    context, usage = span.get_span_context(), call.usage
    return FirstCall(
        call_hash(settings.project, f"{context.trace_id:032x}", f"{context.span_id:016x}"),
        call.response_model or call.request_model,
        usage.input_tokens if usage else None,
        usage.output_tokens if usage else None,
    )


def exchange_of(capture: Capture) -> Exchange:
    """The raw exchange as the wire formats read it: decoded, credentials dropped."""
    headers = redact.response_headers(capture.response_headers)
    body = b"".join(capture.chunks)
    encoding = headers.get("content-encoding", "")
    if capture.streamed and encoding and body:
        try:
            body = decode_body(body, encoding)
        except ValueError:
            capture.truncated = True
    return Exchange(
        method=capture.method,
        url=redact.url(capture.url),
        request_headers=redact.request_headers(capture.request_headers),
        request_body=capture.request_body,
        status=capture.status,
        response_headers=headers,
        response_body=body,
        streamed=capture.streamed,
        ending=capture.ending,
        error_type=capture.error_type,
        error_message=redact.text(capture.error_message) if capture.error_message else None,
        started_ns=capture.started_ns,
        first_chunk_ns=capture.first_chunk_ns,
        ended_ns=capture.ended_ns,
        attempt=capture.attempt,
    )


def attempt_of(headers: RawHeaders) -> int:
    """1 for the first try. Stainless clients (openai, anthropic, groq...) number their retries in a header."""
    for name, value in headers:
        if name == b"x-stainless-retry-count":
            return int(value) + 1 if value.isdigit() else 1
    return 1


def as_ours(span: ReadableSpan, resource: Resource, mode: CaptureMode) -> ReadableSpan:
    """A copy with our resource and redacted attributes, of a span that other code made."""
    return ReadableSpan(
        name=span.name,
        context=span.get_span_context(),
        parent=span.parent,
        resource=resource,
        attributes=redact.attributes(span.attributes or {}, mode),
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def size_of(span: ReadableSpan) -> int:
    """About how many bytes a span will take on the wire."""
    values: Any = (span.attributes or {}).values()
    return 512 + sum(len(value) for value in values if isinstance(value, str))
