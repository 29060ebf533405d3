"""By columns or one by one: the same rows, the same marks, the same refusals, whatever comes."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collector.columnar.bodies import SPANS, forged_body, sdk_body
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sdk.wire.recorded import recordings

from suffice import semconv
from suffice.wire.call import Call, Usage
from suffice_collector import building
from suffice_collector.building import Builder, Built
from suffice_collector.importers import openai_log
from suffice_collector.importers.contract import Context
from suffice_collector.journal import Entry
from suffice_collector.otlp_values import MalformedBodyError
from suffice_store.records import CallRecord


@pytest.fixture(scope="module")
def columnar(compiled: None) -> Builder:
    builder = Builder()
    assert builder.read_columnar(), "numba is among the development dependencies"
    return builder


def built(builder: Builder, body: bytes, project: str = "") -> Built | str:
    try:
        return builder.build(Entry(body, received_ns=7, project=project))
    except MalformedBodyError as error:
        return str(error)


def rows(of: Built) -> dict[str, list[dict[str, Any]]]:
    """Each table's rows in the order of their keys; a text that both halves of a body hold once, as the store takes it."""
    found = {}
    for name, table in of.tables.items():
        table.validate(full=True)
        once = {json.dumps(row, sort_keys=True, default=str): row for row in table.to_pylist()}
        found[name] = [row for _, row in sorted(once.items())]
    return found


def check_same(columnar: Builder, bodies: list[bytes], project: str = "") -> list[int]:
    """How many spans of each body were read by columns; the bodies come one after the other."""
    one_by_one = Builder()
    columnar.duplicates = Builder().duplicates
    by_columns = []
    for body in bodies:
        want, got = built(one_by_one, body, project), built(columnar, body, project)
        if isinstance(want, str) or isinstance(got, str):
            assert got == want
            continue
        assert (got.count, got.rejected, got.reason, got.failure) == (
            want.count,
            want.rejected,
            want.reason,
            want.failure,
        )
        assert rows(got) == rows(want)
        assert set(got.marks) == set(want.marks)
        by_columns.append(got.by_columns)
    assert columnar.columnar, "the reader has given up"
    return by_columns


@given(st.lists(SPANS, min_size=1, max_size=4), st.sampled_from(["", "p", "é" * 3]), st.booleans())
@settings(max_examples=150)
def test_forged_spans(columnar: Builder, spans: list[dict[str, Any]], project: str, resource: bool) -> None:
    told: dict[tuple[bytes, bytes], dict[str, Any]] = {}
    for each in spans:  # of one id two that differ: a resend of it, which the store knows, is completed by either
        assume(not (each["trace"] and each["span"]) or told.setdefault((each["trace"], each["span"]), each) == each)
    body = forged_body(spans, {"service.name": "s", semconv.PROJECT: "own", "team": "t"} if resource else {})
    check_same(columnar, [body, body], project)


@given(st.integers(0, 2**32))
@settings(max_examples=100)
def test_damaged_bodies(columnar: Builder, seed: int) -> None:
    rng = random.Random(seed)
    usual = {"trace": b"", "span": b"", "parent": b"", "name": "chat", "scope": "suffice", "started": 5, "message": ""}
    message = '[{"role":"user","parts":[{"type":"text","content":"Hé \\n"}]}]'
    body = bytearray(
        forged_body(
            [{**usual, "event": False, "usual": True, "attributes": [(semconv.INPUT_MESSAGES, message)]}] * 2, {}
        )
    )
    for _ in range(rng.randint(1, 3)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    check_same(columnar, [bytes(body)])


def recorded_calls(shared_data: Path) -> Iterator[list[Call]]:
    yield [call for _, call in recordings(shared_data) if call is not None]
    for name in ("fireact", "intercode", "metagpt_cache", "tau_bench"):
        with gzip.open(shared_data / "calls" / f"{name}.jsonl.gz", "rb") as lines:
            some = io.BytesIO(b"".join(itertools.islice(lines, 120)))
        yield [each.call for each in openai_log.read(some, Context()) if isinstance(each, CallRecord)]


@pytest.mark.shared
def test_recorded_calls_as_our_sdk_sends_them(columnar: Builder, shared_data: Path) -> None:
    for calls in recorded_calls(shared_data):
        bodies = [sdk_body(calls, first=1 + number * len(calls)) for number in range(5)]
        by_columns = check_same(columnar, [*bodies, bodies[0], sdk_body(calls[:9], trace=b"t" * 16)])
        assert by_columns[4] > 0.9 * len(calls), "most of them need no general path once their shapes are known"


@pytest.mark.shared
def test_recorded_telemetry_of_others(columnar: Builder, shared_data: Path) -> None:
    bodies = [path.read_bytes() for path in sorted((shared_data / "otlp").glob("*.pb"))]
    assert len(bodies) > 20
    check_same(columnar, bodies)


CALL = Call(
    "openai.chat", "chat", "openai", "gpt-5-mini",
    input_messages=[{"role": "user", "parts": [{"type": "text", "content": "Hello"}]}],
    output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": "Hi"}]}],
    usage=Usage(5, 2, raw={"prompt_tokens": 5}), response_id="r1",
)  # fmt: skip


def test_a_body_of_ours_is_read_whole_and_one_of_others_not_at_all(columnar: Builder) -> None:
    assert check_same(columnar, [sdk_body([CALL] * 40)]) == [40]
    other = sdk_body([CALL]).replace(b"\x0a\x07suffice", b"\x0a\x07another")
    assert check_same(columnar, [other]) == [0]


def test_marks_across_paths(columnar: Builder) -> None:
    """The client's span of a call that a wrapper tells of too: whichever of them came by columns."""
    other = sdk_body([CALL]).replace(b"\x0a\x07suffice", b"\x0a\x07another")
    assert check_same(columnar, [sdk_body([CALL]), other.replace(bytes(7) + b"\x01", bytes(7) + b"\x02")]) == [1, 0]
    assert check_same(columnar, [other.replace(bytes(7) + b"\x01", bytes(7) + b"\x02"), sdk_body([CALL])]) == [0, 1]


TOLD = st.tuples(
    st.integers(0, 3),  # trace
    st.integers(0, 8),  # span
    st.sampled_from([None, "r1", "r2"]),
    st.sampled_from([0, 5, 6]),  # tokens
    st.sampled_from(["billing", "search"]),
    st.integers(0, 4),  # when
)


def body_of(ours: bool, told: tuple[int, int, str | None, int, str, int]) -> bytes:
    """A call that our SDK tells of, or a wrapper."""
    trace, span, response, tokens, service, at = told
    call = replace(CALL, usage=Usage(tokens, 2), response_id=response)
    first = 1 + span + (0 if ours else 20)
    one = sdk_body([call], first=first, trace=bytes(15) + bytes([1 + trace]), service=service, at_ns=at * 400_000)
    return one if ours else one.replace(b"\x0a\x07suffice", b"\x0a\x07another")


@given(st.lists(st.tuples(st.booleans(), st.lists(TOLD, min_size=1, max_size=5)), min_size=1, max_size=6))
@example(  # two that start and end at once, one of them at hand by its trace: the wrapper's telling is of either
    [
        (True, [(1, 0, None, 5, "billing", 1), (0, 1, None, 5, "billing", 1)]),
        (False, [(0, 0, None, 5, "billing", 1)]),
    ]
)
@settings(max_examples=200)
def test_marks_of_what_meets_in_traces_ids_and_time(columnar: Builder, batches: list[tuple[bool, list[Any]]]) -> None:
    """Also with what came by columns and was only noted. Requests of protobuf, put behind each other, are one."""
    check_same(columnar, [b"".join(body_of(ours, each) for each in batch) for ours, batch in batches])


def test_more_shapes_than_are_kept(columnar: Builder) -> None:
    """Attributes that never come again, until the table of them is full: the general path takes most, and none is lost."""
    bare = {"span": b"", "parent": b"", "name": "chat", "scope": "suffice", "started": 5, "message": "", "event": False}
    spans = [
        {**bare, "trace": n.to_bytes(16, "big"), "usual": True, "attributes": [("n", f"{'x' * 900}{n}")]}
        for n in range(1, 9001)
    ]
    by_columns = check_same(columnar, [forged_body(spans[first : first + 3000], {}) for first in range(0, 9000, 3000)])
    assert by_columns == [750, 750, 750]


def test_a_bug_of_the_reader_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def read(self, body: bytes, received_ns: int, project: str = "") -> None:
            raise IndexError("out of range")

    monkeypatch.setattr(building, "load_reader", Broken)
    builder = Builder()
    assert builder.read_columnar()
    first = builder.build(Entry(sdk_body([CALL]), received_ns=7))
    assert rows(first) == rows(Builder().build(Entry(sdk_body([CALL]), received_ns=7)))
    assert not builder.columnar


def test_without_numba_spans_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numba", "suffice_collector.columnar.native", "suffice_collector.columnar.reading"):
        monkeypatch.setitem(sys.modules, name, None)
    assert not Builder().read_columnar()
