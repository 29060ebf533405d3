"""A hundred thousand calls, and readers beside the writer. Nothing here is timed."""

from __future__ import annotations

import threading
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from store.synthetic import SECOND_NS, START_NS, call_record

from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore


def multiplied(calls: int) -> pa.Table:
    """``calls`` rows of the calls table, made from one call by changing its id, time and service."""
    one = build_tables([call_record(0)], START_NS)["calls"]
    table = one.take(pa.array(np.zeros(calls, np.int64)))
    numbers = np.arange(calls)
    changes = {
        "call_id": pa.array([f"{n:032x}" for n in numbers]),
        "started_ns": pa.array(START_NS + numbers * SECOND_NS),
        "started_day": pa.array(((START_NS + numbers * SECOND_NS) // (86_400 * SECOND_NS)).astype(np.int32)),
        "service": pa.array([f"service-{n % 7}" for n in numbers]),
        "run_id": pa.array([f"run-{n // 10}" for n in numbers]),
        "input_tokens": pa.array(numbers),
    }
    for name, column in changes.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def test_a_hundred_thousand_calls_add_up(file_store: FileStore) -> None:
    table = multiplied(100_000)
    for start in range(0, 100_000, 25_000):
        file_store.append({"calls": table.slice(start, 25_000)})
    assert file_store.append({"calls": table.slice(40_000, 10_000)}).known == {"calls": 10_000}
    (overview,) = file_store.read("overview").to_pylist()
    tokens = 100_000 * 99_999 // 2
    paid = (tokens * Decimal("2.5") + 100_000 * 100 * 10) / 1_000_000
    assert (overview["calls"], overview["runs"], overview["services"]) == (100_000, 10_000, 7)
    assert (overview["input_tokens"], overview["paid_usd"], overview["unpriced_calls"]) == (tokens, paid, 0)
    for by, keys in (("service", 7), ("day", 2), ("hour", 28), ("task", 1)):
        spend = file_store.read("spend", by=by)
        assert spend.num_rows == keys
        assert sum(spend.column("paid_usd").to_pylist()) == paid
    assert file_store.read("calls", order="costliest", limit=1).column("input_tokens").to_pylist() == [99_999]
    assert file_store.read("tasks").num_rows == 0
    batches = list(file_store.read_batches("analysis_calls"))
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == 100_000


def test_readers_see_whole_appends_while_the_writer_works(file_store: FileStore) -> None:
    table = multiplied(2_000)
    seen: list[int] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                seen.extend(file_store.read("overview").column("calls").to_pylist())
        except BaseException as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(0, 2_000, 100):
        file_store.append({"calls": table.slice(start, 100)}, journal=("j", start + 100))
    done.set()
    for reader in readers:
        reader.join()
    assert failed == []
    assert {count % 100 for count in seen} == {0}
    assert file_store.read("overview").column("calls").to_pylist() == [2_000]
    assert file_store.journal_position("j") == 2_000


def test_a_read_that_is_left_early_gives_its_connection_back(file_store: FileStore) -> None:
    file_store.append({"calls": multiplied(40_000)})
    for _ in range(20):
        next(file_store.read_batches("analysis_calls"))
    assert file_store.append({"calls": multiplied(40_001)}).added == {"calls": 1}


@pytest.mark.parametrize("order", ["newest", "slowest"])
def test_pages_do_not_overlap(file_store: FileStore, order: str) -> None:
    file_store.append({"calls": multiplied(300)})
    pages = [file_store.read("calls", order=order, limit=100, offset=start) for start in (0, 100, 200)]
    ids = [call_id for page in pages for call_id in page.column("call_id").to_pylist()]
    assert len(set(ids)) == 300
