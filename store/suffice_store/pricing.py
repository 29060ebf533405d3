"""What a call cost, exactly: tokens times a dated price, in Decimal. An unknown cost is None, never 0.

``reads/pricing.py`` says the same in SQL; a property test holds the two together to the last digit.

- ``input_tokens`` includes what was read from and written to the cache: those are taken out of it and
  charged at their own price (or as input, where the provider names none).
- ``output_tokens`` includes reasoning, which is charged as output unless the price names its own.
- Audio tokens are part of input and output; where the price names none for them, a call with any is unpriced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from suffice.wire.call import Usage

MAX_TOKENS = 999_999_999_999  # a count beyond this is a mistake, and would not fit the sum's 38 digits

# What may stand for the * of a price's model: a dated snapshot ("2024-08-06", "20250929", "0613", "08-2024").
# Not "5": claude-sonnet-4-5 is no snapshot of claude-sonnet-4.
SNAPSHOT = r"^([0-9]{3,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{4}|latest)$"
_SNAPSHOT = re.compile(SNAPSHOT)

LIST = "list"
STANDARD = "standard"
# The names that providers give to what is simply the list price.
TIERS = (STANDARD, "batch", "flex", "priority")  # of the shipped prices
STANDARD_NAMES = ("", "auto", "default", "standard", "standard_only", "on_demand")

# Who sells models of their own make: the model's name says whose list price it is ...
MAKERS = ("openai", "anthropic", "gcp.gemini", "mistral_ai", "deepseek", "cohere", "x_ai")
# ... also for calls that come through these, which charge the maker's list price, or whose provider nobody named.
# Not through Ollama, say: what runs on a machine of one's own is not paid to its maker.
AT_LIST_PRICE = ("", "unknown", "openai", "azure.ai.openai", "gcp.vertex_ai", "gcp.gen_ai", "openrouter", "litellm")

# A router names a model "maker/model". These makers' prices are passed on as they are (37 of 42 models that litellm
# 1.80.0 lists for both had the same price; four of the others had an old price); open-weight models cost what their host asks.
ROUTERS = ("", "unknown", "openrouter")
ROUTED = {"openai/": "openai", "anthropic/": "anthropic", "google/": "gcp.gemini", "x-ai/": "x_ai"}
DASHED = "anthropic"  # whose own names have a dash where the router has a dot: claude-sonnet-4-5, not 4.5

_MTOK = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """One row of the prices table: USD per million tokens. ``project`` "" is the shipped catalogue."""

    model: str
    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cache_read_usd_per_mtok: Decimal | None = None
    cache_write_5m_usd_per_mtok: Decimal | None = None
    cache_write_1h_usd_per_mtok: Decimal | None = None
    provider: str = ""  # "" = any
    tier: str = STANDARD
    context_from_tokens: int = 0
    valid_from_day: int = 0
    project: str = ""
    recorded_ns: int = 0
    audio_input_usd_per_mtok: Decimal | None = None
    audio_output_usd_per_mtok: Decimal | None = None
    reasoning_usd_per_mtok: Decimal | None = None
    origin: str | None = None  # "list": from a file the user gave

    @property
    def is_list_price(self) -> bool:
        """Shipped, or from a file: what the maker asks of everybody."""
        return self.project == "" or self.origin == LIST


def price_usage(usage: Usage, price: Price) -> Decimal | None:
    """What ``usage`` costs at ``price``, in USD with 12 decimals; None when that can't be known."""
    parts = (usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.cache_write_1h_tokens)
    others = (usage.audio_input_tokens, usage.audio_output_tokens, usage.reasoning_tokens)
    counts = [usage.input_tokens, usage.output_tokens, *parts, *others]
    if any(count is not None and not 0 <= count <= MAX_TOKENS for count in counts):
        return None
    heard, spoken, thought = (count or 0 for count in others)
    if usage.input_tokens is None or (heard and price.audio_input_usd_per_mtok is None):
        return None
    if spoken and price.audio_output_usd_per_mtok is None:
        return None
    thought = thought if price.reasoning_usd_per_mtok is not None else 0
    if usage.output_tokens is None and price.output_usd_per_mtok != 0:
        return None
    read, write_5m, write_1h = (count or 0 for count in parts)
    as_input = price.input_usd_per_mtok
    micro_usd = (
        max(0, usage.input_tokens - read - write_5m - write_1h - heard) * as_input
        + read * _or(price.cache_read_usd_per_mtok, as_input)
        + write_5m * _or(price.cache_write_5m_usd_per_mtok, as_input)
        + write_1h * _or(price.cache_write_1h_usd_per_mtok, as_input)
        + heard * _or(price.audio_input_usd_per_mtok, as_input)
        + max(0, (usage.output_tokens or 0) - spoken - thought) * price.output_usd_per_mtok
        + spoken * _or(price.audio_output_usd_per_mtok, as_input)
        + thought * _or(price.reasoning_usd_per_mtok, as_input)
    )
    return (micro_usd / _MTOK).quantize(Decimal("1e-12"))


def find_price(
    prices: Iterable[Price],
    *,
    provider: str,
    model: str,
    service_tier: str | None,
    input_tokens: int,
    day: int,
) -> Price | None:
    """The price in force for a call; None = unpriced.

    Among the rows of the call's tier, valid on its day, whose band its input reaches, the first by: the
    user's own before a list the user gave before the catalogue; the exact model before the longest snapshot prefix; the call's
    provider before any provider before the model's maker (for a provider that charges the maker's price);
    the latest day; the highest band; the last recorded.
    """
    tier = price_tier(service_tier)
    maker, own_name = routed_model(provider, model)
    best: tuple[tuple[int, ...], Price] | None = None
    for row in prices:
        routed = row.is_list_price and row.provider == maker != ""
        closeness = _model_match(row.model, own_name if routed else model)
        source = _provider_match(row, provider)
        if closeness is None or source is None or row.tier != tier:
            continue
        if row.valid_from_day > day or row.context_from_tokens > input_tokens:
            continue
        own = 0 if row.project == "" else 1 if row.origin == LIST else 2
        rank = (own, closeness, source, row.valid_from_day, row.context_from_tokens, row.recorded_ns)
        if best is None or rank > best[0]:
            best = rank, row
    return best[1] if best else None


def price_tier(service_tier: str | None) -> str:
    """The tier a call is charged at, from the response's own word for it."""
    name = (service_tier or "").lower()
    return STANDARD if name in STANDARD_NAMES else name


def routed_model(provider: str, model: str) -> tuple[str, str]:
    """The maker of a model that came through a router, and the maker's own name for it; ("", "") for any other."""
    for prefix, maker in ROUTED.items():
        if provider in ROUTERS and model.startswith(prefix):
            name = model.removeprefix(prefix)
            return maker, name.replace(".", "-") if maker == DASHED else name
    return "", ""


EXACT = 1_000_000  # ranks above any prefix's length


def _model_match(priced: str, model: str) -> int | None:
    if priced == model:
        return EXACT
    prefix = priced[:-1]
    if priced.endswith("*") and model.startswith(prefix) and _SNAPSHOT.match(model[len(prefix) :]):
        return len(prefix)
    return None


def _provider_match(row: Price, provider: str) -> int | None:
    if row.provider == provider:
        return 2
    if row.provider == "":
        return 1
    return 0 if row.is_list_price and row.provider in MAKERS and provider in AT_LIST_PRICE else None


def _or(price: Decimal | None, otherwise: Decimal) -> Decimal:
    return otherwise if price is None else price
