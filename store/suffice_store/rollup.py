"""Totals that stand ready in memory, so that what adds up a million calls adds up some thousand sums.

Kept per project, in DuckDB's own memory beside the file, and made from it when the process starts; so that no crash,
deletion or upgrade can leave them wrong. Calls up to a row number are *settled*: added up once. The *recent* ones behind it,
some thousand, are added to whenever something was written, so that a read sees what was appended before it; a new mark makes
them be added up anew. A mark on a settled call (it tells again what another tells) makes its hour be added up anew; new prices, another analysis and rows
that were taken out make everything be. While that takes long it is done in the background and reads add up the calls
themselves. ``tests/store/test_rollup.py`` holds both ways together, to the last digit. On ClickHouse there is none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from suffice_store.engines import Prepared
from suffice_store.engines.duckdb import DuckDB
from suffice_store.environments import EVERY
from suffice_store.reads import find_read
from suffice_store.reads.addends import ADDENDS, KEYS, SUMS, Sums, added_up, by_call, can_add_up, in_memory, sums_table
from suffice_store.reads.pricing import RATES, price_keys, used_models
from suffice_store.reads.registry import Arguments, Read
from suffice_store.reads.sources import NOT_BEFORE, NS_PER_HOUR, analysis_of
from suffice_store.tables import calls, duplicates, ingest_state, prices
from suffice_store.tables_costs import service_owners

if TYPE_CHECKING:
    from suffice_store.file_store import DatabaseStore

RECENT_ROWS = 32_768  # then the older three quarters settle: adding up so many takes 60 ms
INLINE_ROWS = 65_536  # a reader waits for so many to be added up; for more it adds up the calls itself
PREPARED = 128  # statements kept as text
SPARE = 50  # calls more than a page needs, should one be marked meanwhile
WAIT_S = 0.3  # that a reader waits for another who is adding up
ASKED_S = 60.0  # after a read the sums are kept up to date for so long; 5 % of a core while calls come in
HOURS = 48  # with settled calls of more hours marked, everything is added up anew
PROJECTS = 32  # kept at once

_call_row: sa.ColumnElement[int] = sa.literal_column("calls.rowid")
_mark_row: sa.ColumnElement[int] = sa.literal_column("duplicates.rowid")
_price_row: sa.ColumnElement[int] = sa.literal_column("prices.rowid")


class Changes:
    """Counts what is written, so that "nothing was written since" is known without asking the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.begun = self.done = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self.begun += 1
        try:
            yield
        finally:
            with self._lock:
                self.done += 1

    def moment(self) -> int | None:
        """A number that stands for this state; None while something is being written."""
        with self._lock:
            return self.begun if self.begun == self.done else None


@dataclass(slots=True)
class _Seen:
    """What of the file the sums hold. Row numbers are those of the last row."""

    last_settled: int = -1
    settled_rows: int = 0
    recent_rows: int = 0
    last_call: int = -1
    last_mark: int = -1
    marks: int = 0
    prices: tuple[Any, ...] = ()
    analysis_id: str | None = None
    last_assigned: int = -1  # an analysis has no calls that came after it
    by_file: bool = False
    models: frozenset[tuple[str, str, str]] = frozenset()  # provider, model, tier with a rate


@dataclass(slots=True)
class _Project:
    """Of one project: ``seen`` is None before it was added up first; ``moment`` is up to when it holds."""

    number: int
    seen: _Seen | None = None
    moment: int | None = None
    rates_moment: int | None = None  # up to when every call's model has its rate
    asked: float = -1e9  # on the monotonic clock
    statements: dict[str, Any] = field(default_factory=dict)  # compiled
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        return f"sums_{self.number}"


class Rollup:
    """The sums of a file's projects."""

    def __init__(self, store: DatabaseStore, *, recent_rows: int = RECENT_ROWS, inline_rows: int = INLINE_ROWS) -> None:
        self._store = store
        self._recent_rows, self._inline_rows = recent_rows, inline_rows
        self._projects: dict[str, _Project] = {}
        self._lock = threading.Lock()
        self._hours = lru_cache(PREPARED)(self._prepare_hours)

    def current(self, project: str, *, however_long: bool = False) -> Sums | None:
        """The sums as of now; None where that takes longer than a reader should wait."""
        of = self._of(project)
        if of is None:
            return None
        of.asked = of.asked if however_long else time.monotonic()
        if not self._holds(of):
            if not of.lock.acquire(timeout=-1 if however_long else WAIT_S):
                return None  # everything is being added up anew
            try:
                if not self._holds(of):
                    self._refresh(project, of, however_long)
            finally:
                of.lock.release()
        seen = of.seen
        return None if seen is None else Sums(of.name, seen.analysis_id, seen.marks > 0, seen.by_file)

    def ready_for(self, read: Read, arguments: Arguments) -> dict[str, Any]:
        """What stands ready for a read, as arguments of its statement."""
        if not (read.adds_up or read.priced):
            return {}
        project = arguments["project"]
        if not read.adds_up and (read.hours is None or arguments.get("search")) and self._rates_hold(project):
            return {RATES: self._rates(project)}  # it needs no sums: to bring them up to date takes 40 ms
        sums = self.current(project)
        if sums is None:
            return {}
        ready: dict[str, Any] = {}
        if can_add_up(arguments, sums.analysis_id):
            if read.adds_up:
                return {SUMS: sums}
            hours = self._hours(read.name, (*arguments.items(), (SUMS, sums))) if read.hours else None
            if hours is not None:
                ready |= self._narrowed(arguments, self._count_hours(hours))
        if self._rates_hold(project):
            ready[RATES] = self._rates(project)
        return ready

    def _rates(self, project: str) -> str:
        return str(in_memory(f"{self._projects[project].name}_rates"))

    def rates_hold(self, connection: sa.Connection, project: str) -> bool:
        """Whether every call that the connection's transaction sees has its rate; fixes what it sees."""
        connection.execute(sa.select(sa.func.count()).select_from(ingest_state)).all()
        return self._rates_hold(project)

    def _rates_hold(self, project: str) -> bool:
        of = self._of(project)
        return of is not None and of.rates_moment is not None and of.rates_moment == self._store.rate_changes.moment()

    def _prepare_hours(self, name: str, arguments: tuple[tuple[str, Any], ...]) -> Prepared | None:
        find_hours = find_read(name).hours
        statement = find_hours(dict(arguments)) if find_hours else None
        return None if statement is None else self._store.database.prepare(statement)

    def _narrowed(self, arguments: Arguments, hours: list[tuple[int | None, int]]) -> dict[str, Any]:
        """Where a page lies."""
        first = _first_hour(hours, arguments["limit"] + arguments["offset"] + SPARE)
        return {} if first is None else {NOT_BEFORE: first}

    def _count_hours(self, hours: Prepared) -> list[tuple[int | None, int]]:
        with self._store.connected() as connection:
            counts = self._store.database.fetch_table(connection, hours)
        return list(zip(*(column.to_pylist() for column in counts.columns), strict=True))

    def begin(self) -> None:
        """Note every project that has calls, so that ``keep`` adds them up before anybody asks."""
        with self._store.connected() as connection:
            projects = list(connection.scalars(sa.select(calls.c.project).distinct()))
        for project in projects:
            self._of(project)

    def keep(self) -> None:
        """Bring up to date what was asked for lately, or never; the background's turn, which takes as long as it takes."""
        for project, of in list(self._projects.items()):
            if of.seen is None or time.monotonic() - of.asked < ASKED_S:
                self.current(project, however_long=True)

    def forget(self) -> None:
        """Rows have gone or changed their numbers."""
        with self._lock:
            known = list(self._projects.values())
        for of in known:
            with of.lock:
                of.seen = of.moment = of.rates_moment = None

    def _of(self, project: str) -> _Project | None:
        with self._lock:
            if project not in self._projects and len(self._projects) < PROJECTS:
                self._projects[project] = _Project(len(self._projects))
            return self._projects.get(project)

    def _holds(self, of: _Project) -> bool:
        return of.moment is not None and of.moment == self._store.changes.moment()

    def _refresh(self, project: str, of: _Project, however_long: bool) -> None:
        moment, rates_moment = self._store.changes.moment(), self._store.rate_changes.moment()
        with self._store.connected() as connection, connection.begin():
            work = _Work(self._store.database, connection, project, of, self._recent_rows, self._inline_rows)
            seen = work.bring_up_to_date(of.seen, however_long)
        of.seen = seen
        of.moment, of.rates_moment = (moment, rates_moment) if seen else (None, None)


def _first_hour(hours: list[tuple[int | None, int]], wanted: int) -> int | None:
    """The last hours that hold over ``wanted`` calls begin with this one; None where only all do. The newest is first."""
    for hour, count in hours:
        wanted -= count
        if hour is None or wanted < 0:
            return hour
    return None


class _Work:
    """One transaction: what the file says now goes into the sums."""

    def __init__(
        self, database: Any, connection: sa.Connection, project: str, of: _Project, recent_rows: int, inline_rows: int
    ) -> None:
        self._database: DuckDB = database
        self._connection = connection
        self._project = project
        self._name = of.name
        self._statements = of.statements
        self._recent_rows, self._inline_rows = recent_rows, inline_rows

    def bring_up_to_date(self, seen: _Seen | None, however_long: bool) -> _Seen | None:
        """What the sums hold now; None where it would take too long."""
        now = self._look()
        if seen is None or self._all_anew(seen, now):
            if now.last_call > self._inline_rows and not however_long:
                return None
            return self._add_up_everything(now)
        now.last_settled, now.settled_rows = seen.last_settled, seen.settled_rows
        now.last_assigned, now.models = seen.last_assigned, seen.models
        if (now.last_call, now.last_mark, now.marks) == (seen.last_call, seen.last_mark, seen.marks):
            return now
        if now.last_call - seen.last_settled > self._inline_rows and not however_long:
            return None
        if now.last_mark > seen.last_mark:
            hours = self._hours_marked(seen)
            if len(hours) > HOURS:
                return self._add_up_everything(now) if however_long or now.last_call <= self._inline_rows else None
            for hour in hours:
                self._add_up_hour(hour, now)
        self._find_rates(now, seen.last_call)
        self._settle(now, self._recent_rows, seen)
        return now

    def _look(self) -> _Seen:
        of = (prices.c.project.in_(("", self._project)),)
        (last_call,) = self._row(sa.select(sa.func.max(_call_row)).select_from(calls))
        last_mark, marks = self._row(sa.select(sa.func.max(_mark_row), sa.func.count()).select_from(duplicates))
        listed = self._row(
            sa.select(sa.func.count(), sa.func.max(_price_row), sa.func.max(prices.c.recorded_ns)).where(*of)
        )
        (owned,) = self._row(sa.select(sa.func.count()).where(service_owners.c.project == self._project))
        (analysis_id,) = self._row(sa.select(analysis_of({"project": self._project})))
        return _Seen(
            last_call=-1 if last_call is None else last_call, last_mark=-1 if last_mark is None else last_mark,
            marks=marks, prices=tuple(listed), analysis_id=analysis_id, by_file=owned > 0,
        )  # fmt: skip

    def _all_anew(self, seen: _Seen, now: _Seen) -> bool:
        if (seen.prices, seen.analysis_id) != (now.prices, now.analysis_id):
            return True
        kept = self._rows(0, seen.last_settled)
        marked = self._row(sa.select(sa.func.count()).select_from(duplicates).where(_mark_row <= seen.last_mark))
        return (kept, marked[0]) != (seen.settled_rows, seen.marks)

    def _add_up_everything(self, now: _Seen) -> _Seen:
        for part in ("settled", "recent"):
            self._make_empty(part)
        now.last_settled, now.settled_rows, now.models = -1, 0, frozenset()
        self._find_rates(now)
        now.last_assigned = now.last_call
        self._settle(now, 0)
        return now

    def _find_rates(self, now: _Seen, looked_at: int = -1) -> None:
        """The prices of every model that calls have, once: they are looked up again only for a model that is new."""
        fresh = () if not now.models else (_call_row > looked_at,)
        found = self._connection.execute(used_models(self._project, *fresh))
        models = frozenset(tuple(row) for row in found)
        if now.models and models <= now.models:
            return
        now.models |= models
        query = self._database.prepare(sa.select(price_keys(self._project).bands))
        table = in_memory(f"{self._name}_rates")
        self._run(f"CREATE OR REPLACE TABLE {table} AS FROM ({query.sql}) LIMIT 0", query.values)
        self._run(f"INSERT INTO {table} {query.sql}", query.values)

    def _settle(self, now: _Seen, most: int, seen: _Seen | None = None) -> None:
        """Add up the recent calls; of more than ``most``, three quarters for good. To those ``seen`` only what is new comes."""
        first_row = now.last_settled + 1
        if now.last_call - now.last_settled > most:
            until = now.last_call - most // 4
            self._add("settled", first_row, until, now)
            now.last_settled = until
            now.settled_rows, first_row = self._rows(0, until), until + 1
        elif (
            seen is not None
            and seen.last_mark == now.last_mark
            and self._rows(first_row, seen.last_call) == seen.recent_rows
        ):
            first_row = seen.last_call + 1
        if first_row == now.last_settled + 1:
            self._make_empty("recent")
        self._add("recent", first_row, now.last_call, now)
        now.recent_rows = self._rows(now.last_settled + 1, now.last_call)

    def _rows(self, first: int, last: int) -> int:
        (count,) = self._row(sa.select(sa.func.count()).select_from(calls).where(_call_row.between(first, last)))
        return int(count)

    def _hours_marked(self, seen: _Seen) -> list[int | None]:
        """Hours of the settled calls that marks since then are about."""
        marks = sa.select(duplicates.c.call_id).where(duplicates.c.project == self._project, _mark_row > seen.last_mark)
        of_project = calls.c.project == self._project
        # Most are about calls that came with them: then the ids of all others need not be read.
        among_recent = sa.select(calls.c.call_id).where(of_project, _call_row > seen.last_settled)
        elsewhere = marks.where(duplicates.c.call_id.not_in(among_recent))
        ids = list(self._connection.scalars(elsewhere.distinct()))
        if not ids:
            return []
        hour = (calls.c.started_ns - calls.c.started_ns % NS_PER_HOUR).label("hour")
        settled = sa.select(hour).where(of_project, _call_row <= seen.last_settled, calls.c.call_id.in_(elsewhere))
        return list(self._connection.scalars(settled.distinct()))

    def _add_up_hour(self, hour: int | None, now: _Seen) -> None:
        table = sums_table(f"{self._name}_settled")
        self._connection.execute(sa.delete(table).where(table.c.hour.is_not_distinct_from(hour)))
        self._add("settled", 0, now.last_settled, now, hour)

    def _add(self, part: str, first_row: int, last_row: int, now: _Seen, hour: int | str | None = "any") -> None:
        """Calls with these row numbers into ``part``; of one hour, or of any."""
        kind = "any" if hour == "any" else "untimed" if hour is None else "hour"
        by_task = first_row <= now.last_assigned  # to look among a million assignments takes 40 ms
        statement = self._statements.get(f"{part} {kind} {by_task}")
        if statement is None:
            within = [_call_row.between(sa.bindparam("first_row"), sa.bindparam("last_row"))]
            if kind == "untimed":
                within.append(calls.c.started_ns.is_(None))
            elif kind == "hour":
                within.append(calls.c.started_ns.between(sa.bindparam("hour"), sa.bindparam("hour_end")))
            asked = {"project": self._project, "environment": EVERY, RATES: str(in_memory(f"{self._name}_rates"))}
            chosen = added_up(by_call(asked, by_task=by_task, within=tuple(within), marks=True))
            into = sa.table(in_memory(f"{self._name}_{part}"), *(sa.column(name) for name in KEYS | ADDENDS))
            statement = self._statements[f"{part} {kind} {by_task}"] = into.insert().from_select(
                [*KEYS, *ADDENDS], chosen
            )
        values = {"first_row": first_row, "last_row": last_row}
        if isinstance(hour, int):
            values |= {"hour": hour, "hour_end": hour + NS_PER_HOUR - 1}
        self._connection.execute(statement, values)

    def _make_empty(self, part: str) -> None:
        dialect = self._database.engine.dialect
        columns = ", ".join(f"{name} {kind().compile(dialect)}" if isinstance(kind, type) else f"{name} {kind.compile(dialect)}"
                            for name, kind in (KEYS | ADDENDS).items())  # fmt: skip
        self._run(f"CREATE OR REPLACE TABLE {in_memory(f'{self._name}_{part}')} ({columns})")

    def _row(self, statement: sa.Executable) -> Any:
        return self._connection.execute(statement).one()

    def _run(self, sql: str, values: Any = None) -> None:
        self._database.driver(self._connection).execute(sql, values)
