"""A JSON object or list, field by field: keys in any order, numbers by value, null as nothing; reasoning is not looked at.

Where the calls ask for a response format the answer must be strict JSON with the fields the schema requires; elsewhere it
is read as an app reads it today (in a fence, after a sentence). Fields of prose are the text judge's, fields of code the code judge's.
"""

from __future__ import annotations

from typing import Any

from suffice_analysis.judges import code as code_judge
from suffice_analysis.judges import text as text_judge
from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.lenient_json import fields_of, lenient_json
from suffice_analysis.judges.said import Said
from suffice_analysis.judges.values import differences

NAME = "json"


def fits(recorded: Said, frame: Frame) -> bool:
    """Whether the recorded answer holds an object or a list, and little beside it."""
    if recorded.calls or recorded.hashed:
        return False
    return recorded.form == "json" or (recorded.form == "long_text" and _starts_json(recorded.text))


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By the fields that differ."""
    wanted, found = lenient_json(recorded.text), lenient_json(given.text)
    if frame.lenient:
        wanted, found = wanted or fields_of(recorded.text), found or fields_of(given.text)
    if wanted is None:
        return unjudged(NAME, "the recorded answer is no JSON that can be read")
    if found is None or type(found.value) is not type(wanted.value):
        return failed(NAME, "format", "no JSON that can be read")
    if frame.schema is not None and not found.strict:
        return failed(NAME, "format", "a response format was asked for, and it is no strict JSON")
    if missing := _missing(found.value, frame.schema):
        return failed(NAME, "format", f"the required field {missing} is missing")
    return judge_values(NAME, wanted.value, found.value, frame)


def judge_values(name: str, wanted: Any, found: Any, frame: Frame) -> Judgement:
    """Two parsed values: equal but for prose, which the text judge reads."""
    found_differences = list(differences(wanted, found, frame.prose))
    hard = [each for each in found_differences if not each.prose]
    fields = max(1, len(wanted)) if isinstance(wanted, (dict, list)) else 1
    if hard:
        return failed(name, "wrong", "; ".join(d.words() for d in hard[:3]), max(0.0, 1 - len(hard) / fields))
    judged = [_judge_text(Said(d.recorded), Said(d.given), frame) for d in found_differences]
    if any(each.verdict == "fail" for each in judged):
        worst = min(judged, key=lambda each: each.score)
        return failed(name, "wrong", worst.remark, worst.score)
    if any(each.verdict == "unjudged" for each in judged):
        worst = min(judged, key=lambda each: each.score)
        return unjudged(name, f"a field of prose: {worst.remark}", worst.score)
    return passed(name, "the same fields")


def _judge_text(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """A field that holds a program is read as one: by its words alone a changed operator passes."""
    if code_judge.fits(recorded, frame):
        return code_judge.judge(recorded, given, frame)
    return text_judge.judge(recorded, given, frame)


def _missing(value: Any, schema: Any) -> str | None:
    required = (schema or {}).get("required")
    if not isinstance(required, list) or not isinstance(value, dict):
        return None
    return next((str(each) for each in required if each not in value), None)


def _starts_json(text: str) -> bool:
    stripped = text.strip()
    return stripped[:1] in "{[" or stripped.startswith("```json")
