"""Log records to calls. A log dialect is a module with ``NAME``, ``claims(log, resource) -> bool`` and
``calls_of(logs, resource)`` that gives the calls these records tell of and the records that became part of one.

A log record of a span (same trace and span id) tells again what the span tells, or the half it lacks: the calls keep
their span's ids and ``duplicates`` joins the two. What no dialect makes a part of a call is kept as a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suffice_collector.dialects import claude_code_logs, codex_logs, gemini_cli, otel_events
from suffice_collector.dialects.log_place import log_record
from suffice_collector.otlp import Resource
from suffice_collector.otlp_logs import LogRecord
from suffice_store.records import CallRecord, SpanRecord


class LogDialect(Protocol):
    NAME: str

    def claims(self, log: LogRecord, resource: Resource) -> bool: ...

    def calls_of(self, logs: Sequence[LogRecord], resource: Resource) -> tuple[list[CallRecord], list[LogRecord]]: ...


LOG_DIALECTS: tuple[LogDialect, ...] = (claude_code_logs, codex_logs, gemini_cli, otel_events)


def read_logs(logs: Sequence[LogRecord], resource: Resource) -> tuple[list[CallRecord], list[SpanRecord]]:
    """(calls, moments): the records of one sender, in the order they came."""
    claimed: dict[str, list[LogRecord]] = {}
    moments: list[LogRecord] = []
    for log in logs:
        name = next((each.NAME for each in LOG_DIALECTS if each.claims(log, resource)), None)
        (moments if name is None else claimed.setdefault(name, [])).append(log)
    calls: list[CallRecord] = []
    for dialect in LOG_DIALECTS:
        if mine := claimed.get(dialect.NAME):
            found, used = dialect.calls_of(mine, resource)
            calls += found
            spent = {id(log) for log in used}
            moments += [log for log in mine if id(log) not in spent]
    return calls, [log_record(log, resource) for log in moments]
