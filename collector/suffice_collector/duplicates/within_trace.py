"""The rules that need a trace's tree: a span's call that its inner calls tell again, or that its sibling does.

- ``ancestor_tokens``: a call's span holds calls whose tokens add up to its own (a wrapper and its client, an agent's
  sum). Two agents' equal sums side by side hold nothing of each other and stay.
- ``nested_same``: a span without tokens holds exactly one call of its own kind: same emitter, operation, model.
- ``split_stream``: a request that ended without tokens or answer, and the answer that began there, under one parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from suffice_collector.duplicates.telling import Mark, Telling, same_model, same_words

STREAM_GAP_NS = 1_000_000_000  # between a request's end and its answer's begin; 1 ms was measured


@dataclass(slots=True)
class Trace:
    parents: dict[str, str | None] = field(default_factory=dict)
    calls: dict[str, Telling] = field(default_factory=dict)  # by span id: the telling that counts
    known: set[str] = field(default_factory=set)  # call_id of every telling that came
    marks: dict[str, tuple[str, str]] = field(default_factory=dict)  # call_id -> (duplicate_of, rule)

    @staticmethod
    def of_one(telling: Telling) -> Trace:
        """Of which only one call is known."""
        span_id = telling.span_id
        return Trace({span_id: telling.parent_span_id}, {span_id: telling}, {telling.call_id})


def changed_marks(project: str, trace: Trace) -> list[Mark]:
    """What the trace's marks are now, as the difference to what they were."""
    now = _marks_of(trace)
    before, trace.marks = trace.marks, now
    marks = [
        Mark(project, call_id, of, rule) for call_id, (of, rule) in now.items() if before.get(call_id) != (of, rule)
    ]
    marks += [Mark(project, call_id, None, rule) for call_id, (_, rule) in before.items() if call_id not in now]
    return marks


def _marks_of(trace: Trace) -> dict[str, tuple[str, str]]:
    now: dict[str, tuple[str, str]] = dict(_split_streams(trace))
    holder = {span_id: _nearest_call(trace, span_id) for span_id in trace.calls}
    order = _innermost_first(holder)
    within: dict[str, list[str]] = {}
    for span_id, outer in holder.items():
        if outer is not None:
            within.setdefault(outer, []).append(span_id)
    counted: dict[str, list[Telling]] = {}
    for span_id in order:
        call = trace.calls[span_id]
        inner = [each for child in within.get(span_id, ()) for each in counted[child]]
        if call.told_by is not None or call.call_id in now:
            counted[span_id] = inner
        elif inner and _adds_up(call, inner):
            if len(inner) == 1 and call.rank > inner[0].rank:
                now[inner[0].call_id] = call.call_id, "ancestor_tokens"
                counted[span_id] = [call]
            else:
                now[call.call_id] = inner[0].call_id, "ancestor_tokens"
                counted[span_id] = inner
        elif len(inner) == 1 and _is_nested_same(call, inner[0]):
            now[call.call_id] = inner[0].call_id, "nested_same"
            counted[span_id] = inner
        else:
            counted[span_id] = [call, *inner]
    return now


def _adds_up(outer: Telling, inner: Sequence[Telling]) -> bool:
    counting = [each for each in inner if not (each.failed and each.input_tokens is None)]  # a failed try costs nothing
    if outer.input_tokens is None or not counting or any(each.input_tokens is None for each in counting):
        return False
    same_input = outer.input_tokens == sum(each.input_tokens or 0 for each in counting)
    told = outer.output_tokens
    return same_input and (told is None or told == sum(each.output_tokens or 0 for each in counting))


def _is_nested_same(outer: Telling, inner: Telling) -> bool:
    bare = outer.input_tokens is None and outer.output_tokens is None and outer.answered is None
    alike = outer.emitter == inner.emitter and outer.operation == inner.operation and outer.failed == inner.failed
    return bare and alike and bool(outer.models & inner.models) and same_words(outer, inner)


def _split_streams(trace: Trace) -> list[tuple[str, tuple[str, str]]]:
    requests = [each for each in trace.calls.values() if _is_request_only(each)]
    if not requests:
        return []
    marks: list[tuple[str, tuple[str, str]]] = []
    answers = [each for each in trace.calls.values() if each.stream and each.input_tokens is not None]
    taken: set[str] = set()
    for request in sorted(requests, key=lambda each: each.started_ns):
        fitting = [each for each in answers if each.call_id not in taken and _continues(request, each)]
        if fitting:
            answer = min(fitting, key=lambda each: abs(each.started_ns - request.ended_ns))
            taken.add(answer.call_id)
            marks.append((request.call_id, (answer.call_id, "split_stream")))
    return marks


def _is_request_only(call: Telling) -> bool:
    return call.input_tokens is None and call.answered is None and call.response_id is None and not call.failed


def _continues(request: Telling, answer: Telling) -> bool:
    return (
        request.emitter == answer.emitter
        and request.parent_span_id == answer.parent_span_id
        and request.parent_span_id is not None
        and request.asked == answer.asked
        and same_model(request, answer)
        and request.started_ns <= answer.started_ns
        and abs(answer.started_ns - request.ended_ns) <= STREAM_GAP_NS
    )


def _nearest_call(trace: Trace, span_id: str) -> str | None:
    visited = {span_id}
    parent = trace.parents.get(span_id)
    while parent is not None and parent not in visited:
        if parent in trace.calls:
            return parent
        visited.add(parent)
        parent = trace.parents.get(parent)
    return None


def _innermost_first(holder: dict[str, str | None]) -> list[str]:
    """Children before the call that holds them. A ring of parents (malformed) is cut where it closes."""
    depth: dict[str, int] = {}
    for span_id in holder:
        path: list[str] = []
        at: str | None = span_id
        while at is not None and at not in depth and at not in path:
            path.append(at)
            at = holder[at]
        if at is not None and at in path:
            holder[path[-1]] = None
        base = -1 if at is None else depth.get(at, -1)
        for step, each in enumerate(reversed(path), start=1):
            depth[each] = base + step
    return sorted(holder, key=lambda span_id: -depth[span_id])
