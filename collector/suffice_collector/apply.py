"""The apply thread: durable rows into the store, many bodies at a time, each exactly once.

Takes up to BATCH_SPANS spans or what came within LINGER_S and appends their rows together with the journal position.
What cannot be applied becomes a dead letter and blocks nothing; what the store cannot take now (a full disk) waits and
is tried again, while new requests are told to come back later.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from suffice_collector.build_lane import BuildLane
from suffice_collector.building import Built
from suffice_collector.duplicates import Mark
from suffice_collector.journal import NAME as JOURNAL
from suffice_collector.journal import Entry, Position
from suffice_store.engines.reasons import is_damage
from suffice_store.store import Store

log = logging.getLogger("suffice.apply")

BATCH_SPANS = (
    8_192  # a whole row group: DuckDB then writes compressed blocks at once, not the WAL; two take 0.3 GB more
)
LINGER_S = 0.4  # an answer of 200 is queryable this much later, plus the append itself
BUSY_LINGER_S = 0.9  # behind a batch of BUSY_SPANS: half as many spans a transaction cost a third more each
BUSY_SPANS = 1024
RETRY_S = 1.0  # between tries of a store that takes nothing


@dataclass(slots=True)
class Durable:
    """An entry that is on disk, with its rows where they are kept in memory."""

    position: Position
    entry: Entry
    spans: int  # 0 where the entry can't be decoded
    built: Built | None = None  # None: built again when its turn comes
    marks: list[Mark] = field(default_factory=list)
    live: bool = True  # received by this process; False for a replayed one


class Applier:
    """Owns the only thread that appends from the journal. ``put`` in the order of the journal."""

    def __init__(
        self,
        store: Store,
        builder: BuildLane,
        *,
        replay: Iterable[tuple[Position, Entry]] = (),
        on_applied: Callable[[Position, list[Durable]], None] = lambda position, batch: None,
        batch_spans: int = BATCH_SPANS,
        linger_s: float = LINGER_S,
        busy_linger_s: float = BUSY_LINGER_S,
    ) -> None:
        self._store = store
        self._builder = builder
        self._on_applied = on_applied
        self._batch_spans = batch_spans
        self._linger_s, self._busy_linger_s = linger_s, busy_linger_s
        self._last_spans = 0
        self._kept: queue.SimpleQueue[tuple[list[Mark], pa.Table | None]] = queue.SimpleQueue()
        self._unsaved_marks: list[Mark] = []  # found once only, so kept until an append succeeds
        self._unsaved_texts: list[pa.Table] = []
        self._queue: queue.SimpleQueue[Durable | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self.failing = ""  # why the store takes nothing right now; empty when it does
        self.replayed = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(replay,), name="suffice-apply", daemon=True)
        self._thread.start()

    def put(self, durable: Durable) -> None:
        self._queue.put(durable)

    def keep(self, built: Built) -> None:
        """Of one that did not become durable: its marks, since its resend finds no new ones, and the texts of those that
        were read with it and did."""
        self._kept.put((built.marks, built.tables.get("messages") if built.shares_texts else None))

    def close(self) -> bool:
        """Applies what was put, then ends. False where the store refused to the last: the journal keeps it."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join()
        return not self.failing

    def _run(self, replay: Iterable[tuple[Position, Entry]]) -> None:
        try:
            for batch in self._replayed(replay):
                self._apply(batch)
                if self.failing:
                    return
        finally:
            self.replayed.set()
        more = True
        while more and not self.failing:
            batch, more = self._collect()
            if batch:
                self._apply(batch)

    def _replayed(self, replay: Iterable[tuple[Position, Entry]]) -> Iterator[list[Durable]]:
        batch: list[Durable] = []
        spans = 0
        for position, entry in replay:
            try:
                built = self._builder.build(entry)
            except ValueError as error:
                built = Built(0, failure=f"{type(error).__name__}: {error}"[:1000])
            batch.append(Durable(position, entry, built.count, built, built.marks, live=False))
            spans += built.count
            if spans >= self._batch_spans:
                yield batch
                batch, spans = [], 0
        if batch:
            yield batch

    def _collect(self) -> tuple[list[Durable], bool]:
        first = self._queue.get()
        if first is None:
            return [], False
        batch, spans = [first], first.spans
        deadline = time.monotonic() + (self._busy_linger_s if self._last_spans >= BUSY_SPANS else self._linger_s)
        while spans < self._batch_spans:
            wait = 0.0 if self._closing.is_set() else max(0.0, deadline - time.monotonic())
            try:
                following = self._queue.get(timeout=wait) if wait else self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return batch, False
            batch.append(following)
            spans += following.spans
        self._last_spans = spans
        return batch, True

    def _apply(self, batch: list[Durable]) -> None:
        """Returns when every entry is in the store or among the dead letters; gives up only when closing."""
        while True:
            try:
                self._append(batch)
            except Exception as error:
                log.warning("a batch of %d requests was not taken, trying one by one: %s", len(batch), error)
                remaining = self._apply_singly(batch)
                if remaining:
                    batch = remaining
                    if self._closing.wait(RETRY_S):
                        return
                    continue
            self.failing = ""
            return

    def _apply_singly(self, batch: list[Durable]) -> list[Durable]:
        """What could neither be applied nor set aside, because the store takes nothing."""
        for index, durable in enumerate(batch):
            try:
                self._append([durable])
            except Exception as error:
                refused: Exception = error
                if not is_of_store(error):
                    try:
                        self._set_aside(durable, error)
                    except Exception as also:
                        refused = also
                    else:
                        continue
                self.failing = str(refused).splitlines()[0] if str(refused) else type(refused).__name__
                log.error("the store takes nothing, trying again: %s", self.failing)
                return batch[index:]
        return []

    def _append(self, batch: list[Durable]) -> None:
        now_ns = time.time_ns()
        while not self._kept.empty():
            marks, texts = self._kept.get()
            self._unsaved_marks += marks
            self._unsaved_texts += [] if texts is None else [texts]
        built = [durable.built or self._build_again(durable) for durable in batch]
        pieces: dict[str, list[pa.Table]] = {"messages": [*self._unsaved_texts]} if self._unsaved_texts else {}
        for each in built:
            for name, rows in each.tables.items():
                pieces.setdefault(name, []).append(rows)
        tables = {name: pa.concat_tables(parts) for name, parts in pieces.items()}
        marks = [*self._unsaved_marks, *(mark for durable in batch for mark in durable.marks)]
        if marks:
            tables["duplicates"] = _duplicates_table(marks, now_ns)
        failed = [(durable, each.failure) for durable, each in zip(batch, built, strict=True) if each.failure]
        if failed:
            tables["dead_letters"] = _dead_letters(failed, now_ns)
        self._finish(tables, batch)
        self._unsaved_marks, self._unsaved_texts = [], []

    def _build_again(self, durable: Durable) -> Built:
        try:
            return self._builder.build(durable.entry, mark_duplicates=False)
        except ValueError as error:
            return Built(0, failure=f"{type(error).__name__}: {error}"[:1000])

    def _set_aside(self, durable: Durable, error: Exception) -> None:
        position = durable.position
        log.error("request %s could not be applied and is kept as a dead letter: %s", position, error)
        letter = _dead_letters([(durable, f"{type(error).__name__}: {error}"[:1000])], time.time_ns())
        self._finish({"dead_letters": letter}, [durable])

    def _finish(self, tables: dict[str, pa.Table], batch: list[Durable]) -> None:
        position = batch[-1].position
        self._store.append(tables, journal=(JOURNAL, position.encode()))
        pa.default_memory_pool().release_unused()  # else it keeps the copies of three batches, 0.2 GB
        self._on_applied(position, batch)


def is_of_store(error: Exception) -> bool:
    """Whether the store could not write, whatever it was given: a full disk may still have room for a dead letter.

    DB-API says OperationalError then, the driver's own and SQLAlchemy's around it; memory is short by what is written.
    """
    kinds = [kind.__name__ for each in (error, getattr(error, "orig", None)) for kind in type(each).__mro__]
    return (
        isinstance(error, OSError)
        or is_damage(error)
        or ("OperationalError" in kinds and "OutOfMemoryException" not in kinds)
    )


def _dead_letters(failed: list[tuple[Durable, str]], now_ns: int) -> pa.Table:
    for durable, reason in failed:
        log.error("request %s is kept as a dead letter: %s", durable.position, reason)
    return pa.table(
        {
            "project": [durable.entry.project for durable, _ in failed],  # "" = not known
            "journal": [JOURNAL] * len(failed),
            "position": [durable.position.encode() for durable, _ in failed],
            "reason": [reason for _, reason in failed],
            "body": pa.array([durable.entry.body for durable, _ in failed], pa.binary()),
            "recorded_ns": [now_ns] * len(failed),
        }
    )


def _duplicates_table(marks: list[Mark], now_ns: int) -> pa.Table:
    return pa.table(
        {
            "project": [mark.project for mark in marks],
            "call_id": [mark.call_id for mark in marks],
            "duplicate_of": pa.array([mark.duplicate_of for mark in marks], pa.string()),
            "rule": [mark.rule for mark in marks],
            "recorded_ns": [now_ns] * len(marks),
        }
    )
