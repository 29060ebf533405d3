"""Validator: what an answer of a task must look like, learnt from its recorded answers, so that one that does not is sent back.

It sees the form, not the truth: a label of the set, JSON with the fields and types seen, a tool that is offered with the arguments
it needs, SQL that parses, a text neither empty nor a refusal. What it catches is measured on replayed answers (``escalation.py``). As a
file it is JSON; the part for JSON answers is a JSON Schema (2020-12) of few keywords, so that any validator reads it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.label import read_label
from suffice_analysis.judges.lenient_json import lenient_json
from suffice_analysis.judges.said import Said
from suffice_analysis.judges.sql import one_form, statement
from suffice_analysis.plan.schemas import learn_schema, violation

FORMAT, VERSION = "suffice-validator", 1
SEEN_SHARE = 0.01  # of the answers, and two of them, have a form, before another answer may have it
LONGEST = 4.0  # times the longest recorded answer, in characters: a model that runs on
MACHINE_FORMS = ("json", "label", "number", "sql", "tool_call")


@dataclass(frozen=True)
class Validator:
    """``forms``: those that answers may have. ``tools``: a JSON Schema of the arguments of each tool that was called."""

    forms: frozenset[str]
    labels: frozenset[str] = frozenset()
    schema: Mapping[str, Any] | None = None
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dialect: str | None = None
    strict: bool = True  # JSON as it stands, without a fence or a sentence around it
    most_chars: int = 0

    def problem(self, answer: Said) -> str | None:
        """Why the answer is sent back; None where it may be used."""
        if answer.is_empty:
            return "empty"
        if answer.refuses:
            return "a refusal"
        if answer.calls:
            return self._calls_problem(answer)
        if self.forms == {"tool_call"}:
            return "no tool was called"
        problems = [self._problem_as(form, answer) for form in sorted(self.forms - {"tool_call"})]
        if None not in problems:
            return problems[0]
        return f"longer than {self.most_chars:,} characters" if len(answer.text) > self.most_chars else None

    def _problem_as(self, form: str, answer: Said) -> str | None:
        match form:
            case "json":
                found = lenient_json(answer.text)
                if found is None or (self.strict and not found.strict):
                    return "no JSON"
                return violation(found.value, self.schema) if self.schema else None
            case "label":
                said = read_label(answer.text, self.labels)
                return (
                    None
                    if said in self.labels or (not self.labels and answer.form == "label")
                    else "no label of the set"
                )
            case "number":
                return None if answer.form == "number" else "no number"
            case "sql":
                return None if one_form(statement(answer.text), self.dialect) is not None else "no SQL that parses"
        return None  # prose: nothing but its length can be seen

    def _calls_problem(self, answer: Said) -> str | None:
        if "tool_call" not in self.forms:
            return "a tool call where none is expected"
        for call in answer.calls:
            if call.name not in self.tools:
                return f"an unknown tool {call.name!r}"
            if problem := violation(_arguments(call.arguments), self.tools[call.name]):
                return f"{call.name}: {problem}"
        return None

    def as_json(self) -> dict[str, Any]:
        """As the file holds it."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "forms": sorted(self.forms),
            "labels": sorted(self.labels),
            "schema": self.schema,
            "tools": dict(self.tools),
            "dialect": self.dialect,
            "strict": self.strict,
            "most_chars": self.most_chars,
        }

    @property
    def sees_content(self) -> bool:
        """Whether it can tell more of an answer than that there is one."""
        return bool(self.forms) and self.forms <= set(MACHINE_FORMS)

    def words(self) -> str:
        """What it asks for, for a person."""
        told = []
        if self.labels:
            told.append(f"one of {len(self.labels)} labels")
        if self.schema:
            told.append(f"JSON with {', '.join(self.schema.get('required') or ()) or 'the fields seen'}")
        if self.tools:
            told.append(f"a call of {', '.join(sorted(self.tools))} with the arguments it needs")
        told += [word for form, word in _FORM_WORDS.items() if form in self.forms]
        return "; or ".join(told) + f"; never empty or a refusal, and a text of at most {self.most_chars:,} characters"


_FORM_WORDS = {
    "number": "a number", "sql": "SQL that parses", "code": "code", "short_text": "a short text", "long_text": "a text",
}  # fmt: skip


def learn_validator(
    answers: Sequence[Said], frame: Frame, toolsets: Iterable[Sequence[Mapping[str, Any]]] = ()
) -> Validator:
    """From a task's recorded answers, what is known of them, and the tools that its calls offer. Raises SufficeError without answers."""
    answers = [each for each in answers if not each.is_empty and not each.refuses]
    if not answers:
        raise SufficeError("the task has no whole recorded answer, so that nothing is known of how one must look")
    counts = Counter(_form(each, frame) for each in answers)
    forms = frozenset(form for form, n in counts.items() if n >= max(min(2, len(answers)), SEEN_SHARE * len(answers)))
    documents = [found.value for each in answers if (found := lenient_json(each.text)) and _form(each, frame) == "json"]
    labels = {
        said for each in answers if _form(each, frame) == "label" and (said := read_label(each.text, frame.labels))
    }
    asked = frame.schema if frame.schema and not frame.lenient else None
    return Validator(
        forms=forms,
        labels=frame.labels if frame.labels else frozenset(labels) if "label" in forms else frozenset(),
        schema=(asked or learn_schema(documents)) if "json" in forms else None,
        tools=_tools(answers, toolsets) if "tool_call" in forms else {},
        dialect=frame.dialect,
        strict=not frame.lenient,
        most_chars=round(LONGEST * max(len(each.text) for each in answers)),
    )


def parse_validator(text: str) -> Validator:
    """From the file's text. Raises SufficeError for any other."""
    try:
        stored = json.loads(text)
        if stored["format"] != FORMAT or stored["version"] != VERSION:
            raise KeyError
        return Validator(
            forms=frozenset(stored["forms"]),
            labels=frozenset(stored["labels"]),
            schema=stored["schema"],
            tools=stored["tools"],
            dialect=stored["dialect"],
            strict=stored["strict"],
            most_chars=stored["most_chars"],
        )
    except (ValueError, KeyError, TypeError):
        raise SufficeError(f"this is no validator of version {VERSION}; write it anew: suffice plan") from None


def _form(answer: Said, frame: Frame) -> str:
    form = answer.form
    if form in ("short_text", "long_text") and read_label(answer.text, frame.labels) in frame.labels:
        return "label"
    if form == "number" and frame.labels:
        return "label"
    return form


def _tools(answers: Sequence[Said], toolsets: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, Mapping[str, Any]]:
    """What is offered says what a call must look like; of a tool whose definition is not stored, what was called."""
    offered = {
        str(tool.get("name")): tool["parameters"]
        for tools in toolsets
        for tool in tools
        if isinstance(tool.get("parameters"), dict)
    }
    called: dict[str, list[Any]] = {}
    for answer in answers:
        for call in answer.calls:
            called.setdefault(call.name, []).append(_arguments(call.arguments))
    return {name: offered.get(name) or learn_schema(values) for name, values in called.items()} | offered


def _arguments(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value or "{}")
        except ValueError:
            return value
    return {} if value is None else value
