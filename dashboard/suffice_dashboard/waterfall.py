"""The one picture of Overview: money from the provider's bill down to the saving that is proven, and what falls out on the way.

Pure functions. A step whose money is not known says so and draws no bar. Each bar opens the calls, tasks or page that tell why
the rest fell out; the words beside it say the same without the picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.savings.effort import once_words
from suffice_analysis.savings.recommend import first_choice
from suffice_dashboard.filters import with_query
from suffice_dashboard.formatting import number_or_none, plural, render_money, render_money_interval
from suffice_dashboard.pieces import e, href

Row = Mapping[str, Any]
Ends = tuple[float, float, float]  # low, value, high; USD as recorded


@dataclass(frozen=True, slots=True)
class Step:
    """``usd``: what is left, None = not known. ``lost``: what fell out on the way here, in words, with where it is shown."""

    key: str  # fact, expected, proven or net: how the bar is drawn
    name: str
    usd: float | None
    meaning: str
    lost_usd: float | None = None
    lost: str = ""
    address: str = ""
    low: float | None = None
    high: float | None = None


def steps(
    funnel: Row, expected: Ends | None, proven: Ends, net: tuple[float, float, float, float] | None
) -> list[Step]:
    """The eight steps. ``net``: low, value and high of what the proven tasks would have saved, and what that costs once."""
    invoiced, captured, production, found = (
        number_or_none(funnel[name]) for name in ("invoiced_usd", "paid_usd", "production_usd", "task_usd")
    )
    if found is None and production is not None:
        found = 0.0
    value = None if expected is None else expected[1]
    saved, once = (0.0, 0.0) if net is None else (net[1], net[3])
    return [
        _invoiced(invoiced),
        _captured(invoiced, captured),
        _priced(funnel, captured),
        Step("fact", "Production", production, "calls of environments that count", number_or_none(funnel["other_usd"]) or 0.0,
             _calls(funnel["other_calls"], "of other environments"), "calls?only=other_environment"),
        Step("fact", "In a task", found, "calls of a recurring kind", number_or_none(funnel["no_task_usd"]) or 0.0,
             _calls(funnel["no_task_calls"], "in no task, or newer than the analysis"), "calls?only=no_task"),
        Step("expected", "Expected movable", value, "a small model is expected to suffice", _less(found, value),
             f"tasks that stay (for now, where untested), answers that would be worse, tasks under {CLAIM_CALLS} calls", "tasks?verdict=Stays",
             None if expected is None else expected[0], None if expected is None else expected[2]),
        Step("proven", "Proven", proven[1], "what the proven tasks cost today, before what moving them costs", _less(value, proven[1]),
             "expected, and not proven: not tested, or tested and not settled" if value else "", "tasks?verdict=Likely"),
        Step("net", "Net proven saving", saved, _net_words(once), _less(proven[1], saved),
             "what the small models, their checks and what they send back cost" if saved else "", "savings",
             None if net is None else net[0], None if net is None else net[2]),
    ]  # fmt: skip


def _invoiced(usd: float | None) -> Step:
    if usd is None:
        return Step("fact", "Invoiced", None, "no bill was read in: suffice prices reconcile FILE", address="quality")
    return Step("fact", "Invoiced", usd, "the providers' own count", address="quality")


def _captured(invoiced: float | None, captured: float | None) -> Step:
    lost = _less(invoiced, captured)
    why = "billed, and not recorded or not priced" if lost else ""
    return Step("fact", "Captured", captured, "recorded calls, at list price", lost, why, "quality")


def _priced(funnel: Row, captured: float | None) -> Step:
    unpriced = funnel["unpriced_calls"] or 0
    why = f"{plural(unpriced, 'call')} without a price: their money is not known" if unpriced else ""
    return Step(
        "fact", "Priced", captured, "calls with a known price", None if unpriced else 0.0, why, "calls?only=unpriced"
    )


def _calls(count: int | None, where: str) -> str:
    return f"{plural(count, 'call')} {where}" if count else ""


def _less(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else max(0.0, before - after)


def _net_words(once: float) -> str:
    running = "after running costs"
    return f"{running}; about {once_words(once)} is spent once besides" if once else running


def expected_of_all(estimate: Row | None, production_usd: Any) -> Ends | None:
    """Of all traffic: the estimate's own interval, of production's money."""
    usd, value = number_or_none(production_usd), number_or_none(estimate["value"]) if estimate else None
    if estimate is None or usd is None or value is None:
        return None
    low, high = (number_or_none(estimate[end]) for end in ("low", "high"))
    return usd * (value if low is None else low), usd * value, usd * (value if high is None else high)


def expected_of_part(tasks: Iterable[Row], paid: Mapping[str, float]) -> Ends | None:
    """Of filtered traffic: each task's share of what it cost there. The ends are added as they are: wrong for one, likely for all."""
    low = value = high = 0.0
    for row in tasks:
        share = number_or_none(row["replaceability"])
        if share is None or row["calls"] < CLAIM_CALLS or row["verdict"] == "stays":
            continue
        usd = paid.get(row["task_id"], 0.0)
        low, value = low + usd * float(row["replaceability_low"]), value + usd * share
        high += usd * float(row["replaceability_high"])
    return (low, value, high) if paid else None


def proven_money(tasks: Iterable[Row], paid: Mapping[str, float]) -> Ends:
    """What the proven tasks cost. Proven is proven: no interval."""
    usd = sum(paid.get(row["task_id"], 0.0) for row in tasks if row["verdict"] == "proven")
    return usd, usd, usd


def net_money(
    tasks: Iterable[Row], savings: Sequence[Row], paid: Mapping[str, float]
) -> tuple[float, float, float, float] | None:
    """What the proven tasks would have saved of what they cost, by the alternative named first; and what it costs once."""
    proven = {row["task_id"] for row in tasks if row["verdict"] == "proven"}
    low = value = high = once = 0.0
    for task_id in proven:
        row = first_choice([each for each in savings if each["task_id"] == task_id])
        if row is None or not row["paid_usd"] or not paid.get(task_id):
            continue  # nothing of it is in what is filtered
        part = paid.get(task_id, 0.0) / float(row["paid_usd"])
        low, value = low + part * row["saving_low_usd"], value + part * row["saving_usd"]
        high, once = high + part * row["saving_high_usd"], once + (row["one_off_usd"] or 0.0)
    return (low, value, high, once) if proven else None


def render_waterfall(found: Sequence[Step], query: str = "") -> str:
    """Bars from the left: what is left is filled, what fell out is hatched; both have their words beside them.

    ``query``: the page's filters, which the pages behind the bars are opened with where they take them.
    """
    widest = max((each.usd or 0.0 for each in found), default=0.0) or 1.0
    lines = (_line(replace(each, address=_filtered(each.address, query)), widest) for each in found)
    return f'<div class="sf-fall" role="list">{"".join(lines)}</div>'


def _filtered(address: str, query: str) -> str:
    return with_query(address, query) if address.startswith(("calls", "quality")) else address


def _line(step: Step, widest: float) -> str:
    words = "not known" if step.usd is None else render_money(step.usd)
    if step.low is not None and step.high is not None and step.low != step.high:
        words = render_money_interval(step.usd, step.low, step.high)
    lost = ""
    if step.lost and (step.lost_usd is None or step.lost_usd > 0):
        less = "" if step.lost_usd is None else f"− {render_money(step.lost_usd)}: "
        lost = f'<a class="lost" href="{href(step.address)}" target="_self">{e(less + step.lost)} →</a>'
    elif step.usd is None and step.address:
        lost = f'<a class="lost" href="{href(step.address)}" target="_self">how to →</a>'
    label = f"{step.name}: {words}"
    return (
        f'<div class="line {e(step.key)}" role="listitem"><div class="n"><b>{e(step.name)}</b><span>{e(step.meaning)}</span></div>'
        f'<a class="bars" href="{href(step.address)}" target="_self" aria-label="{e(label)}" title="{e(label)}">{_bars(step, widest)}</a>'
        f'<div class="w"><b>{e(words)}</b>{lost}</div></div>'
    )


def _bars(step: Step, widest: float) -> str:
    if step.usd is None:
        return '<span class="none"></span>'
    left = 100 * min(1.0, max(0.0, step.usd) / widest)
    gone = 100 * min(1.0, (step.lost_usd or 0.0) / widest)
    bars = f'<span class="left" style="width:{left:.2f}%"></span><span class="gone" style="left:{left:.2f}%;width:{gone:.2f}%"></span>'
    if step.low is None or step.high is None or step.low == step.high:
        return bars
    low, high = (100 * min(1.0, max(0.0, end) / widest) for end in (step.low, step.high))
    return f'{bars}<span class="ends" style="left:{low:.2f}%;width:{max(high - low, 0.4):.2f}%"></span>'
