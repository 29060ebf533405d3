"""The assumptions of the savings as people read them: what each is called, and its value with its unit. The names in data, in
formulas and in files for programs stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

NAMES = {
    "slm_answer_length": "Length of a small model's answers",
    "small_tier_answer_length": "Length of the small tier's answers",
    "hosted_price_factor": "The host's price",
    "caught_checkable": "Wrong answers caught, checkable form",
    "caught_free_text": "Wrong answers caught, free text",
    "judged_share": "Calls judged after the move",
    "small_tier_shift": "The small tier's lead over an SLM",
    "cache_hit_share": "Cache hits",
    "cache_minimum_tokens": "Shortest prefix that is cached",
    "cached_today": "Input from the cache today",
    "cache_lifetime_s": "Lifetime of a cached prefix",
    "batch_discount": "Discount for batches",
    "gpu_usd_per_hour": "A GPU's price",
    "gpu_overhead": "Overhead of a GPU",
    "gpu_memory_share": "A GPU's memory for weights",
    "bytes_per_parameter": "Size of a weight",
    "throughput_at_latency": "Throughput at the latency",
    "assumed_utilisation": "Utilisation of the GPUs",
    "utilisation": "Utilisation of the GPUs, counted",
    "gpus": "GPUs",
    "peak_factor": "Peak load over mean load",
    "self_host_upkeep_hours": "Upkeep of own GPUs",
    "engineer_usd_per_hour": "An engineer's hour",
    "caching_hours": "Work to turn on caching",
    "small_tier_hours": "Work to move to a small tier",
    "slm_hours": "Work to move to a small model",
    "self_host_hours": "Work to set up own GPUs",
    "replayed_calls": "Calls replayed before a move",
    "tuning_examples": "Examples for fine-tuning",
    "tuning_epochs": "Passes of fine-tuning",
    "tuning_runs": "Runs of fine-tuning",
    "tuning_flops_share": "Speed that training reaches",
    "price_fall_per_year": "Fall of prices",
    "contract_price": "Price by contract",
    "input_price": "Price of input",
    "output_price": "Price of output",
    "cached_input_price": "Price of input from the cache",
    "repeated_input": "Input that repeats",
    "break_even_requests_per_hour": "Requests from which own GPUs pay",
    "replaceability": "Replaceability of the tasks",
    "volume": "Volume of calls",
    "today_price": "Price of today's models",
    "other_prices": "Price of small models",
    "left_out_once_caching_batch": "Not needed any more, for caching",
    "left_out_once_small_tier": "Not needed any more, for the small tier",
    "left_out_once_hosted_slm": "Not needed any more, for the hosted SLM",
    "left_out_once_self_hosted_slm": "Not needed any more, for own GPUs",
}
_AT_UTILISATION = re.compile(r"usd_per_1000_calls_at_(\d+)_percent_utilisation")


def name_words(name: str) -> str:
    """``cache_lifetime_s`` -> ``Lifetime of a cached prefix``."""
    if found := _AT_UTILISATION.fullmatch(name):
        return f"1,000 calls on GPUs {found[1]} % used"
    return NAMES.get(name, name.replace("_", " "))


def unit_words(unit: str) -> str:
    """``share of moved calls`` is told in percent, so ``of moved calls``."""
    return unit.removeprefix("share ")


def number_words(value: float, unit: str = "") -> str:
    """Four digits that count, never as a power, a share in percent: ``14,560``, ``0.08282``, ``80 %``."""
    if unit.startswith(("share ", "of ")):
        return f"{Decimal(f'{100 * value:.4g}'):,f} %"
    return f"{Decimal(f'{value:.4g}'):,f}"


def value_words(entry: Mapping[str, Any]) -> str:
    """``300 seconds a cached prefix lives``, ``80 % of the repeated prefixes that the vendor's cache serves``."""
    value, unit = entry.get("value"), str(entry.get("unit") or "")
    if value is None:
        return "unknown"
    told = number_words(float(value), unit) if isinstance(value, (int, float)) else str(value)
    return f"{told} {unit_words(unit)}".strip()


def range_words(entry: Mapping[str, Any]) -> str:
    """``50 to 100 %``; "" where it is not varied."""
    if entry.get("low") is None or entry.get("high") is None:
        return ""
    unit = str(entry.get("unit") or "")
    low, high = (number_words(float(entry[end]), unit) for end in ("low", "high"))
    return f"{low.removesuffix(' %')} to {high}"
