"""Tools called: the same names with the same arguments; several at once in any order. Calling one where none was called is wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.json_fields import judge_values
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.lenient_json import lenient_json
from suffice_analysis.judges.said import Said, ToolUse

NAME = "tool_calls"


def fits(recorded: Said, frame: Frame) -> bool:
    """Whether the recorded answer calls a tool."""
    return bool(recorded.calls)


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By names first, then each call's arguments."""
    if not given.calls:
        spelled = lenient_json(given.text)
        is_call = (
            isinstance(spelled.value, dict) and bool({"name", "function", "tool"} & set(spelled.value))
            if spelled
            else False
        )
        if is_call:
            return failed(NAME, "format", "it wrote the call as text")
        return failed(NAME, "wrong", f"it answered in text instead of calling {_names(recorded.calls)}")
    if sorted(c.name for c in recorded.calls) != sorted(c.name for c in given.calls):
        return failed(NAME, "wrong", f"{_names(recorded.calls)} became {_names(given.calls)}")
    if any(isinstance(c.arguments, str) and c.arguments.strip() for c in given.calls):
        return failed(NAME, "format", "arguments that are no JSON")
    return _arguments(recorded.calls, list(given.calls), frame)


def _arguments(recorded: Sequence[ToolUse], left: list[ToolUse], frame: Frame) -> Judgement:
    """Each recorded call takes the best one left of its name."""
    unsure: Judgement | None = None
    for use in recorded:
        own = [each for each in left if each.name == use.name]
        judged = [(judge_values(NAME, _object(use.arguments), _object(each.arguments), frame), each) for each in own]
        best, taken = max(
            judged, key=lambda pair: ({"pass": 2, "unjudged": 1, "fail": 0}[pair[0].verdict], pair[0].score)
        )
        if best.verdict == "fail":
            return failed(NAME, "wrong", f"{use.name}: {best.remark}", best.score)
        if best.verdict == "unjudged":
            unsure = unjudged(NAME, f"{use.name}: {best.remark}", best.score)
        left.remove(taken)
    return unsure or passed(NAME, "the same calls")


def _object(arguments: Any) -> Any:
    if isinstance(arguments, str):
        try:
            return json.loads(arguments or "{}")
        except ValueError:
            return arguments
    return {} if arguments is None else arguments


def _names(uses: Sequence[ToolUse]) -> str:
    return ", ".join(sorted(each.name for each in uses))
