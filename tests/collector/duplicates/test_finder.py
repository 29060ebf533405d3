"""One call told twice: which telling counts, and which rule says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from suffice.wire.call import Call, Usage
from suffice_collector.duplicates import DuplicateFinder, Mark
from suffice_store.records import CallRecord, SpanRecord

SECOND = 1_000_000_000


def call(
    name: str,
    *,
    parent: str | None = None,
    trace: str = "t",
    tokens: tuple[int | None, int | None] = (42, 17),
    response: str | None = None,
    scope: str = "client",
    dialect: str = "otel_genai",
    service: str | None = "app",
    start: int = 10 * SECOND,
    end: int = 11 * SECOND,
    content: bool = False,
    **more: Any,
) -> CallRecord:
    said = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}] if content else []
    return CallRecord(
        call=Call(
            wire_format="",
            operation="chat",
            provider="openai",
            response_id=response,
            usage=None if tokens == (None, None) else Usage(*tokens),
            input_messages=said,  # type: ignore[arg-type]
        ),
        call_id=f"id-{name}",
        trace_id=trace,
        span_id=name,
        parent_span_id=parent,
        service=service,
        dialect=dialect,
        started_ns=start,
        ended_ns=end,
        attributes={"otel.scope.name": scope},
        **more,
    )


def span(name: str, parent: str | None = None, trace: str = "t") -> SpanRecord:
    return SpanRecord("default", trace, name, parent, name, 1, "agent", "app", 1, 2, "ok")


def find(*calls: CallRecord, spans: tuple[SpanRecord, ...] = ()) -> list[Mark]:
    return DuplicateFinder().find(calls, spans)


def mark(name: str, of: str | None, rule: str) -> Mark:
    return Mark("default", f"id-{name}", None if of is None else f"id-{of}", rule)


class TestResponseId:
    def test_two_emitters_in_two_traces(self) -> None:
        marks = find(call("a", response="r1"), call("b", trace="other", response="r1", scope="wrapper"))
        assert marks == [mark("b", "a", "response_id")]

    def test_ours_is_kept_whichever_came_first(self) -> None:
        ours = call("ours", trace="x", response="r1", dialect="suffice", scope="suffice")
        assert find(call("a", response="r1", content=True), ours) == [mark("a", "ours", "response_id")]
        assert find(ours, call("a", response="r1", content=True)) == [mark("a", "ours", "response_id")]

    def test_the_one_with_content_is_kept(self) -> None:
        full = call("full", trace="x", response="r1", scope="wrapper", content=True)
        assert find(call("bare", response="r1"), full) == [mark("bare", "full", "response_id")]

    def test_three_tellings_leave_one(self) -> None:
        marks = find(*(call(n, trace=n, response="r1", scope=n) for n in "abc"))
        assert marks == [mark("b", "a", "response_id"), mark("c", "a", "response_id")]

    def test_one_emitter_with_careless_ids_tells_two_calls(self) -> None:
        assert find(call("a", response="r1"), call("b", trace="x", response="r1")) == []

    def test_the_same_id_at_another_time_is_another_call(self) -> None:
        later = call("b", trace="x", response="r1", scope="wrapper", start=20 * SECOND, end=21 * SECOND)
        assert find(call("a", response="r1"), later) == []

    def test_clocks_of_two_hosts_may_differ(self) -> None:
        proxy = call(
            "b", trace="x", response="r1", scope="proxy", service="gateway", start=12 * SECOND, end=13 * SECOND
        )
        assert find(call("a", response="r1"), proxy) == [mark("b", "a", "response_id")]

    def test_projects_know_nothing_of_each_other(self) -> None:
        assert find(call("a", response="r1"), call("b", response="r1", scope="w", project="other")) == []

    def test_across_batches(self) -> None:
        finder = DuplicateFinder()
        assert finder.find([call("a", response="r1")], []) == []
        assert finder.find([call("b", trace="x", response="r1", scope="w")], []) == [mark("b", "a", "response_id")]


class TestAncestorTokens:
    def test_a_span_around_the_same_call(self) -> None:
        assert find(call("inner", parent="outer"), call("outer")) == [mark("outer", "inner", "ancestor_tokens")]

    def test_with_other_spans_between(self) -> None:
        marks = find(call("inner", parent="m"), call("outer"), spans=(span("m", "n"), span("n", "outer")))
        assert marks == [mark("outer", "inner", "ancestor_tokens")]

    def test_the_sum_of_its_children(self) -> None:
        marks = find(call("a", parent="o"), call("b", parent="o"), call("o", tokens=(84, 34)))
        assert marks == [mark("o", "a", "ancestor_tokens")]

    def test_three_levels(self) -> None:
        marks = find(call("a", parent="m"), call("m", parent="o"), call("o"))
        assert marks == [mark("m", "a", "ancestor_tokens"), mark("o", "a", "ancestor_tokens")]

    def test_a_call_that_makes_other_calls_counts(self) -> None:
        assert find(call("a", parent="o"), call("o", tokens=(100, 17))) == []
        assert find(call("a", parent="o"), call("o", tokens=(42, 18))) == []
        assert find(call("a", parent="o", tokens=(None, None)), call("o")) == []

    def test_the_outer_one_is_kept_where_it_alone_has_the_content(self) -> None:
        assert find(call("a", parent="o"), call("o", content=True)) == [mark("a", "o", "ancestor_tokens")]

    def test_the_child_may_come_later(self) -> None:
        finder = DuplicateFinder()
        assert finder.find([call("o")], []) == []
        assert finder.find([call("a", parent="o")], []) == [mark("o", "a", "ancestor_tokens")]
        assert finder.find([call("a", parent="o")], []) == []

    def test_a_mark_that_proves_wrong_is_taken_back(self) -> None:
        finder = DuplicateFinder()
        assert finder.find([call("a", parent="o"), call("o")], []) == [mark("o", "a", "ancestor_tokens")]
        assert finder.find([call("b", parent="o")], []) == [mark("o", None, "ancestor_tokens")]

    def test_siblings_with_equal_tokens_are_two_calls(self) -> None:
        assert find(call("a", parent="s"), call("b", parent="s"), spans=(span("s"),)) == []


def test_a_resend_is_no_duplicate() -> None:
    finder = DuplicateFinder()
    again = call("a", response="r1")
    assert finder.find([again, again], []) == finder.find([again], []) == []


def test_a_ring_of_parents_ends() -> None:
    assert find(call("a", parent="b", tokens=(1, 1)), call("b", parent="a", tokens=(2, 2)), call("c", parent="c")) == []


def test_memory_is_bounded() -> None:
    finder = DuplicateFinder(max_spans=10)
    for number in range(100):
        finder.find([call(f"c{number}", trace=f"t{number}", response=f"r{number}")], [])
    assert len(finder._traces) == 10
    assert len(finder._across._by_id) == 10


def test_what_is_remembered_says_the_same_in_another_process() -> None:
    """It moves to the building process, whose ``hash`` of a text is another one."""
    said = (
        "from collector.duplicates.tellings import call\n"
        "from suffice_collector.duplicates.telling import telling_of\n"
        "print(telling_of(call('a', asked='hi'), 's').asked)"
    )
    tests = str(Path(__file__).resolve().parents[2])
    told = {
        subprocess.check_output(
            [sys.executable, "-c", said], env={**os.environ, "PYTHONPATH": tests, "PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2")
    }
    assert len(told) == 1


class TestRetry:
    def test_the_last_attempt_takes_the_earlier_ones_out(self) -> None:
        last = call("c", trace="z", retry_of=("id-a", "id-b"))
        assert find(call("a"), call("b", trace="y"), last) == [mark("a", "c", "retry"), mark("b", "c", "retry")]

    def test_the_earlier_one_need_not_have_come(self) -> None:
        assert find(call("b", retry_of=("id-a",))) == [mark("a", "b", "retry")]

    def test_a_resend_marks_nothing_again(self) -> None:
        finder, again = DuplicateFinder(), call("b", retry_of=("id-a",))
        assert len(finder.find([again], [])) == 1
        assert finder.find([again], []) == []
