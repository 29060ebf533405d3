"""What a report shows of a replayed task, settled or not: the counts, what was measured, and some of the answers themselves.

The texts leave the database in a file that is passed on, so they are masked (credentials and personal data, as
``capture="masked"``) and cut. Who may not read texts gets the counts, and why there are no examples.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suffice.config import read_settings
from suffice.errors import SufficeError
from suffice.privacy import Gate
from suffice.privacy.gate import gate_of
from suffice.wire.call import Call
from suffice_analysis.judges.judgement import FAILURES
from suffice_analysis.judges.said import parse_said
from suffice_analysis.replay.marks import PERSON, with_marks
from suffice_analysis.unsettled import unsettled_words
from suffice_store.store import Store

Row = Mapping[str, Any]
STATES = ("proven", "open", "refuted")  # in this order
WORSE, GOOD = 3, 1  # answers shown of a task
MOST_TASKS = 20  # with examples, those first that cost most
MAX_CHARS = 700  # of a text
TEXTS_NOTE = "Keys, mail addresses, phone and card numbers in the texts are masked, names are not; long texts are cut."
NO_TEXTS = "No answer is quoted here: --no-examples leaves them out, and every report that a dashboard makes; suffice report quotes some of each task."
LEFT_OUT = "left out"
_NOT_STORED = "not stored"


@dataclass(frozen=True)
class Example:
    """One call: what was asked last, what was recorded, what the candidate said, and how that was judged."""

    call_id: str
    replay_call_id: str
    asked: str
    recorded: str
    answered: str
    verdict: str  # pass or fail
    judge: str
    failure: str | None
    reason: str

    @property
    def verdict_words(self) -> str:
        """``worse (wrong in content), by the label judge: billing became other``"""
        kind = f" ({FAILURES.get(self.failure, self.failure)})" if self.failure else ""
        by = "a person" if self.judge == PERSON else f"the {self.judge} judge" if self.judge else "what came back"
        said = f"{'as good' if self.verdict == 'pass' else 'worse'}{kind}, by {by}"
        return f"{said}: {self.reason}" if self.reason else said


@dataclass(frozen=True)
class Tested:
    """``row``: the task's row of estimates; ``details``: its counts and measures; ``why_none``: why no example is shown."""

    row: Row
    details: Mapping[str, Any]
    examples: list[Example] = field(default_factory=list)
    why_none: str = ""

    @property
    def status(self) -> str:
        """proven, open or refuted"""
        return str(self.details["status"])

    @property
    def status_words(self) -> str:
        return unsettled_words(self.row["value"], self.row["bar"]) if self.status == "open" else self.status

    @property
    def failed_by(self) -> str:
        """``9 wrong in content, 2 not in form``; a dash where nothing failed."""
        counts = sorted(self.details["failures"].items(), key=lambda each: -each[1])
        return ", ".join(f"{n:,} {FAILURES.get(kind, kind)}" for kind, n in counts) or "–"

    @property
    def failed_words(self) -> str:
        """``What was worse: 9 wrong in content, 2 not in form.``"""
        return "Nothing was worse." if self.failed_by == "–" else f"What was worse: {self.failed_by}."


def read_tested(store: Store, project: str, shares: Iterable[Row], *, texts: bool = True) -> dict[str, Tested]:
    """By task, of those rows of estimates that a replay speaks for; in the order given, the first with examples if ``texts``."""
    asked = [(row, json.loads(row["details"])) for row in shares if row["grade"] == "replay"]
    asked = [(row, details) for row, details in asked if details.get("status") in STATES]
    if not asked:
        return {}
    if not texts:
        return {row["task_id"]: Tested(row, details, why_none=LEFT_OUT) for row, details in asked}
    wanted = {each for _, details in asked for each in (*details["examples"], *details.get("good_examples", ()))}
    rows = store.read("replays", project=project).to_pylist()
    marked = with_marks(
        (row for row in rows if row["call_id"] in wanted), store.read("replay_marks", project=project).to_pylist()
    )
    by_key = {(r["candidate"], r["variant"], r["call_id"]): r for r in sorted(marked, key=lambda r: r["recorded_ns"])}
    gate = gate_of(read_settings(capture="masked", project=project))
    found: dict[str, Tested] = {}
    for place, (row, details) in enumerate(asked):
        chosen = _chosen(details) if place < MOST_TASKS else []
        kept = [by_key[key] for each in chosen if (key := (row["candidate"], row["mode"], each)) in by_key]
        examples, why = _examples(store, project, kept, gate)
        found[row["task_id"]] = Tested(row, details, examples, why)
    return found


def texts_note(tested: Iterable[Tested | None], more: str = "") -> str:
    """What is to be known of the texts, or why there are none; ``more``: of a format, where there are."""
    kept = [each for each in tested if each is not None]
    if kept and all(each.why_none == LEFT_OUT for each in kept):
        return NO_TEXTS
    return f"{TEXTS_NOTE} {more}".rstrip()


def _chosen(details: Mapping[str, Any]) -> list[str]:
    good = list(details.get("good_examples", ()))
    worse = list(details["examples"])
    return [*worse[:WORSE], *good[: GOOD if worse else GOOD + 1]]


def _examples(store: Store, project: str, rows: Sequence[Row], gate: Gate) -> tuple[list[Example], str]:
    found = []
    for row in rows:
        try:
            before = store.read("conversation", project=project, call_id=row["call_id"]).to_pylist()
            after = (
                store.read("conversation", project=project, call_id=row["replay_call_id"]).to_pylist()
                if row["replay_call_id"]
                else []
            )
        except SufficeError as refused:
            return [], f"texts can't be read: {refused}"
        found.append(
            Example(
                row["call_id"], row["replay_call_id"] or "", _said(before, "request", gate), _said(before, "answer", gate),
                _said(after, "answer", gate), row["verdict"], row["judge"] or "", row["failure"],
                _cut(gate.label(row["remark"] or "")),
            )
        )  # fmt: skip
    return found, "" if found else "no answer of it is stored"


def _said(conversation: Sequence[Row], direction: str, gate: Gate) -> str:
    """The last message of a direction as one masked text."""
    rows = [row for row in conversation if row["direction"] == direction]
    if not rows:
        return _NOT_STORED
    call = Call(wire_format="", operation="chat", provider="", input_messages=[_message(rows[-1])])
    return _cut(_words(gate.call(call).input_messages))


def _message(row: Row) -> Any:
    content = row["content"]
    try:
        stored = json.loads(content) if isinstance(content, str) else content
    except ValueError:
        stored = None
    parts = stored.get("parts") if isinstance(stored, dict) else None
    return {"role": row["role"], "parts": parts if isinstance(parts, list) else [{"type": "text", "content": content}]}


def _words(messages: Sequence[Mapping[str, Any]]) -> str:
    said = parse_said(messages)
    if said.hashed:
        return "hashed: its text never left the app"
    calls = [f"{use.name}({json.dumps(use.arguments, ensure_ascii=False)})" for use in said.calls]
    results = [
        str(part.get("response") if part.get("response") is not None else part.get("content") or "")
        for message in messages
        for part in message["parts"]
        if isinstance(part, dict) and part.get("type") == "tool_call_response"
    ]
    return "\n".join(each for each in (said.text, *calls, *results) if each.strip()) or "nothing"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]} …"
