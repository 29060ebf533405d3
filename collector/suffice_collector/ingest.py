"""Ingest: a body in, made into rows (else refused), on disk (else not acknowledged), applied soon after.

    accept -> build thread -> journal thread (group fdatasync) -> 200
                                  `-> apply thread -> store

One build thread: with two, on two cores, the apply thread starved (25 against 36 thousand spans a second).
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from suffice.errors import SufficeError
from suffice_collector.apply import Applier, Durable
from suffice_collector.building import Builder, Built
from suffice_collector.duplicates.look_back import finder_for
from suffice_collector.journal import Entry, Journal, Position, read_entries, segments
from suffice_collector.signals import TRACES, Signal
from suffice_store.store import Store

MAX_BACKLOG_SPANS = 65_536  # acknowledged, not yet in the store: some two seconds of work
MAX_BUILT_SPANS = 32_768  # of them with their rows in memory: some 200 MB
MAX_BACKLOG_BYTES = 512 * 1024 * 1024


class BusyError(Exception):
    """More is waiting than may wait. Answered with 503 and Retry-After."""


class Ingest:
    """Starts its threads when made; replays what an earlier process acknowledged and did not apply."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        applied: int | None = None,
        max_backlog_spans: int = MAX_BACKLOG_SPANS,
        max_backlog_bytes: int = MAX_BACKLOG_BYTES,
    ) -> None:
        """``applied`` is the journal position that the store holds, encoded; None before the first."""
        self._max_spans, self._max_bytes = max_backlog_spans, max_backlog_bytes
        self._lock = threading.Lock()
        self._waiting_spans = 0
        self._waiting_bytes = 0
        self._closed = False
        self._settled = threading.Condition()
        self._oldest_ns = 0
        after = None if applied is None else Position.decode(applied)
        earlier = segments(folder)
        self._journal = Journal(folder, first_segment=1 + (after.segment if after else 0))
        self._applied = self._journal.before  # by the replay
        self._builder = Builder(finder_for(store))
