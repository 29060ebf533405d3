"""The contract of an importer, run over all of them. A new one needs its example and nothing here."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from collector.importers.examples import TWO_CALLS
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice.errors import SufficeError, UsageError
from suffice_collector.importers import IMPORTERS, find_importer
from suffice_collector.importers.contract import Context, Importer, Read, Skipped
from suffice_store.appending import build_tables
from suffice_store.records import CallRecord

every_importer = pytest.mark.parametrize("importer", IMPORTERS, ids=lambda each: each.NAME)


def calls(pieces: Iterator[Read]) -> list[CallRecord]:
    return [each for each in pieces if isinstance(each, CallRecord)]


@every_importer
def test_has_an_example_that_it_alone_recognises(importer: Importer) -> None:
    example = TWO_CALLS[importer.NAME]
    assert [each.NAME for each in IMPORTERS if each.recognises(example, "x.dat")] == [importer.NAME]
    assert find_importer("auto", example, "x.dat") is importer
    assert find_importer(importer.NAME, b"", "x.dat") is importer


@every_importer
def test_gives_calls_of_the_commands_project_with_stable_ids(importer: Importer) -> None:
    example, context = TWO_CALLS[importer.NAME], Context("acme", "shop", 7)
    first, second = (calls(importer.read(io.BytesIO(example), context)) for _ in range(2))
    assert [each.call_id for each in first] == [each.call_id for each in second]
    assert len({each.call_id for each in first}) == 2
    assert {(each.project, each.service, each.source) for each in first} == {("acme", "shop", "import")}
    assert all(each.call.input_messages and each.call.output_messages and each.call.usage for each in first)
    other = calls(importer.read(io.BytesIO(example), Context("other")))
    assert {each.call_id for each in other}.isdisjoint(each.call_id for each in first)


@every_importer
@given(data=st.data())
@settings(max_examples=60)
def test_never_raises_on_mutated_bytes(importer: Importer, data: st.DataObject) -> None:
    example = TWO_CALLS[importer.NAME]
    start = data.draw(st.integers(0, len(example)))
    end = data.draw(st.integers(start, len(example)))
    mutated = example[:start] + data.draw(st.binary(max_size=8)) + example[end:]
    importer.recognises(mutated, "x.dat")
    pieces = list(importer.read(io.BytesIO(mutated), Context()))
    assert all(each.reason for each in pieces if isinstance(each, Skipped))
    build_tables((each for each in pieces if not isinstance(each, Skipped)), 1)


@every_importer
@given(junk=st.binary(max_size=300))
def test_junk_is_skipped_not_raised(importer: Importer, junk: bytes) -> None:
    assert calls(importer.read(io.BytesIO(junk), Context())) == []


@pytest.mark.parametrize(
    "head", [b"\x89PNG\r\n\x1a\n\x00\x00", b"hello", b"[1, 2]", b'{"a": 1}\n', b"a,b\n1,2\n", b"\n\nxy", b'[{"a": 1}]']
)
def test_what_nobody_recognises_is_refused_in_one_line(head: bytes) -> None:
    with pytest.raises(
        SufficeError,
        match=r"^x\.dat is neither a call log .* nor an OTLP export, nor one of Langfuse, .*; say --format",
    ):
        find_importer("auto", head, "x.dat")


def test_an_unknown_format_is_a_usage_error() -> None:
    with pytest.raises(
        UsageError,
        match=r"^there is no format 'csv': --format takes auto, otlp, openai-log, langfuse, "
        r"litellm, phoenix, langsmith, helicone, mlflow$",
    ):
        find_importer("csv", b"", "x.dat")
