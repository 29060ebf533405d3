"""A number: ``1,200``, ``$1200`` and ``The answer is 1200.`` are the same; rounded is the same from two decimals on."""

from __future__ import annotations

import re

from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed
from suffice_analysis.judges.said import Said
from suffice_analysis.judges.values import number_of, same_number

NAME = "number"
_IN_TEXT = re.compile(r"[-+]?[$€£]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?%?")


def fits(recorded: Said, frame: Frame) -> bool:
    """Whether the whole recorded answer is a number."""
    return not recorded.calls and not recorded.hashed and number_of(recorded.text) is not None


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By the number that the answer is, or the only one in its last line."""
    wanted = number_of(recorded.text)
    assert wanted is not None
    found = number_of(given.text)
    if found is None:
        last = (given.text.strip().splitlines() or [""])[-1]
        in_text = [n for each in _IN_TEXT.findall(last) if (n := number_of(each)) is not None]
        found = in_text[0] if len(set(in_text)) == 1 else None
    if found is None:
        return failed(NAME, "format", f"no single number in “{given.text.strip()[:80]}”")
    if same_number(wanted, found):
        return passed(NAME, f"says {wanted}")
    return failed(NAME, "wrong", f"{wanted} became {found}")
