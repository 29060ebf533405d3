"""The filters of the traffic: time, service, model, team, user. They live in the URL, so that a link shows the same thing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from suffice_dashboard import queries
from suffice_dashboard.formatting import shorten
from suffice_dashboard.pieces import e

NAMES = ("time", "service", "model", "team", "user")
PERIODS: dict[str, tuple[str, float | None]] = {
    "all": ("All time", None),
    "1h": ("Last hour", 1 / 24),
    "24h": ("Last 24 hours", 1.0),
    "7d": ("Last 7 days", 7.0),
    "30d": ("Last 30 days", 30.0),
}


def ask_filters() -> dict[str, Any]:
    """Draw the filters and return them as the parameters of a read (None = everything)."""
    values = queries.read_filter_values()
    with st.container(key="sf-filters", horizontal=True, vertical_alignment="bottom"):
        period = st.selectbox(
            "Time",
            list(PERIODS),
            format_func=lambda key: PERIODS[key][0],
            key="time",
            bind="query-params",
            width=160,
            label_visibility="collapsed",
        )
        service = _choice("Service", "service", values.get("service", []))
        model = _choice("Model", "model", values.get("model", []))
        team = _choice("Team", "team", values.get("team", []), where_told=True)
        user = _choice("User", "user", queries.read_users(), where_told=True)
    since = queries.since_ns(PERIODS[period][1])
    return {"since_ns": since, "service": service, "model": model, "team": team, "user": user}


def filter_query() -> str:
    """The filters of this page's address as they stand in it: ``service=shop&time=7d``; "" without any."""
    return urlencode({name: st.query_params[name] for name in NAMES if name in st.query_params})


def with_query(address: str, query: str) -> str:
    """An address of a page that takes the filters, with them."""
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address


def unknown_words(label: str, given: str | None, values: list[str]) -> str:
    """What to say of a value in the address that no call has; "" where it is known."""
    if given is None or given in values:
        return ""
    return f"No call has the {label.lower()} {shorten(given, 40)}, so every {label.lower()} is shown."


def _choice(label: str, key: str, values: list[str], *, where_told: bool = False) -> str | None:
    """``where_told``: only where some call states one; apps need not say who asked."""
    if where_told and not values and key not in st.query_params:
        return None
    if words := unknown_words(label, st.query_params.get(key), values):
        st.html(f'<p class="sf-note" role="status">{e(words)}</p>')
    return st.selectbox(
        label,
        values,
        index=None,
        key=key,
        bind="query-params",
        placeholder=f"Every {label.lower()}",
        width=190,
        label_visibility="collapsed",
    )
