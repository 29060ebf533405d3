"""Prices are USD per million tokens; vendors' JSON has them per token, a millionth: what looks like that is refused.

The lowest price that suffice ships is $0.0025 per million tokens (gpt-5-nano's cached input), the highest per token under $0.001.
"""

from __future__ import annotations

from decimal import Decimal

LEAST_USD_PER_MTOK = Decimal("0.001")
PER_TOKEN = "that looks like USD per token; give USD per million tokens"  # noqa: S105 (no password)


def is_per_token(usd: float | Decimal) -> bool:
    """Whether a price in USD per million tokens is one per token; 0 is none."""
    return 0 < usd < LEAST_USD_PER_MTOK
