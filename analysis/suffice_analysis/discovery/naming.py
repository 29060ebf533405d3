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
LONGEST_ROLE = 32  # a longer role stands alone

_PHRASE = r"(?:[^.,;:!?\n…#|]|\n(?=[a-z]))"
_CLAUSE = r"(?:[^.;:!?\n…#]|\n(?=[a-z]))"
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
_HEADING = re.compile(r"^\s{0,3}#{1,4}\s+([^\n…]{3,70})$", re.MULTILINE)
_MARK = re.compile(r"^\[(?:system|user|tool|developer)\]$", re.MULTILINE)
_EMPTY_ROLES = {"helpful assistant", "helpful ai assistant", "assistant", "ai assistant", "expert"}
_EMPTY_HEADINGS = re.compile(
    "background|basic info|context|data|examples?|format|format example|goal|history|history messages|input|instructions?|"
    "introduction|notice|output|output format|overview|query|question|requirements?|role|rules|system|task|topic|user requirements?"
)
_DANGLING = re.compile(r"\s+(?:a|an|and|as|by|for|from|in|is|of|on|or|that|the|with|your)$", re.IGNORECASE)


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
    texts = [task.template.casefold() for task in tasks]
    for t in order:
        if names[t] is None:
            others = texts[:t] + texts[t + 1 :]
            names[t] = (_distinct(phrases(tasks[t], others), tasks[t], taken), "template")
    return [name for name in names if name is not None]


def phrases(task: Nameable, others: Sequence[str] = ()) -> list[str]:
    """Phrases a task could be called by, the best first; never empty.

    ``others`` are the other tasks' templates, case folded: an instruction they give too says less.
    """
    if task.operation == "embeddings":
        return ["Embeddings"]
    text = _MARK.sub("", task.template)
    if task.is_open and not re.search(r"[^\W\d_]{4,}", text):
        return ["Open requests with tools" if task.tools else "Open requests (no common template)"]
    roles = [_tidy(next(filter(None, match.groups()))) for match in _ROLE.finditer(text)]
    roles = [role for role in roles if role.casefold() not in _EMPTY_ROLES and len(role) > 3]
    goals = [_tidy(match.group(1)) for match in _GOAL.finditer(text)]
    whats, hows = _instructions(text, others)
    headings = [_tidy(match.group(1)) for match in _HEADING.finditer(text)]
    headings = [heading for heading in headings if not _EMPTY_HEADINGS.fullmatch(heading.casefold())]
    found: list[str] = []
    if roles:
        short = len(roles[0]) <= LONGEST_ROLE
        aims = goals[:1] + whats[:2]
        found += (
            [f"{roles[0]}: {_lower(aim)}" for aim in aims if aim.casefold() not in roles[0].casefold()] if short else []
        )
        found.append(roles[0])
    if headings and text.lstrip().startswith("# ") and headings[0] in text.lstrip().splitlines()[0]:
        found.append(headings[0])
    lines = [_tidy(line) for line in re.sub(r"…+", " ", text).splitlines()]
    lines = [line for line in lines if len(line) > 5 and not _EMPTY_HEADINGS.fullmatch(line.casefold())]
    sentence = [line for line in lines[:1] if re.match(r"(?:[^\W\d_]+,? ){3}", line)]
    found += [*goals[:2], *whats[:4], *sentence, *headings[:2], *hows[:2], *roles[1:3], *lines[:3]]
    said = [phrase for phrase in found if len(phrase.split()) > 1 or not phrase.isascii()]
    return [_capital(phrase) for phrase in said or found] or ["Unnamed template"]


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
    phrase = re.sub(r"\s+", " ", phrase).strip(" ,;:.-–—'()")
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
