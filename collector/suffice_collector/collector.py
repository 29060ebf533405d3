"""Collector: what the routes work with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from suffice_collector.bodies import MAX_BODY_BYTES
from suffice_collector.ingest import Ingest
from suffice_collector.limits import Limits
from suffice_collector.metrics import Metrics
from suffice_store.alerts_file import AlertSettings
from suffice_store.audit import AuditLog
from suffice_store.store import Store

if TYPE_CHECKING:
    from suffice_collector.identity import Keyring
    from suffice_collector.maintenance import Maintenance


@dataclass(slots=True)
class Collector:
    """One open store, its way in, and who analyses it."""

    store: Store
    ingest: Ingest
    analyze_now: Callable[[str], dict[str, Any]] | None = None  # None: no analysis runs beside this collector
    dashboard_url: str | None = None
    max_body_bytes: int = MAX_BODY_BYTES
    reading: ThreadPoolExecutor | None = None
    metrics: Metrics = field(default_factory=Metrics)
    inner_key: str | None = None  # what the children of ``suffice up`` are given where no SUFFICE_KEY is set
    audit: AuditLog = field(default_factory=lambda: AuditLog(None))  # these three are made with the app
    keyring: Keyring | None = None
    limits: Limits = field(default_factory=Limits)
    maintenance: Maintenance | None = None
    alerts: AlertSettings = field(default_factory=AlertSettings)  # where they go, and from when on something is one
