"""HTTP child spans and ``traceparent`` where asked for, and only for calls; a provider of the host's own."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from sdk.local_servers import Server, Sink

import suffice
from suffice import http_spans

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(provider: Server, path: str = "/v1/chat/completions") -> Any:
    with httpx2.Client() as client:
        client.post(provider.url + path, json=BODY)
    return {name.lower(): value for name, value in provider.requests[-1]["headers"].items()}  # type: ignore[attr-defined]


def test_without_it_there_is_neither(provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert "traceparent" not in ask(provider)
    suffice.flush()
    assert len(sink.spans) == 1


def test_a_call_has_a_child_and_hands_its_trace_on(provider: Server, sink: Sink, record: Any) -> None:
    record(http_spans=True)
    headers = ask(provider)
    assert suffice.flush() == (1, 0, 0)
    child, call = sorted(sink.spans, key=lambda span: span["name"] != "POST")
    assert (child["name"], child["scope"]) == ("POST", "opentelemetry.instrumentation.httpx")
    assert child["parent_span_id"] == call["span_id"]
    assert child["resource"] == call["resource"]
    assert headers["traceparent"].split("-")[1:3] == [call["trace_id"], child["span_id"]]
    assert call["started_ns"] <= child["started_ns"] <= child["ended_ns"] <= call["ended_ns"]


async def test_async_as_well(provider: Server, sink: Sink, record: Any) -> None:
    record(http_spans=True)
    async with httpx2.AsyncClient() as client:
        await client.post(provider.url + "/v1/chat/completions", json=BODY)
    suffice.flush()
    assert sorted(span["name"] for span in sink.spans) == ["POST", "chat m"]


def test_other_requests_stay_as_they_are(provider: Server, sink: Sink, record: Any) -> None:
    record(http_spans=True)
    assert "traceparent" not in ask(provider, "/other")
    suffice.flush()
    assert sink.spans == []


def test_shutdown_takes_it_off(provider: Server, record: Any) -> None:
    record(http_spans=True)
    assert HTTPX2ClientInstrumentor().is_instrumented_by_opentelemetry
    suffice.shutdown()
    assert not HTTPX2ClientInstrumentor().is_instrumented_by_opentelemetry
    assert "traceparent" not in ask(provider)


def test_the_hosts_instrumentation_stays_the_hosts(provider: Server, sink: Sink, record: Any) -> None:
    kept = InMemorySpanExporter()
    host = TracerProvider(shutdown_on_exit=False)
    host.add_span_processor(SimpleSpanProcessor(kept))
    HTTPX2ClientInstrumentor().instrument(tracer_provider=host)
    try:
        record(http_spans=True)
        ask(provider)
        ask(provider, "/other")
        suffice.shutdown()
        assert HTTPX2ClientInstrumentor().is_instrumented_by_opentelemetry
    finally:
        HTTPX2ClientInstrumentor().uninstrument()
    assert len(kept.get_finished_spans()) == 2
    assert [span["name"] for span in sink.spans] == ["chat m"]


def test_without_the_extra_calls_are_still_recorded(
    provider: Server, sink: Sink, record: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(http_spans, "import_module", missing)
    record(http_spans=True)
    ask(provider)
    assert suffice.flush() == (1, 0, 0)
    assert "pip install 'suffice[http-spans]'" in caplog.text


def test_a_provider_of_the_hosts_sees_the_call_and_keeps_its_own(provider: Server, sink: Sink, record: Any) -> None:
    kept = InMemorySpanExporter()
    host = TracerProvider(shutdown_on_exit=False)
    host.add_span_processor(SimpleSpanProcessor(kept))
    record(tracer_provider=host)
    with host.get_tracer("theirs").start_as_current_span("request"):
        ask(provider)
    assert suffice.flush() == (1, 0, 0)
    assert [span.name for span in kept.get_finished_spans()] == ["request", "chat m"]
    (call,) = sink.spans  # theirs stays with them
    assert call["resource"]["service.name"] == "tests"
    assert call["parent_span_id"] == f"{kept.get_finished_spans()[0].context.span_id:016x}"


def test_a_provider_that_samples_out_is_counted_as_dropped(provider: Server, record: Any) -> None:
    record(tracer_provider=TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False))
    ask(provider)
    assert suffice.flush() == (0, 1, 0)
