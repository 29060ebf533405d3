"""One call told twice: which of the tellings counts.

Two instrumentations of one client, a framework's span around the client's, an agent's span with the sum of
its children: adding tokens over spans was measured at up to twice the truth. Both tellings are stored; a row
in ``duplicates`` takes one out of the sums and names the rule:

- ``response_id``: two emitters tell of the same response id at the same time.
- ``ancestor_tokens``: a call's span holds calls whose tokens add up to its own.
- ``retry``: a failed attempt of a call that a later attempt answers (or fails too); that one says so itself.

Looks only at recent spans (bounded); a resend is not a duplicate, it has the same call_id.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from suffice_collector.dialects.place import SCOPE_NAME
from suffice_store.records import RETRY, CallRecord, SpanRecord

CLOCK_SLACK_NS = 2_000_000_000  # two hosts (a proxy and its client) disagree on the time by less than this
MOST_PER_RESPONSE_ID = 8


@dataclass(frozen=True, slots=True)
class Mark:
    """A row for ``duplicates``; ``duplicate_of`` None takes an earlier mark back."""

    project: str
    call_id: str
    duplicate_of: str | None
    rule: str


@dataclass(slots=True)
class _Seen:
    call_id: str
    span_id: str
    emitter: tuple[str, str, str | None]  # dialect, scope, service
    started_ns: int
    ended_ns: int
    input_tokens: int | None
    output_tokens: int | None
    rank: tuple[bool, bool, bool]  # ours, with content, with tokens: the greater one is kept
    told_by: str | None = None  # the call that tells the same, by response id


@dataclass(slots=True)
class _Trace:
    parents: dict[str, str | None] = field(default_factory=dict)
    calls: dict[str, _Seen] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)  # call_id -> duplicate_of, by ancestor_tokens


class DuplicateFinder:
    """Fed with every batch in order; says which calls to mark. Not thread-safe: one apply thread owns it."""

    def __init__(self, max_spans: int = 100_000) -> None:
        self._max_spans = max_spans
        self._span_count = 0
        self._traces: OrderedDict[tuple[str, str], _Trace] = OrderedDict()
        self._responses: OrderedDict[tuple[str, str], list[_Seen]] = OrderedDict()

    def find(self, calls: Iterable[CallRecord], spans: Iterable[SpanRecord]) -> list[Mark]:
        """The marks that these records bring, given all that came before."""
        marks: list[Mark] = []
        touched: dict[tuple[str, str], _Trace] = {}
        for span in spans:
            key = (span.project, span.trace_id)
            trace = touched[key] = self._trace(key)
            self._add_span(trace, span.span_id, span.parent_span_id)
        for record in calls:
            if record.trace_id is None or record.span_id is None:
                continue
            key = (record.project, record.trace_id)
            trace = touched[key] = self._trace(key)
            if record.span_id in trace.calls:
                continue  # a resend
            self._add_span(trace, record.span_id, record.parent_span_id)
            seen = trace.calls[record.span_id] = _seen(record, record.span_id)
            marks += [Mark(record.project, earlier, record.call_id, RETRY) for earlier in record.retry_of]
            if record.call.response_id:
                marks += self._match_response(record.project, record.call.response_id, seen)
        for (project, _), trace in touched.items():
            if len(trace.calls) > 1 or trace.marks:
                marks += _match_ancestors(project, trace)
        self._forget()
        return marks

    def _trace(self, key: tuple[str, str]) -> _Trace:
        trace = self._traces.get(key)
        if trace is None:
            trace = self._traces[key] = _Trace()
        else:
            self._traces.move_to_end(key)
        return trace

    def _add_span(self, trace: _Trace, span_id: str, parent: str | None) -> None:
        if span_id not in trace.parents:
            self._span_count += 1
        trace.parents[span_id] = parent

    def _match_response(self, project: str, response_id: str, new: _Seen) -> list[Mark]:
        key = (project, response_id)
        tellings = self._responses.setdefault(key, [])
        self._responses.move_to_end(key)
        for old in tellings:
            # One emitter tells a call once; equal ids from it are two calls of a server with careless ids.
            if old.told_by is None and old.emitter != new.emitter and _same_time(old, new):
                kept, dropped = (new, old) if new.rank > old.rank else (old, new)
                dropped.told_by = kept.call_id
                if len(tellings) < MOST_PER_RESPONSE_ID:
                    tellings.append(new)
                return [Mark(project, dropped.call_id, kept.call_id, "response_id")]
        if len(tellings) < MOST_PER_RESPONSE_ID:
            tellings.append(new)
        return []

    def _forget(self) -> None:
        while self._span_count > self._max_spans and len(self._traces) > 1:
            _, trace = self._traces.popitem(last=False)
            self._span_count -= len(trace.parents)
        while len(self._responses) > self._max_spans:
            self._responses.popitem(last=False)


def _match_ancestors(project: str, trace: _Trace) -> list[Mark]:
    """What the trace's marks are now, as the difference to what they were."""
    now: dict[str, str] = {}
    holder = {span_id: _nearest_call(trace, span_id) for span_id in trace.calls}
    order = _innermost_first(holder)
    within: dict[str, list[str]] = {}
    for span_id, outer in holder.items():
        if outer is not None:
            within.setdefault(outer, []).append(span_id)
    counted: dict[str, list[_Seen]] = {}
    for span_id in order:
        call = trace.calls[span_id]
        inner = [each for child in within.get(span_id, ()) for each in counted[child]]
        if call.told_by is not None:
            counted[span_id] = inner
        elif inner and _adds_up(call, inner):
            if len(inner) == 1 and call.rank > inner[0].rank:
                now[inner[0].call_id] = call.call_id
                counted[span_id] = [call]
            else:
                now[call.call_id] = inner[0].call_id
                counted[span_id] = inner
        else:
            counted[span_id] = [call, *inner]
    before, trace.marks = trace.marks, now
    marks = [Mark(project, call_id, of, "ancestor_tokens") for call_id, of in now.items() if before.get(call_id) != of]
    marks += [Mark(project, call_id, None, "ancestor_tokens") for call_id in before if call_id not in now]
    return marks


def _nearest_call(trace: _Trace, span_id: str) -> str | None:
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


def _adds_up(outer: _Seen, inner: Sequence[_Seen]) -> bool:
    if outer.input_tokens is None or any(each.input_tokens is None for each in inner):
        return False
    same_input = outer.input_tokens == sum(each.input_tokens or 0 for each in inner)
    same_output = outer.output_tokens is None or outer.output_tokens == sum(each.output_tokens or 0 for each in inner)
    return same_input and same_output


def _same_time(a: _Seen, b: _Seen) -> bool:
    slack = 0 if a.emitter[2] == b.emitter[2] else CLOCK_SLACK_NS
    return a.started_ns <= b.ended_ns + slack and b.started_ns <= a.ended_ns + slack


def _seen(record: CallRecord, span_id: str) -> _Seen:
    call, usage = record.call, record.call.usage
    return _Seen(
        call_id=record.call_id,
        span_id=span_id,
        emitter=(record.dialect, str(record.attributes.get(SCOPE_NAME, "")), record.service),
        started_ns=record.started_ns or 0,
        ended_ns=record.ended_ns or 0,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
        rank=(
            record.dialect == "suffice",
            bool(call.input_messages or call.output_messages),
            usage is not None and usage.input_tokens is not None,
        ),
    )
