"""From the report before to this one: by what spend and the expected saving changed. Every step in money, and they add up.

Spend per basis is, over tasks, calls x tokens a call x USD a token. Factors are exchanged one after the other, the earlier ones
at their new value (Laspeyres chain): *volume* (all tasks grow alike), *mix* (which tasks; new and vanished ones whole), *size*
(tokens a call), *price* (USD a token: prices, and which model answers). The saving is that spend times a rate for each task;
what changes the rate is *evidence* (another estimate, n or grade), *method* (another version of suffice, nothing else) or price.
What no task explains (calls in no task, tasks that count otherwise in the total) is the *rest*.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.wording import ALTERNATIVE_NAMES
from suffice_store.console import format_time, format_usd

Row = Mapping[str, Any]
SCHEMA = "suffice.report/1"
SAID_FROM = 0.005  # of the larger of the two ends: a smaller step is not worth a word
NAMES = {
    "volume": "volume",
    "mix": "mix of tasks",
    "size": "longer or shorter calls",
    "price": "prices and models",
    "evidence": "evidence",
    "method": "method",
    "rest": "rest",
}


@dataclass(frozen=True)
class Change:
    """One amount then and now, USD per basis, and its steps by name (``NAMES``); they add up to the difference."""

    what: str
    then_usd: float
    now_usd: float
    steps: dict[str, float]


@dataclass(frozen=True)
class Bridge:
    """``changes`` is empty where the two can't be compared; ``sentences`` says why, or what."""

    previous_ns: int
    previous_analysis_id: str
    changes: list[Change]
    sentences: list[str]


@dataclass(frozen=True)
class _Unit:
    """One task in one report. ``usd`` per basis; ``calls`` per basis; ``rate``: saving per USD spent; None = not counted."""

    calls: float
    usd: float
    tokens: float  # a call
    rate: float
    estimate: tuple[Any, ...]
    support: tuple[Any, ...]  # n and grade


def read_previous(path: Path) -> Row:
    """A report written as JSON before. Raises SufficeError for anything else."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SufficeError(f"{path} can't be read: {error.strerror}") from None
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise SufficeError(f"{path} is no report in JSON ({SCHEMA}): write one with suffice report -o FILE.json")
    return document


def make_bridge(previous: Row, now: Row) -> Bridge:
    """Both as ``as_json.document`` gives them."""
    day = format_time(previous["generated_ns"])[:10]
    analysis_id = previous["analysis"]["analysis_id"]

    def only(sentence: str) -> Bridge:
        return Bridge(previous["generated_ns"], analysis_id, [], [sentence])

    if analysis_id == now["analysis"]["analysis_id"]:
        return only(f"The report of {day} tells the same analysis: nothing has changed since.")
    if previous["basis"] != now["basis"]:
        return only(
            f"The report of {day} states amounts {_per(previous)}, this one {_per(now)}: they are not comparable."
        )
    then_total, now_total = _total(previous), _total(now)
    if then_total is None or now_total is None:
        return only(f"The report of {day} and this one are not comparable: one of them has no prices.")
    method = previous["analysis"]["suffice_version"] != now["analysis"]["suffice_version"]
    changes = [_change("Spend", then_total["paid_usd"], now_total["paid_usd"], _spend_steps(*_both(previous, now, "")))]
    chosen = _named_first(now)
    before = None if chosen is None else next((r for r in previous["savings"] if r["alternative"] == chosen), None)
    if chosen is not None and before is not None and before["saving_usd"] is not None:
        after = next(r for r in now["savings"] if r["alternative"] == chosen)
        then, here = _both(previous, now, chosen)
        steps = {**_spend_steps(then, here, rated=True), **_rate_steps(then, here, method)}
        steps["price"] += steps.pop("rate_price")
        changes.append(
            _change(
                f"Expected saving, {ALTERNATIVE_NAMES[chosen].lower()}",
                before["saving_usd"],
                after["saving_usd"],
                steps,
            )
        )
    return Bridge(previous["generated_ns"], analysis_id, changes, [_sentence(each, day, _per(now)) for each in changes])


def _change(what: str, then: float, now: float, steps: dict[str, float]) -> Change:
    rest = now - then - sum(steps.values())
    return Change(what, then, now, {**steps, "rest": rest})


def _both(previous: Row, now: Row, alternative: str) -> tuple[dict[str, _Unit], dict[str, _Unit]]:
    return _units(previous["tasks"], alternative), _units(now["tasks"], alternative)


def _units(tasks: Iterable[Row], alternative: str) -> dict[str, _Unit]:
    found = {}
    for task in tasks:
        paid = next((row["paid_usd"] for row in task["alternatives"]), None)
        if not paid or not task["paid_usd"] or not task["calls"]:
            continue
        row = next((each for each in task["alternatives"] if each["alternative"] == alternative), None)
        counts = row is not None and task["verdict"] != "stays" and task["calls"] >= CLAIM_CALLS
        rate = max(0.0, row["saving_usd"] or 0.0) / paid if counts and row is not None else 0.0
        estimate = task["estimate"] or {}
        found[task["task_id"]] = _Unit(
            calls=task["calls"] * paid / task["paid_usd"],
            usd=paid,
            tokens=max(1.0, (task["input_tokens"] + task["output_tokens"]) / task["calls"]),
            rate=rate,
            estimate=tuple(estimate.get(key) for key in ("value", "low", "high", "candidate")),
            support=(estimate.get("n"), estimate.get("grade")),
        )
    return found


def _spend_steps(then: Mapping[str, _Unit], now: Mapping[str, _Unit], *, rated: bool = False) -> dict[str, float]:
    """``rated``: of the saving, at the rate that each task had then (a new one: has now)."""

    def rate(key: str) -> float:
        return (then.get(key) or now[key]).rate if rated else 1.0

    calls_then, calls_now = (sum(each.calls for each in units.values()) for units in (then, now))
    growth = calls_now / calls_then if calls_then else 1.0
    steps = dict.fromkeys(("volume", "mix", "size", "price"), 0.0)
    for key in sorted({*then, *now}):
        old, new, weight = then.get(key), now.get(key), rate(key)
        if old is not None:
            steps["volume"] += (growth - 1) * old.usd * weight
            steps["mix"] -= growth * old.usd * weight
        if new is not None and old is None:
            steps["mix"] += new.usd * weight
        if new is not None and old is not None:
            per_token = old.usd / (old.calls * old.tokens)
            steps["mix"] += new.calls * old.tokens * per_token * weight
            steps["size"] += new.calls * (new.tokens - old.tokens) * per_token * weight
            steps["price"] += (new.usd - new.calls * new.tokens * per_token) * weight
    return steps


def _rate_steps(then: Mapping[str, _Unit], now: Mapping[str, _Unit], method: bool) -> dict[str, float]:
    steps = dict.fromkeys(("evidence", "method", "rate_price"), 0.0)
    for key in sorted({*then} & {*now}):
        old, new = then[key], now[key]
        if old.support != new.support or (old.estimate != new.estimate and not method):
            name = "evidence"
        elif old.estimate != new.estimate:
            name = "method"
        else:
            name = "rate_price"
        steps[name] += new.usd * (new.rate - old.rate)
    return steps


def _total(document: Row) -> Row | None:
    return next((row for row in document["savings"] if row["paid_usd"] is not None), None)


def _named_first(document: Row) -> str | None:
    """The alternative with the largest saving that pays and is no caching: what its sentences speak of, near enough."""
    paying = [r for r in document["savings"] if r["pays"] and r["alternative"] != "caching_batch" and r["saving_usd"]]
    return max(paying, key=lambda row: row["saving_usd"])["alternative"] if paying else None


def _per(document: Row) -> str:
    return "a month" if document["basis"] == "month" else "per 1,000 calls"


def _sentence(change: Change, day: str, per: str) -> str:
    least = SAID_FROM * max(abs(change.then_usd), abs(change.now_usd))
    said = [f"{NAMES[name]} {_signed(usd)}" for name, usd in ranked(change.steps) if abs(usd) > least]
    why = f": {', '.join(said)}" if said else ", much as it was"
    return f"{change.what} since the report of {day}: {format_usd(change.then_usd)} to {format_usd(change.now_usd)} {per}{why}."


def ranked(steps: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    """In the order in which they were worked out."""
    return [(name, steps[name]) for name in NAMES if name in steps]


def _signed(usd: float) -> str:
    return f"{'+' if usd >= 0 else '−'}{format_usd(abs(usd))}"
