"""The price of moving calls: extra wrong answers, said of the calls that they are among.

A task's ``extra_wrong`` is per month or per 1,000 calls of ALL traffic, so that tasks add up. A person who looks at one
task asks how many of ITS answers: the same number over the task's answers per basis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice_analysis.next_steps import answers_of, wrong_share
from suffice_analysis.savings.recommend import CACHING
from suffice_dashboard.formatting import basis_words, number_or_none, plural, render_count

Row = Mapping[str, Any]
_FIELDS = ("extra_wrong", "extra_wrong_low", "extra_wrong_high")


def same_model(saving: Row) -> bool:
    """Whether the alternative keeps today's model, so that its answers are the same."""
    return bool(saving["alternative"] == CACHING)


def wrong_answers(saving: Row) -> str:
    """Of all traffic: ``120 extra wrong answers (40–260) a month``, none of the same model's, or not known."""
    if same_model(saving):
        return "no extra wrong answers: it is the same model"
    value = number_or_none(saving["extra_wrong"])
    if value is None:
        return "extra wrong answers not known"
    low, high = saving["extra_wrong_low"], saving["extra_wrong_high"]
    between = "" if low is None or high is None else f" ({render_count(low)}–{render_count(high)})"
    return f"{plural(round(value), 'extra wrong answer')}{between} {basis_words(saving['basis'])}"


def wrong_of_task(task: Row, saving: Row) -> str:
    """``about 27 of 100 of its answers (6–54)``: the extra wrong ones of this alternative, among the task's own."""
    if same_model(saving):
        return "none: it is the same model"
    if number_or_none(saving["extra_wrong"]) is None:
        return "not known"
    answers = answers_of(task, saving)
    share, low, high = (None if saving[name] is None else wrong_share(saving[name], answers) for name in _FIELDS)
    return wrong_words(share, low, high)


def wrong_words(share: float | None, low: float | None, high: float | None, whose: str = "its") -> str:
    """Shares 0 to 1 as ``about 27 of 100 of its answers (6–54)``."""
    return f"about {_of_hundred(share or 0.0)} of 100 of {whose} answers{_between(low, high)}"


def wrong_figure(share: float, low: float, high: float) -> str:
    """The same where a table's head says of what: ``27 of 100 (6–54)``."""
    return f"{_of_hundred(share)} of 100{_between(low, high)}"


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({_of_hundred(low)}–{_of_hundred(high)})"


def _of_hundred(share: float) -> str:
    """Whole numbers, but a few are never none."""
    return f"{100 * share:.1f}" if 0 < share < 0.0095 else f"{100 * share:.0f}"
