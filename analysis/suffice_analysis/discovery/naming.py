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
from itertools import chain, count
from typing import NamedTuple

NAME_CHARS = 60
LONGEST_ROLE = 32  # a longer role stands alone
OWN_FROM = 32  # of a name that another task has already; what is its own follows
COMPARED = 60  # tasks whose templates a name is compared with
HOLE_FROM = 40  # of the first line: where a variable part makes it no name

_GOES_ON = r"\n(?=(?-i:[a-z]))"  # a line that begins in lower case goes on where the last one ended
_PHRASE = rf"(?:[^.,;:!?\n…#|]|{_GOES_ON})"
_CLAUSE = rf"(?:[^.;:!?\n…#]|{_GOES_ON})"
_NOT_A_ROLE = r"(?!(?:given|currently|asked|provided|free|able|allowed|also|not|to|in|on|at|expected|required|responsible|\w+ing)\b)"
_ROLE = re.compile(
    rf"\b(?:you are|you're|act as|du bist|sie sind|tu es|vous êtes|eres|você é|sei)\s+(?:now\s+|acting as\s+)?{_NOT_A_ROLE}"
    rf"(?:an?\s|the\s|ein(?:e)?\s|une?\s|una?\s|um(?:a)?\s)?\s*({_PHRASE}{{3,80}})"
    rf"|\bas an? ({_PHRASE}{{3,40}}), you\b"
    r"|你(?:现在)?是(?:一[个名位])?([^，。；：！？\n…]{2,30})",
    re.IGNORECASE,
)
_GOAL = re.compile(
    r"\b(?:your|the)\s+(?:(?:main|primary|only)\s+)?(?:goal|task|job|role|objective)\s+(?:is|will be)\s+(?:to\s+)?"
    rf"({_CLAUSE}{{4,90}})",
    re.IGNORECASE,
)
# Verbs that say what is asked for; the second list says more often how.
_STRONG = (
    "analy[sz]e|assess|assign|assist|build|categori[sz]e|classify|compare|complete|compose|convert|correct|create|decide|"
    "describe|design|detect|determine|draft|edit|evaluate|explain|extract|fix|generate|grade|help|identify|improve|infer|"
    "label|merge|paraphrase|parse|plan|predict|propose|rank|rate|recommend|refactor|rephrase|respond|review|rewrite|route|"
    "score|select|solve|suggest|summari[sz]e|tag|transform|translate|turn|validate|verify|write"
)
_WEAK = "add|answer|check|choose|fill|find|format|give|list|normalize|output|produce|provide|repair|reply|return|tell|update|use"
_INSTRUCTION = re.compile(
    r"(?P<lead>^|[\n.!?:;,]\s*(?:[-*]\s+|\d+\.\s+)?|\b(?:please|must|should|you can|now|to|(?<!\bi )(?<!\bwe )will)\s+)"
    rf"(?P<what>(?P<strong>{_STRONG})\s{_CLAUSE}{{6,90}}|(?:{_WEAK})\s{_CLAUSE}{{6,90}})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"[^"\n]{0,300}"|```.*?(?:```|\Z)', re.DOTALL)  # examples and data, not instructions
_HEADING = re.compile(r"^\s{0,3}#{1,4}\s+([^\n…<>{}=]{3,70})$", re.MULTILINE)
_KEY = re.compile(r'"([A-Z][a-z]+(?: [a-z]+){0,3})"\s*:')  # of an example: what the answer or the data hold
_MARK = re.compile(r"^\[(?:system|user|tool|developer)\]$", re.MULTILINE)
_EMPTY_ROLES = {"helpful assistant", "helpful ai assistant", "assistant", "ai assistant", "expert"}
_EMPTY_HEADINGS = re.compile(
    "background|basic info|context|data|examples?|format|format example|goal|history|history messages|input|instructions?|"
    "introduction|notice|output|output format|overview|query|question|requirements?|role|rules|system|task|topic|user requirements?"
)
_DANGLING = re.compile(r"\s+(?:a|an|and|as|by|for|from|in|is|of|on|or|that|the|with|your)$", re.IGNORECASE)


_FORM_WORDS = {
    "json": "JSON", "sql": "SQL", "code": "code", "label": "label", "number": "number", "tool_call": "tool calls",
    "short_text": "short answers", "long_text": "long answers",
}  # fmt: skip


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
    texts = [task.template.casefold() for task in tasks]
    order = sorted(range(len(tasks)), key=lambda t: (-tasks[t].calls, tasks[t].template, tasks[t].form, tasks[t].tools))
    largest = order[:COMPARED]
    for t in order:
        given = tasks[t].app_names.most_common(1)
        if given and given[0][1] * 2 > tasks[t].calls:
            name = given[0][0]
            asked = phrases(tasks[t], _others(largest, texts, t)).strong if name.casefold() in taken else []
            names[t] = (_distinct([name, *(f"{name}: {_lower(each)}" for each in asked)], tasks[t], taken), "app")
    for t in order:
        if names[t] is None:
            others = _others(largest, texts, t)
            found = phrases(tasks[t], others)
            own = [f"{_cut(found.strong[0], OWN_FROM)} · {each}" for each in _own_words(tasks[t], others)[:3]]
            candidates = [*found.strong, *(own if found.strong[0].casefold() in taken else []), *found.weak]
            names[t] = (_distinct(candidates, tasks[t], taken), "template")
    return [name for name in names if name is not None]


class Phrases(NamedTuple):
    """What a task could be called by, the best first: ``strong`` say what it is for (never empty), ``weak`` less."""

    strong: list[str]
    weak: list[str]


def phrases(task: Nameable, others: Sequence[str] = ()) -> Phrases:
    """Phrases of the template. ``others``: the other tasks' templates, case folded; an instruction they share says less."""
    if task.operation == "embeddings":
        return Phrases(["Embeddings"], [])
    text = _MARK.sub("", task.template)
    if task.is_open and not re.search(r"[^\W\d_]{4,}", text):
        return Phrases(["Open requests with tools" if task.tools else "Open requests (no common template)"], [])
    roles = [_tidy(next(filter(None, match.groups()))) for match in _ROLE.finditer(text)]
    roles = [role for role in roles if role.casefold() not in _EMPTY_ROLES and len(role) > 3]
    goals = [_tidy(match.group(1)) for match in _GOAL.finditer(text)]
    whats, hows = _instructions(text, others)
    headings = [_tidy(match.group(1)) for match in _HEADING.finditer(text)]
    headings = [heading for heading in headings if not _EMPTY_HEADINGS.fullmatch(heading.casefold())]
    strong: list[str] = []
    if roles:
        short = len(roles[0]) <= LONGEST_ROLE
        aims = goals[:1] + whats[:2]
        strong += (
            [f"{roles[0]}: {_lower(aim)}" for aim in aims if aim.casefold() not in roles[0].casefold()] if short else []
        )
        strong.append(roles[0])
    if headings and text.lstrip().startswith("# ") and headings[0] in text.lstrip().splitlines()[0]:
        strong.append(headings[0])
    raw = [(line, _tidy(re.sub(r"…+", " ", line))) for line in text.splitlines()]
    raw = [(line, said) for line, said in raw if len(said) > 5 and not _EMPTY_HEADINGS.fullmatch(said.casefold())]
    lines = [said for _, said in raw]
    whole = [said for line, said in raw[:1] if "…" not in line[:HOLE_FROM]]  # a sentence with holes reads badly
    sentence = [line for line in whole if re.match(r"(?:[^\W\d_]+,? ){3}", line)]
    strong += [*goals[:2], *whats[:4], *sentence]
    weak = [*headings[:2], *hows[:2], *roles[1:3], *lines[:3]]
    strong, weak = _said(strong), _said(weak)
    return Phrases(strong or weak[:1] or _opening(text), weak if strong else weak[1:])


def _said(found: Sequence[str]) -> list[str]:
    """More than one word where there are such; a language without spaces says enough in one."""
    said = [phrase for phrase in found if len(phrase.split()) > 1 or not phrase.isascii()]
    return [_capital(phrase) for phrase in said or found if phrase]


def _opening(text: str) -> list[str]:
    """The first words, whatever they are; where there are none, that."""
    words = _tidy(re.sub(r"…+", " ", text))
    if re.search(r"\w", words):
        return [_capital(words)]
    return ["Requests without common words" if "…" in text else "Calls without text"]


def _own_words(task: Nameable, others: Sequence[str]) -> list[str]:
    """What stands in this template alone: names of the fields it speaks of, then its lines."""
    text = _MARK.sub("", task.template)
    keys = [match.group(1) for match in _KEY.finditer(text)]
    lines = [_tidy(line) for line in text.splitlines() if "…" not in line]
    found = dict.fromkeys([*keys, *(line for line in lines if len(line.split()) > 1)])
    return [each for each in found if not any(each.casefold() in other for other in others)]


def _others(largest: Sequence[int], texts: Sequence[str], t: int) -> list[str]:
    """The templates of the largest other tasks: what thousands of small ones share is not worth looking through."""
    return [texts[other] for other in largest if other != t]


def _instructions(text: str, others: Sequence[str]) -> tuple[list[str], list[str]]:
    """What the template tells the model to do, and how: own before shared, sentences before clauses, early before late."""
    ranked: list[tuple[bool, bool, int, bool, str]] = []
    for match in _INSTRUCTION.finditer(_QUOTED.sub(" ", text)):
        what = match["what"]
        shared = any(what.casefold()[:40] in other for other in others)
        clause = match["lead"].casefold().strip() in ("to", ",")
        phrase = _tidy(what)
        if len(phrase.split()) > 2:
            ranked.append((shared, clause, match.start(), match["strong"] is not None, phrase))
    ranked.sort()
    return [phrase for *_, strong, phrase in ranked if strong], [phrase for *_, strong, phrase in ranked if not strong]


def _distinct(candidates: Sequence[str], task: Nameable, taken: set[str]) -> str:
    tails = [f" · {tool.replace('_', ' ')}" for tool in task.tools[:4]]
    tails += [f" · {_FORM_WORDS[task.answer_form]}"] if task.answer_form in _FORM_WORDS else []
    short = [_cut(candidate, NAME_CHARS) for candidate in candidates]
    ends = chain((_cut(tail, 30) for tail in tails), (f" · {n}" for n in count(2)))
    options = chain(short, (_cut(candidates[0], NAME_CHARS - len(end)) + end for end in ends))
    name = next(option for option in options if option.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _tidy(phrase: str) -> str:
    """Without markup, doubled space and a dangling end."""
    phrase = re.sub(r"[`*_#\"“”\[\]{}<>|\\]+", " ", phrase)
    phrase = re.sub(r"\s+", " ", phrase).strip(" ,;:.-–—'()")
    if phrase.count("'") == 1:
        phrase = phrase.replace(" '", " ")
    while _DANGLING.search(phrase):
        phrase = _DANGLING.sub("", phrase).rstrip(" ,;:")
    return phrase


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
