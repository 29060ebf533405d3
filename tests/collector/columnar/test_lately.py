"""What is only noted comes back once, for any key that it shares, from the right batch, until the ring is full."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from collector.columnar.bodies import sdk_body
from collector.columnar.test_reading import CALL

from suffice.wire.call import Usage
from suffice_collector.columnar import Columnar, load_reader
from suffice_collector.columnar.lately import MOST_PER_KEY
from suffice_collector.duplicates.told import Lately, ToldCalls

NO_TRACE = ("default", "0" * 32)


@pytest.fixture(scope="module")
def reader(compiled: None) -> Columnar:
    loaded = load_reader()
    assert loaded is not None
    return loaded


def told_of(reader: Columnar, first: int, count: int, *, tokens: int = 5) -> ToldCalls:
    calls = [replace(CALL, response_id=f"r{first + n}", usage=Usage(tokens, 2)) for n in range(count)]
    read = reader.read(sdk_body(calls, first=first), 7)
    assert read is not None
    assert read.count == count
    return read.told


def called_back(memory: Lately, response: str) -> list[str | None]:
    found = memory.recall(NO_TRACE, ("default", response), None)
    return [told.telling(row).response_id for told, row in found]


def test_each_key_finds_it_and_only_once(reader: Columnar) -> None:
    told = told_of(reader, 1, 3)
    (trace, response, tokens), *_ = told.keys()
    for asked in ((trace, None, None), (NO_TRACE, response, None), (NO_TRACE, None, tokens)):
        memory = told.memory(10)
        assert memory.take(told) == (0, [])
        found = [(of is told, row) for of, row in memory.recall(*asked)]
        assert found[0] == (True, 0)
        assert len(found) == (3 if asked[2] else 1), "all three have as many tokens"
        assert list(memory.recall(*asked)) == []


def test_another_projects_is_not_found(reader: Columnar) -> None:
    told = told_of(reader, 1, 1)
    (trace, response, tokens), *_ = told.keys()
    memory = told.memory(10)
    memory.take(told)
    assert list(memory.recall(("other", trace[1]), ("other", response[1]), ("other", *tokens[1:]))) == []


def test_those_that_meet_are_told(reader: Columnar) -> None:
    told = told_of(reader, 1, 2)
    memory = told.memory(10)
    assert memory.take(told) == (0, [])
    assert memory.take(told_of(reader, 2, 2)) == (2, [0]), "the second call again, and one that is new"
    assert called_back(memory, "r2") == ["r2"], "the first of both: the other was handed over"
    memory.hand_over(3)
    assert called_back(memory, "r3") == []


def test_the_oldest_are_forgotten_with_their_batches(reader: Columnar) -> None:
    memory = told_of(reader, 1, 1).memory(10)
    for number in range(200):
        memory.take(told_of(reader, 3 * number + 1, 3))
    assert called_back(memory, "r590") == []
    assert called_back(memory, "r591") == ["r591"]
    assert called_back(memory, "r600") == ["r600"]
    memory.take(told_of(reader, 601, 25))
    assert called_back(memory, "r615") == [], "of a batch that is larger than the ring"
    assert called_back(memory, "r625") == ["r625"]
    assert len(memory._batches) < 80  # type: ignore[attr-defined]


def test_equal_tokens_of_many_come_by_parts(reader: Columnar) -> None:
    told = told_of(reader, 1, 100)
    memory = told.memory(200)
    memory.take(told)
    *_, (_, _, tokens) = told.keys()
    rows = [row for _, row in memory.recall(NO_TRACE, None, tokens)]
    assert rows == list(range(100 - MOST_PER_KEY, 100)), "the latest, in the order they came"


def test_it_moves_to_another_process(reader: Columnar) -> None:
    memory = told_of(reader, 1, 1).memory(10)
    memory.take(told_of(reader, 1, 3))
    moved = pickle.loads(pickle.dumps(memory))
    assert called_back(moved, "r2") == ["r2"]
    assert moved.take(told_of(reader, 3, 2)) == (3, [0])
