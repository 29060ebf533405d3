"""From the report before to this one: by what spend and the expected saving changed. Every step in money, and they add up.

Spend per basis is, over tasks, calls x tokens a call x USD a token. Factors are exchanged one after the other, the earlier ones
at their new value (Laspeyres chain): *volume* (all tasks grow alike), *mix* (which tasks; new and vanished ones whole), *size*
(tokens a call), *price* (USD a token: prices, which model answers, and calls that got a price or lost it). The saving is that spend times a rate for each task;
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
from suffice_analysis.report.wording import IN_A_SENTENCE
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


NONE = "No earlier report was given to compare with."
NONE_SHORT = "No earlier report."  # on page one, which has at most 200 words
# On page one: what is neither of these is "other", so that the columns add up too.
SHORT = {"volume": "volume", "mix": "mix", "price": "prices", "evidence": "evidence", "method": "method"}
OTHER = "other"


@dataclass(frozen=True)
class Change:
    """One amount then and now, USD per basis, and its steps by name (``NAMES``); they add up to the difference."""

    what: str
    then_usd: float
    now_usd: float
    steps: dict[str, float]

    @property
    def cells(self) -> list[tuple[str, str]]:
        """Then, every step and now, each with its name."""
        size = max(abs(self.then_usd), abs(self.now_usd))
        steps = [(NAMES[name], signed_usd(usd, size)) for name, usd in ranked(self.steps)]
        return [("then", format_usd(self.then_usd)), *steps, ("now", format_usd(self.now_usd))]

    @property
    def short(self) -> list[tuple[str, float | None]]:
        """Its steps by their short names, all of them; None where this amount can't change so (spend: by evidence)."""
        told: list[tuple[str, float | None]] = [(word, self.steps.get(name)) for name, word in SHORT.items()]
        return [*told, (OTHER, sum(usd for name, usd in self.steps.items() if name not in SHORT))]


@dataclass(frozen=True)
class Bridge:
    """``changes`` is empty where the two can't be compared; ``sentences`` says why, or what."""

    previous_ns: int
    previous_analysis_id: str
    changes: list[Change]
    sentences: list[str]

    @property
    def day(self) -> str:
        """When the earlier report was written."""
        return format_time(self.previous_ns)[:10]


@dataclass(frozen=True)
class _Unit:
    """One task in one report. ``usd`` per basis, of its priced calls; ``calls`` per basis, priced or not; ``rate``: saving per USD."""

    calls: float
    usd: float
    tokens: float  # a call
    rate: float | None  # None: no call is priced
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
                f"Expected saving by {IN_A_SENTENCE[chosen].rstrip(' ,')}",
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
    """Every task with calls, also without a price: else a price given later would look like traffic."""
    found = {}
    counted = [(task, _paid(task)) for task in tasks if task["calls"]]
    per_basis = next((paid / task["paid_usd"] for task, paid in counted if paid and task["paid_usd"]), 0.0)
    for task, paid in counted:
        row = next((each for each in task["alternatives"] if each["alternative"] == alternative), None)
        counts = row is not None and task["verdict"] != "stays" and task["calls"] >= CLAIM_CALLS
        saved = max(0.0, row["saving_usd"] or 0.0) if counts and row is not None else 0.0
        estimate = task["estimate"] or {}
        found[task["task_id"]] = _Unit(
            calls=task["calls"] * per_basis,
            usd=paid,
            tokens=max(1.0, (task["input_tokens"] + task["output_tokens"]) / task["calls"]),
            rate=saved / paid if paid else None,
            estimate=tuple(estimate.get(key) for key in ("value", "low", "high", "candidate")),
            support=(estimate.get("n"), estimate.get("grade")),
        )
    return found


def _paid(task: Row) -> float:
    """USD per basis; 0 where no call is priced."""
    return next((row["paid_usd"] for row in task["alternatives"]), None) or 0.0


def _spend_steps(then: Mapping[str, _Unit], now: Mapping[str, _Unit], *, rated: bool = False) -> dict[str, float]:
    """``rated``: of the saving, at the rate that each task had then (a new one, or one without a price then: has now)."""

    def rate(key: str) -> float:
        return _rate(then.get(key), now.get(key)) if rated else 1.0

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
            per_token = old.usd / (old.calls * old.tokens) if old.usd else 0.0
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
        steps[name] += new.usd * (_rate(new, old) - _rate(old, new))
    return steps


def _rate(of: _Unit | None, otherwise: _Unit | None) -> float:
    """The saving per USD of the first that has a price."""
    return next((each.rate for each in (of, otherwise) if each is not None and each.rate is not None), 0.0)


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
    said = [f"{NAMES[name]} {signed_usd(usd)}" for name, usd in ranked(change.steps) if abs(usd) > least]
    why = f": {', '.join(said)}" if said else ", much as it was"
    return f"{change.what} since the report of {day}: {format_usd(change.then_usd)} to {format_usd(change.now_usd)} {per}{why}."


def ranked(steps: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    """In the order in which they were worked out."""
    return [(name, steps[name]) for name in NAMES if name in steps]


def signed_usd(usd: float, beside: float = 0.0) -> str:
    """``+$3.00``, ``−$2.00``; ``0`` for what is only the rounding of ``beside``."""
    if abs(usd) <= 1e-6 * beside:
        return "0"
    return f"{'+' if usd >= 0 else '−'}{format_usd(abs(usd))}"
