"""Work over executors: the same results in the same order, bounded in flight; and what --workers takes."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from analysis.discovery.fleets import TEMPLATES, Fleet, conversation, make_fleet, one_off, templated, tool

from suffice.errors import SufficeError, UsageError
from suffice_analysis.discovery import KnownTask, discover, matching, reading
from suffice_analysis.parallel import AHEAD, map_batches, open_workers
from suffice_analysis.texts import StoredTexts


def batch(number: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"n": [number]})


def doubled(each: pa.RecordBatch) -> pa.RecordBatch:
    return batch(2 * each["n"][0].as_py())


def failing(each: pa.RecordBatch) -> pa.RecordBatch:
    raise ValueError("broken")


class Counting(ThreadPoolExecutor):
    """Counts what is in flight."""

    running = most = 0

    def submit(self, *args: Any, **kwargs: Any) -> Future[Any]:
        self.running += 1
        self.most = max(self.most, self.running)
        future = super().submit(*args, **kwargs)
        inner = future.result

        def result(timeout: float | None = None) -> Any:
            self.running -= 1
            return inner(timeout)

        future.result = result  # type: ignore[method-assign]
        return future


def test_results_stand_in_order_and_few_are_in_flight() -> None:
    with Counting(3) as pool:
        found = [each["n"][0].as_py() for each in map_batches(doubled, map(batch, range(100)), pool)]
    assert found == [2 * n for n in range(100)]
    assert pool.most == AHEAD
    assert [each["n"][0].as_py() for each in map_batches(doubled, [batch(3)], None)] == [6]


def test_what_breaks_there_breaks_here() -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="broken"):
        list(map_batches(failing, [batch(1)], pool))


def dying(each: pa.RecordBatch) -> pa.RecordBatch:
    os._exit(1)


def test_a_worker_that_dies_is_said_in_one_line() -> None:
    pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with pool, pytest.raises(SufficeError, match="try again with --workers 1"):
        list(map_batches(dying, [batch(1)], pool))


def test_a_scheduler_that_is_none() -> None:
    pytest.importorskip("dask.distributed")
    with pytest.raises(UsageError, match="no Dask scheduler answers at nothing://here"), open_workers("nothing://here"):
        pass


@pytest.mark.parametrize("workers", ["0", "-1", "many", "", "1.5"])
def test_workers_that_mean_nothing(workers: str) -> None:
    with pytest.raises(UsageError, match="give auto, a number from 1 on, or tcp"), open_workers(workers):
        pass


def test_one_worker_is_this_process() -> None:
    with open_workers("1") as executor:
        assert executor is None


@pytest.fixture(params=["processes", "dask"])
def workers(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "processes":
        with open_workers("2") as pool:
            assert pool is not None
            yield pool
        return
    distributed = pytest.importorskip("dask.distributed")
    cluster = distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp", host="127.0.0.1"
    )
    with cluster, open_workers(cluster.scheduler_address) as pool:
        assert pool is not None
        yield pool


def mixed_fleet() -> Fleet:
    rng = random.Random(5)
    said = [templated(label, rng) for label in TEMPLATES for _ in range(12)] + [one_off(rng) for _ in range(60)]
    said += [
        call
        for _ in range(20)
        for call in conversation("You book the flights of a small airline.", "agent", rng, 2, [tool("book", "id")])
    ]
    rng.shuffle(said)
    return make_fleet(said)


def test_discovery_is_the_same_with_workers(workers: Executor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, so that heads, messages and matches are spread over several."""
    fleet = mixed_fleet()
    columns = list(zip(*((key, *text) for key, text in fleet.texts.items()), strict=True))
    names = ("message_hash", "role", "content")
    texts = StoredTexts([pa.table({name: list(values) for name, values in zip(names, columns, strict=True)})])
    alone = discover(fleet.calls, fleet.texts, fleet.toolsets)
    known = [KnownTask(task.task_id, task.recogniser) for task in alone.tasks.values()]
    monkeypatch.setattr(matching, "BATCH_HEADS", 50)
    monkeypatch.setattr(reading, "BATCH_HEADS", 40)
    monkeypatch.setattr(reading, "READ_MESSAGES", 16)
    for own in (fleet.texts, texts):
        spread = discover(fleet.calls, own, fleet.toolsets, known=known, executor=workers)
        assert (spread.task_ids, spread.point_ids) == (alone.task_ids, alone.point_ids)
        assert (spread.tasks, spread.templates) == (alone.tasks, alone.templates)
        assert spread.vectors.tolist() == alone.vectors.tolist()


def test_documents_beyond_what_is_kept_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = mixed_fleet()
    alone = discover(fleet.calls, fleet.texts, fleet.toolsets)
    monkeypatch.setattr(reading, "BATCH_HEADS", 40)
    for kept in (0, 3_000):
        monkeypatch.setattr(reading, "KEPT_GRAMS", kept)
        again = discover(fleet.calls, fleet.texts, fleet.toolsets)
        assert (again.task_ids, again.point_ids) == (alone.task_ids, alone.point_ids)
        assert (again.tasks, again.templates) == (alone.tasks, alone.templates)


def test_long_requests_are_read_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = mixed_fleet()
    sizes: list[int] = []
    read = reading.read_documents

    def measured(each: pa.RecordBatch) -> pa.RecordBatch:
        sizes.append(each["contents"].values.dictionary.nbytes)
        return read(each)

    monkeypatch.setattr(reading, "read_documents", measured)
    monkeypatch.setattr(reading, "READ_MESSAGES", 4)
    monkeypatch.setattr(reading, "BATCH_BYTES", 2_000)
    discover(fleet.calls, fleet.texts, fleet.toolsets)
    assert len(sizes) > 10
    assert max(sizes) < 2_000 + 4 * 2 * 1_000  # one step more, of four requests of two messages
