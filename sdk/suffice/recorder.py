"""The recorder: takes finished exchanges from the app's threads, makes spans of them, hands them to delivery.

The app's thread does little: it takes ids and the clock, and puts a reference into a queue
(``SimpleQueue``: the garbage collector may put too, in the middle of anything). One daemon thread does
the rest: decode, parse, redact, serialise, send. Bounded by bytes; what doesn't fit is dropped and counted.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from queue import Empty, SimpleQueue
from sys import _getframe

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    NonRecordingSpan,
    SpanKind,
    Status,
    StatusCode,
    set_span_in_context,
)
from opentelemetry.trace import TracerProvider as AnyTracerProvider
from opentelemetry.trace import get_current_span as host_span

from suffice import call_site, redact, semconv
from suffice.announce import FirstCall, announce_first_call, log_once, say
from suffice.capture import Capture, RawHeaders, capturing
from suffice.collector import Collector, Verdict
from suffice.config import Settings
from suffice.context import Run, current_place, current_run
from suffice.delivery import Deliverer, Delivery
from suffice.finishing import as_ours, attempt_of, finish_capture, size_of, start_call_span
from suffice.span import outcome_attributes, run_attributes, run_span_name
from suffice.tracing import HandOver, private_provider
from suffice.wire.registry import recognise

MAX_HELD_BYTES = 32 * 1024 * 1024
MAX_HELD_ITEMS = 20_000
BATCH_SPANS = 512
BATCH_BYTES = 4 * 1024 * 1024
LINGER_S = 0.2  # the first call of a burst waits this long for company
DOWN_LINGER_S = 5.0  # the same while the collector is away: fewer, larger files
_NO_CONTEXT = Context()


class _Flush:
    """A place in the queue: everything put before it has been handed over when ``done`` is set."""

    def __init__(self, *, last: bool = False) -> None:
        self.done = threading.Event()
        self.last = last


_Item = Capture | ReadableSpan | _Flush


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
        self._inbox: SimpleQueue[_Item] = SimpleQueue()
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._outbox: list[ReadableSpan] = []
        self._outbox_bytes = 0
        self._counting = threading.RLock()  # reentrant: the garbage collector may end a capture anywhere
        self._accepted = 0  # calls submitted so far, those that did not fit included
        self._unfit = 0
        self._held_bytes = 0
        self._thread: threading.Thread | None = None
        self._thread_lock = threading.Lock()
        self._announcement: threading.Thread | None = None
        self._first: FirstCall | None = None
        self._first_done = False
        self._sending: tuple[bytes, int] | None = None
        self._stopped = False
        settings = self.settings
        collector = Collector(settings.endpoint, settings.key, must_be_suffice=not settings.explicit_endpoint)
        self._deliverer = Deliverer(collector, settings.spool, lambda line: say(line, settings))

    def deliver_to(self, collector: Collector) -> None:
        """Send to another collector than the settings name. Before the first call."""
        self._deliverer.collector = collector

    # --- in the app's threads ---

    def wants(self, method: str, url: str) -> bool:
        """Whether the request may be an LLM call: cheap, asked for every request of the process."""
        return recognise(method, url)

    def begin(self, method: str, url: str, headers: RawHeaders, body: bytes) -> Capture | None:
        """Start capturing an exchange. Never raises; None if it can't be captured."""
        try:
            capture = Capture(self.submit, method, url)
            capture.request_headers = headers
            capture.request_body = body
            capture.attempt = attempt = attempt_of(headers)
            capture.site = call_site.find(_getframe(1))
            capture.place = place = current_place(attempt)
            capture.parent = self._parent(place.run)
            if self.attaches_context:  # else the span is made later, in our own thread: 25 µs that the app keeps
                capture.span = start_call_span(self._tracer, capture)
            return capture
        except Exception:
            log_once("the start of a call")
            return None

    def submit(self, capture: Capture) -> None:
        """Take a finished capture. Called by whoever ended it, the garbage collector included."""
        try:
            size = capture.held_bytes()
            with self._counting:
                self._accepted += 1
                full = self._held_bytes + size > MAX_HELD_BYTES or self._inbox.qsize() >= MAX_HELD_ITEMS
                if full or self._stopped:
                    self._unfit += 1
                    return
                self._held_bytes += size
            self._put(capture)
        except Exception:
            log_once("the end of a call")

    def start_run(self, run: Run) -> None:
        """Open the span of a run and give it its id."""
        try:
            run.span = self._tracer.start_span(
                run_span_name(run), self._parent(run.outer), SpanKind.INTERNAL, start_time=time.time_ns()
            )
            context = run.span.get_span_context()
            trace_id, span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
            is_root = getattr(run.span, "parent", None) is None
            run.id = run.id or (trace_id if is_root else f"{trace_id}:{span_id}")
        except Exception:
            log_once("the start of a run")

    def end_run(self, run: Run, error_type: str | None) -> None:
        span = run.span
        if span is None:
            return
        try:
            given = {semconv.OPERATION: "invoke_agent", **run_attributes(run)}
            if error_type:
                given[semconv.ERROR_TYPE] = error_type
                span.set_status(Status(StatusCode.ERROR))
            span.set_attributes(redact.attributes(given, self.settings.capture))
            span.end(time.time_ns())
        except Exception:
            log_once("the end of a run")

    def record_outcome(
        self, target: str, target_id: str, ok: bool | None, score: float | None, label: str | None
    ) -> None:
        try:
            now = time.time_ns()
            span = self._tracer.start_span(semconv.OUTCOME_SPAN, self._parent(current_run()), start_time=now)
            given = outcome_attributes(target, target_id, ok, score, label)
            span.set_attributes(redact.attributes(given, self.settings.capture))
            span.end(now)
        except Exception:
            log_once("an outcome")

    def flush(self, timeout: float | None) -> Delivery:
        """Hand over everything captured so far; returns what became of it, after ``timeout`` seconds at the latest."""
        self._wait(_Flush(), timeout)
        return self.delivery()

    def delivery(self) -> Delivery:
        """The counts as they are now."""
        counts = self._deliverer.counts
        delivered, dropped = counts.delivered, counts.dropped + self._unfit
        return Delivery(delivered, dropped, max(0, self._accepted - delivered - dropped))

    def shutdown(self, timeout: float) -> Delivery:
        """Flush, then stop. What could not be sent in time goes to the spool."""
        if self._stopped:
            return self.delivery()
        flushed = self._thread is None or self._wait(_Flush(last=True), timeout)
        self._stopped = True
        if not flushed:
            self._keep_the_rest()
        self._hand_over.shutdown()
        self._deliverer.collector.close()
        announcement = self._announcement
        if announcement is not None:
            announcement.join(max(0.0, min(timeout, 1.5)))
        _recorders.discard(self)
        return self.delivery()

    def _parent(self, run: Run | None) -> Context:
        """The run's span, else the host's active one. The parent's context is only named, never attached."""
        if run is not None and run.span is not None:
            return set_span_in_context(run.span, _NO_CONTEXT)
        host = host_span()
        if host.get_span_context() is INVALID_SPAN_CONTEXT:
            return _NO_CONTEXT
        return set_span_in_context(NonRecordingSpan(host.get_span_context()), _NO_CONTEXT)

    def _put(self, item: _Item) -> None:
        self._inbox.put(item)
        if self._thread is None:
            self._start_thread()

    def _start_thread(self) -> None:
        with self._thread_lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="suffice-recorder", daemon=True)
                self._thread.start()

    def _wait(self, flush: _Flush, timeout: float | None) -> bool:
        if self._stopped:
            return True
        self._put(flush)
        self._hurry.put(None)
        return flush.done.wait(timeout)

    def _take_span(self, span: ReadableSpan) -> None:
        """An ended span: of a call (then we are in our own thread), a run, an outcome, or an HTTP child."""
        scope = span.instrumentation_scope
        if (scope is None or scope.name != semconv.SCOPE) and not (self.settings.http_spans and capturing.get()):
            return  # the host's own span, seen because we share its provider
        if threading.current_thread() is self._thread:
            self._add_to_outbox(span)
        else:
            self._put(span)

    # --- in the recorder's own thread ---

    def _work(self) -> None:
        while True:
            try:
                if self._cycle():
                    return
            except Exception:
                log_once("the recorder's thread")
                time.sleep(0.1)

    def _cycle(self) -> bool:
        """Wait for something, let a little company gather, work it off. True after the last flush."""
        try:
            item: _Item | None = self._inbox.get(timeout=self._deliverer.retry_in())
        except Empty:
            item = None
        if item is not None and not isinstance(item, _Flush):
            self._linger()
        flushes: list[_Flush] = []
        try:
            while item is not None:
                if isinstance(item, _Flush):
                    flushes.append(item)
                else:
                    self._work_off(item)
                if len(self._outbox) >= BATCH_SPANS or self._outbox_bytes >= BATCH_BYTES:
                    self._send(now=bool(flushes))
                item = self._next_item()
            self._send(now=bool(flushes))
            while self._deliverer.drain_spool():
                if not self._inbox.empty():
                    break
        finally:
            for flush in flushes:
                flush.done.set()
        return any(flush.last for flush in flushes)

    def _next_item(self) -> _Item | None:
        try:
            return self._inbox.get_nowait()
        except Empty:
            return None

    def _linger(self) -> None:
        try:
            self._hurry.get(timeout=DOWN_LINGER_S if self._deliverer.down else LINGER_S)
        except Empty:
            return

    def _work_off(self, item: Capture | ReadableSpan) -> None:
        if not isinstance(item, Capture):
            self._add_to_outbox(item)
            return
        is_call = True
        try:
            call = finish_capture(item, self._tracer, self.settings)
            is_call = call is not None
            self._first = self._first or call
        except Exception:
            self._deliverer.counts.dropped += 1
            log_once("making a call's span")
        with self._counting:
            self._held_bytes -= item.held_bytes()
            self._accepted -= not is_call
        time.sleep(0)  # let the app's threads have the interpreter between two calls

    def _add_to_outbox(self, span: ReadableSpan) -> None:
        scope = span.instrumentation_scope
        if self._shared_provider or scope is None or scope.name != semconv.SCOPE:
            span = as_ours(span, self.resource, self.settings.capture)
        size = size_of(span)
        self._outbox.append(span)
        self._outbox_bytes += size
        with self._counting:
            self._held_bytes += size

    def _send(self, *, now: bool) -> None:
        spans, self._outbox = self._outbox, []
        size, self._outbox_bytes = self._outbox_bytes, 0
        try:
            if spans:
                self._deliver(spans, now=now)
        finally:
            with self._counting:
                self._held_bytes -= size

    def _deliver(self, spans: list[ReadableSpan], *, now: bool) -> None:
        calls = sum(semconv.WIRE_FORMAT in (span.attributes or {}) for span in spans)
        body = encode_spans(spans).SerializePartialToString()
        self._sending = (body, calls)
        verdict = self._deliverer.deliver(body, calls, now=now)
        self._sending = None
        if verdict is Verdict.TOO_LARGE:
            if len(spans) == 1:
                self._deliverer.too_large(calls)
                return
            self._deliver(spans[: len(spans) // 2], now=now)
            self._deliver(spans[len(spans) // 2 :], now=now)
        if self._first is not None and not self._first_done:
            self._first_done = True
            self._announcement = announce_first_call(self._first, self.settings, verdict is Verdict.STORED)

    def _keep_the_rest(self) -> None:
        """At exit, when the thread hangs in a connection: what it holds goes to the spool, from here."""
        try:
            if self._sending is not None:
                self._deliverer.keep(*self._sending)
            spans: list[ReadableSpan] = list(self._outbox)
            self._outbox = []
            self._thread = threading.current_thread()  # ended spans come to this outbox now
            while (item := self._next_item()) is not None:
                if not isinstance(item, _Flush):
                    self._work_off(item)
            spans += self._outbox
            if spans:
                calls = sum(semconv.WIRE_FORMAT in (span.attributes or {}) for span in spans)
                self._deliverer.keep(encode_spans(spans).SerializePartialToString(), calls)
        except Exception:
            log_once("the exit")


# A strong set would keep a forgotten recorder alive; the fork hook can't be removed, so there is one for all.
_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for recorder in list(_recorders):
        recorder._start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
