"""Health: is everything taken in and stored, what is not, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from suffice.errors import SufficeError
from suffice_dashboard import administration, pieces, queries, states
from suffice_dashboard.charts.health import flow_bars
from suffice_dashboard.formatting import render_count, render_moment, shorten
from suffice_store.console import format_bytes

Found = Mapping[str, Any]

SLOW_S = 5.0  # a backlog older than this is said
LOW_DISK = 0.05  # of the disk
ALERTS_SHOWN = 25
ALERTS_NOTE = "Each is sent once, to the channels of the file that the collector was started with: suffice up --alerts FILE, docs/alerts.md."


@states.guarded
def render() -> None:
    """Draw the page."""
    found = queries.read_health()
    st.html(pieces.title("Health"))
    st.html(pieces.paragraphs([sentence(found), *worries(found)]))
    st.html(pieces.tiles(*tiles(found)))
    show_alerts()
    if any(found.get(name) for name in ("accepted", "rejected", "backlog_spans")):
        note = "Spans and log records since the collector started. A bar grows with the square root of its count: one is seen beside a million."
        st.html(pieces.section("What became of what was sent", note) + flow_bars(found))
    elif "accepted" in found:
        note = "Nothing was sent since the collector started."
        st.html(pieces.section("What became of what was sent", note))
    show_letters()
    show_keys(found)
    st.button("Look again", icon=":material/refresh:", on_click=queries.forget)


def sentence(found: Found) -> str:
    """The answer in one sentence."""
    status = found.get("status")
    if status is None:
        return "These pages read the file themselves, so that no collector takes anything in. Start one with **suffice up**."
    if status == "replaying":
        return "**The collector is catching up**: it stores what an earlier process had acknowledged. Figures are short until then."
    if status != "ok":
        return f"**Nothing is being stored**: {status}. What apps send now waits with them and comes later."
    waits = int(found.get("backlog_spans") or 0)
    if waits and float(found.get("lag_seconds") or 0) > SLOW_S:
        return f"**Storing is behind**: {waits:,} spans wait, the oldest for {float(found['lag_seconds']):.0f} s. Nothing is lost."
    if letters := found.get("dead_letters"):
        return f"**All but {letters:,} {'request' if letters == 1 else 'requests'}** that were taken in are stored, or will be within a second."
    return "**Everything that was sent is stored**, or will be within a second."


def worries(found: Found) -> list[str]:
    """What a person should do something about, most urgent first."""
    said = []
    free, total = found.get("disk_free_bytes"), found.get("disk_total_bytes")
    if free is not None and total and free < LOW_DISK * total:
        said.append(
            f"**The disk is nearly full**: {format_bytes(free)} are left. Delete what is old, or set a retention."
        )
    if letters := found.get("dead_letters"):
        one = letters == 1
        said.append(
            f"What could not be stored is kept: {'it stands' if one else 'they stand'} below with the reason. That is a fault of "
            "ours; after an update, try again."
        )
    if rejected := found.get("rejected"):
        said.append(f"{rejected:,} spans were not kept since they lacked an id or a time; their senders were told.")
    if files := found.get("spool_files"):
        said.append(f"{files:,} batches of apps on this machine wait in the spool for the collector to take them in.")
    return said


def tiles(found: Found) -> list[str]:
    """The figures; what is not told is a dash."""
    used = found.get("database_bytes")
    refused: Mapping[str, int] = found.get("refused") or {}
    dropped = found.get("dropped_by_clients")
    told = [pieces.tile("Dropped by apps", render_count(dropped), "as they told")] if dropped is not None else []
    return [
        *told,
        pieces.tile("Waiting", render_count(found.get("backlog_spans")), "spans acknowledged, not yet stored"),
        pieces.tile("Behind", _seconds(found.get("lag_seconds")), "age of the oldest that waits"),
        pieces.tile("Database", "unknown" if used is None else format_bytes(used), f"{format_bytes(found.get('disk_free_bytes'))} free on the disk"),
        pieces.tile("Duplicates", render_count(found.get("duplicate_calls")), "tellings and tries of a call beyond the one that counts"),
        pieces.tile("Refused", render_count(sum(refused.values()) if found.get("refused") is not None else None), _causes(refused)),
    ]  # fmt: skip


def show_alerts() -> None:
    """What was raised, the newest first, and what became of sending it."""
    alerts = queries.read_live("alerts", limit=ALERTS_SHOWN)
    st.html(pieces.section("Alerts", ALERTS_NOTE))
    if alerts:
        st.html(administration.alerts_table(alerts, queries.read_live("alert_deliveries", limit=1000)))
    else:
        st.html(pieces.paragraphs(["None was raised. suffice alerts test sends one through every channel."], "sf-note"))


def show_letters() -> None:
    """Requests that were acknowledged and could not be stored."""
    letters = queries.read_dead_letters()
    if not letters:
        return
    st.html(pieces.section("Could not be stored", "Acknowledged, kept as they came, and left out of every figure."))
    head = [("When (UTC)", "num"), ("Project", "one"), ("Why", "clip"), ("Size", "num")]
    rows = (
        ("", [pieces.e(render_moment(row["recorded_ns"])), pieces.e(row["project"] or "unknown"),
              pieces.e(shorten(row["reason"], 300)), pieces.e(format_bytes(row["body_bytes"]))])
        for row in letters
    )  # fmt: skip
    st.html(pieces.table(head, rows))
    if st.button("Try them again", icon=":material/replay:"):
        try:
            counts = queries.retry_letters()
            st.toast(f"{counts['stored']} stored, {counts['kept']} still can't be.")
        except SufficeError as refused:
            st.warning(str(refused))


def show_keys(found: Found) -> None:
    """Who sent and asked how much, by key, since the collector started."""
    keys = queries.read_allowed("keys")
    if not keys:
        return
    used = {row["key_id"]: row for row in found.get("keys") or []}
    st.html(pieces.section("API keys", "Use since the collector started. Settings makes and revokes them."))
    st.html(administration.keys_table(keys, used))


def _causes(refused: Mapping[str, int]) -> str:
    words = {"key": "no key", "host": "foreign name", "scope": "not allowed", "rate": "too often", "size": "too large"}
    return ", ".join(f"{count:,} {words.get(name, name)}" for name, count in refused.items()) or "requests turned away"


def _seconds(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} s"


if __name__ == "__main__":
    render()
