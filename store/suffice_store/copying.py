"""Rows from one DuckDB file to another: what a deletion leaves, first as one snapshot, then what came since.

Tables are append-only, so that row numbers only grow and "what came since" is what stands behind the last number of the
snapshot. A table of which rows are replaced is copied whole at the end. Rules go by columns, so that a table that is
added later falls under them: an analysis goes with any of its project's calls, since it quotes them; a row about a call
or a trace goes with it; a message or a toolset stays while a call that stays refers to it.
"""

# ruff: noqa: S608  (table and column names are our own, values are bound or quoted)

from __future__ import annotations

import json
from typing import Any

from suffice.errors import SufficeError
from suffice_store.engines.duckdb import FRESH
from suffice_store.engines.reasons import is_damage
from suffice_store.selection import Selection

REPLACED = ("ingest_state", "prices", "dead_letters")  # small; rows of them are taken out
KEPT = (
    "ingest_state",
    "api_keys",
    "members",
    "retention",
    "replay_hosts",
    "alembic_version",
)  # of a project that goes, too
_TEXTS = {
    "messages": ("message_hash", "list_concat(input_hashes, output_hashes)"),
    "toolsets": ("toolset_hash", "[toolset_hash]"),
}
_CLOSURE_ROUNDS = 4  # a duplicate of a duplicate of ...; the rules that mark them make two


class RowsMovedError(SufficeError):
    """Rows that the snapshot holds have other numbers now, or are gone: a checkpoint merged what was deleted before."""


class Copy:
    """One copy, on a cursor that sees ``suffice`` (the default) and ``fresh``."""

    def __init__(self, cursor: Any, gone: Selection | None) -> None:
        self._cursor = cursor
        self._gone = gone
        self._last: dict[str, int] = {}  # the last row number of the snapshot
        self._count: dict[str, int] = {}
        self._tables: dict[str, list[str]] = {}
        for statement in self._rows("SELECT sql FROM duckdb_tables() WHERE database_name = 'suffice'"):
            self._run(statement[0].replace("CREATE TABLE ", f"CREATE TABLE {FRESH}.", 1))  # compression included
        for table, column in self._rows(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE database_name = 'suffice' ORDER BY column_index"
        ):
            self._tables.setdefault(table, []).append(column)

    def snapshot(self, *, everything: bool = False) -> None:
        """What stays of the rows there are now. ``everything``: also of the tables whose rows are replaced."""
        self._run("BEGIN TRANSACTION")
        self._find_gone()
        for table in self._tables:
            self._last[table], self._count[table] = self._numbers(table)
            if everything or table not in REPLACED:
                self._insert(table, f"({self._stays(table)}) AND {self._first(table)}")
        self._run("COMMIT")

    def rest(self) -> None:
        """With writes held back: the rows behind the snapshot, texts that only they need, and the replaced tables."""
        self._run("BEGIN TRANSACTION")
        self._find_gone()
        for table in self._tables:
            stays = self._stays(table)
            if table in REPLACED:
                self._insert(table, stays)
                continue
            if self._numbers(table, f"rowid <= {self._last[table]}")[1] != self._count[table]:
                raise RowsMovedError(f"rows of table {table} were taken out meanwhile; nothing was changed, try again")
            self._insert(table, f"rowid > {self._last[table]} AND ({stays})")
            if self._gone is not None and table in _TEXTS:
                self._insert(table, f"rowid <= {self._last[table]} AND ({self._needed_again(table)})")
        self._run("COMMIT")

    def removed(self) -> dict[str, int]:
        """Rows of the old file that the new one lacks, by table."""
        counts = {}
        for table in self._tables:
            (before,) = self._rows(f"SELECT count(*) FROM {table}")[0]
            (after,) = self._rows(f"SELECT count(*) FROM {FRESH}.{table}")[0]
            if before > after:
                counts[table] = int(before - after)
        return counts

    def _numbers(self, table: str, condition: str = "TRUE") -> tuple[int, int]:
        """The last row number and how many rows there are."""
        (last, count) = self._rows(f"SELECT coalesce(max(rowid), -1), count(*) FROM suffice.{table} WHERE {condition}")[
            0
        ]
        return int(last), int(count)

    def _find_gone(self) -> None:
        """Temporary tables: the calls that go, with their duplicates, and the projects that this touches."""
        gone = self._gone
        if gone is None:
            return
        where, values = _condition(gone)
        self._run(
            "CREATE OR REPLACE TEMP TABLE gone_calls AS SELECT DISTINCT project, call_id, trace_id, run_id "
            f"FROM suffice.calls WHERE {where}",
            values,
        )
        for _ in range(_CLOSURE_ROUNDS):
            self._run(
                "INSERT INTO gone_calls SELECT DISTINCT c.project, c.call_id, c.trace_id, c.run_id FROM suffice.calls c JOIN ("
                " SELECT d.project, d.call_id FROM suffice.duplicates d JOIN gone_calls g ON g.project = d.project AND g.call_id = d.duplicate_of"
                " UNION SELECT d.project, d.duplicate_of FROM suffice.duplicates d JOIN gone_calls g ON g.project = d.project AND g.call_id = d.call_id"
                ") o ON o.project = c.project AND o.call_id = c.call_id "
                "ANTI JOIN gone_calls known ON known.project = c.project AND known.call_id = c.call_id"
            )
        self._run(  # what replay made of a call holds its request again
            "INSERT INTO gone_calls SELECT DISTINCT c.project, c.call_id, c.trace_id, c.run_id FROM suffice.calls c "
            "JOIN suffice.replays r ON r.project = c.project AND r.replay_call_id = c.call_id "
            "JOIN gone_calls g ON g.project = r.project AND g.call_id = r.call_id "
            "ANTI JOIN gone_calls known ON known.project = c.project AND known.call_id = c.call_id"
        )
        self._run(
            "CREATE OR REPLACE TEMP TABLE gone_spans AS SELECT DISTINCT project, trace_id FROM gone_calls WHERE trace_id IS NOT NULL"
        )
        if gone.user is not None or gone.run is not None:
            # Runs and tools name their user or run among their attributes; as JSON writes it.
            named = [json.dumps(each, ensure_ascii=False) for each in (gone.user, gone.run) if each is not None]
            found = " AND ".join(["contains(attributes, ?)"] * len(named))
            where_project = "" if gone.project is None else " AND project = ?"
            values = [*named, *([] if gone.project is None else [gone.project])]
            self._run(
                f"INSERT INTO gone_spans SELECT DISTINCT project, trace_id FROM suffice.spans WHERE {found}{where_project}",
                values,
            )
        self._run(
            "CREATE OR REPLACE TEMP TABLE touched AS SELECT DISTINCT project FROM gone_calls UNION SELECT DISTINCT project FROM gone_spans"
        )
        if gone.project is not None:
            self._run("INSERT INTO touched SELECT ?", [gone.project])

    def _stays(self, table: str) -> str:
        """The condition under which a row of the table stays."""
        gone = self._gone
        if gone is None:
            return "TRUE"
        project = None if gone.project is None else _literal(gone.project)
        if gone.whole_project and table not in KEPT and table != "dead_letters":
            return f"project <> {project}"
        columns = self._tables[table]
        touched = "project IN (SELECT project FROM touched)"
        call_goes = "(project, call_id) IN (SELECT (project, call_id) FROM gone_calls)"
        trace_goes = "(project, trace_id) IN (SELECT (project, trace_id) FROM gone_spans)"
        if table in KEPT or table in ("prices", "decisions"):
            return "TRUE"
        if table == "dead_letters":  # whose they are cannot be known, so that they go with any deletion of their time
            old = "TRUE" if gone.before_ns is None else f"recorded_ns < {gone.before_ns}"
            whose = "TRUE" if project is None else f"project IN ({project}, '')"
            return f"NOT ({whose} AND {old})"
        if table in _TEXTS:
            return f"NOT ({touched}) OR {self._referred_to(table, 'TRUE')}"
        if "analysis_id" in columns:
            return f"NOT ({touched})"
        if table == "duplicates":
            original_goes = "(project, duplicate_of) IN (SELECT (project, call_id) FROM gone_calls)"
            return f"NOT coalesce({call_goes}, FALSE) AND NOT coalesce({original_goes}, FALSE)"
        if table == "outcomes":
            of_call = "target = 'call' AND (project, target_id) IN (SELECT (project, call_id) FROM gone_calls)"
            of_run = (
                "target = 'run' AND ((project, target_id) IN (SELECT (project, run_id) FROM gone_calls WHERE run_id IS NOT NULL)"
                " OR (project, target_id) IN (SELECT (project, trace_id) FROM gone_spans))"
            )
            return f"NOT ({of_call}) AND NOT ({of_run})"
        if table == "spans":
            old = "" if gone.before_ns is None else _old_spans(gone)
            return f"NOT coalesce({trace_goes}, FALSE){old}"
        if "call_id" in columns:
            return f"NOT coalesce({call_goes}, FALSE)"
        if "trace_id" in columns:
            return f"NOT coalesce({trace_goes}, FALSE)"
        return "TRUE"

    def _first(self, table: str) -> str:
        """Of a text that is stored again (see ``compacting``) one row is copied."""
        if table not in _TEXTS:
            return "TRUE"
        return f"rowid IN (SELECT min(rowid) FROM suffice.{table} GROUP BY project, {_TEXTS[table][0]})"

    def _referred_to(self, table: str, which: str) -> str:
        """Texts that a call that stays (and is ``which``) refers to."""
        key, hashes = _TEXTS[table]
        return (
            f"(project, {key}) IN (SELECT (project, h) FROM (SELECT c.project, unnest({hashes}) AS h FROM suffice.calls c "
            f"WHERE c.project IN (SELECT project FROM touched) AND ({which}) "
            "AND (c.project, c.call_id) NOT IN (SELECT (project, call_id) FROM gone_calls)) WHERE h IS NOT NULL)"
        )

    def _needed_again(self, table: str) -> str:
        """Texts left behind by the snapshot that a call since then refers to: it was not stored again, being known."""
        key, _ = _TEXTS[table]
        new = f"c.rowid > {self._last['calls']}"
        return (
            f"project IN (SELECT project FROM touched) AND {self._referred_to(table, new)} "
            f"AND (project, {key}) NOT IN (SELECT (project, {key}) FROM {FRESH}.{table})"
        )

    def _insert(self, table: str, condition: str) -> None:
        self._run(f"INSERT INTO {FRESH}.{table} BY NAME SELECT * FROM suffice.{table} WHERE {condition}")

    def _run(self, statement: str, values: list[Any] | None = None) -> None:
        try:
            self._cursor.execute(statement, values)
        except Exception as error:
            if is_damage(error):
                raise
            raise SufficeError(f"the copy failed and nothing was changed: {str(error).splitlines()[0]}") from error

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._cursor.execute(statement).fetchall()
        return rows


def _condition(gone: Selection) -> tuple[str, list[Any]]:
    """Which calls are named."""
    parts: list[tuple[str, Any]] = []
    if gone.project is not None:
        parts.append(("project = ?", gone.project))
    if gone.user is not None:
        parts.append(("user_id = ?", gone.user))
    if gone.run is not None:
        parts.append(("run_id = ?", gone.run))
    if gone.before_ns is not None:
        parts.append(("coalesce(started_ns, received_ns) < ?", gone.before_ns))
    return " AND ".join(text for text, _ in parts), [value for _, value in parts]


def _old_spans(gone: Selection) -> str:
    project = "" if gone.project is None else f" AND project = {_literal(gone.project)}"
    named = "" if gone.user is None and gone.run is None else " AND FALSE"
    return f" AND NOT (started_ns < {gone.before_ns}{project}{named})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
