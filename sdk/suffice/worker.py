"""The recorder's thread: makes spans of captures, gathers them into batches, hands those to delivery.

Starts with the first call, sleeps while there is nothing to do, and works in small slices (``pacing``).
Bounded by bytes: what doesn't fit is dropped and counted, never waited for.

What it waits with is bound by name, all from before or all from after ``gevent.monkey.patch_all()``: a patched
thread that waits at an unpatched queue is a greenlet that holds up the app's.
"""

from __future__ import annotations

import os
import threading
import time
from _thread import RLock, get_ident, start_new_thread
from asyncio import _get_running_loop  # C, 40 ns; get_running_loop() raises, 300 ns
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import NamedTuple

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Tracer

from suffice import transports
from suffice.announce import FirstCall, announce_first_call, log_once, logged, say
from suffice.capture import Capture
from suffice.collector import Collector, Verdict
from suffice.config import Settings
from suffice.cutting import cut_span
from suffice.delivery import Deliverer, Delivery
from suffice.finishing import Encoded, encode_call, encode_readable, end_call_span, finish_capture, first_call
from suffice.otlp import Bytes, encode_batch, encode_resource
from suffice.pacing import Pacing
from suffice.seen import Seen
from suffice.state import WRITTEN_EVERY_S, state_directory, write_state

MAX_HELD_BYTES = 32 * 1024 * 1024  # or a single call, however large
MAX_HELD_ITEMS = 20_000
MAX_CALL_BYTES = 4 * 1024 * 1024 - 64 * 1024  # of one span; a larger one is cut. With the resource it makes 4 MiB
BATCH_SPANS = 512
BATCH_BYTES = (
    1024 * 1024
)  # a batch is closed when it reaches this: copying more at once would hold up the app's threads
CROWDED_BATCH_BYTES = 3 * 1024 * 1024  # when much waits: fewer waits for the interpreter's lock, of 5 ms each
MAX_BATCH_BYTES = 4 * 1024 * 1024
CROWDED = 0.2  # of MAX_HELD_BYTES: no more waiting for company
OVERFULL = 0.5  # over it the app's threads (no event loop's) let the worker go first
YIELD_S = 0.001  # by 1 ms a call here, rising to MAX_YIELD_S: a call of 200 kB takes the worker 5 ms
MAX_YIELD_S = 0.004  # never more, full or not: then a call is dropped and counted
LINGER_S = 0.2  # a call within a burst waits this long for company
FIRST_LINGER_S = 0.02  # a call after a silence: it may be the last thing this process does
DOWN_LINGER_S = 5.0  # while the collector is away: fewer, larger files
SILENCE_S = 2.0


class Flush:
    """A place in the queue: everything put before it has been handed over when ``done`` is set."""

    def __init__(self, *, last: bool = False) -> None:
        self.done = threading.Event()
        self.last = last


class _Sending(NamedTuple):
    body: Bytes
    calls: int


_Item = Capture | ReadableSpan | Flush


class Worker:
    """One for a recorder; a forked child's recorder gets a new one."""

    def __init__(self, settings: Settings, resource: dict[str, str], tracer: Tracer, *, shared: bool) -> None:
        self.settings = settings
        self.seen = Seen()
        self.abandoned = False  # in a forked child: the parent delivers what was begun before the fork
        self.stopped = False
        self._resource = encode_resource(resource)
        self._tracer = tracer
        self._shared = shared  # the spans of calls go through the app's own provider
        self._inbox: SimpleQueue[_Item] = SimpleQueue()  # reentrant: the garbage collector may put anywhere
        self._hurry: SimpleQueue[None] = SimpleQueue()
        self._outbox: list[Encoded] = []
        self._outbox_bytes = 0
        self._counting = RLock()  # reentrant for the same reason
        self._accepted = 0  # calls submitted so far, those that did not fit included
        self._unfit = 0
        self._held_bytes = 0
        self._thread: int | None = None  # its id
        self._starting = RLock()  # reentrant: a signal's handler flushes
        self._first: FirstCall | None = None
        self._first_said = False
        self.announcement: threading.Thread | None = None
        self._sending: _Sending | None = None
        self._flushes: list[Flush] = []  # that wait for this cycle
        self._last_sent = 0.0
        self._lingering = False
        self._pace = Pacing(self._fullness)
        collector = Collector(settings.endpoint, settings.key, must_be_suffice=not settings.explicit_endpoint)
        collector.meanwhile = self._relieve
        self.deliverer = Deliverer(collector, settings.spool, lambda line: say(line, settings))
        self._started = time.time()
        self._noted = 0.0
        self._patched: set[str] = set()

    # --- in the app's threads ---

    def submit(self, capture: Capture) -> None:
        """Take a finished capture. Called by whoever ended it, the garbage collector included."""
        if self.abandoned:
            return
        try:
            size = capture.held_bytes()
            with self._counting:
                self._accepted += 1
                full = self._inbox.qsize() >= MAX_HELD_ITEMS
                full = full or (self._held_bytes > 0 and self._held_bytes + size > MAX_HELD_BYTES)
                if full or self.stopped:
                    self._unfit += 1
                    return
                self._held_bytes += size
            self._put(capture)
            fullness = self._fullness()
            if fullness > CROWDED and self._lingering:
                self._lingering = False
                self._hurry.put(None)
            if fullness > OVERFULL and _get_running_loop() is None:
                time.sleep(min(MAX_YIELD_S, YIELD_S * 2 ** (8 * (fullness - OVERFULL))))
        except Exception:
            log_once("the end of a call")

    def take_span(self, span: ReadableSpan) -> None:
        """An ended span: of a call (then we are in our own thread), a run, an outcome, or an HTTP child."""
        if get_ident() == self._thread:
            self._add(encode_readable(span, self.settings, shared=self._shared))
        else:
            self._put(span)

    def wait(self, flush: Flush, timeout: float | None) -> bool:
        """Have everything handed over; whether that was done within ``timeout`` seconds."""
        if self.stopped:
            return True
        self._put(flush)
        self._hurry.put(None)
        return flush.done.wait(timeout)

    def delivery(self) -> Delivery:
        """The counts as they are now."""
        counts = self.deliverer.counts
        delivered, dropped = counts.delivered, counts.dropped + self._unfit
        return Delivery(delivered, dropped, max(0, self._accepted - delivered - dropped))

    def why_dropped(self) -> dict[str, int]:
        """Dropped calls by reason."""
        unfit = {"the queue was full": self._unfit} if self._unfit else {}
        return unfit | self.deliverer.counts.reasons

    def stop(self, timeout: float) -> None:
        """Flush, then end the thread. What could not be sent in time goes to the spool."""
        if self.stopped:
            return
        flushed = self._thread is None or self.wait(Flush(last=True), timeout)
        self.stopped = True
        if not flushed:
            self._keep_the_rest()
        self.deliverer.give_up()
        self.deliverer.collector.close()
        if self._noted:
            self.note_state(ended=True)

    def note_patched(self) -> None:
        """Keep for ``suffice doctor`` what is patched now: at the end the patches are off again."""
        self._patched |= set(transports.patched())

    def note_state(self, *, ended: bool = False) -> None:
        """Write down for ``suffice doctor`` how things stand."""
        if self.settings.spool is None:
            return
        self._noted = monotonic()
        delivered, dropped, pending = self.delivery()
        self.note_patched()
        state = {
            "pid": os.getpid(),
            "service": self.settings.service,
            "endpoint": self.settings.endpoint,
            "capture": self.settings.capture,
            "started": self._started,
            "written": time.time(),
            "ended": ended,
            "patched": sorted(self._patched),
            "delivered": delivered,
            "dropped": dropped,
            "pending": pending,
            "why_dropped": self.why_dropped(),
            "last_problem": self.deliverer.last_problem,
            "failed_in": sorted(logged()),
            **self.seen.as_dict(),
        }
        write_state(state_directory(), state)

    def pending(self) -> bool:
        """Whether anything waits in memory, cheaply."""
        return bool(self._held_bytes or self._outbox or self._sending or not self._inbox.empty())

    def _put(self, item: _Item) -> None:
        self._inbox.put(item)
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = start_new_thread(self._work, ())

    def _fullness(self) -> float:
        return self._held_bytes / MAX_HELD_BYTES

    def _crowded(self) -> bool:
        return self._fullness() > CROWDED

    # --- in the recorder's own thread ---

    def _work(self) -> None:
        self._thread = get_ident()  # of a greenlet, it is none that start_new_thread gave
        threading.current_thread().name = "suffice-recorder"
        while True:
            try:
                if self._cycle():
                    return
            except Exception:
                log_once("the recorder's thread")
                sleep(0.1)

    def _cycle(self) -> bool:
        """Wait for something, let a little company gather, work it off. True after the last flush."""
        try:
            item: _Item | None = self._inbox.get(timeout=self.deliverer.retry_in())
        except Empty:
            item = None
        if item is not None and not isinstance(item, Flush):
            self._linger()
        self._pace.start()
        try:
            while item is not None:
                self._take(item)
                self._pace.hurry = bool(self._flushes) or not self._hurry.empty()
                enough = CROWDED_BATCH_BYTES if self._crowded() else BATCH_BYTES
                if len(self._outbox) >= BATCH_SPANS or self._outbox_bytes >= enough:
                    self._send(now=bool(self._flushes))
                item = self._next_item()
            self._send(now=bool(self._flushes))
            while self.deliverer.drain():
                if self._crowded() or not (self._flushes or self._inbox.empty()):
                    break
            if monotonic() - self._noted > WRITTEN_EVERY_S:
                self.note_state()
        finally:
            flushes, self._flushes = self._flushes, []
            for flush in flushes:
                flush.done.set()
        return any(flush.last for flush in flushes)

    def _take(self, item: _Item) -> None:
        if isinstance(item, Flush):
            self._flushes.append(item)
        else:
            self._work_off(item)

    def _relieve(self) -> bool:
        """While the collector takes its time: a batch of what crowds the queue goes to the spool."""
        if not self._crowded() or not self.deliverer.spools or get_ident() != self._thread:
            return False
        while self._outbox_bytes < CROWDED_BATCH_BYTES and (item := self._next_item()) is not None:
            self._take(item)
        self._send(now=False)
        return True

    def _next_item(self) -> _Item | None:
        try:
            return self._inbox.get_nowait()
        except Empty:
            return None

    def _linger(self) -> None:
        silent = monotonic() - self._last_sent > SILENCE_S
        linger_s = DOWN_LINGER_S if self.deliverer.down else FIRST_LINGER_S if silent else LINGER_S
        self._lingering = not self._crowded()
        try:
            if self._lingering:
                self._hurry.get(timeout=linger_s)
        except Empty:
            return
        finally:
            self._lingering = False

    def _work_off(self, item: Capture | ReadableSpan) -> None:
        if not isinstance(item, Capture):
            self._add(encode_readable(item, self.settings, shared=self._shared))
            return
        is_call = True
        try:
            is_call = self._finish(item)
        except Exception:
            self.deliverer.counts.drop(1, "making a call's span failed")
            log_once("making a call's span")
        with self._counting:
            self._held_bytes -= item.held_bytes()
            self._accepted -= not is_call
        self._pace()

    def _finish(self, capture: Capture) -> bool:
        """Put the capture's span into the outbox; False if it turns out to be no LLM call."""
        finished = finish_capture(capture, self.settings, self._pace)
        if finished is None:
            self.seen.something_else(capture)
            return False
        self.seen.call(capture, finished)
        if self._shared or capture.span is not None:
            ids = end_call_span(finished, capture, self._tracer)  # comes back through take_span
        else:
            encoded, ids = encode_call(finished, capture)
            self._add(encoded)
        if capture.attempt is not None:
            capture.attempt.span_ids.text = f"{ids.trace_id.hex()}:{ids.span_id.hex()}"
        if self._first is None:
            self._first = first_call(finished.call, ids, self.settings.project)
        return True

    def _add(self, encoded: Encoded) -> None:
        size = encoded.size
        if size > MAX_CALL_BYTES:
            self.seen.cut += encoded.is_call
            encoded = encoded._replace(data=[cut_span(b"".join(encoded.data), MAX_CALL_BYTES)])
            size = encoded.size
        if self._outbox_bytes + size > MAX_BATCH_BYTES - 64 * 1024:
            self._send(now=self._pace.hurry)
        self._outbox.append(encoded)
        self._outbox_bytes += size
        with self._counting:
            self._held_bytes += size

    def _send(self, *, now: bool) -> None:
        spans, self._outbox = self._outbox, []
        size, self._outbox_bytes = self._outbox_bytes, 0
        try:
            if spans:
                self._deliver(spans, now=now)
                self._last_sent = monotonic()
        finally:
            with self._counting:
                self._held_bytes -= size
            self._pace.start()

    def _deliver(self, spans: list[Encoded], *, now: bool) -> None:
        calls = sum(each.is_call for each in spans)
        body = encode_batch(self._resource, [(each.scope, each.data) for each in spans])
        if self.deliverer.sending:  # we are called while its answer is awaited
            self.deliverer.keep(b"".join(body), calls)
            return
        self._sending = _Sending(body, calls)
        self._pace()
        verdict = self.deliverer.deliver(body, calls, now=now)
        self._sending = None
        if self._first is not None and not self._first_said:
            self._first_said = True
            self.announcement = announce_first_call(self._first, self.settings, verdict is Verdict.STORED)

    def _keep_the_rest(self) -> None:
        """At exit, when the thread hangs in a connection: what it holds goes to the spool, from here."""
        try:
            if self._sending is not None:
                self.deliverer.keep(b"".join(self._sending.body), self._sending.calls)
            kept, self._outbox = list(self._outbox), []
            self._thread = get_ident()  # ended spans come to this outbox now
            self._pace.hurry = True
            while (item := self._next_item()) is not None:
                if not isinstance(item, Flush):
                    self._work_off(item)
            kept += self._outbox
            if kept:
                body = encode_batch(self._resource, [(each.scope, each.data) for each in kept])
                self.deliverer.keep(b"".join(body), sum(each.is_call for each in kept))
        except Exception:
            log_once("the exit")
