"""Files into the store: batches of records, one append each, and a count of what came of every line.

Constant memory: a batch is appended and forgotten. (Two exceptions, both small: 100 bytes for each line
without an id, to tell equal lines apart, and the ids of the calls that have an outcome.) A file is
imported twice without effect, since the store knows a call by its id; an outcome is taken only for a call
that has none, so that a verdict given since the first import stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa

from suffice_collector.duplicates import DuplicateFinder
from suffice_collector.importers import AUTO, find_importer
from suffice_collector.importers.capturing import through_gate
from suffice_collector.importers.contract import Context, Importer, Read, Skipped
from suffice_collector.importers.files import DAMAGE, opened, read_head
from suffice_store.appending import build_tables
from suffice_store.records import CallRecord, OutcomeRecord, SpanRecord
from suffice_store.store import Store

BATCH_RECORDS = 2_000  # of tau_bench's calls: 48 MB of JSON
LINES_NAMED = 10  # per reason, in a summary


@dataclass(slots=True)
class SkippedLines:
    """How often a reason occurred, and the first lines it occurred in (0 = the file as a whole)."""

    count: int = 0
    lines: list[int] = field(default_factory=list)


@dataclass(slots=True)
class FileSummary:
    """What came of one file. ``read`` = ``added`` + ``known`` calls."""

    path: str
    format: str
    read: int = 0
    added: int = 0
    known: int = 0
    estimated: int = 0  # calls whose tokens nobody stated
    spans: int = 0  # new spans that are no calls
    outcomes: int = 0  # new ones
    skipped: dict[str, SkippedLines] = field(default_factory=dict)
    damage: str | None = None  # why the rest of the file could not be read

    def skipped_count(self) -> int:
        return sum(each.count for each in self.skipped.values())

    def note_skipped(self, skipped: Skipped) -> None:
        noted = self.skipped.setdefault(skipped.reason, SkippedLines())
        noted.count += 1
        if len(noted.lines) < LINES_NAMED:
            noted.lines.append(skipped.line)


def find_importers(paths: Sequence[Path], format_name: str = AUTO) -> list[Importer]:
    """The importer of each file. Raises SufficeError for one that can't be read, is empty, or is of no known format."""
    return [find_importer(format_name, read_head(path), str(path)) for path in paths]


def import_files(
    store: Store,
    paths: Sequence[Path],
    context: Context,
    *,
    format_name: str = AUTO,
    batch_records: int = BATCH_RECORDS,
    on_progress: Callable[[Path, int], None] = lambda path, done_bytes: None,
) -> list[FileSummary]:
    """Import every file, in order. ``on_progress`` gets a file and how many of its bytes (on disk) are read.

    Raises SufficeError before anything is stored when one of the files can't be read, is empty, or is of no
    known format. What is wrong inside a file is in its summary.
    """
    importers = find_importers(paths, format_name)
    run = _Run(store, context, batch_records)
    found = [run.import_file(path, importer, on_progress) for path, importer in zip(paths, importers, strict=True)]
    if any(each.added for each in found):
        store.command("match_imports", project=context.project)
    return found


class _Run:
    """One command's import: the duplicates and outcomes it knows of span its files."""

    def __init__(self, store: Store, context: Context, batch_records: int) -> None:
        self._store, self._context, self._batch_records = store, context, batch_records
        self._duplicates = DuplicateFinder()
        self._judged: set[str] | None = None  # targets that have an outcome

    def import_file(self, path: Path, importer: Importer, on_progress: Callable[[Path, int], None]) -> FileSummary:
        summary = FileSummary(str(path), importer.NAME)
        with opened(path) as (stream, raw):
            pieces = _until_damage(importer.read(stream, self._context), summary)
            if self._context.gate is not None:
                pieces = through_gate(pieces, self._context.gate)
            while batch := list(islice(pieces, self._batch_records)):
                self._append(batch, summary)
                on_progress(path, raw.done_bytes)
        return summary

    def _append(self, batch: list[Read], summary: FileSummary) -> None:
        calls: list[CallRecord] = []
        spans: list[SpanRecord] = []
        outcomes: list[OutcomeRecord] = []
        for piece in batch:
            match piece:
                case Skipped():
                    summary.note_skipped(piece)
                case CallRecord():
                    calls.append(piece)
                case SpanRecord():
                    spans.append(piece)
                case OutcomeRecord():
                    outcomes.append(piece)
        fresh_outcomes = self._fresh(outcomes)
        result = self._store.append(build_tables([*calls, *spans, *fresh_outcomes], self._context.now_ns))
        added = result.added.get("calls", 0)
        summary.read += len(calls)
        summary.added += added
        summary.known += len(calls) - added
        summary.estimated += sum(
            each.call.usage is not None and each.call.usage.source == "estimated" for each in calls
        )
        summary.spans += result.added.get("spans", 0)
        summary.outcomes += len(fresh_outcomes)
        self._mark_duplicates(calls, spans, anything_new=added > 0)

    def _fresh(self, outcomes: list[OutcomeRecord]) -> list[OutcomeRecord]:
        if not outcomes:
            return []
        if self._judged is None:
            stored = self._store.read("outcomes", project=self._context.project)
            self._judged = set(stored.column("target_id").to_pylist())
        fresh = {each.target_id: each for each in outcomes if each.target_id not in self._judged}
        self._judged |= fresh.keys()
        return list(fresh.values())

    def _mark_duplicates(self, calls: list[CallRecord], spans: list[SpanRecord], *, anything_new: bool) -> None:
        marks = self._duplicates.find(calls, spans)
        if not marks or not anything_new:
            return
        rows = pa.table(
            {
                "project": [mark.project for mark in marks],
                "call_id": [mark.call_id for mark in marks],
                "duplicate_of": pa.array([mark.duplicate_of for mark in marks], pa.string()),
                "rule": [mark.rule for mark in marks],
                "recorded_ns": pa.array([self._context.now_ns] * len(marks), pa.int64()),
            }
        )
        self._store.append({"duplicates": rows})


def _until_damage(pieces: Iterable[Read], summary: FileSummary) -> Iterator[Read]:
    """The pieces up to where the file breaks off (a truncated archive, a failing disk)."""
    source = iter(pieces)
    while True:
        try:
            piece = next(source)
        except StopIteration:
            return
        except DAMAGE as error:
            summary.damage = " ".join(str(error).split()) or type(error).__name__
            return
        yield piece
