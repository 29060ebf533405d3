"""Dead letters tried again: acknowledged bodies that could not be stored, once the reason is mended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_collector.collector import Collector
from suffice_collector.ingest import now_entry
from suffice_collector.journal import Entry
from suffice_collector.signals import LOGS, TRACES
from suffice_store.file_store import DatabaseStore
from suffice_store.tables import dead_letters

GZIP = b"\x1f\x8b"


def retry_letters(collector: Collector, project: str | None) -> dict[str, int]:
    """Each letter (of ``project``, None: all) that can be read now goes in again. Returns ``stored`` and ``kept``.

    On disk in the journal before its letter goes: a crash between the two tries it twice, and calls are unique.
    """
    store = collector.store
    if not isinstance(store, DatabaseStore):
        raise SufficeError("only the process that holds the file can do that")
    with store.connected() as connection:
        chosen = sa.select(dead_letters.c.project, dead_letters.c.journal, dead_letters.c.position)
        places = connection.execute(chosen.order_by(dead_letters.c.position)).all()
    counts = {"stored": 0, "kept": 0}
    for place in places:
        if project is not None and place.project != project:
            continue
        with store.connected() as connection:
            body = connection.scalar(sa.select(dead_letters.c.body).where(*_at(place)))
        entry = None if body is None else _readable(collector, bytes(body), place.project)
        if entry is None:
            counts["kept"] += 1
            continue
        collector.ingest.accept_blocking(entry)
        with store.maintenance, store.writing() as connection:
            connection.execute(dead_letters.delete().where(*_at(place)))
        counts["stored"] += 1
    return counts


def _readable(collector: Collector, body: bytes, project: str) -> Entry | None:
    """The entry as the signal that reads all of it. A letter does not say which it was, and both are the same protobuf."""
    plain = body[:2] != GZIP
    for signal in (TRACES, LOGS):
        for json in (False, True):
            entry = now_entry(body, json=json, gzip=not plain, signal=signal, project=project)
            try:
                built = collector.ingest.try_build(entry)
            except ValueError:
                continue
            if built.count and not built.rejected and not built.failure:
                return entry
    return None


def _at(place: Any) -> list[sa.ColumnElement[bool]]:
    return [dead_letters.c.journal == place.journal, dead_letters.c.position == place.position]
