"""Makes ``data/prices.csv`` from public price lists in litellm's JSON shape. See ``data/README.md``.

    python -m suffice_store.price_lists 1.109.1=2026-11-23=new.json 1.80.0=2025-11=old.json > prices.csv

A later list only adds what an earlier one does not have: prices of models that are no longer sold. Kept are
list prices of text models by the makers, and by hosts of small ones; left out is what is free, odd (output at
more than 30 times the input), or needs prices that are not taken from here (audio, images, reasoning priced apart).
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from suffice_store.price_units import is_per_token
from suffice_store.prices_file import USD_COLUMNS
from suffice_store.pricing import MAKERS

LISTED = USD_COLUMNS[:5]  # not the prices of audio and reasoning, which these lists state by the minute too
COLUMNS = ("model", "provider", "tier", "context_from_tokens", *LISTED, "valid_from", "source", "source_date")
TIERS = {"standard": "", "batch": "_batches", "flex": "_flex", "priority": "_priority"}
BY_RULE = "; 1h cache write: twice the input price, by the maker's published rule"

_ODD = re.compile(
    r"audio|tts|realtime|image|transcri|whisper|live|lyria|robotics|container|moderation|rerank|veo|imagen|computer-use"
    r"|deep-research|sonic|canvas|^ft:|search-preview|search-api|experimental|beta|guard|nomic-1m|fp4|^together-ai-"
)
_SNAPSHOT = re.compile(r"(-([0-9]{3,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{4}|latest|preview))+$")

Key = tuple[str, str, str, int]  # model, provider, tier, context_from_tokens


def merge_lists(lists: Iterator[tuple[str, str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of the price file from (version, date, list) tuples, the newest first."""
    sellers = {row["listed_as"]: row for row in csv.DictReader(_sellers().splitlines())}
    rows: dict[Key, dict[str, Any]] = {}
    for number, (version, day, listed) in enumerate(lists):
        known = {key[:2] for key in rows}
        for key, row in _list_rows(listed, sellers, only_old=number > 0):
            if key[:2] not in known:
                source = f"{row.pop('page')} price page, as listed by litellm {version}{row.pop('note')}"
                rows.setdefault(key, {**row, "source": source, "source_date": day})
    for (model, provider, tier, start), row in list(rows.items()):
        if provider in MAKERS and not _SNAPSHOT.search(model):
            rows.setdefault((f"{model}-*", provider, tier, start), {**row, "model": f"{model}-*"})
    order = list(TIERS)
    return [rows[key] for key in sorted(rows, key=lambda key: (key[1], key[0], order.index(key[2]), key[3]))]


def _list_rows(
    listed: Mapping[str, Any], sellers: Mapping[str, Mapping[str, str]], *, only_old: bool
) -> Iterator[tuple[Key, dict[str, Any]]]:
    for name, entry in listed.items():
        seller = sellers.get(entry.get("litellm_provider"))
        if seller is None or entry.get("mode") not in ("chat", "completion", "embedding", "responses"):
            continue
        model = name.removeprefix(seller["prefix"])
        if _ODD.search(model.lower()) or not re.search(seller["only"], model, re.IGNORECASE):
            continue
        if (seller["provider"] in MAKERS and "/" in model) or (only_old and not seller["old_too"]):
            continue
        for tier, start, prices, note in _bands(entry, by_rule=seller["provider"] == "anthropic"):
            yield (
                (model, seller["provider"], tier, start),
                {"model": model, "provider": seller["provider"], "tier": tier, "context_from_tokens": start,
                 **dict(zip(LISTED, prices, strict=True)), "valid_from": "", "page": seller["page"], "note": note},
            )  # fmt: skip


def _bands(entry: Mapping[str, Any], *, by_rule: bool) -> Iterator[tuple[str, int, list[Decimal | None], str]]:
    """Tier, first token of the band, the five prices, and what is to be said about them."""
    embeds = entry["mode"] == "embedding"
    usual, output = entry.get("input_cost_per_token"), entry.get("output_cost_per_token")
    if not usual or not (embeds or _within(output, 0.5 * usual, 30 * usual)):
        return
    if entry.get("output_cost_per_reasoning_token") not in (None, 0, output):
        return
    for tier, suffix in TIERS.items():
        limits = {re.fullmatch(rf"(?:in|out)put_cost_per_token_above_(\d+)k_tokens{suffix}", name) for name in entry}
        base: tuple[float, float] | None = None
        for limit in (0, *sorted({int(found[1]) for found in limits if found})):
            end = (f"_above_{limit}k_tokens" if limit else "") + suffix
            paid = entry.get(f"input_cost_per_token{end}", base and base[0])
            said = entry.get(f"output_cost_per_token{end}", base and base[1]) or (0.0 if embeds else None)
            if not paid or said is None or (limit and base is None):
                continue
            base = base or (paid, said)
            read = _within(entry.get(f"cache_read_input_token_cost{end}"), 0, paid)
            write_5m = _within(entry.get(f"cache_creation_input_token_cost{end}"), 0, 3 * paid)
            write_1h = entry.get(f"cache_creation_input_token_cost_above_1hr{end}")
            if by_rule:  # some lists give one model's price to all of them
                write_1h = _within(write_1h, write_5m or 0, 2.5 * paid)
            ruled = by_rule and write_5m is not None and write_1h is None
            written = (write_5m, 2 * paid if ruled else write_1h)
            prices = [None if usd is None else _per_mtok(usd) for usd in (paid, said, read, *written)]
            if any(price is not None and _is_odd(price) for price in prices):
                break
            yield tier, limit * 1000 + 1 if limit else 0, prices, BY_RULE if ruled else ""


def _is_odd(price: Decimal) -> bool:
    return price != round(price, 6) or price > 1000 or is_per_token(price)


def _within(usd: float | None, low: float, high: float) -> float | None:
    return usd if usd and low <= usd <= high else None


def _per_mtok(usd: float) -> Decimal:
    return (Decimal(f"{usd:.11g}") * 1_000_000).normalize()


def _sellers() -> str:
    return (files("suffice_store") / "data" / "sellers.csv").read_text("utf-8")


def main(argv: list[str]) -> int:
    """VERSION=DATE=FILE ... to the price file on stdout."""
    parts = (argument.split("=", 2) for argument in argv)
    rows = merge_lists((version, day, json.loads(Path(file).read_text("utf-8"))) for version, day, file in parts)
    out = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    out.writeheader()
    out.writerows({name: f"{v:f}" if isinstance(v, Decimal) else v for name, v in row.items()} for row in rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
