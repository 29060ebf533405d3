"""Judges: whether a candidate's answer is as good as the recorded one. One file a kind of answer.

A judge has ``NAME``, ``fits(recorded, frame)`` and ``judge(recorded, given, frame)``; the first that fits judges. What none
can decide is *unjudged*, which is not passed. ``tests/analysis/judges`` runs one contract over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suffice_analysis.judges import code, json_fields, label, number, sql, text, tool_calls
from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed
from suffice_analysis.judges.said import Said

__all__ = ["JUDGES", "Frame", "Judge", "Judgement", "Said", "judge_answer"]


class Judge(Protocol):
    """Pure functions. They never raise on an answer, whatever it is."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """What ``replays.judge`` says."""

    def fits(self, recorded: Said, frame: Frame) -> bool:
        """Whether it judges answers to calls that were answered like this."""

    def judge(self, recorded: Said, given: Said, frame: Frame) -> Judgement:
        """What it thinks of ``given``."""


JUDGES: tuple[Judge, ...] = (tool_calls, json_fields, number, label, sql, code, text)


def judge_answer(recorded: Said, given: Said, frame: Frame, judges: Sequence[Judge] = JUDGES) -> Judgement:
    """The judgement of the first judge that fits. The same words pass before any of them is asked."""
    chosen = next(each for each in judges if each.fits(recorded, frame))
    if given.is_empty and not recorded.is_empty:
        return failed(chosen.NAME, "format", "nothing was answered")
    if given.refuses and not recorded.refuses:
        return failed(chosen.NAME, "refusal", "it refused")
    if not recorded.calls and not given.calls and recorded.text.split() == given.text.split():
        return passed(chosen.NAME, "the same words")
    return chosen.judge(recorded, given, frame)
