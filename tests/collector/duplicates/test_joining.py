"""A span and its log records, in any order and batch: one call that has everything, told once."""

from __future__ import annotations

import pytest
from collector.duplicates.tellings import call, mark, span, text

from suffice_collector.duplicates import DuplicateFinder, Mark
from suffice_store.records import CallRecord


def told_by_span() -> CallRecord:
    return call("s", span="x", parent="root", start=0, end=1)


def told_by_logs(name: str = "l", asked: str = "hi", answered: str = "ho") -> CallRecord:
    return call(
        name, span="x", dialect="otel_events", model=None, tokens=(None, None), asked=asked, answered=answered,
        start=0.9, end=0.9,
    )  # fmt: skip


def counted(batches: list[list[CallRecord]]) -> tuple[list[CallRecord], list[Mark]]:
    """The calls that count in the end, and all marks."""
    finder = DuplicateFinder()
    marks = [each for batch in batches for each in finder.find(batch, [])]
    latest = {each.call_id: each.duplicate_of for each in marks}
    return [each for batch in batches for each in batch if latest.get(each.call_id) is None], marks


@pytest.mark.parametrize("case", ["together", "span first", "logs first"])
def test_one_call_that_has_everything(case: str) -> None:
    told = {
        "together": [[told_by_span(), told_by_logs()]],
        "span first": [[told_by_span()], [told_by_logs()]],
        "logs first": [[told_by_logs()], [told_by_span()]],
    }[case]
    [whole], marks = counted(told)
    assert whole.call.input_messages == text("user", "hi")
    assert whole.call.output_messages == text("assistant", "ho")
    assert whole.call.usage is not None
    assert (whole.call.request_model, whole.call.usage.input_tokens) == ("gpt-5-mini", 42)
    assert (whole.parent_span_id, whole.started_ns, whole.ended_ns) == ("root", 10_000_000_000, 11_000_000_000)
    assert [each.rule for each in marks] == ["span_log"]


def test_the_question_and_the_answer_in_two_batches() -> None:
    [whole], _ = counted([[told_by_span()], [told_by_logs("q", answered="")], [told_by_logs("a", asked="")]])
    assert (whole.call.input_messages, whole.call.output_messages) == (text("user", "hi"), text("assistant", "ho"))


def test_a_resend_of_either_changes_nothing() -> None:
    finder = DuplicateFinder()
    assert finder.find([told_by_span()], []) == []
    assert finder.find([told_by_logs()], []) == [mark("s", "l", "span_log")]
    again = told_by_logs()
    assert finder.find([told_by_span(), again], []) == []
    assert again.call.usage is not None  # completed again, for a store that refused it the first time


def test_a_log_that_adds_nothing_is_marked() -> None:
    span_with_text = call("s", span="x", asked="hi", answered="ho")
    assert DuplicateFinder().find([span_with_text, told_by_logs()], []) == [mark("l", "s", "span_log")]


def test_another_spans_log_is_another_call() -> None:
    other = told_by_logs()
    other.span_id = "y"
    assert DuplicateFinder().find([told_by_span(), other], []) == []


def test_the_prompt_of_an_earlier_batch_belongs_to_the_calls_it_causes() -> None:
    finder = DuplicateFinder()
    finder.find([], [span("p", **{"prompt": "Fix the bug", "prompt.id": "1"})])
    prompt = finder.find([], [span("user_prompt", **{"prompt": "Fix the bug", "prompt.id": "1"})])
    caused, not_caused = (call(name, dialect="claude_code_logs", span=name) for name in ("a", "b"))
    caused.attributes["prompt.id"], not_caused.attributes["prompt.id"] = "1", "2"
    assert prompt == finder.find([caused, not_caused], []) == []
    assert caused.call.input_messages == text("user", "Fix the bug")
    assert not_caused.call.input_messages == []


def test_what_is_remembered_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("suffice_collector.duplicates.finder.MOST_HALVES", 10)
    finder = DuplicateFinder()
    finder.find([call(f"c{number}", trace=f"t{number}") for number in range(50)], [])
    assert len(finder._halves) == 10
