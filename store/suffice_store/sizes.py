"""What takes the space: bytes on disk by table, shared out to projects by their share of the table's text."""

from __future__ import annotations

from typing import Any

from suffice_store.engines.duckdb import DuckDB
from suffice_store.file_store import DatabaseStore


def size_rows(store: DatabaseStore) -> list[dict[str, Any]]:
    """table_name, project, rows, text_bytes, disk_bytes (an estimate; None on a server)."""
    rows: list[dict[str, Any]] = store.read("text_sizes", project="*").to_pylist()
    on_disk = store.database.table_bytes() if isinstance(store.database, DuckDB) else {}
    texts: dict[str, int] = {}
    for row in rows:
        texts[row["table_name"]] = texts.get(row["table_name"], 0) + int(row["text_bytes"] or 0)
    for row in rows:
        table, size = row["table_name"], on_disk.get(row["table_name"])
        share = int(row["text_bytes"] or 0) / texts[table] if texts[table] else 1.0
        row["disk_bytes"] = None if size is None else round(size * share)
    return rows


def project_bytes(store: DatabaseStore) -> dict[str, int]:
    """Bytes on disk by project, an estimate."""
    sizes: dict[str, int] = {}
    for row in size_rows(store):
        sizes[row["project"]] = sizes.get(row["project"], 0) + int(row["disk_bytes"] or 0)
    return sizes
