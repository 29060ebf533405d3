"""Parallel: pure functions from Arrow batch to Arrow batch, over any ``concurrent.futures.Executor``.

Processes on this machine, or a Dask cluster's ``Client(address).get_executor()``: the same functions, the same results
in the same order, so nothing depends on how many there are. Without an executor the work is done here and now.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager

import pyarrow as pa

from suffice.errors import SufficeError, UsageError

Work = Callable[[pa.RecordBatch], pa.RecordBatch]
AHEAD = 16  # batches in flight: enough for as many workers, and a bound on memory
MOST_PROCESSES = 4  # that "auto" starts: each takes about 250 MB, and one hands out no more work than four do
MANY_CALLS = 50_000  # from there on other processes are worth their start of about 2 s


def map_batches(work: Work, batches: Iterable[pa.RecordBatch], executor: Executor | None) -> Iterator[pa.RecordBatch]:
    """``work`` of each batch, in order. ``work`` must be importable where it runs."""
    if executor is None:
        yield from map(work, batches)
        return
    running: deque[Future[pa.RecordBatch]] = deque()
    try:
        for batch in batches:
            running.append(executor.submit(work, batch))
            if len(running) >= AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    except BrokenExecutor:
        raise SufficeError("a worker process ended early (out of memory?); try again with --workers 1") from None
    finally:
        for each in running:
            each.cancel()


@contextmanager
def open_workers(workers: str) -> Iterator[Executor | None]:
    """Those that ``workers`` names: ``auto`` (one for each core, at most four), a number of processes (1 = this one
    alone), or the address of a Dask scheduler (``tcp://host:8786``). Processes start with their first work.

    Raises UsageError for anything else, and for a scheduler that does not answer.
    """
    if "://" in workers:
        with _dask(workers) as executor:
            yield executor
        return
    if workers != "auto" and not (workers.isdigit() and int(workers)):
        raise UsageError(f"can't use --workers '{workers}': give auto, a number from 1 on, or tcp://HOST:PORT of Dask")
    count = min(_cores(), MOST_PROCESSES) if workers == "auto" else int(workers)
    if count == 1:
        yield None
        return
    # a forked child would inherit the locks of threads that are not there any more
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def _cores() -> int:
    """Those that this process may use, where the system says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from dask.distributed import Client
    except ImportError:
        raise UsageError("--workers tcp://... needs Dask: pip install 'suffice[scale]'") from None
    try:
        client = Client(address, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address}: {error}") from None
    with client, client.get_executor() as executor:  # type: ignore[no-untyped-call]
        yield executor
