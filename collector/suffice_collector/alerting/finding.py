"""What is worth an alert of the money and of the collector itself. Pure: rows and figures in, what happened out.

What is worth one of tasks (proven, aged, saving below) is found by the analysis: ``suffice_analysis/alerts.py``.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suffice_store.alerts_file import Thresholds
from suffice_store.console import format_usd

Row = Mapping[str, Any]

DAYS_BEFORE = 7
FEWEST_DAYS = 4  # with money among them: fewer say nothing about what is usual
DROPPED = ("rate", "size")  # causes of refusals that lose what an app sent
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Happened:
    """One event. ``name`` is what makes it this one and no other: told again, it is not raised again."""

    kind: str
    name: str
    title: str
    sentence: str
    subject: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def spend_jump(days: Sequence[Row], today: str, thresholds: Thresholds) -> Happened | None:
    """Whether today already costs far more than the days before it do.

    ``days``: rows of the read ``spend`` by day, ``today`` its key (ISO). Against the median of the seven days before,
    days without calls counted as 0: a quiet weekend does not make a usual Monday a jump.
    """
    paid = {row["key"]: float(row["paid_usd"]) for row in days if row["key"] and row["paid_usd"] is not None}
    before = [usd for key, usd in paid.items() if key < today][-DAYS_BEFORE:]
    now = paid.get(today)
    if now is None or len(before) < FEWEST_DAYS:
        return None
    usual = statistics.median(before + [0.0] * (DAYS_BEFORE - len(before)))
    if now < thresholds.spend_jump_factor * usual or now - usual < thresholds.spend_jump_usd:
        return None
    times = f", {now / usual:.1f} times as much" if usual else ""
    return Happened(
        "spend_jump",
        f"day {today}",
        f"{format_usd(now)} spent today, {format_usd(usual)} is usual",
        f"On {today[:10]} (UTC) {format_usd(now)} was spent so far; the middle of the seven days before is {format_usd(usual)} a day{times}.",
        today[:10],
        {"spent_usd": round(now, 6), "usual_usd": round(usual, 6), "day": today[:10]},
    )


def trouble(found: Row, before: Row, now_s: float, not_ready: str) -> list[Happened]:
    """What the collector can't store or turned away since the last look; each cause at most once an hour.

    ``found``, ``before``: what ``observing.look`` says now and said then; ``not_ready``: why no more should be sent, "" = it may.
    """
    hour = int(now_s // HOUR_S)
    said = []
    letters = (found.get("dead_letters") or 0) - (before.get("dead_letters") or 0)
    if letters > 0:
        said.append(Happened("collector_losing", f"letters {hour}", f"{_counted(letters, 'request')} could not be stored",
                             f"{_counted(letters, 'acknowledged request')} could not be stored and stand aside, with the reason: page Health, suffice db retry.",
                             details={"dead_letters": letters}))  # fmt: skip
    if not_ready and not_ready != "replaying":
        said.append(Happened("collector_losing", f"status {hour}", "The collector is not storing",
                             f"The collector says: {not_ready}. Apps keep what they can't deliver; what finds no room there is lost.",
                             details={"status": not_ready}))  # fmt: skip
    rejected = (found.get("rejected") or 0) - (before.get("rejected") or 0)
    if rejected > 0:
        said.append(Happened("collector_dropping", f"rejected {hour}", f"{_counted(rejected, 'span')} were not kept",
                             f"{_counted(rejected, 'span')} lacked an id or a time and were not kept; their senders were told.",
                             details={"rejected_spans": rejected}))  # fmt: skip
    refused, earlier = found.get("refused") or {}, before.get("refused") or {}
    turned = {cause: refused.get(cause, 0) - earlier.get(cause, 0) for cause in DROPPED}
    if sum(turned.values()) > 0:
        said.append(Happened("collector_dropping", f"refused {hour}", f"{_counted(sum(turned.values()), 'request')} turned away",
                             f"{turned['rate']:,} requests were over their key's rate and {turned['size']:,} were too large; senders that don't try again have lost them.",
                             details={"refused": turned}))  # fmt: skip
    return said


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
