"""Names: what a person would call a task, from what the app or the template itself says. Nothing is invented.

In order: the name the app gave to most of the task's calls; else a phrase of the template's constant
text: the role it gives (``You are a ...``) with the goal beside it, its first instruction, its first
heading, its first words. Two tasks that would be called the same are told apart by the next phrase that
differs, a tool, or the form of the answer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

NAME_CHARS = 60

_ROLE = re.compile(
    r"\b(?:you are|you're|act as|you will act as|du bist|sie sind|tu es|vous êtes|eres|você é|sei)\s+(?:now\s+|acting as\s+)?"
    r"(?:an?\s|the\s|ein(?:e)?\s|une?\s|una?\s|um(?:a)?\s)?\s*([^.,;:!?\n…#|]{3,80})|你(?:现在)?是(?:一[个名位])?([^，。；：！？\n…]{2,30})",
    re.IGNORECASE,
)
_GOAL = re.compile(
    r"\b(?:your|the)\s+(?:(?:main|primary|only)\s+)?(?:goal|task|job|role|objective)\s+(?:is|will be)\s+(?:to\s+)?([^.;:!?\n…]{4,90})",
    re.IGNORECASE,
)
_VERBS = (
    "add analyse analyze answer assess assign categorise categorize check choose classify compare complete compose convert "
    "correct create decide describe design detect determine draft edit evaluate explain extract fill find fix format generate "
    "give identify improve infer judge label list merge normalize parse plan predict produce propose provide rank rate "
    "recommend refactor repair rephrase reply respond return review rewrite route score select solve suggest summarise "
    "summarize tag tell transform translate turn update use validate verify write"
)
_INSTRUCTION = re.compile(
    rf"(?:^|[\n.!?:;]\s*|\b(?:please|must|should|to)\s+)((?:{'|'.join(_VERBS.split())})\s[^.;:!?\n…]{{6,90}})",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^\s{0,3}#{1,4}\s+([^\n…]{3,70})$", re.MULTILINE)
_MARK = re.compile(r"^\[(?:system|user|tool|developer)\]$", re.MULTILINE)
_EMPTY_ROLES = {
    "helpful assistant",
    "helpful ai assistant",
    "assistant",
    "ai assistant",
    "a helpful assistant",
    "expert",
}


@dataclass(frozen=True, slots=True)
class Nameable:
    """What is known of a task when it gets its name."""

    app_names: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    template: str = ""
    tools: Sequence[str] = ()
    form: str = ""
    answer_form: str = ""
    is_open: bool = False
    operation: str = "chat"


def name_tasks(tasks: Sequence[Nameable]) -> list[tuple[str, str]]:
    """(name, source) of each task; names are distinct (but for letter case) and at most NAME_CHARS long."""
    names: list[tuple[str, str] | None] = [None] * len(tasks)
    taken: set[str] = set()
    order = sorted(range(len(tasks)), key=lambda t: (-tasks[t].calls, tasks[t].template, tasks[t].form, tasks[t].tools))
    for t in order:
        given = tasks[t].app_names.most_common(1)
        if given and given[0][1] * 2 > tasks[t].calls:
            names[t] = (_distinct([given[0][0]], tasks[t], taken), "app")
    for t in order:
        if names[t] is None:
            names[t] = (_distinct(phrases(tasks[t]), tasks[t], taken), "template")
    return [name for name in names if name is not None]


def phrases(task: Nameable) -> list[str]:
    """Phrases a task could be called by, the best first; never empty."""
    if task.operation == "embeddings":
        return ["Embeddings"]
    if task.is_open and len(re.findall(r"[^\W\d_]{2,}", _MARK.sub("", task.template))) < 2:
        return ["Tool calls on open requests" if task.tools else "Open requests (no common template)"]
    text = _MARK.sub("", task.template)
    roles = [_tidy(match.group(1) or match.group(2)) for match in _ROLE.finditer(text)]
    roles = [role for role in roles if role.lower() not in _EMPTY_ROLES and len(role) > 3]
    goals = [_tidy(match.group(1)) for match in _GOAL.finditer(text)]
    instructions = [_tidy(match.group(1)) for match in _INSTRUCTION.finditer(text)]
    headings = [_tidy(match.group(1)) for match in _HEADING.finditer(text)]
    found: list[str] = []
    aims = [*goals[:1], *instructions[:1]]
    if roles:
        short = len(roles[0]) <= 28
        found += [f"{roles[0]}: {_lower(aim)}" for aim in aims] if short else [roles[0]]
        found.append(roles[0])
    if headings and not roles and text.lstrip().startswith("#"):
        found.append(headings[0])
    found += [*goals[:2], *instructions[:4], *headings[:4], *roles[1:3]]
    first = re.sub(r"…+", " ", text).strip()
    found += [_tidy(line) for line in first.splitlines() if len(_tidy(line)) > 5][:3]
    return [_capital(phrase) for phrase in found if phrase] or ["Unnamed template"]


def _distinct(candidates: Sequence[str], task: Nameable, taken: set[str]) -> str:
    tails = [f" · {tool}" for tool in task.tools[:4]] + ([f" · {task.answer_form}"] if task.answer_form else [])
    tails += [f" · {task.form.split('(')[0]}"] if task.form else []
    tails += [f" · {n}" for n in range(2, 10_000)]
    short = [_cut(candidate, NAME_CHARS) for candidate in candidates]
    options = [*short, *(_cut(candidates[0], NAME_CHARS - len(_cut(tail, 30))) + _cut(tail, 30) for tail in tails)]
    name = next(option for option in options if option.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _tidy(phrase: str) -> str:
    """Without markup, doubled space and a dangling end."""
    phrase = re.sub(r"[`*_#\"“”\[\]{}<>|\\]+", " ", phrase)
    return re.sub(r"\s+", " ", phrase).strip(" ,;:.-–—'()")


def _cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, cut between words."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit * 0.6 else cut).rstrip(" ,;:.-–(") + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
