"""What kind of work a task is, and whether it talks to a human: rules that name themselves.

The paper's own split is by kind (routine, structured, routing: yes; planning, conversation, debugging:
not yet) and by who listens (human or program). A rule that does not fire says "other" or "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from suffice_store.console import format_share

# kind -> (words in the task's instructions, answer forms it can have). Order breaks ties.
_RULES: dict[str, tuple[str, frozenset[str]]] = {
    "sql": (r"\bsql\b|\bselect\b.{0,40}\bfrom\b|database schema|query the database", frozenset({"sql", "code", "json", "short_text", "long_text", "mixed"})),
    "review": (r"\breview(s|er|ing)?\b|\bcritiqu\w+|\bfind (the )?(bugs?|defects?|issues)\b|\bLGTM\b|\bdiff\b", frozenset({"short_text", "long_text", "json", "mixed", "code"})),
    "planning": (r"\bplan(s|ner|ning)?\b|break (it|this|the \w+) (down|into)|\bdecompos\w+|\bmulti-?step\b|\barchitect\w*|\bstrateg\w+|\bschedul(e|ing)\b", frozenset({"long_text", "short_text", "json", "mixed"})),
    "routing": (r"\brout(e|es|er|ing)\b|\bdispatch\w*|\btriage\b|which (agent|team|department|queue|handler|specialist)|\bhand (it )?(off|over) to\b|\bintent\b", frozenset({"label", "json", "short_text", "tool_call"})),
    "classification": (r"\bclassif\w+|\bcategor\w+|\blabel(s|led)?\b|\bsentiment\b|\bspam\b|\bmoderat\w+|one of the following|\b(positive|negative|neutral)\b|\bpriority\b|\byes or no\b", frozenset({"label", "json", "short_text", "number"})),
    "extraction": (r"\bextract\w*|\bparse\b|\b(following|these) fields\b|\bfields? (of|from|in) (the|an?|each|this|every)\b|\bentit(y|ies)\b|\binvoices?\b|pull out", frozenset({"json", "short_text", "label", "number", "tool_call", "mixed", "long_text"})),
    "summarising": (r"\bsummar\w+|\btl;?dr\b|\bcondens\w+|key points|\babstract of\b|\b(meeting|call) minutes\b|\bminutes of\b", frozenset({"short_text", "long_text", "json", "mixed"})),
    "rewriting": (r"\brewrit\w+|\brephras\w+|\bparaphras\w+|\btranslat\w+|\bproofread\w*|\bpolish\b|\bgrammar\b|\btone\b|\breword\w*", frozenset({"short_text", "long_text", "mixed", "json"})),
    "code": (r"\bcode\b|\bfunctions?\b|\bimplement\w*|\bunit tests?\b|\bpython\b|\bjavascript\b|\bprogram\b|\bscript\b|\bregex\b", frozenset({"code", "long_text", "mixed", "json", "short_text"})),
    "question_answering": (r"\banswer\b.{0,60}\bquestions?\b|\bquestion\s*:|based on the (context|passage|document|text)|\bmultiple[- ]choice\b|\bsolve\b", frozenset({"short_text", "long_text", "label", "number", "json", "mixed"})),
}  # fmt: skip
_COMPILED = {kind: (re.compile(words, re.IGNORECASE | re.DOTALL), forms) for kind, (words, forms) in _RULES.items()}
_PREFERRED_FORM = {
    "sql": {"sql"}, "code": {"code"}, "extraction": {"json"}, "classification": {"label", "number"},
    "routing": {"label"}, "planning": {"long_text"}, "review": {"long_text"},
}  # fmt: skip
_CHOSEN = {  # what a field is called whose value is chosen; a small object with one is no extraction
    "routing": re.compile(r"(?:^|_)(?:queue|route|intent|department|team|handler|destination|assignee|agent)s?(?:$|_)", re.IGNORECASE),
    "classification": re.compile(r"(?:^|_)(?:label|class|category|sentiment|topic|spam|allowed|severity|priority)(?:$|_)", re.IGNORECASE),
}  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
PERSONA = re.compile(
    r"\b(friendly|helpful|warm|polite|empath\w+|conversational)\b|\bchat(s|ting|bot)?\b|\bconversation\b|\bcompanion\b"
    r"|\b(help|assist|support|answer|(talk|speak|chat|write|reply) (to|with))(s|ing)?( (the|our|your|a|an|its))? \w{0,12} ?"
    r"(customer|user|guest|visitor|student|caller|patient|people|person)s?\b",
    re.IGNORECASE | re.DOTALL,
)
MACHINE_FORMS = frozenset({"json", "label", "number", "tool_call", "sql", "code"})
TEXT_FORMS = frozenset({"short_text", "long_text", "mixed"})
INSTRUCTION_CHARS = 4_000  # what follows is data more often than instruction


class Signs(NamedTuple):
    """What the rules look at."""

    operation: str
    instructions: str  # the constant text: the template, else the system message
    answer_form: str  # the most frequent
    tool_call_share: float  # of the answers
    response_format_share: float  # of the calls
    user_last_share: float  # of the calls: a user's message stands last
    turns_p50: float  # messages of the assistant already in the request
    closed_fields: tuple[str, ...] = ()  # of small JSON answers: the fields whose values are few


def task_kind(signs: Signs, hci: str) -> tuple[str, str]:
    """``(kind, rule)``: the kind as one of the words of ``tasks.kind`` and why."""
    if signs.operation == "embeddings":
        return "embedding", "the calls ask for embeddings"
    if signs.tool_call_share >= 0.5:
        return "tool_choice", f"{format_share(signs.tool_call_share)} of the answers call a tool"
    if signs.answer_form == "json":
        for kind, names in _CHOSEN.items():
            chosen = next((field for field in signs.closed_fields if names.search(_CAMEL.sub("_", field))), None)
            if chosen is not None:
                return kind, f'its answers are a choice of "{chosen[:40]}"'
    text = signs.instructions[:INSTRUCTION_CHARS]
    scores: dict[str, tuple[float, str]] = {}
    for kind, (words, forms) in _COMPILED.items():
        hits = [m.group(0) for m in words.finditer(text)]
        if not hits or signs.answer_form not in forms:
            continue
        early = 1.0 if words.search(text[:400]) else 0.0
        preferred = 1.5 if signs.answer_form in _PREFERRED_FORM.get(kind, ()) else 0.0
        scores[kind] = (min(len({h.lower() for h in hits}), 3) + early + preferred, hits[0])
    talks = hci == "yes" and signs.answer_form in TEXT_FORMS
    if scores:
        kind = max(scores, key=lambda k: scores[k][0])
        score, word = scores[kind]
        if not (talks and score < 3.0):
            return kind, f'its instructions say "{" ".join(word.split())[:40]}"'
    if talks:
        return "conversation", "it answers a person in free text, with no other work named"
    if signs.answer_form == "sql":
        return "sql", "most answers are SQL"
    if signs.answer_form == "code":
        return "code", "most answers are code"
    if signs.answer_form == "label":
        return "classification", "the answers are one of a few labels"
    return "other", "no rule fits"


def talks_to_human(signs: Signs) -> tuple[str, str]:
    """``(hci, rule)``: "yes", "no" or "unknown". The paper counts the calls that do not."""
    if signs.operation == "embeddings":
        return "no", "embeddings are read by programs"
    if signs.response_format_share >= 0.5:
        return "no", "the caller asks for a fixed format"
    if signs.answer_form in MACHINE_FORMS:
        return "no", f"the answers are {signs.answer_form.replace('_', ' ')}: read by a program"
    if signs.user_last_share < 0.5:
        return "no", "a tool, not a person, speaks before most answers"
    persona = PERSONA.search(signs.instructions[:INSTRUCTION_CHARS])
    if persona is not None:
        return "yes", f'free text to a person ("{" ".join(persona.group(0).split())[:40]}")'
    if signs.turns_p50 >= 1:
        return "yes", "free text in a dialogue of several turns"
    return "unknown", "free text, with no sign of who reads it"


def dominant(forms: Sequence[str], share: float = 0.7) -> str:
    """The form that at least ``share`` of the answers have, else "mixed"."""
    if not forms:
        return "mixed"
    top = max(sorted(set(forms)), key=forms.count)
    if forms.count(top) / len(forms) >= share:
        return top
    texts = sum(f in ("short_text", "long_text") for f in forms)
    return "long_text" if texts / len(forms) >= share else "mixed"
