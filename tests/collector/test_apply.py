"""How long the apply thread waits for more: longer behind a full batch, so that the next one is as full."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from collector.processes import wait_until

from suffice_collector.apply import BUSY_SPANS, Applier, Durable
from suffice_collector.build_lane import BuildLane
from suffice_collector.building import Built
from suffice_collector.journal import Entry, Position


class Counting:
    """A store that takes everything."""

    def append(self, tables: Any, *, journal: tuple[str, int]) -> None:
        pass


@pytest.fixture
def applied() -> Iterator[tuple[Applier, queue.SimpleQueue[int]]]:
    lane = BuildLane(process=False)
    batches: queue.SimpleQueue[int] = queue.SimpleQueue()
    applier = Applier(
        cast(Any, Counting()),
        lane,
        on_applied=lambda _, batch: batches.put(len(batch)),
        linger_s=0.0,
        busy_linger_s=5.0,
    )
    yield applier, batches
    applier.close()
    lane.close()


def durable(number: int, spans: int) -> Durable:
    return Durable(Position(1, number), Entry(b""), spans, Built(spans))


@pytest.mark.parametrize(("spans", "together"), [(BUSY_SPANS, True), (BUSY_SPANS - 1, False)])
def test_behind_a_full_batch_more_is_waited_for(
    applied: tuple[Applier, queue.SimpleQueue[int]], spans: int, together: bool
) -> None:
    applier, batches = applied
    applier.put(durable(1, spans))
    assert batches.get(timeout=10) == 1
    applier.put(durable(2, 1))
    if not together:
        assert batches.get(timeout=4) == 1
        return
    time.sleep(0.2)
    applier.put(durable(3, 1))
    applier.close()
    wait_until(lambda: not batches.empty(), "the batch")
    assert batches.get() == 2
