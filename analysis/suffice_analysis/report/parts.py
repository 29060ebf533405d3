"""All calls, and all that was paid, in parts that add up: proven, to be tested, not judged, staying. Nothing is left unnamed.

The expected share lies in the first two: what of them it leaves is what would move and be answered worse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.wording import Row, is_wide
from suffice_analysis.savings.recommend import TESTED
from suffice_store.rounding import percent_digits

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report, TaskPart

NAMES = {"proven": "proven", "to_test": "unsettled", "not_judged": "not judged", "stays": "stays"}
SINGLY = "proven singly"  # where among many tasks some of it may be luck
ROUNDING = 1e-9  # of all that was paid: what adding up leaves
MOVING = ("proven", "to_test")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its calls and its USD per basis, each also as a share of all."""

    name: str
    calls: int
    share_calls: float
    usd: float | None
    share_cost: float | None
    words: str


def find_parts(report: Report) -> list[Part]:
    """In the order of ``NAMES``, also those that are empty; of a task that counts by its slices, its slices'. What a user ignores
    is no part; calls in no task, of too few or without an answer to judge are *not judged*."""
    calls, usd = dict.fromkeys(NAMES, 0), dict.fromkeys(NAMES, 0.0)
    ignored_calls, ignored_usd = 0, 0.0
    for task in report.tasks:
        if task.row["ignored"]:
            ignored_calls, ignored_usd = ignored_calls + task.row["calls"], ignored_usd + (task.basis_usd or 0.0)
            continue
        for verdict, own_calls, own_usd in _units(task):
            name = _name(task, verdict, own_calls)
            calls[name] += own_calls
            usd[name] += own_usd or 0.0
    every = report.analysis["calls"] - ignored_calls
    calls["not_judged"] += max(0, every - sum(calls.values()))
    paid = None if report.basis_usd is None else report.basis_usd - ignored_usd
    left = (paid or 0.0) - sum(usd.values())
    usd["not_judged"] += left if left > ROUNDING * (paid or 0.0) else 0.0
    words = NAMES | ({"proven": SINGLY} if proven_alone(report) else {})
    return [
        Part(
            name,
            calls[name],
            calls[name] / every if every else 0.0,
            None if paid is None else usd[name],
            usd[name] / paid if paid else None,
            words[name],
        )
        for name in NAMES
    ]


def staying_calls(report: Report) -> tuple[int, int, int]:
    """Calls that stay on the large model, the tasks that they are of, and how many of these a test refuted. Of a task that counts
    by its slices, its slices'."""
    calls = tasks = refuted = 0
    for task in report.tasks:
        if task.row["ignored"]:
            continue
        apart = [each for each in task.slices if each.get("counted_apart")]
        whole = {**task.row, "grade": task.share["grade"] if task.share is not None else None}
        own = [each for each in (apart or [whole]) if each["verdict"] == "stays"]
        calls, tasks = calls + sum(each["calls"] for each in own), tasks + bool(own)
        refuted += bool(own) and all(each["grade"] in TESTED for each in own)
    return calls, tasks, refuted


def proven_alone(report: Report) -> bool:
    """Whether something is proven by itself that is not sure enough among all tasks, so that the proven share leaves it out."""
    share = report.shares.get("proven_share_calls")
    told = None if share is None else json.loads(share["details"]).get("proven")
    if share is None or told is None:
        return False
    together = set(told) if share["value"] else set()
    ids = (each.get("slice_id") or each["task_id"] for t in report.tasks if not t.row["ignored"]
           for each in ([s for s in t.slices if s.get("counted_apart")] or [t.row]) if each["verdict"] == "proven")  # fmt: skip
    return any(each not in together for each in ids)


def _units(task: TaskPart) -> Iterator[tuple[str, int, float | None]]:
    apart = [each for each in task.slices if each.get("counted_apart")]
    for each in apart:
        yield each["verdict"], each["calls"], each["basis_usd"]
    if not apart:
        yield task.row["verdict"], task.row["calls"], task.basis_usd


def _name(task: TaskPart, verdict: str, calls: int) -> str:
    if verdict in ("proven", "stays"):
        return verdict
    return "not_judged" if task.share is None or calls < CLAIM_CALLS or task.row["kind"] == "embedding" else "to_test"


@dataclass(frozen=True, slots=True)
class Remainder:
    """In words that add up to 100 % with the expected share: what stays, what is answered worse, what is not judged."""

    stays: str
    worse: str
    not_judged: str  # "" where nothing is


def remainder(report: Report) -> Remainder | None:
    """Of the calls, with as many digits as the expected share has; None where no one share is stated. ``worse`` is what of 100 %
    the others leave, so that a reader who adds up arrives there."""
    share = report.shares.get("expected_share_calls")
    if share is None or share["value"] is None or is_wide(share):
        return None
    digits = len(report.expected_words[0].removesuffix(" %").partition(".")[2])
    told = {part.name: float(percent_digits(part.share_calls, digits)) for part in find_parts(report)}
    expected = float(report.expected_words[0].removesuffix(" %"))
    worse = max(0.0, 100 - expected - told["stays"] - told["not_judged"])
    stays, worse_words, not_judged = (f"{each:.{digits}f} %" for each in (told["stays"], worse, told["not_judged"]))
    return Remainder(stays, worse_words, not_judged if told["not_judged"] else "")


def as_json(report: Report) -> dict[str, Any]:
    """The parts by name, and of the moving ones what is expected to be answered worse; null where no share is stated."""

    def worse(measure: str, key: str) -> float | None:
        share: Row | None = report.shares.get(measure)
        own: list[float | None] = [getattr(part, key) for part in found if part.name in MOVING]
        moving = [each for each in own if each is not None]
        if share is None or share["value"] is None or len(moving) < len(own):
            return None
        return round(max(0.0, sum(moving) - float(share["value"])), 6)

    found = find_parts(report)
    return {
        "parts": {
            part.name: {
                key: None if (value := getattr(part, key)) is None else round(value, 6)
                for key in ("calls", "share_calls", "usd", "share_cost")
            }
            for part in found
        },
        "worse_share_calls": worse("expected_share_calls", "share_calls"),
        "worse_share_cost": worse("expected_share_cost", "share_cost"),
    }
