"""The price catalogue that suffice ships: ``data/prices.csv``, dated, with a source for every row.

Loaded into the ``prices`` table (project "") when its content differs from what was loaded last.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.arrow_schema import arrow_schema
from suffice_store.engines import Database
from suffice_store.pricing import Price
from suffice_store.tables import ingest_state, prices

JOURNAL = "prices.csv"  # the catalogue's place in ingest_state: which content is in the table
EPOCH = date(1970, 1, 1)

USD_COLUMNS = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_5m_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
    "audio_input_usd_per_mtok",
    "audio_output_usd_per_mtok",
    "reasoning_usd_per_mtok",
)


def sync(database: Database, connection: sa.Connection, now_ns: int) -> bool:
    """Bring the catalogue in the table up to the file. Returns whether anything changed."""
    text = _text()
    version = int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")
    place = ingest_state.c
    loaded = connection.scalar(
        sa.select(place.position)
        .where(place.project == "", place.journal == JOURNAL)
        .order_by(place.recorded_ns.desc())
        .limit(1)
    )
    if loaded == version:
        return False
    connection.execute(prices.delete().where(prices.c.project == ""))
    rows = _table()
    column, noted = rows.schema.get_field_index("recorded_ns"), pa.repeat(pa.scalar(now_ns), rows.num_rows)
    database.insert(connection, "prices", rows.set_column(column, rows.schema.field(column), noted))
    state = {"project": "", "journal": JOURNAL, "position": version, "recorded_ns": now_ns}
    connection.execute(ingest_state.insert().values(state))
    return True


def read_rows() -> Iterator[dict[str, Any]]:
    """The file's rows, as columns of the ``prices`` table."""
    for line in csv.DictReader(_text().splitlines()):
        yield {
            "provider": line["provider"],
            "model": line["model"],
            "tier": line["tier"],
            "context_from_tokens": int(line["context_from_tokens"]),
            "valid_from_day": days(line["valid_from"]),
            **{name: Decimal(line[name]) if line.get(name) else None for name in USD_COLUMNS},
            "source": line["source"],
            "source_date": line["source_date"],
        }


@cache
def catalogue() -> tuple[Price, ...]:
    """The catalogue as ``Price`` rows."""
    fields = set(Price.__dataclass_fields__)
    return tuple(Price(**{name: value for name, value in row.items() if name in fields}) for row in read_rows())


def days(iso: str) -> int:
    """Days since 1970-01-01 of an ISO date; "" is day 0: as far back as calls go."""
    return (date.fromisoformat(iso) - EPOCH).days if iso else 0


@cache
def _table() -> pa.Table:
    """As ``prices`` holds it, before it is noted when: reading the file is a third of the making of a database."""
    rows = [row | {"project": "", "recorded_ns": 0} for row in read_rows()]
    return pa.Table.from_pylist(rows, schema=arrow_schema("prices"))


@cache
def _text() -> str:
    return (files("suffice_store") / "data" / "prices.csv").read_text("utf-8")
