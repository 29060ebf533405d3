"""Delivery: batches go to the collector, or wait in the spool; every call is counted once, truly.

A call counts as delivered when the collector has answered 200 to its batch (which means: on disk), as
dropped when it is gone for good, and as pending in between. Used by the recorder's thread alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from suffice.collector import Answer, Collector, UnreachableError, Verdict
from suffice.spool import read_spool, spool_directory, write_spool

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0


class Delivery(NamedTuple):
    """What became of the calls captured so far in this process."""

    delivered: int  # acknowledged by the collector
    dropped: int  # gone: the queue or the spool was full, or the collector refused them
    pending: int  # not delivered yet, in memory or in the spool


@dataclass(slots=True)
class Counts:
    """What became of calls. Those in the spool are neither delivered nor dropped."""

    delivered: int = 0
    dropped: int = 0
    spooled: set[Path] = field(default_factory=set)  # this process's files; a number in each one's name


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

    @property
    def down(self) -> bool:
        """Whether the last try failed."""
        return self._backoff_s > 0.0

    def retry_in(self) -> float | None:
        """Seconds until it is worth trying again; None if nothing waits for that."""
        if not self.down or self._spool is None or not self._spool_seen:
            return None
        return max(0.0, self._retry_at - time.monotonic())

    def deliver(self, body: bytes, calls: int, *, now: bool = False) -> Verdict:
        """Send one batch, or keep it in the spool. ``now``: try even while backing off."""
        if self.down and not now and time.monotonic() < self._retry_at:
            self.keep(body, calls)
            return Verdict.LATER
        answer = self._post(body)
        if answer.verdict is Verdict.STORED:
            self._stored(answer, calls)
        elif answer.verdict is Verdict.LATER:
            self.keep(body, calls)
        elif answer.verdict is Verdict.REFUSED:
            self._refused(answer.reason, calls)
        return answer.verdict

    def keep(self, body: bytes, calls: int) -> None:
        """Put a batch into the spool; without one, it is dropped."""
        if self._spool is None:
            self.counts.dropped += calls
            return
        try:
            path, lost = write_spool(self._spool, body, calls)
        except OSError as error:
            self._say(f"can't keep calls in {self._spool} ({error.strerror}); {calls} dropped")
            self.counts.dropped += calls
            return
        self._spool_seen = True
        if path is None:
            self.counts.dropped += calls
            return
        self.counts.spooled.add(path)
        self._note_lost(lost)

    def drain_spool(self, limit: int = 8) -> bool:
        """Send what waits, oldest first, at most ``limit`` batches; whether more may wait."""
        if self._spool is None or not self._spool_seen or (self.down and time.monotonic() < self._retry_at):
            return False
        for number, waiting in enumerate(read_spool(self._spool)):
            if number == limit:
                return True
            claimed = waiting.claim()
            if claimed is None:
                continue
            own = waiting.path in self.counts.spooled
            try:
                answer = self._post(claimed.read())
            except OSError:
                continue
            if answer.verdict is Verdict.LATER:
                claimed.release()
                return False
            claimed.discard()
            self.counts.spooled.discard(waiting.path)
            if answer.verdict is Verdict.STORED:
                self._stored(answer, waiting.calls if own else 0)
            else:
                self._refused(answer.reason, waiting.calls if own else 0)
        self._spool_seen = False
        return False

    def too_large(self, calls: int) -> None:
        """A single call that the collector will not take."""
        self._refused("a call is larger than the collector takes", calls)

    def _post(self, body: bytes) -> Answer:
        try:
            answer = self.collector.post_spans(body)
        except UnreachableError as error:
            answer = Answer(Verdict.LATER, reason=str(error))
        if answer.verdict is Verdict.LATER:
            self._failed(answer)
        else:
            self._backoff_s = 0.0
        return answer

    def _failed(self, answer: Answer) -> None:
        self._backoff_s = min(LONGEST_BACKOFF_S, max(FIRST_BACKOFF_S, self._backoff_s * 2))
        self._retry_at = time.monotonic() + (answer.retry_after_s or self._backoff_s)
        if self._said_down:
            return
        self._said_down = True
        self._say(f"{answer.reason}; {self._what_happens()}")

    def _what_happens(self) -> str:
        if self._spool is None:
            return "calls are dropped"
        taker = "'suffice up' takes them in" if self._spool == spool_directory() else "they are sent when it does"
        return f"calls wait in {self._spool}, {taker}"

    def _stored(self, answer: Answer, calls: int) -> None:
        rejected = min(answer.rejected, calls)
        self.counts.delivered += calls - rejected
        if answer.rejected:
            self._refused(answer.reason, rejected)

    def _refused(self, reason: str, calls: int) -> None:
        self.counts.dropped += calls
        if not self._said_refused:
            self._said_refused = True
            self._say(f"the collector refused some calls: {reason or 'no reason given'}")

    def _note_lost(self, lost: int) -> None:
        """Calls that fell out of the full spool: ours, as far as the files are ours."""
        if not lost:
            return
        gone = {path for path in self.counts.spooled if not path.exists()}
        self.counts.spooled -= gone
        self.counts.dropped += sum(_calls_of(path) for path in gone)


def _calls_of(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])
