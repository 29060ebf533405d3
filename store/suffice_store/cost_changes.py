"""The commands about costs: a price list, the user's terms, a provider's own count. Every one appends rows.

Their lists of objects come checked (``changes.Command.lists``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.contracts import MAX_USD, contract_row
from suffice_store.reads.sources import latest
from suffice_store.tables import prices
from suffice_store.tables_costs import contracts, invoices, service_owners

Arguments = Mapping[str, Any]
LIST = "list"  # the origin of prices from a file the user gave: after the user's own, before the shipped ones


def add_prices(
    connection: sa.Connection,
    arguments: Arguments,
    now_ns: int,
    price_row: Callable[[Arguments, int], dict[str, Any]],
) -> dict[str, Any]:
    """Append a whole list; one bad row refuses it. A price that stands already is not appended again."""
    rows = []
    for number, each in enumerate(arguments["prices"], 1):
        try:
            rows.append({**price_row({**_NO_PRICE, **each, "project": arguments["project"]}, now_ns), "origin": LIST})
        except SufficeError as error:
            raise SufficeError(f"price {number} ({each.get('model', 'no model')}): {error}") from None
    stored = connection.execute(
        sa.select(*(prices.c[name] for name in _KEY)).where(
            prices.c.project == arguments["project"], prices.c.origin == LIST
        )
    )
    known = {tuple(_comparable(value) for value in row) for row in stored}
    fresh = [row for row in rows if tuple(_comparable(row[name]) for name in _KEY) not in known]
    if fresh:
        connection.execute(prices.insert(), fresh)
    return {"added": len(fresh), "known": len(rows) - len(fresh)}


def set_terms(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """The file as it stands now is what counts: a contract or service that left it is ended."""
    project, source = arguments["project"], arguments["source"] or "a user"
    agreed = [contract_row(each) for each in arguments["contracts"] or []]
    services = arguments["services"] or []
    for what, names in (("contract", [e["name"] for e in agreed]), ("service", [e.get("name") for e in services])):
        if len(set(names)) != len(names) or not all(isinstance(name, str) and name for name in names):
            raise SufficeError(f"every {what} needs a 'name' of its own")
    common = {"project": project, "source": source, "recorded_ns": now_ns}
    before = latest(contracts, ("name",), project)
    ended = [
        {**row, "active": False}
        for row in map(dict, connection.execute(sa.select(before).where(before.c.active)).mappings())
        if row["name"] not in {each["name"] for each in agreed}
    ]
    owned = latest(service_owners, ("service",), project)
    gone = set(connection.scalars(sa.select(owned.c.service))) - {each["name"] for each in services}
    rows = [{**each, "active": True, **common} for each in agreed] + [{**each, **common} for each in ended]
    if rows:
        connection.execute(contracts.insert(), rows)
    whose = [{"service": each["name"], **{name: each.get(name) for name in _OWNED}, **common} for each in services]
    whose += [{"service": name, **dict.fromkeys(_OWNED), **common} for name in sorted(gone)]
    if whose:
        connection.execute(service_owners.insert(), whose)
    return {"contracts": len(agreed), "ended": len(ended), "services": len(services)}


def record_invoice(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """Append a provider's rows; of each provider, kind, day and model the latest file counts."""
    rows = []
    for each in arguments["rows"]:
        if each.get("kind") not in ("usage", "cost") or not isinstance(each.get("day"), int):
            raise SufficeError("a row of an invoice has a 'kind' (usage or cost) and a 'day'")
        row = {name: each.get(name) for name in ("provider", "kind", "day", "model", *_COUNTS)}
        rows.append(
            {
                **row,
                "usd": _invoiced_usd(each.get("usd")),
                "project": arguments["project"],
                "source": arguments["source"],
                "recorded_ns": now_ns,
            }
        )
    if rows:
        connection.execute(invoices.insert(), rows)
    return {"recorded": len(rows)}


def _invoiced_usd(stated: Any) -> Decimal | None:
    """The amount; below 0 is a credit. Raises SufficeError for what is no amount."""
    if stated is None:
        return None
    try:
        amount = Decimal("NaN") if isinstance(stated, bool) else Decimal(str(stated))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) > MAX_USD:
        raise SufficeError(f"'usd' of an invoice's row must be an amount in USD, or null, not '{str(stated)[:100]}'")
    return amount


_KEY = (
    "provider", "model", "tier", "context_from_tokens", "valid_from_day", "input_usd_per_mtok", "output_usd_per_mtok",
    "cache_read_usd_per_mtok", "cache_write_5m_usd_per_mtok", "cache_write_1h_usd_per_mtok",
    "audio_input_usd_per_mtok", "audio_output_usd_per_mtok", "reasoning_usd_per_mtok",
)  # fmt: skip
_NO_PRICE: dict[str, Any] = {
    **dict.fromkeys(_KEY), "provider": "", "tier": "standard", "context_from_tokens": 0, "valid_from": None, "source": None,
}  # fmt: skip
_OWNED = ("environment", "team", "owner", "cost_centre")
_COUNTS = ("requests", "input_tokens", "output_tokens", "cache_read_tokens")


def _comparable(value: Any) -> Any:
    return None if value is None else Decimal(value).normalize() if isinstance(value, Decimal) else value
