"""Of all the prices there are, those that recorded calls are charged at, and how a person reads one."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from suffice_store.console import UNKNOWN, format_count


def recorded_prices(listed: list[dict[str, Any]], models: set[str], providers: set[str]) -> list[dict[str, Any]]:
    """The prices of these models at these providers: by their own name, else by the longest that stands for them."""
    rows = [row for row in listed if row["provider"] in {"", *providers}]
    names = {row["model"] for row in rows}
    fitting = {
        max(
            (name for name in names if fnmatchcase(model, name)),
            key=lambda name: (name == model, len(name)),
            default="",
        )
        for model in models
    }
    return [row for row in rows if row["model"] in fitting]


def applies_to(tier: str, from_tokens: int) -> str:
    """Nothing for the usual price; ``batch``, ``over 200,000``, ``batch, over 200,000`` (tokens of input)."""
    over = f"over {format_count(from_tokens - 1)}" if from_tokens else ""
    return ", ".join(filter(None, ("" if tier == "standard" else tier, over)))


def format_price(usd: Any) -> str:
    """``2.500000`` -> ``2.5``; a dash where there is none of its own."""
    return UNKNOWN if usd is None else f"{usd.normalize():f}"
