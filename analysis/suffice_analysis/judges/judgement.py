"""What a judge says of one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "fail", "unjudged"]
MAX_REMARK = 300

# What a failure is called where a person reads it.
FAILURES = {"wrong": "wrong in content", "format": "not in form", "refusal": "refused"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """``failure``: wrong, format, refusal; None unless it failed. ``score``: 0 to 1, 1 = as good as the recorded one."""

    verdict: Verdict
    judge: str
    score: float
    remark: str
    failure: str | None = None


def passed(judge: str, remark: str, score: float = 1.0) -> Judgement:
    """As good as the recorded answer."""
    return Judgement("pass", judge, score, remark[:MAX_REMARK])


def failed(judge: str, failure: str, remark: str, score: float = 0.0) -> Judgement:
    """Not as good: wrong in substance, or not in a form that could be read."""
    return Judgement("fail", judge, score, remark[:MAX_REMARK], failure)


def unjudged(judge: str, remark: str, score: float = 0.5) -> Judgement:
    """Nobody can say by rule."""
    return Judgement("unjudged", judge, score, remark[:MAX_REMARK])
