"""What people said of replayed answers: a mark is an outcome of the replayed call labelled `as good`, and goes before its judge's verdict.

The judge gave its verdict before the person saw the answer, so the two agree only as far as the judge is right; how far is
measured by judge (:func:`judge_agreement`) and shown beside the results.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.estimate import clopper_pearson_interval

Row = Mapping[str, Any]
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of ``n`` answers that a judge decided and a person marked, ``same`` got one verdict. 90 % interval, exact."""

    judge: str
    same: int
    n: int
    low: float
    high: float


def with_marks(replays: Iterable[Row], marks: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows of ``replays``, those that a person marked with the person's verdict."""
    said = {row["replay_call_id"]: bool(row["ok"]) for row in marks}
    return [_marked(row, said) for row in replays]


def judge_agreement(marks: Sequence[Row]) -> list[Agreement]:
    """By judge, those with most marks first. What a judge left undecided is no disagreement, and not counted."""
    counts: defaultdict[str, list[bool]] = defaultdict(list)
    for row in marks:
        if row["verdict"] in ("pass", "fail") and row["judge"]:
            counts[row["judge"]].append((row["verdict"] == "pass") == bool(row["ok"]))
    found = [
        Agreement(judge, sum(same), len(same), *clopper_pearson_interval(sum(same), len(same)))
        for judge, same in counts.items()
    ]
    return sorted(found, key=lambda each: (-each.n, each.judge))


def _marked(row: Row, said: Mapping[str, bool]) -> dict[str, Any]:
    ok = said.get(row["replay_call_id"] or "")
    if ok is None or row["verdict"] not in ("pass", "fail", "unjudged"):
        return dict(row)
    failure = None if ok else row["failure"] or "wrong"
    return {**row, "verdict": "pass" if ok else "fail", "judge": PERSON, "failure": failure, "score": float(ok)}
