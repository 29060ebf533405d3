"""Whether a call talks to a human: yes, no or unknown, with the rule that said so.

The paper counts the calls that do not (arXiv 2506.02153, section 6, step 1), so each call says it for itself: an agent
that mostly calls tools still answers a person now and then. Rules look at what was asked for, what was answered, and
whether the task's instructions speak of a person; where none fires the word is unknown, never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from suffice_analysis import kinds
from suffice_analysis.discovery.heads import form_of, operation_kind


class Hci(NamedTuple):
    """``word``: yes, no, unknown."""

    word: str
    rule: str


_ALWAYS_READ = ("json", "sql")  # by a program, whoever is spoken to
_OFTEN_READ = ("label", "number", "code")  # unless a person is spoken to


def call_hci(operation: str | None, form: str, action: str | None, last: str, step: int, persona: str | None) -> Hci:
    """``form``: the response format asked for ("" = none); ``last`` and ``step`` as in ``visible``; ``persona``: the
    words in the task's instructions that speak of a person."""
    if operation_kind(operation) == "embeddings":
        return Hci("no", "embeddings are read by programs")
    if form:
        return Hci("no", "the caller asks for a fixed format")
    if action is None or action == "answer:empty":
        return Hci("unknown", "no answer is recorded")
    if action.startswith("tool:"):
        return Hci("no", "the answer calls a tool")
    if action.startswith("react:"):
        return Hci("no", "the answer is a step for a program")
    answered = action.removeprefix("answer:")
    if answered in _ALWAYS_READ or (answered in _OFTEN_READ and persona is None):
        return Hci(
            "no",
            f"the answer is {answered.upper() if answered in _ALWAYS_READ else 'a ' + answered}: read by a program",
        )
    if persona is not None:
        return Hci("yes", f'text to a person ("{persona}")')
    if step >= 1 and last == "user":
        return Hci("yes", "text in a dialogue: a user answers the model's answer")
    return Hci("unknown", "free text, with no sign of who reads it")


def calls_hci(columns: dict[str, Sequence[Any]], personas: Sequence[str | None]) -> list[Hci]:
    """Of each call; ``columns``: operation, response_format, action, last, step; ``personas``: of each call's task."""
    forms: dict[Any, str] = {}
    known: dict[tuple[Any, ...], Hci] = {}
    found: list[Hci] = []
    rows = zip(
        *(columns[name] for name in ("operation", "response_format", "action", "last", "step")), personas, strict=True
    )
    for operation, response_format, action, last, step, persona in rows:
        if response_format not in forms:
            forms[response_format] = form_of(response_format)
        key = (operation, forms[response_format], action, last, min(int(step), 1), persona)
        if key not in known:
            known[key] = call_hci(*key)
        found.append(known[key])
    return found


def persona_of(instructions: str) -> str | None:
    """The words of a task's instructions that speak of a person, if any."""
    match = kinds.PERSONA.search(instructions[: kinds.INSTRUCTION_CHARS])
    return " ".join(match.group(0).split())[:40] if match is not None else None
