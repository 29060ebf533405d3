"""Examples: the calls of a task that a model may learn from, and for each other call why it may not.

Recorded traffic is not training data: distil labs' students learnt 0.864 of clean traces, 0.721 of noisy ones, 0.585 where schemas
had drifted and 0.694 where another task's traces were mixed in. So failed, cut, refused and out-of-form answers go, those that today's tools
and schema would not take (*drifted*), and those of runs with a bad outcome. Everything goes through the SDK's gate: keys and passwords never stay,
personal data becomes pseudonyms unless ``capture`` is full.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from suffice.privacy import Gate
from suffice.wire.call import Call, Message
from suffice.wire.portable import CannotWriteError
from suffice.wire.writing import write_as
from suffice_analysis.judges.frame import learn_frame
from suffice_analysis.judges.said import Said, parse_said
from suffice_analysis.plan.subject import Subject
from suffice_analysis.plan.validator import Validator, learn_validator
from suffice_analysis.replay.rebuilding import rebuild_call

Row = Mapping[str, Any]
RECENT_SHARE, RECENT_LEAST = 0.2, 50  # of the answers: what today's tools, fields and types are read off
WHOLE = (None, "stop", "tool_call", "end_turn", "tool_calls")
_SPACE, _ESCAPED = re.compile(r"\s+"), re.compile(r"(?<!\\)\\[ntr]")  # as JSON writes line ends and tabs


@dataclass(frozen=True)
class Example:
    """One call as it may leave. ``key``: of the request, its case and spacing apart."""

    call_id: str
    run: str
    started_ns: int | None
    model: str
    provider: str
    service: str | None
    key: str
    request: Call = field(repr=False)
    answer: Message = field(repr=False)

    @property
    def whole(self) -> Call:
        """The request with its answer as the last message."""
        return replace(self.request, input_messages=[*self.request.input_messages, self.answer])


@dataclass(frozen=True)
class Chosen:
    """``left_out``: reason -> calls. ``replayed_keys``: requests that a candidate was asked."""

    examples: list[Example]
    left_out: Counter[str]
    replayed_keys: frozenset[str]
    replayed_runs: frozenset[str]
    changed: int  # calls in which something was masked


def choose_examples(subject: Subject, gate: Gate, outcomes: Iterable[Row], replayed: frozenset[str]) -> Chosen:
    """``replayed``: the calls that any candidate was asked."""
    bad = bad_outcomes(outcomes)
    recorded = subject.recorded()
    today = todays_validator(subject, recorded) if recorded else None
    left_out: Counter[str] = Counter()
    found: list[Example] = []
    keys: set[str] = set()
    changed = 0
    for row in subject.rows:
        call, why = _call_of(subject, row, gate)
        if call is not None and row["call_id"] in replayed:
            keys.add(request_key(call))
        why = why or _fault(row, call, bad, today)
        if why or call is None:
            left_out[why or "no answer"] += 1
            continue
        changed += call.input_messages != subject.texts.request(row) or call.output_messages != subject.texts.answer(
            row
        )
        found.append(_example(row, call))
    kept = _once(found, left_out)
    runs = frozenset(str(row["run_id"] or row["call_id"]) for row in subject.rows if row["call_id"] in replayed)
    return Chosen(kept, left_out, frozenset(keys), runs, changed)


def _call_of(subject: Subject, row: Row, gate: Gate) -> tuple[Call | None, str]:
    """The call with its answer as it may leave, and why there is none."""
    if row["completeness"] != "complete":
        return None, "failed or broke off"
    try:
        call = rebuild_call(row, subject.texts)
        write_as(call, "openai.chat", "any")
    except (ValueError, CannotWriteError) as error:
        return None, f"can't be asked again: {error}"
    return gate.call(replace(call, output_messages=subject.texts.answer(row))), ""


def _fault(row: Row, call: Call | None, bad: tuple[frozenset[str], frozenset[str]], today: Validator | None) -> str:
    if call is None or not call.output_messages:
        return "no answer"
    if row["finish_reason"] not in WHOLE:
        return f"cut: {row['finish_reason']}"
    if row["call_id"] in bad[0] or row["run_id"] in bad[1]:
        return "its outcome was bad"
    said = parse_said(call.output_messages)
    if said.is_empty:
        return "an empty answer"
    if said.refuses:
        return "a refusal"
    if today is not None and (problem := today.problem(said)):
        return f"drifted or out of form: {problem.split(':')[0].split(' is ')[0]}"
    return ""


def todays_validator(subject: Subject, recorded: Sequence[tuple[Row, Said]]) -> Validator:
    """What today's calls take: the tools, fields and types of the newest answers, and every label."""
    newest = recorded[-max(RECENT_LEAST, round(len(recorded) * RECENT_SHARE)) :]
    formats = [row["response_format"] for row, _ in newest if row["response_format"]]
    frame = learn_frame([said for _, said in recorded], formats[-1] if len(formats) == len(newest) else None)
    tools = {
        row["toolset_hash"]: subject.texts.tools.get(row["toolset_hash"], [])
        for row, _ in newest
        if row["toolset_hash"]
    }
    learnt = learn_validator([said for _, said in newest], frame, tools.values())
    every = learn_validator([said for _, said in recorded], frame, tools.values())
    return replace(
        learnt, labels=every.labels, forms=learnt.forms, schema=_open(learnt.schema), most_chars=every.most_chars,
        tools={name: _open(schema) for name, schema in learnt.tools.items()},
    )  # fmt: skip


def _open(schema: Any) -> Any:
    """Without the closed sets: a value that has not come lately is no drift."""
    if isinstance(schema, Mapping):
        return {name: _open(each) for name, each in schema.items() if not (name == "enum" and "type" in schema)}
    return [_open(each) for each in schema] if isinstance(schema, list) else schema


def bad_outcomes(outcomes: Iterable[Row]) -> tuple[frozenset[str], frozenset[str]]:
    """The calls and the runs that somebody said were no good."""
    bad = [row for row in outcomes if row["ok"] is False]
    return tuple(frozenset(row["target_id"] for row in bad if row["target"] == kind) for kind in ("call", "run"))  # type: ignore[return-value]


def request_key(call: Call) -> str:
    """Equal for requests that differ in case and spacing alone."""
    asked = [call.input_messages, call.tool_definitions, call.response_format]
    text = json.dumps(asked, sort_keys=True, default=str, ensure_ascii=False)
    plain = _SPACE.sub(" ", _ESCAPED.sub(" ", text)).casefold()
    return blake2b(plain.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _example(row: Row, call: Call) -> Example:
    return Example(
        call_id=row["call_id"],
        run=str(row["run_id"] or row["call_id"]),
        started_ns=row["started_ns"],
        model=str(row["response_model"] or row["request_model"] or "unknown"),
        provider=str(row["provider"]),
        service=row["service"],
        key=request_key(call),
        request=replace(call, output_messages=[], request_model=row["request_model"]),
        answer={"role": "assistant", "parts": call.output_messages[0]["parts"]},
    )


def _once(found: Sequence[Example], left_out: Counter[str]) -> list[Example]:
    """Of calls that ask the same the newest; how many others there were, and how many of them were answered otherwise."""
    kept: dict[str, Example] = {}
    for each in found:  # in order of time
        if (earlier := kept.pop(each.key, None)) is not None:
            same = earlier.answer["parts"] == each.answer["parts"]
            left_out["asked again later" if same else "asked again later, and answered otherwise"] += 1
        kept[each.key] = each
    return list(kept.values())
