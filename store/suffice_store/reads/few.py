"""What a few calls cost: by the same rates as in the statement that finds them, where the money alone takes 8 ms to plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice.wire.call import Usage
from suffice_store.pricing import Price, price_tier, price_usage
from suffice_store.reads.pricing import NS_PER_DAY, RATES, price_keys
from suffice_store.reads.registry import Arguments
from suffice_store.tables import calls

_TOKENS = (
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "audio_input_tokens", "audio_output_tokens",
)  # fmt: skip
PRICED_BY = tuple(calls.c[name] for name in ("service_tier", "started_day", *_TOKENS[2:]))
Row = Mapping[str, Any]


def price_few(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """``rows``, of columns of calls and ``PRICED_BY``, with ``paid_usd`` in place of these."""
    stated = rows.select(["provider", "model", "received_ns", "service_tier", "started_day", *_TOKENS]).to_pylist()
    rates = _rates(connection, arguments, stated)
    paid = pa.array([_paid(row, rates) for row in stated], rows.schema.field("paid_usd").type)
    rows = rows.set_column(rows.column_names.index("paid_usd"), "paid_usd", paid)
    return rows.drop_columns([column.name for column in PRICED_BY])


def _rates(
    connection: sa.Connection, arguments: Arguments, stated: Sequence[Row]
) -> dict[tuple[str, str, str], list[Row]]:
    """By provider, model and tier, as a call names them."""
    if not stated:
        return {}
    bands = price_keys(arguments["project"], arguments.get(RATES)).bands
    providers, models = {row["provider"] for row in stated}, {row["model"] or "" for row in stated}
    named = sa.select(bands).where(bands.c.provider.in_(sorted(providers)), bands.c.model.in_(sorted(models)))
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for rate in connection.execute(named).mappings():
        found[rate["provider"], rate["model"], rate["tier"]].append(dict(rate))
    return found


def _paid(row: Row, rates: Mapping[tuple[str, str, str], Sequence[Row]]) -> Decimal | None:
    asked = row["input_tokens"]
    if asked is None:
        return None
    day = row["started_day"] or row["received_ns"] // NS_PER_DAY
    for rate in rates.get((row["provider"], row["model"] or "", price_tier(row["service_tier"])), ()):
        if _within(day, rate["day_from"], rate["day_to"]) and _within(asked, rate["band_from"], rate["band_to"]):
            if rate["input_usd_per_mtok"] is None:
                return None
            prices = {name: value for name, value in rate.items() if name.endswith("_usd_per_mtok")}
            return price_usage(Usage(**{name: row[name] for name in _TOKENS}), Price(model=rate["model"], **prices))
    return None


def _within(value: int, low: int, high: int | None) -> bool:
    return bool(low <= value and (high is None or value < high))
