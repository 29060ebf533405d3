"""The filters of the traffic: time, service, model. They live in the URL, so that a link shows the same thing."""

from __future__ import annotations

from typing import Any

import streamlit as st

from suffice_dashboard import queries
from suffice_dashboard.formatting import shorten
from suffice_dashboard.pieces import e

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
    return {"since_ns": queries.since_ns(PERIODS[period][1]), "service": service, "model": model}


def unknown_words(label: str, given: str | None, values: list[str]) -> str:
    """What to say of a value in the address that no call has; "" where it is known."""
    if given is None or given in values:
        return ""
    return f"No call has the {label.lower()} {shorten(given, 40)}, so every {label.lower()} is shown."


def _choice(label: str, key: str, values: list[str]) -> str | None:
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
