"""Every product's export in each of the ways it writes it: the same two calls, once, whole, with what it says they cost."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from collector.importers.exports import AGENT, EXPORTS, SPANS, STARTED_NS, TRACE

from suffice.wire.canonical import call_hash
from suffice_collector.importers import find_importer
from suffice_collector.importers.contract import Context, Skipped
from suffice_collector.importers.running import import_files
from suffice_store import open_store
from suffice_store.records import CallRecord, SpanRecord

WAYS = [(name, way) for name, ways in EXPORTS.items() for way in ways]
every_way = pytest.mark.parametrize(("name", "way"), WAYS, ids=lambda each: str(each).replace(" ", "-"))
OTEL = ("langfuse", "phoenix", "mlflow")  # whose ids are OpenTelemetry's


def records(name: str, way: str, **context: Any) -> list[Any]:
    data = EXPORTS[name][way]
    importer = find_importer("auto", data, "export")
    assert name == importer.NAME
    return list(importer.read(io.BytesIO(data), Context(**context)))


def calls(name: str, way: str) -> list[CallRecord]:
    return sorted((each for each in records(name, way) if isinstance(each, CallRecord)), key=lambda each: each.span_id)


@every_way
def test_both_calls_are_read_whole(name: str, way: str) -> None:
    found = calls(name, way)
    assert len(found) == 2
    for number, record in enumerate(found):
        call = record.call
        assert [message["role"] for message in call.request_messages()] == ["system", "user"]
        assert call.request_messages()[1]["parts"] == [{"type": "text", "content": "Is Oslo in Norway?"}]
        assert [message["parts"] for message in call.output_messages] == [[{"type": "text", "content": "Yes."}]]
        assert call.usage is not None
        assert (call.usage.input_tokens, call.usage.output_tokens, call.usage.source) == (30, 5, "reported")
        assert call.provider == "openai"
        assert call.completeness == "complete"
        assert (call.response_model or call.request_model or "").startswith("gpt-4o")
        assert record.started_ns == STARTED_NS + number * 10**9
        assert record.ended_ns == STARTED_NS + number * 10**9 + 500_000_000
        assert (record.source, record.project) == ("import", "default")
    assert found[0].run_id == found[1].run_id


@every_way
def test_nothing_is_skipped(name: str, way: str) -> None:
    assert [each for each in records(name, way) if isinstance(each, Skipped)] == []


@every_way
def test_ids_are_the_products_own_so_that_every_way_gives_the_same(name: str, way: str) -> None:
    first = next(iter(EXPORTS[name]))
    assert [each.call_id for each in calls(name, way)] == [each.call_id for each in calls(name, first)]
    if name in OTEL:
        assert [each.call_id for each in calls(name, way)] == [call_hash("default", TRACE, span) for span in SPANS]


@pytest.mark.parametrize("name", ["langfuse", "litellm", "langsmith", "helicone"])
def test_their_cost_stands_beside_ours(name: str) -> None:
    for way in EXPORTS[name]:
        assert {each.stated_usd for each in calls(name, way)} == {Decimal("0.000112500000")}


@pytest.mark.parametrize("name", ["langfuse", "litellm", "phoenix", "langsmith", "helicone"])
def test_cached_tokens_are_part_of_the_input(name: str) -> None:
    for way in EXPORTS[name]:
        assert {each.call.usage and each.call.usage.cache_read_tokens for each in calls(name, way)} == {10}


@pytest.mark.parametrize("name", ["langfuse", "phoenix", "langsmith", "mlflow"])
def test_the_run_keeps_its_tree(name: str) -> None:
    for way in EXPORTS[name]:
        spans = [each for each in records(name, way) if isinstance(each, SpanRecord)]
        assert [each.name for each in spans] == ["geographer"]
        assert {each.parent_span_id for each in calls(name, way)} == {spans[0].span_id}
        if name in OTEL:
            assert spans[0].span_id == AGENT


@every_way
def test_a_second_import_adds_nothing(name: str, way: str, tmp_path: Path, store_of: Callable[[], Any]) -> None:
    file = tmp_path / "export"
    file.write_bytes(EXPORTS[name][way])
    store = store_of()
    first, second = (import_files(store, [file], Context(now_ns=7 + again))[0] for again in (0, 1))
    assert (first.read, first.added, first.known) == (2, 2, 0)
    assert (second.read, second.added, second.known, second.spans, second.outcomes) == (2, 0, 2, 0, 0)
    overview = store.read("overview").to_pylist()[0]
    assert (overview["calls"], overview["input_tokens"], overview["output_tokens"]) == (2, 60, 10)


@pytest.fixture
def store_of() -> Any:
    opened: list[Any] = []

    def make() -> Any:
        opened.append(open_store(":memory:"))
        return opened[-1]

    yield make
    for each in opened:
        each.close()
