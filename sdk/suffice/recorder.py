"""The recorder: takes what the transports see in the app's threads, and hands it to its worker.

The app's thread does little: it takes ids and the clock, and puts a reference into a queue. Everything else
(decode, parse, redact, write, send) is the worker's, in a thread of its own.
"""

from __future__ import annotations

import os
import time
import weakref
from sys import _getframe

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace import TracerProvider as AnyTracerProvider
from opentelemetry.trace import get_current_span as host_span

from suffice import call_site, semconv
from suffice.announce import log_once
from suffice.attempts import begin_attempt
from suffice.baggage import complete, read_baggage, read_headers, written_headers
from suffice.capture import Capture, RawHeaders, capturing
from suffice.collector import Collector
from suffice.config import Settings
from suffice.context import Run, current_place, current_run
from suffice.delivery import Delivery
from suffice.finishing import context_of, start_call_span
from suffice.privacy import gate_of
from suffice.span import outcome_attributes, run_attributes, run_span_name
from suffice.tracing import HandOver, private_provider
from suffice.wire.registry import recognise
from suffice.worker import Flush, Worker


class Recorder:
    """One per process that called ``init()``. Every public method fails open."""

    def __init__(self, settings: Settings, tracer_provider: AnyTracerProvider | None = None) -> None:
        self.settings = settings
        own = private_provider(settings)
        self.resource: Resource = own.resource
        self.provider: AnyTracerProvider = tracer_provider or own
        self.attaches_context = settings.http_spans or tracer_provider is not None
        self._shared_provider = tracer_provider is not None
        self._hand_over = HandOver(self._take_span)
        if isinstance(self.provider, TracerProvider):
            self.provider.add_span_processor(self._hand_over)
        self._tracer = self.provider.get_tracer(semconv.SCOPE)
        self._start_afresh()
        _recorders.add(self)

    def _start_afresh(self) -> None:
        """Also in a forked child: queues, counts, thread and connection are the parent's, none is usable."""
        described = {name: str(value) for name, value in self.resource.attributes.items()}
        self.worker = Worker(self.settings, described, self._tracer, shared=self._shared_provider)
        self._stopped = False

    def start_in_child(self) -> None:
        """After a fork: what was begun before it is the parent's to deliver."""
        self.worker.abandoned = True
        self._start_afresh()

    def deliver_to(self, collector: Collector) -> None:
        """Send to another collector than the settings name. Before the first call."""
        self.worker.deliverer.collector = collector

    def wants(self, method: str, url: str) -> bool:
        """Whether the request may be an LLM call: cheap, asked for every request of the process."""
        return recognise(method, url)

    def begin(self, method: str, url: str, headers: RawHeaders, body: bytes) -> Capture | None:
        """Start capturing an exchange. Never raises; None if it can't be captured."""
        try:
            capture = Capture(self.worker.submit, method, url)
            capture.request_headers = headers
            capture.request_body = body
            begin_attempt(capture)
            capture.site = call_site.find(_getframe(1))
            capture.place = place = complete(current_place(capture.attempt.number if capture.attempt else 1))
            capture.parent = self._parent(place.run)
            if self.attaches_context:  # else the span is made later, in the worker: 25 µs that the app keeps
                capture.span = start_call_span(self._tracer, capture)
            return capture
        except Exception:
            log_once("the start of a call")
            return None

    def start_run(self, run: Run) -> None:
        """Open the span of a run and give it its id."""
        try:
            caller, upstream = read_headers(run.headers) if run.headers else (None, read_baggage())
            if upstream is not None:
                run.hear(upstream.about)
            parent = context_of(caller or self._parent(run.outer))
            name = gate_of(self.settings).label(run_span_name(run))
            run.span = self._tracer.start_span(name, parent, SpanKind.INTERNAL, start_time=time.time_ns())
            context = run.span.get_span_context()
            trace_id, span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
            is_root = getattr(run.span, "parent", None) is None
            run.id = run.id or (trace_id if is_root else f"{trace_id}:{span_id}")
        except Exception:
            log_once("the start of a run")

    def headers(self) -> dict[str, str]:
        """For a request to another service: where this stands, for whom, as it may leave."""
        try:
            return written_headers(gate_of(self.settings))
        except Exception:
            log_once("headers for another service")
            return {}

    def end_run(self, run: Run, error_type: str | None) -> None:
        span = run.span
        if span is None:
            return
        try:
            given = {semconv.OPERATION: "invoke_agent", **run_attributes(run)}
            if error_type:
                given[semconv.ERROR_TYPE] = error_type
                span.set_status(Status(StatusCode.ERROR))
            span.set_attributes(gate_of(self.settings).attributes(given))
            span.end(time.time_ns())
        except Exception:
            log_once("the end of a run")

    def record_outcome(
        self, target: str, target_id: str, ok: bool | None, score: float | None, label: str | None
    ) -> None:
        try:
            now = time.time_ns()
            parent = context_of(self._parent(current_run()))
            span = self._tracer.start_span(semconv.OUTCOME_SPAN, parent, start_time=now)
            given = outcome_attributes(target, target_id, ok, score, label)
            span.set_attributes(gate_of(self.settings).attributes(given))
            span.end(now)
        except Exception:
            log_once("an outcome")

    def flush(self, timeout: float | None) -> Delivery:
        """Hand over everything captured so far; returns what became of it, after ``timeout`` seconds at the latest."""
        self.worker.wait(Flush(), timeout)
        return self.delivery()

    def delivery(self) -> Delivery:
        """The counts as they are now."""
        return self.worker.delivery()

    def pending(self) -> bool:
        """Whether anything still waits in memory."""
        return self.worker.pending()

    def note_patched(self) -> None:
        """See ``Worker.note_patched``: before the patches go."""
        self.worker.note_patched()

    def shutdown(self, timeout: float) -> Delivery:
        """Flush, then stop. What could not be sent in time goes to the spool."""
        if self._stopped:
            return self.delivery()
        self.worker.stop(timeout)
        self._stopped = True
        self._hand_over.shutdown()
        announcement = self.worker.announcement
        if announcement is not None:
            announcement.join(max(0.0, min(timeout, 1.5)))
        _recorders.discard(self)
        return self.delivery()

    def _parent(self, run: Run | None) -> SpanContext | None:
        """The run's span, else the host's active one."""
        if run is not None and run.span is not None:
            return run.span.get_span_context()
        host = host_span().get_span_context()
        return None if host is INVALID_SPAN_CONTEXT else host

    def _take_span(self, span: ReadableSpan) -> None:
        scope = span.instrumentation_scope
        if (scope is None or scope.name != semconv.SCOPE) and not (self.settings.http_spans and capturing.get()):
            return  # the host's own span, seen because we share its provider
        self.worker.take_span(span)


# A strong set would keep a forgotten recorder alive; the fork hook can't be removed, so there is one for all.
_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for recorder in list(_recorders):
        recorder.start_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
