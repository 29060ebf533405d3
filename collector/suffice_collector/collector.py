"""Collector: what the routes work with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from suffice_collector.bodies import MAX_BODY_BYTES
from suffice_collector.ingest import Ingest
from suffice_store.store import Store


@dataclass(slots=True)
class Collector:
    """One open store, its way in, and who analyses it."""

    store: Store
    ingest: Ingest
    analyze_now: Callable[[str], dict[str, Any]] | None = None  # None: no analysis runs beside this collector
    dashboard_url: str | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    reading: ThreadPoolExecutor | None = None
