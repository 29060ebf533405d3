"""The finder: fed with every batch in order, completes half-told calls and says which calls to mark."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from suffice_collector.duplicates.across_traces import AcrossTraces
from suffice_collector.duplicates.joining import Prompts, adds, complete
from suffice_collector.duplicates.telling import LOG_DIALECTS, OWN, Mark, Telling, telling_of
from suffice_collector.duplicates.told import IdKey, Lately, TokensKey, ToldCalls, TraceKey
from suffice_collector.duplicates.within_trace import Trace, changed_marks
from suffice_store.records import RETRY, CallRecord, SpanRecord

log = logging.getLogger("suffice.ingest")

MOST_HALVES = 2_000  # records kept whole because their other half may come
_AGENTS = ("claude_code_logs", "codex_logs", "gemini_cli")

Key = tuple[str, str, str]  # project, trace, span


class DuplicateFinder:
    """Not thread-safe: one apply thread owns it. ``look_back`` is called once, before the first batch, and may feed
    what an earlier process stored by ``remember``; ``fetch`` reads a stored call again, by project and call id."""

    def __init__(
        self,
        max_spans: int = 100_000,
        *,
        look_back: Callable[[DuplicateFinder], None] | None = None,
        fetch: Callable[[str, str], CallRecord | None] = lambda project, call_id: None,
    ) -> None:
        self._max_spans = max_spans
        self._look_back = look_back
        self._fetch = fetch
        self._span_count = 0
        # One call is all there is of most traces: then it stands for its trace (a quarter of the time and the memory).
        self._traces: OrderedDict[TraceKey, Trace | Telling] = OrderedDict()
        self._across = AcrossTraces(max_spans)
        self._halves: OrderedDict[Key, CallRecord] = OrderedDict()
        self._logs = False  # whether any log record told a call
        self._lately: Lately | None = None  # told calls that met no other: most are looked at by nobody
        self._prompts = Prompts()

    def __getstate__(self) -> dict[str, object]:
        """All that it remembers: what reads the store stays with the process that holds it."""
        return {**self.__dict__, "_look_back": None, "_fetch": None}

    def look_back(self) -> None:
        """Read what an earlier process stored, if that was not done yet. What can't be read costs marks, and no call."""
        if self._look_back is not None:
            look_back, self._look_back = self._look_back, None
            try:
                look_back(self)
            except Exception:
                log.exception(
                    "what was stored lately could not be read: calls told again after the restart may count twice"
                )

    def fetch(self, project: str, call_id: str) -> CallRecord | None:
        """A stored call."""
        return self._fetch(project, call_id)

    def fetch_by(self, fetch: Callable[[str, str], CallRecord | None]) -> None:
        """Another way to a stored call, after a move to another process."""
        self._fetch = fetch

    def needs_records(self, told: ToldCalls) -> bool:
        """Whether one of these calls would be completed from another half, or complete it."""
        self.look_back()
        if not self._halves and not self._logs:
            return False
        for row, span_id in enumerate(told.span_ids()):
            key = told.trace(row)
            trace = self._traces.get(key)
            if trace is None:
                continue
            old = trace.calls.get(span_id) if isinstance(trace, Trace) else trace
            if (*key, span_id) in self._halves or (old is not None and old.is_log()):
                return True
        return False

    def find(
        self, calls: Iterable[CallRecord], spans: Iterable[SpanRecord], told: ToldCalls | None = None
    ) -> list[Mark]:
        """The marks that these records bring, given all that came before. Calls are completed in place, so that
        this comes before they are stored. ``told``: more calls of the same batch, which need no records."""
        self.look_back()
        spans, calls = list(spans), list(calls)
        touched: dict[TraceKey, Trace] = {}
        self._recall_for(calls, spans)
        for span in spans:
            key = (span.project, span.trace_id)
            trace = touched[key] = self._trace(key)
            self._add_span(trace, span.span_id, span.parent_span_id)
        self._prompts.note(spans)
        marks = self._take(calls, touched) + (self._take_told(told, touched) if told is not None else [])
        for (project, _), trace in touched.items():
            if len(trace.calls) > 1 or trace.marks:
                marks += changed_marks(project, trace)
        self._forget()
        return marks

    def remember(
        self, project: str, trace_id: str, tellings: Sequence[Telling], marks: dict[str, tuple[str, str]]
    ) -> None:
        """What an earlier process stored of a trace, and how it marked it (call_id -> duplicate_of, rule)."""
        trace = self._trace((project, trace_id))
        for telling in tellings:
            self._add_span(trace, telling.span_id, telling.parent_span_id)
            trace.known.add(telling.call_id)
            mark = marks.get(telling.call_id)
            if mark is not None and mark[1] in ("ancestor_tokens", "nested_same", "split_stream"):
                trace.marks[telling.call_id] = mark
            elif mark is not None:
                telling.told_by = mark[0]
            counts = trace.calls.get(telling.span_id)
            if counts is None or counts.told_by is not None:
                trace.calls[telling.span_id] = telling
            self._across.note(project, telling)
            self._logs |= telling.is_log()

    def remember_span(self, project: str, trace_id: str, span_id: str, parent: str | None) -> None:
        self._add_span(self._trace((project, trace_id)), span_id, parent)

    def _take(self, calls: Sequence[CallRecord], touched: dict[TraceKey, Trace]) -> list[Mark]:
        marks: list[Mark] = []
        new = {record.call_id for record in calls}
        # Spans first: of a span and its log record in one batch, the span is the one that counts.
        for record in sorted(calls, key=lambda record: record.dialect in LOG_DIALECTS):
            if record.dialect in _AGENTS and not record.call.input_messages:
                self._prompts.fill(record)
            if record.trace_id is None:
                continue
            span_id = record.span_id or f"log:{record.call_id}"
            self._logs |= record.dialect in LOG_DIALECTS
            key = (record.project, record.trace_id)
            if key not in self._traces:
                marks += self._take_first(key, span_id, record)
                continue
            trace = touched[key] = self._trace(key)
            if record.call_id in trace.known:
                self._complete_again((*key, span_id), record)
                continue  # a resend, or the batch tried again
            trace.known.add(record.call_id)
            marks += _retries(record)
            old = trace.calls.get(span_id)
            telling = telling_of(record, span_id)
            if old is not None and (old.is_log() or telling.is_log()):
                marks += self._join((*key, span_id), record, telling, old, trace, new)
                continue
            if old is not None:
                continue  # the same span from two emitters can't be
            self._add_span(trace, span_id, record.parent_span_id)
            trace.calls[span_id] = telling
            self._keep_half((*key, span_id), record)
            marks += self._across.match(record.project, telling)
        return marks

    def _take_told(self, told: ToldCalls, touched: dict[TraceKey, Trace]) -> list[Mark]:
        """Of those that meet one that is remembered, as of records; the others are only noted."""
        if self._lately is None:
            self._lately = told.memory(self._max_spans)
        first, rows = self._lately.take(told)
        if self._traces or self._across:
            also = set(self._known_of(told)).difference(rows)
            for row in also:
                self._lately.hand_over(first + row)
            rows = sorted(also.union(rows))
        marks: list[Mark] = []
        for row in rows:
            key, telling = told.trace(row), told.telling(row)
            self._recall(key, (key[0], telling.response_id) if telling.response_id else None, None)
            if key not in self._traces:
                self._traces[key] = telling
                self._span_count += 1
            else:
                trace = touched[key] = self._trace(key)
                if not self._add_telling(trace, telling):
                    continue
            marks += self._across.match(key[0], telling)
        return marks

    def _known_of(self, told: ToldCalls) -> list[int]:
        """The rows of which something is known that is not only noted."""
        traces, across = self._traces, self._across
        return [
            row
            for row, (trace, response, tokens) in enumerate(told.keys())
            if trace in traces or across.knows(response, tokens)
        ]

    def _recall_for(self, calls: Iterable[CallRecord], spans: Iterable[SpanRecord]) -> None:
        """Has those that were only noted at hand, where these records may concern them."""
        if self._lately is None:
            return
        for span in spans:
            self._recall((span.project, span.trace_id), None, None)
        for record in calls:
            project, response, usage = record.project, record.call.response_id, record.call.usage
            self._recall(
                (project, record.trace_id or ""),
                (project, response) if response else None,
                (project, record.service, usage.input_tokens, usage.output_tokens)
                if usage and usage.input_tokens
                else None,
            )

    def _recall(self, trace_key: TraceKey, response: IdKey | None, tokens: TokensKey | None) -> None:
        for told, row in self._lately.recall(trace_key, response, tokens) if self._lately is not None else ():
            key, telling = told.trace(row), told.telling(row)
            if key not in self._traces:
                self._traces[key] = telling
                self._span_count += 1
            elif not self._add_telling(self._trace(key), telling):
                continue
            self._across.note(key[0], telling)

    def _add_telling(self, trace: Trace, telling: Telling) -> bool:
        """False where it came before."""
        if telling.call_id in trace.known:
            return False
        trace.known.add(telling.call_id)
        if telling.span_id in trace.calls:
            return False
        self._add_span(trace, telling.span_id, telling.parent_span_id)
        trace.calls[telling.span_id] = telling
        return True

    def _take_first(self, key: TraceKey, span_id: str, record: CallRecord) -> list[Mark]:
        """A call of a trace that nothing is known of yet."""
        telling = self._traces[key] = telling_of(record, span_id)
        self._span_count += 1
        self._keep_half((*key, span_id), record)
        marks = self._across.match(record.project, telling)
        return [*_retries(record), *marks] if record.retry_of else marks

    def _join(
        self, key: Key, record: CallRecord, telling: Telling, old: Telling, trace: Trace, new: set[str]
    ) -> list[Mark]:
        """A span and its log record: one of them completed from the other, the other marked."""
        project, _, span_id = key
        told_again = [Mark(project, record.call_id, old.call_id, "span_log")]
        if telling.is_log() and all(old.rank[1:4]) and old.asked is not None and old.answered is not None:
            return told_again
        other = self._halves.get(key) or self._fetch(project, old.call_id)
        if other is None or (telling.is_log() and not adds(record, other)):
            return told_again
        if old.call_id in new:  # not stored yet: it can still become whole
            complete(other, record)
            told = telling_of(other, span_id)
            old.rank, old.asked, old.answered, old.models = told.rank, told.asked, told.answered, told.models
            old.input_tokens, old.output_tokens = told.input_tokens, told.output_tokens
            return told_again
        complete(record, other)
        told = telling_of(record, span_id)
        told.told_by, told.matched = old.told_by, old.matched
        old.told_by = record.call_id
        trace.calls[span_id] = told
        self._halves[key] = record
        marks = [Mark(project, old.call_id, record.call_id, "span_log")]
        if told.told_by is not None or told.matched:  # what it was matched with stays matched
            self._across.note(project, told)
            return marks
        return marks + self._across.match(project, told)

    def _complete_again(self, key: Key, record: CallRecord) -> None:
        known = self._halves.get(key)
        if known is not None and known is not record and known.call_id == record.call_id:
            complete(record, known)
            self._halves[key] = record

    def _keep_half(self, key: Key, record: CallRecord) -> None:
        call = record.call
        if record.dialect == OWN:
            return  # our SDK tells all it knows on the span
        if record.dialect in LOG_DIALECTS or not (call.input_messages and call.output_messages):
            self._remember_half(key, record)

    def _remember_half(self, key: Key, half: CallRecord) -> None:
        self._halves[key] = half
        if len(self._halves) > MOST_HALVES:
            self._halves.popitem(last=False)

    def _trace(self, key: TraceKey) -> Trace:
        known = self._traces.get(key)
        if known is None:
            trace = self._traces[key] = Trace()
            return trace
        trace = known if isinstance(known, Trace) else Trace.of_one(known)
        self._traces[key] = trace
        self._traces.move_to_end(key)
        return trace

    def _add_span(self, trace: Trace, span_id: str, parent: str | None) -> None:
        if span_id not in trace.parents:
            self._span_count += 1
            trace.parents[span_id] = parent
        elif parent is not None:  # a log record of the same span knows no parent
            trace.parents[span_id] = parent

    def _forget(self) -> None:
        while self._span_count > self._max_spans and len(self._traces) > 1:
            _, trace = self._traces.popitem(last=False)
            self._span_count -= len(trace.parents) if isinstance(trace, Trace) else 1


def _retries(record: CallRecord) -> list[Mark]:
    return [Mark(record.project, earlier, record.call_id, RETRY) for earlier in record.retry_of]
