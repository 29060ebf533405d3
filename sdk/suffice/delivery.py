"""Delivery: batches go to the collector, or wait in the spool (without one: in memory, as long as the process
lives); every call is counted once, truly.

A call counts as delivered when the collector has answered 200 to its batch (which means: on disk), as
dropped when it is gone for good, and as pending in between. Used by the recorder's thread alone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from suffice.collector import Answer, Collector, UnreachableError, Verdict
from suffice.cutting import split_batch
from suffice.otlp import Bytes
from suffice.spool import read_spool, spool_directory, write_spool

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
MAX_WAITING_BYTES = 8 * 1024 * 1024  # in memory, without a spool; beyond it the oldest go


class Delivery(NamedTuple):
    """What became of the calls captured so far in this process."""

    delivered: int  # acknowledged by the collector
    dropped: int  # gone: the queue or the spool was full, or the collector refused them
    pending: int  # not delivered yet, in memory or in the spool


@dataclass(slots=True)
class Counts:
    """What became of calls. Those that wait are neither delivered nor dropped."""

    delivered: int = 0
    dropped: int = 0
    reasons: dict[str, int] = field(default_factory=dict)  # dropped calls by reason; reasons are few
    spooled: set[Path] = field(default_factory=set)  # this process's files; a number in each one's name

    def drop(self, calls: int, reason: str) -> None:
        if calls:
            self.dropped += calls
            self.reasons[reason] = self.reasons.get(reason, 0) + calls


class Deliverer:
    """Knows whether the collector answers, when to try again, and where batches wait meanwhile."""

    def __init__(self, collector: Collector, spool: Path | None, say: Callable[[str], None]) -> None:
        self.collector = collector
        self.counts = Counts()
        self._spool = spool
        self._say = say  # one line for a person
        self._said_down = False
        self._said_refused = False
        self._backoff_s = 0.0
        self._retry_at = 0.0
        self._spool_seen = True  # something may wait there from an earlier process
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._waiting_bytes = 0
        self.sending = False  # a request is on its way
        self.last_problem = ""  # why the last try failed

    @property
    def down(self) -> bool:
        """Whether the last try failed."""
        return self._backoff_s > 0.0

    @property
    def spools(self) -> bool:
        return self._spool is not None

    def retry_in(self) -> float | None:
        """Seconds until it is worth trying again; None if nothing waits for that."""
        if not self.down or not (self._waiting if self._spool is None else self._spool_seen):
            return None
        return max(0.0, self._retry_at - time.monotonic())

    def deliver(self, body: Bytes, calls: int, *, now: bool = False) -> Verdict:
        """Send one batch, or keep it in the spool. ``now``: try even while backing off."""
        if self.down and not now and time.monotonic() < self._retry_at:
            self.keep(b"".join(body), calls)
            return Verdict.LATER
        verdict = self._settle(body, calls)
        if verdict is Verdict.LATER:
            self.keep(b"".join(body), calls)
        return verdict

    def keep(self, body: bytes, calls: int) -> None:
        """Put a batch into the spool; without one, it waits in memory."""
        if self._spool is None:
            self._keep_in_memory(body, calls)
            return
        try:
            path, lost = write_spool(self._spool, body, calls)
        except OSError as error:
            self._say(f"can't keep calls in {self._spool} ({error.strerror}); {calls} dropped")
            self.counts.drop(calls, f"the spool can't be written ({error.strerror})")
            return
        self._spool_seen = True
        if path is None:
            self.counts.drop(calls, "larger than the whole spool")
            return
        self.counts.spooled.add(path)
        self._note_lost(lost)

    def drain(self, limit: int = 8) -> bool:
        """Send what waits, oldest first, at most ``limit`` batches; whether more may wait."""
        if self.down and time.monotonic() < self._retry_at:
            return False
        if self._spool is None:
            return self._drain_memory(limit)
        if not self._spool_seen:
            return False
        for number, waiting in enumerate(read_spool(self._spool)):
            if number == limit:
                return True
            claimed = waiting.claim()
            if claimed is None:
                continue
            own = waiting.path in self.counts.spooled
            try:
                body = claimed.read()
            except OSError:
                continue
            self.counts.spooled.discard(waiting.path)  # claimed, it is not among those that may fall out
            if self._settle([body], waiting.calls if own else 0) is Verdict.LATER:
                claimed.release()
                if own:
                    self.counts.spooled.add(waiting.path)
                return False
            claimed.discard()
        self._spool_seen = False
        return False

    def give_up(self) -> None:
        """The process ends: what still waits in memory is gone."""
        while self._waiting:
            self.counts.drop(self._waiting.popleft()[1], "the process ended while the collector was away")

    def _keep_in_memory(self, body: bytes, calls: int) -> None:
        self._waiting.append((body, calls))
        self._waiting_bytes += len(body)
        while self._waiting_bytes > MAX_WAITING_BYTES:
            oldest, lost = self._waiting.popleft()
            self._waiting_bytes -= len(oldest)
            self.counts.drop(lost, "the collector was away, and there is no spool")

    def _drain_memory(self, limit: int) -> bool:
        for _ in range(min(limit, len(self._waiting))):
            body, calls = self._waiting[0]
            if self._settle([body], calls) is Verdict.LATER:
                return False
            self._waiting.popleft()
            self._waiting_bytes -= len(body)
        return bool(self._waiting)

    def _settle(self, body: Bytes, calls: int) -> Verdict:
        """Send a batch and count what becomes of it; nothing is counted where it is to be sent LATER as it is."""
        answer = self._post(body)
        if answer.verdict is Verdict.STORED:
            self._stored(answer, calls)
        elif answer.verdict is Verdict.REFUSED:
            self._refused(answer.reason, calls)
        elif answer.verdict is Verdict.TOO_LARGE:
            return self._settle_in_parts(body, calls)
        return answer.verdict

    def _settle_in_parts(self, body: Bytes, calls: int) -> Verdict:
        """The collector takes no batch of this size: halves, and of a single call what fits."""
        parts = split_batch(b"".join(body))
        if not parts:
            self._refused("a call is larger than the collector takes", calls)
            return Verdict.REFUSED
        for part, calls_in_it in parts:
            ours = min(calls, calls_in_it)  # 0 of a batch that another process left
            if self._settle([part], ours) is Verdict.LATER:
                self.keep(part, ours)
        return Verdict.STORED

    def _post(self, body: Bytes) -> Answer:
        self.sending = True
        try:
            answer = self.collector.post_spans(body)
        except UnreachableError as error:
            answer = Answer(Verdict.LATER, reason=str(error))
        finally:
            self.sending = False
        if answer.verdict is Verdict.LATER:
            self._failed(answer)
        else:
            self._backoff_s = 0.0
        return answer

    def _failed(self, answer: Answer) -> None:
        self.last_problem = answer.reason
        self._backoff_s = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, self._backoff_s * 2))
        self._retry_at = time.monotonic() + (answer.retry_after_s or self._backoff_s)
        if self._said_down:
            return
        self._said_down = True
        self._say(f"{answer.reason}; {self._what_happens()}")

    def _what_happens(self) -> str:
        if self._spool is None:
            return "calls wait in memory, up to 8 MiB"
        taker = "'suffice up' takes them in" if self._spool == spool_directory() else "they are sent when it does"
        return f"calls wait in {self._spool}, {taker}"

    def _stored(self, answer: Answer, calls: int) -> None:
        rejected = min(answer.rejected, calls)
        self.counts.delivered += calls - rejected
        if answer.rejected:
            self._refused(answer.reason, rejected)

    def _refused(self, reason: str, calls: int) -> None:
        self.counts.drop(calls, f"refused: {reason}" if reason else "refused by the collector")
        if not self._said_refused:
            self._said_refused = True
            self._say(f"the collector refused some calls: {reason or 'no reason given'}")

    def _note_lost(self, lost: int) -> None:
        """Calls that fell out of the full spool: ours, as far as the files are ours."""
        if not lost:
            return
        gone = {path for path in self.counts.spooled if not path.exists()}
        self.counts.spooled -= gone
        self.counts.drop(sum(_calls_of(path) for path in gone), "the spool was full")


def _calls_of(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])
