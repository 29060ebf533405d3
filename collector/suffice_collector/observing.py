"""How the collector is: one look at its backlog, its disk, its letters and its keys, for /metrics, /readyz and the Health page."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from suffice.spool import read_spool
from suffice_collector.collector import Collector
from suffice_collector.identity import Identity
from suffice_collector.metrics import RECEIVED_BYTES, REFUSED, REJECTED, REQUESTS, SPANS, Metric
from suffice_store.file_store import DatabaseStore

LEAST_FREE_BYTES = 256 * 1024 * 1024  # four journal segments: under it a collector should get no new telemetry
STARTED_S = time.time()

_GAUGES = {
    "backlog_spans": "Spans acknowledged and not yet stored.",
    "backlog_bytes": "Bytes received and not yet stored.",
    "lag_seconds": "How long the oldest span that waits has waited.",
    "database_bytes": "Size of the database with its log.",
    "journal_bytes": "Size of the journal.",
    "disk_free_bytes": "Free space where the database lies.",
    "dead_letters": "Acknowledged requests that could not be stored.",
    "duplicate_calls": "Calls marked as telling again what another tells.",
    "spool_files": "Batches that SDKs on this machine could not deliver yet.",
    "up": "1 while what is sent gets stored.",
    "started_time_seconds": "When the process began (Unix).",
}


def look(collector: Collector) -> dict[str, Any]:
    """Everything a person or a monitor asks, of all projects. A figure that can't be had is None, never 0."""
    spans, waiting, lag = collector.ingest.backlog()
    path = _path(collector)
    disk = shutil.disk_usage(path.parent) if path else None
    return {
        "status": collector.ingest.status(),
        "started_time_seconds": round(STARTED_S, 3),
        "backlog_spans": spans,
        "backlog_bytes": waiting,
        "lag_seconds": round(max(0.0, lag), 3),
        "database_bytes": collector.store.database.size_bytes() if isinstance(collector.store, DatabaseStore) else None,
        "journal_bytes": _size(Path(f"{path}.journal")) if path else None,
        "disk_free_bytes": disk.free if disk else None,
        "disk_total_bytes": disk.total if disk else None,
        "spool_files": sum(1 for _ in read_spool()),
        "accepted": int(collector.metrics.total(SPANS)),
        "rejected": int(collector.metrics.total(REJECTED)),
        "refused": {name: int(count) for name, count in sorted(collector.metrics.by(REFUSED, "reason").items())},
        **_stored(collector),
    }


def key_usage(collector: Collector, identity: Identity) -> list[dict[str, Any]]:
    """Requests and bytes by key since the process began; a key of one project sees its own."""
    requests, received = collector.metrics.by(REQUESTS, "key"), collector.metrics.by(RECEIVED_BYTES, "key")
    own = identity.key.key_id if identity.key else None
    return [
        {"key_id": key, "requests": int(count), "bytes": int(received.get(key, 0))}
        for key, count in sorted(requests.items())
        if identity.project is None or key == own
    ]


def gauges(collector: Collector) -> Iterator[tuple[Metric, float]]:
    """What /metrics tells beside its counters."""
    found = {**look(collector), "up": float(collector.ingest.status() == "ok")}
    for name, meaning in _GAUGES.items():
        if found.get(name) is not None:
            yield Metric(name, meaning, "gauge"), float(found[name])


def readiness(collector: Collector) -> str:
    """Why no telemetry should be sent now; empty when it may be."""
    status = collector.ingest.status()
    if status != "ok":
        return status
    path = _path(collector)
    if path and (free := shutil.disk_usage(path.parent).free) < LEAST_FREE_BYTES:
        return f"only {free / 1e6:.0f} MB are free on the disk"
    return ""


def _stored(collector: Collector) -> dict[str, Any]:
    rows = collector.store.read("info").to_pylist()
    letters = sum(row["rows"] for row in rows if row["table_name"] == "dead_letters")
    marks = sum(row["rows"] for row in rows if row["table_name"] == "duplicates")
    return {"dead_letters": letters, "duplicate_calls": marks}


def _path(collector: Collector) -> Path | None:
    path = getattr(collector.store, "path", ":memory:")
    return None if path == ":memory:" or "://" in path else Path(path)


def _size(folder: Path) -> int:
    sizes = []
    for file in folder.glob("*"):
        try:
            sizes.append(file.stat().st_size)
        except OSError:  # applied, and gone, meanwhile
            continue
    return sum(sizes)
