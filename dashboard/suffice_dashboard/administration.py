"""What Settings says, as sentences and tables: who may do what, how long calls are kept, prices, contracts, privacy.

Pure functions of the rows of reads. Nothing here is a secret: a key's is stored nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from suffice_dashboard import pieces
from suffice_dashboard.formatting import (
    plural,
    render_count,
    render_day,
    render_moment,
    render_money,
    render_share,
    shorten,
)
from suffice_store.console import format_bytes
from suffice_store.prices_file import EPOCH
from suffice_store.recorded_prices import applies_to, format_price

Row = Mapping[str, Any]

ROLES = {
    "reader": "counts, tokens, money and names; no text, no users",
    "analyst": "text with credentials and personal data masked; may decide and rename",
    "auditor": "everything; must say why, which is logged",
    "admin": "everything, and changes",
}
SEES = {
    "reader": "counts, tokens, money and names, and no text",
    "analyst": "text with credentials and personal data masked",
    "auditor": "everything",
    "admin": "everything",
}
SCOPES = {
    "ingest": "sends telemetry and outcomes, reads nothing",
    "read": "reads, as its role shows it",
    "admin": "changes, deletion, keys, audit",
}
MODES = {
    "full": "everything but keys and passwords",
    "masked": "personal data as pseudonyms",
    "hashed": "content as keyed hashes, no text",
    "metrics": "no content at all",
    "not told": "another SDK, or an import: it says nothing of it",
}
ADMIN_ONLY = "Shown to keys with scope admin; the dashboard's own key is the one it was started with (SUFFICE_KEY)."


def you_sentence(you: Row) -> str:
    """Whose eyes these pages look through, and what that shows."""
    role = you.get("role")
    may = "what stands here can be changed" if "admin" in you["scopes"] else "nothing here can be changed"
    of = f", in project {you['project']} only" if you.get("project") else ""
    return f"These pages see the collector as **{you['actor']}**, role **{role}**{of}. It sees {SEES.get(role or '', 'nothing')}; {may}."


def keys_table(keys: Sequence[Row], used: Mapping[str, Row]) -> str:
    """``used``: rows of the collector's ``keys`` by id, since it started."""
    head = [("Key", "one"), ("Held by", "clip"), ("Project", "one less"), ("May", "short"), ("Requests", "num"),
            ("Received", "num less"), ("State", "one")]  # fmt: skip
    rows = []
    for key in keys:
        use = used.get(key["key_id"], {})
        may = ", ".join(filter(None, (key["scopes"], key["role"])))
        rows.append(("", [
            pieces.e(key["key_id"]), pieces.e(shorten(key["name"], 60)) + _limits(key),
            "every one" if key["project"] == "*" else pieces.e(key["project"]), pieces.e(may),
            pieces.e(render_count(use.get("requests", 0))), pieces.e(format_bytes(use.get("bytes", 0))),
            pieces.badge("✓ active") if key["active"] else pieces.badge("✕ revoked", "bad"),
        ]))  # fmt: skip
    return pieces.table(head, rows)


def _limits(key: Row) -> str:
    said = [
        key["requests_per_minute"] and f"{plural(key['requests_per_minute'], 'request')} a minute",
        key["bytes_per_minute"] and f"{format_bytes(key['bytes_per_minute'])} a minute",
        key["max_body_bytes"] and f"{format_bytes(key['max_body_bytes'])} at once",
    ]
    words = ", ".join(filter(None, said))
    return f'<div class="sub">at most {pieces.e(words)}</div>' if words else ""


def members_table(members: Sequence[Row]) -> str:
    """People with a role."""
    head = [("E-mail", "name"), ("Role", "one"), ("Sees", ""), ("Project", "one less"), ("Since", "num less")]
    return pieces.table(
        head,
        (
            ("", [pieces.e(row["email"]), pieces.e(row["role"]), pieces.e(ROLES.get(row["role"], "")),
                  "every one" if row["project"] == "*" else pieces.e(row["project"]), pieces.e(render_day(row["recorded_ns"]))])
            for row in members
            if row["role"]
        ),
    )  # fmt: skip


def retention_sentence(policy: Row | None) -> str:
    """How long this project's calls are kept, and how much of them."""
    days, most = (policy or {}).get("max_age_days"), (policy or {}).get("max_bytes")
    if days is None and most is None:
        return "Calls are kept **for ever**."
    for_days = f"for **{plural(days, 'day')}**" if days is not None else "for ever"
    at_most = f", and at most **{format_bytes(most)}** of them" if most is not None else ""
    return f"Calls are kept {for_days}{at_most}; what is over goes within the hour, whole days at a time."


def prices_table(prices: Sequence[Row]) -> str:
    """Rows of the read ``prices``, with where each comes from."""
    head = [
        ("Model", "name"),
        ("For", "less"),
        ("Input", "num"),
        ("Output", "num"),
        ("From cache", "num less"),
        ("From", ""),
    ]
    return pieces.table(
        head,
        (
            ("", [
                f'{pieces.e(row["model"])}<div class="sub">{pieces.e(row["provider"] or "any provider")}</div>',
                pieces.e(applies_to(row["tier"], row["context_from_tokens"]) or "standard"),
                *(pieces.e(format_price(row[f"{name}_usd_per_mtok"])) for name in ("input", "output", "cache_read")),
                f'{pieces.badge(price_origin(row))} <span class="sub">{pieces.e(_source(row))}</span>',
            ])
            for row in prices
        ),
    )  # fmt: skip


def _source(row: Row) -> str:
    """Where a price is from and of when; of one set by hand the badge says the first already."""
    parts = [row["source"], row["source_date"]] if row["source"] != "set by a user" else [row["source_date"]]
    return ", ".join(str(each) for each in parts if each)


def price_origin(row: Row) -> str:
    """Whose price it is: a price set by hand wins over a list of one's own, and that over the shipped ones."""
    if row["project"] == "":
        return "shipped"
    return "your list" if row["origin"] == "list" else "set by you"


def contracts_table(contracts: Sequence[Any]) -> str:
    """``contracts``: of ``suffice_store.contracts.effective_costs``, with what was spent under each."""
    head = [("Contract", "name"), ("Discount", "num"), ("At list price", "num less"), ("Effective", "num"), ("Committed", "num"),
            ("Until", "num less"), ("Paid for nothing", "num")]  # fmt: skip
    return pieces.table(
        head,
        (
            ("", [
                f'{pieces.e(each.name)}<div class="sub">{pieces.e(each.provider)}</div>',
                pieces.e(render_share(each.discount)),
                pieces.e(render_money(each.list_usd)),
                pieces.e(render_money(each.effective_usd)),
                "–" if each.commitment_usd is None else pieces.e(render_money(each.commitment_usd)),
                "–" if each.valid_to_day is None else pieces.e((EPOCH + timedelta(days=each.valid_to_day)).isoformat()),
                "–" if each.shortfall_usd is None else pieces.e(render_money(each.shortfall_usd)),
            ])
            for each in contracts
        ),
    )  # fmt: skip


def owners_table(owners: Sequence[Row]) -> str:
    """What the file says of services."""
    head = [
        ("Service", "name"),
        ("Environment", ""),
        ("Team", ""),
        ("Owner", ""),
        ("Cost centre", "less"),
        ("File", "less"),
    ]
    keys = ("environment", "team", "owner", "cost_centre", "source")
    return pieces.table(
        head,
        (("", [pieces.e(row["service"]), *(pieces.e(row[key] or "–") for key in keys)]) for row in owners),
    )


def capture_table(modes: Sequence[Row]) -> str:
    """Rows of the read ``capture_modes``."""
    head = [("Service", "name"), ("Mode", "one"), ("Lets out", ""), ("Calls", "num"), ("Last", "num less")]
    return pieces.table(
        head,
        (
            ("", [pieces.e(row["service"] or "unknown service"), pieces.badge(row["mode"]), pieces.e(MODES[row["mode"]]),
                  render_count(row["calls"]), pieces.e(render_day(row["last_call_ns"]))])
            for row in modes
        ),
    )  # fmt: skip


def alerts_table(alerts: Sequence[Row], deliveries: Sequence[Row]) -> str:
    """The alerts there were, the newest first, and what became of sending each."""
    head = [("When (UTC)", "num"), ("What", "wide"), ("Sent", "")]
    told: dict[str, list[Row]] = {}
    for row in deliveries:
        told.setdefault(row["alert_id"], []).append(row)
    return pieces.table(
        head,
        (
            ("", [
                pieces.e(render_moment(row["recorded_ns"])),
                f'<b>{pieces.e(row["title"])}</b><div class="sub">{pieces.e(row["sentence"])}</div>',
                " ".join(_delivery(each) for each in told.get(row["alert_id"], [])) or '<span class="sub one">to nobody</span>',
            ])
            for row in alerts
        ),
    )  # fmt: skip


def _delivery(row: Row) -> str:
    words = {"sent": "✓ sent", "failed": "… tried again", "given_up": "✕ given up"}
    tone = {"sent": "proven", "failed": "untested"}.get(row["state"], "bad")
    return pieces.badge(f"{row['channel']}: {words[row['state']]}", tone, row["reason"])
