"""Real exports of 37 dialect variants: what we read as calls adds up to what the server billed, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from collector.dialects.recordings import NOT_TOLD, Variant, variants

from suffice_collector.dialects import Records
from suffice_collector.duplicates import DuplicateFinder
from suffice_store.records import CallRecord


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> list[Variant]:
    return variants(shared_data)


def counted(batches: list[Records]) -> list[CallRecord]:
    finder = DuplicateFinder()
    marks = {mark.call_id: mark.duplicate_of for batch in batches for mark in finder.find(batch.calls, batch.spans)}
    return [call for batch in batches for call in batch.calls if marks.get(call.call_id) is None]


def input_tokens(calls: list[CallRecord]) -> int:
    return sum((call.call.usage.input_tokens or 0) if call.call.usage else 0 for call in calls)


@pytest.mark.parametrize("order", ["file order", "reversed", "one batch"])
def test_counted_tokens_are_what_was_billed(recorded: list[Variant], order: str) -> None:
    found = {}
    for variant in recorded:
        batches = [request.records() for request in variant.requests]
        if order == "reversed":
            batches.reverse()
        elif order == "one batch":
            whole = Records()
            for batch in batches:
                whole.calls += batch.calls
                whole.spans += batch.spans
            batches = [whole]
        found[variant.name] = input_tokens(counted(batches))
    assert found == {variant.name: variant.expected_tokens() for variant in recorded}
    assert len(found) >= 37


def test_what_counts_has_its_model_question_and_answer(recorded: list[Variant]) -> None:
    """But for failed calls (no answer), embeddings (none in words), and what their sender did not tell."""
    untold = {}
    for variant in recorded:
        calls = counted([request.records() for request in variant.requests])
        assert all(each.call.request_model or each.call.response_model for each in calls), variant.name
        spoken = [
            each.call for each in calls if each.call.operation != "embeddings" and each.call.completeness != "error"
        ]
        no_question = sum(not call.input_messages for call in spoken)
        no_answer = sum(not call.output_messages for call in spoken)
        if no_question or no_answer:
            untold[variant.name] = no_question, no_answer
    assert untold == NOT_TOLD


def test_every_span_and_log_record_is_kept(recorded: list[Variant]) -> None:
    for variant in recorded:
        for request in variant.requests:
            records = request.records()
            assert len(records.calls) + len(records.spans) > 0, variant.name
            assert len({call.call_id for call in records.calls}) == len(records.calls), variant.name
