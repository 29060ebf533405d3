"""The order of a batch's rows: alike ones side by side, none lost, and the same rows whatever the order."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from store.synthetic import call_record

from suffice_store.appending import build_tables
from suffice_store.engines.side_by_side import BEGINNING, in_order
from suffice_store.file_store import FileStore

RUNS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.none() | st.integers(0, 9)), max_size=12)
TEXT = st.lists(st.text("ab\0é", max_size=3).map(lambda end: "x" * (BEGINNING - 1) + end), max_size=12)


@given(RUNS)
def test_calls_of_a_run_stand_side_by_side_in_time_and_none_is_lost(pairs: list[tuple[str | None, int | None]]) -> None:
    runs, times = [list(column) for column in zip(*pairs, strict=True)] or [[], []]
    rows = pa.table(
        {
            "run_id": pa.array(runs, pa.string()),
            "started_ns": pa.array(times, pa.int64()),
            "n": pa.array(range(len(pairs)), pa.int64()),
        }
    )
    after = in_order("calls", rows)
    assert sorted(after.column("n").to_pylist()) == list(range(len(pairs)))
    assert all(pairs[row["n"]] == (row["run_id"], row["started_ns"]) for row in after.to_pylist())
    known = [run for run in runs if run is not None]
    if len(set(known)) == len(known):
        assert after.column("n").to_pylist() == list(range(len(pairs)))  # nothing to gain
        return
    found = [(row["run_id"], row["started_ns"]) for row in after.to_pylist()]
    assert found == sorted(found, key=lambda pair: (pair[0] is None, pair[0] or "", pair[1] is None, pair[1] or 0))


@given(TEXT)
def test_texts_stand_by_how_they_begin(texts: list[str]) -> None:
    rows = pa.table({"content": pa.array(texts, pa.string())})
    after = in_order("messages", pa.concat_tables([rows, rows.slice(0, 1)]))
    assert after.column("content").num_chunks <= 1
    found = after.column("content").to_pylist()
    assert sorted(found) == sorted([*texts, *texts[:1]])
    beginnings = [text.encode()[:BEGINNING] for text in found]
    assert beginnings == sorted(beginnings)


def test_many_agents_calls_as_they_come_lie_run_by_run_in_the_file(tmp_path: Path) -> None:
    numbers = [run * 5 + step for step in range(5) for run in range(20)]
    with FileStore(str(tmp_path / "calls.duckdb")) as store:
        store.append(build_tables([call_record(number) for number in numbers], 1))
        with store.connected() as connection:
            found = connection.exec_driver_sql("SELECT run_id, step FROM calls ORDER BY rowid").all()
    runs = sorted({f"run-{number}" for number in range(20)})
    assert [tuple(row) for row in found] == [(run, step) for run in runs for step in range(5)]
