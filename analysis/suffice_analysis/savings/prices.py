"""Prices of models: those in the store first, else the dated files. An unknown price is None, never 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis import data


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """USD per million tokens at the standard tier, in the band of short requests."""

    model: str
    input: float
    output: float
    cache_read: float | None
    cache_write: float | None
    source: str

    def cost(self, input_tokens: float, output_tokens: float) -> float:
        """USD, nothing cached."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


def find_price(rows: Sequence[Mapping[str, Any]], provider: str, model: str) -> ModelPrice | None:
    """The row of the read ``prices`` that fits best: exact before prefix, the provider's own before any."""
    best: tuple[tuple[int, int, int, int], Mapping[str, Any]] | None = None
    for row in rows:
        pattern = row["model"]
        prefix = pattern.endswith("*")
        if row["tier"] != "standard" or row["context_from_tokens"] or row["provider"] not in ("", provider):
            continue
        if not (model.startswith(pattern[:-1]) if prefix else pattern == model):
            continue
        rank = (bool(row.get("project")), not prefix, len(pattern), row["provider"] == provider)
        rank_key = (int(rank[0]), int(rank[1]), int(rank[2]), int(rank[3]))
        if best is None or rank_key > best[0]:
            best = (rank_key, row)
    if best is None:
        return None
    row = best[1]
    return ModelPrice(
        model,
        float(row["input_usd_per_mtok"]),
        float(row["output_usd_per_mtok"]),
        _number(row.get("cache_read_usd_per_mtok")),
        _number(row.get("cache_write_5m_usd_per_mtok")),
        f"{row['source']} ({row['source_date']})",
    )


def mean_price(weighed: Sequence[tuple[ModelPrice, float]]) -> ModelPrice:
    """The mean of prices by their weights, at least one over 0. Who has no price of cached input saves nothing by it."""
    if len(weighed) == 1:
        return weighed[0][0]
    total = sum(weight for _, weight in weighed)

    def mean(values: Sequence[float]) -> float:
        return sum(value * weight for value, (_, weight) in zip(values, weighed, strict=True)) / total

    prices = [price for price, _ in weighed]
    reads = [p.cache_read for p in prices]
    writes = [p.cache_write for p in prices]
    return ModelPrice(
        " and ".join(p.model for p in prices),
        mean([p.input for p in prices]),
        mean([p.output for p in prices]),
        None
        if not any(r is not None for r in reads)
        else mean([p.input if p.cache_read is None else p.cache_read for p in prices]),
        None
        if not any(w is not None for w in writes)
        else mean([p.input if p.cache_write is None else p.cache_write for p in prices]),
        "; ".join(dict.fromkeys(p.source for p in prices)) + "; the mean by the tokens that a cache could serve",
    )


@dataclass(frozen=True, slots=True)
class SmallTier:
    """A vendor's own small model, behind the same API."""

    price: ModelPrice
    context_tokens: int
    vision: bool


def small_tier(rows: Sequence[Mapping[str, Any]], provider: str) -> SmallTier | None:
    """The small tier of ``provider``; None where the file knows none."""
    for row in data.rows("small_tiers.csv"):
        if row["provider"] == provider:
            known = find_price(rows, provider, row["model"])
            price = known or ModelPrice(
                row["model"],
                float(row["input_usd_per_mtok"]),
                float(row["output_usd_per_mtok"]),
                _number(row["cache_read_usd_per_mtok"]),
                None,
                f"{row['source']} ({row['date']})",
            )
            return SmallTier(price, int(row["context_tokens"]), row["vision"] == "yes")
    return None


def _number(value: Any) -> float | None:
    return None if value in (None, "") else float(value)
