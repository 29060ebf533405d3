"""What a row of savings rests on: the assumptions by name, the prices used, the GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suffice_analysis.savings import alternatives as alt
from suffice_analysis.savings.alternatives import Case
from suffice_analysis.savings.assumptions import Scenario, listed
from suffice_analysis.savings.basis import Basis
from suffice_analysis.savings.fleet import Fleet
from suffice_analysis.savings.one_off import until_proven
from suffice_analysis.savings.self_host import UTILISATIONS, break_even_requests_per_hour, usd_per_1000_requests

_MOVES = ("judged_share", "caught_checkable", "caught_free_text")
_RUNNING: dict[str, tuple[str, ...]] = {
    "caching_batch": ("cache_hit_share", "cache_minimum_tokens", "cache_lifetime_s", "batch_discount"),
    "small_tier": ("small_tier_answer_length", "small_tier_shift", *_MOVES),
    "hosted_slm": ("hosted_price_factor", "slm_answer_length", *_MOVES),
    "self_hosted_slm": (
        "gpu_usd_per_hour", "gpu_overhead", "throughput_at_latency", "self_host_upkeep_hours", "slm_answer_length", *_MOVES,
    ),
}  # fmt: skip
_TUNING = ("tuning_examples", "tuning_epochs", "tuning_runs", "tuning_flops_share")
_ONCE: dict[str, tuple[str, ...]] = {
    "caching_batch": ("caching_hours",),
    "small_tier": ("small_tier_hours", "replayed_calls"),
    "hosted_slm": ("slm_hours", "replayed_calls", *_TUNING),
    "self_hosted_slm": (
        "slm_hours",
        "self_host_hours",
        "self_host_upkeep_hours",  # of no 1,000 calls, but of every month: the volume that pays counts it
        "replayed_calls",
        "gpu_memory_share",
        "bytes_per_parameter",
        *_TUNING,
    ),
}


def running(name: str, basis: Basis) -> tuple[str, ...]:
    """The assumptions that the saving of alternative ``name`` depends on."""
    if name != "self_hosted_slm":
        return _RUNNING[name]
    if basis.name == "month":
        return (*_RUNNING[name], "engineer_usd_per_hour")
    return (*(each for each in _RUNNING[name] if each != "self_host_upkeep_hours"), "assumed_utilisation")


def assumptions_of(name: str, cases: Sequence[Case], basis: Basis, fleet: Fleet) -> list[dict[str, Any]]:
    """Every assumption of a row: name, value, range, unit, source."""
    once = tuple(
        n for n in (*_ONCE[name], "engineer_usd_per_hour", "price_fall_per_year") if n not in running(name, basis)
    )
    entries = listed(*running(name, basis), *once) + _left_out(name, cases)
    if name == "caching_batch" and any(not case.repeated.stated for case in cases):
        entries.append(
            _entry(
                "cached_today",
                0.0,
                "share of the input tokens that a cache serves today",
                "assumed where no call states it",
            )
        )
    if len(cases) == 1:
        entries += _prices_used(name, cases[0])
    if name != "self_hosted_slm":
        return entries
    if basis.name == "month":
        source = (
            "all tasks that could move share the GPUs; the minute that 95 % of the calls don't exceed has "
            f"{basis.peak_factor:,.1f} times the mean"
        )
        entries.append(_entry("utilisation", float(fleet.utilisation), "of the GPUs' capacity", source))
        entries.append(_entry("gpus", float(fleet.replicas), "H100", "at least one"))
    calls = sum(c.calls for c in cases)
    paid = sum(c.paid or 0.0 for c in cases)
    if calls:
        entries += _self_host_table(cases, calls, paid)
    return entries


def _left_out(name: str, cases: Sequence[Case]) -> list[dict[str, Any]]:
    """What is not counted among what is spent once, as a proof is there already; one entry or none."""
    proven = [case for case in cases if case.proven(name)]
    if not proven:
        return []
    costs = [until_proven(name, case, Scenario.expected()) for case in proven]
    usd = sum(float(sum(each.values())) for each in costs)
    what = " and ".join(key.replace("_", "-") for key in costs[0])
    tasks = "1 proven task" if len(proven) == 1 else f"{len(proven)} proven tasks"
    why = "the replay that proved it is paid for; a model proven as it is needs no fine-tuning"
    return [_entry(f"left_out_once_{name}", usd, f"USD, not counted: {what} of {tasks}", why)]


def _self_host_table(cases: Sequence[Case], calls: int, paid: float) -> list[dict[str, Any]]:
    """What 1,000 of these calls cost at each utilisation, and the requests an hour from which one GPU is cheaper."""
    expected = Scenario.expected()
    hourly = expected["gpu_usd_per_hour"] * (1 + expected["gpu_overhead"])
    seconds = float(sum(alt.busy_seconds(c, expected) for c in cases)) / calls
    shape = f"{sum(c.input_tokens for c in cases) / calls:,.0f} tokens in, {sum(c.output_tokens for c in cases) / calls:,.0f} out"
    source = f"seconds of a GPU by shape ({shape}), data/throughputs.csv"
    entries = [
        _entry(
            f"usd_per_1000_calls_at_{100 * u:.0f}_percent_utilisation",
            usd_per_1000_requests(seconds, hourly, u),
            "USD",
            source,
        )
        for u in UTILISATIONS
    ]
    if paid:
        per_hour = break_even_requests_per_hour(hourly, paid / calls)
        most = f"one GPU does at most {3600 / seconds:,.0f} an hour of this shape"
        entries.append(
            _entry(
                "break_even_requests_per_hour",
                per_hour,
                "requests an hour, one GPU alone against what is paid today",
                most,
            )
        )
    return entries


def _prices_used(name: str, case: Case) -> list[dict[str, Any]]:
    price = {
        "caching_batch": case.today,
        "small_tier": case.tier.price if case.tier else None,
        "hosted_slm": case.candidate.price if case.candidate else None,
    }.get(name)
    entries = []
    if case.price_factor != 1.0:
        entries.append(
            _entry("contract_price", case.price_factor, "of the list price is what was really paid", "your contract")
        )
    if price is None:
        return entries
    unit = f"USD per million tokens, {price.model}"
    entries += [
        _entry("input_price", price.input, unit, price.source),
        _entry("output_price", price.output, unit, price.source),
    ]
    if name == "caching_batch" and price.cache_read is not None:
        entries.append(_entry("cached_input_price", price.cache_read, unit, price.source))
        entries.append(_entry("repeated_input", case.repeated.repeated, "share of its input tokens", "counted here"))
    return entries


def _entry(name: str, value: float, unit: str, source: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "source": source}
