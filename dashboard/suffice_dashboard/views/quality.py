"""Quality: how far the costs can be trusted. What was taken out or left out, what is unpriced or estimated, and the bill."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import streamlit as st

from suffice_analysis.quality import Quality, read_quality, trust_sentences
from suffice_dashboard import pieces, queries, states
from suffice_dashboard.charts.quality import days_chart, trust_bars
from suffice_dashboard.filters import ask_filters
from suffice_dashboard.formatting import plural, render_count, render_money, render_tokens
from suffice_store.prices_file import EPOCH
from suffice_store.reconciling import Difference

DAYS_SHOWN = 30


@states.guarded
def render() -> None:
    """Draw the page."""
    if not any(row["calls"] for row in queries.read_live("environments")):
        states.show_no_calls()
        return
    st.html(pieces.title("Quality"))
    quality = read_quality(queries.read_live, **ask_filters())
    st.html(pieces.paragraphs(trust_sentences(quality)))
    calls = quality.counts["calls"]
    if any(count for _, count, _ in quality.shares):
        note = f"Shares of {plural(calls, 'call')} that count."
        st.html(pieces.section("What was found", note) + trust_bars(quality.shares, calls))
    _unpriced()
    _bill(quality)
    _left_out(quality)


def _unpriced() -> None:
    rows = queries.read_live("unpriced_models")
    if not rows:
        return
    st.html(pieces.section("Unpriced models", "Set a price with: suffice prices set MODEL --input USD --output USD."))
    head = [("Model", "name"), ("Provider", ""), ("Calls", "num"), ("Tokens in", "num less")]
    st.html(
        pieces.table(
            head,
            (
                ("", [pieces.e(row["model"] or "unknown"), pieces.e(row["provider"]), render_count(row["calls"]),
                      render_tokens(row["input_tokens"])])
                for row in rows[:DAYS_SHOWN]
            ),
        )
    )  # fmt: skip


def _bill(quality: Quality) -> None:
    found = quality.differences
    if not found.rows:
        note = "Set your provider's own count beside this: export its usage or cost as CSV, then: suffice prices reconcile FILE."
        st.html(pieces.section("Your provider's bill", note))
        return
    st.html(
        pieces.section("Your provider's bill", "Every environment, by day (UTC) and model; the largest differences.")
    )
    if found.their_usd is not None:
        st.html(days_chart(found.by_day()[-DAYS_SHOWN:]))
    rows = sorted(found.rows, key=lambda row: (-abs(row.difference_usd or Decimal(0)), row.day))[:DAYS_SHOWN]
    head = [
        ("Day", ""), ("Model", "name"), ("Billed", "num"), ("Counted", "num"), ("Difference", "num"),
        ("Their tokens", "num less"), ("Our tokens", "num less"),
    ]  # fmt: skip
    st.html(pieces.table(head, (("", _cells(row)) for row in rows)))


def _cells(row: Difference) -> list[str]:
    unpriced = (
        f'<div class="sub">{plural(row.our_unpriced_calls, "call")} unpriced</div>' if row.our_unpriced_calls else ""
    )
    return [
        pieces.e((EPOCH + timedelta(days=row.day)).isoformat()),
        pieces.e(row.model),
        pieces.e(render_money(row.their_usd)),
        pieces.e(render_money(row.our_usd)) + unpriced,
        pieces.e(render_money(row.difference_usd)),
        _tokens(row.their_input_tokens, row.their_output_tokens),
        _tokens(row.our_input_tokens, row.our_output_tokens),
    ]


def _tokens(asked: int | None, answered: int | None) -> str:
    return "–" if asked is None and answered is None else pieces.e(render_tokens((asked or 0) + (answered or 0)))


def _left_out(quality: Quality) -> None:
    rows: list[Any] = quality.environments
    if len(rows) < 2 and all(row["counts"] for row in rows):
        return
    st.html(
        pieces.section(
            "Environments", "A call that states none counts as production; dev, test, staging and the like don't count."
        )
    )
    head = [("Environment", "name"), ("Counts", ""), ("Calls", "num"), ("Cost", "num")]
    st.html(
        pieces.table(
            head,
            (
                ("", [pieces.e(row["environment"] or "not stated"), "yes" if row["counts"] else "no",
                      render_count(row["calls"]), pieces.e(render_money(row["paid_usd"]))])
                for row in rows
            ),
        )
    )  # fmt: skip


if __name__ == "__main__":
    render()
