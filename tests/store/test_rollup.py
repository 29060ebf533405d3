"""Sums that stand ready give what the calls give, to the last digit, whatever happens to the calls."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from store.synthetic import SECOND_NS, START_NS, call_record

from suffice.wire.call import Usage
from suffice_store import rollup
from suffice_store.appending import build_tables
from suffice_store.arrow_schema import arrow_schema
from suffice_store.environments import REPLAY
from suffice_store.file_store import FileStore
from suffice_store.reads import READS
from suffice_store.records import RETRY, CallRecord
from suffice_store.renormalising import exchange, stored_calls
from suffice_store.rewriting import rewrite
from suffice_store.rollup import Rollup
from suffice_store.selection import Selection

HOUR_NS = 3_600 * SECOND_NS
MODELS = ("gpt-4o-2024-08-06", "gpt-5-mini", "a-model-without-price", None)
QUESTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"environment": "all", "since_ns": START_NS + 2 * HOUR_NS, "until_ns": START_NS + 9 * HOUR_NS},
    {"service": "lab", "model": "gpt-5-mini"},
    {"environment": "staging", "team": "platform"},
    {"task_id": "t1"},
)
ADDING_UP = [name for name, read in READS.items() if read.adds_up]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileStore]:
    monkeypatch.setattr(rollup, "SPARE", 0)  # a page takes no more hours than it needs
    with FileStore(str(tmp_path / "s.duckdb"), clock=count(START_NS).__next__) as opened:
        opened.rollup = Rollup(opened, recent_rows=12)  # most settle, a few are recent
        yield opened


def records(numbers: range, random_of: random.Random) -> list[CallRecord]:
    """Calls that differ in everything that is a key or an addend."""
    made = []
    for number in numbers:
        tokens = random_of.choice((None, 0, 1_000, 300_000, 10**12 + 1))
        made.append(
            call_record(
                number,
                started_ns=None if number % 11 == 0 else START_NS + random_of.randrange(12) * HOUR_NS + number,
                usage=Usage(input_tokens=tokens, output_tokens=number, cache_read_tokens=number % 3),
                response_model=random_of.choice(MODELS),
                request_model=random_of.choice(MODELS),
                service=random_of.choice(("shop", "lab", None)),
                environment=random_of.choice((None, None, "production", "staging", REPLAY)),
                completeness=random_of.choice(("complete", "complete", "partial", "error")),
                team=random_of.choice((None, "search")),
            )
        )
    return made


LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("calls", {"limit": 3}),
    ("calls", {"limit": 5, "offset": 4, "errors_only": True}),
    ("calls", {"limit": 3, "only": "unpriced"}),
    ("calls", {"limit": 3, "only": "no_task"}),
    ("calls", {"limit": 3, "only": "other_environment"}),
    ("calls", {"limit": 10, "order": "costliest"}),
    ("runs", {"limit": 4}),
    ("stated_costs", {}),
)
SPLITS = ("model", "hour", "day", "task", "team")
TOLD = ("overview", "funnel", "daily", "spend", "lists")  # after each step; the others after the last


def answers(store: FileStore, question: dict[str, Any], names: Collection[str]) -> dict[Any, Any]:
    found = {}
    for name in set(names) - {"lists"}:
        takes = {parameter.name for parameter in READS[name].parameters}
        given = {key: value for key, value in question.items() if key in takes}
        for by in (SPLITS if len(question) == 0 else ("task",)) if name == "spend" else (None,):
            found[name, by] = store.read(name, **given, **({"by": by} if by else {}))
    for name, given in LISTS if "lists" in names else ():
        found[name, str(given)] = store.read(name, **question, **given)
    return found


def check(
    store: FileStore, questions: Iterable[dict[str, Any]] = QUESTIONS, names: Collection[str] = (*ADDING_UP, "lists")
) -> None:
    """Both ways."""
    sums = store.rollup
    assert sums is not None
    for question in questions:
        assert sums.current("default") is not None
        summed = answers(store, question, names)
        store.rollup = None
        one_by_one = answers(store, question, names)
        store.rollup = sums
        for key, table in one_by_one.items():
            assert summed[key].to_pylist() == table.to_pylist(), (key, question)
            assert summed[key].schema == table.schema


def put_in_tasks(store: FileStore, analysis_id: str, ids: list[str]) -> None:
    rows = [
        {"project": "default", "analysis_id": analysis_id, "call_id": call_id, "task_id": f"t{place % 3 or None}"}
        for place, call_id in enumerate(ids)
    ]
    store.append({"assignments": pa.Table.from_pylist(rows, schema=arrow_schema("assignments"))})
    store.command(
        "publish_analysis", analysis_id=analysis_id, started_ns=START_NS, calls=len(ids), task_count=3, basis="month",
        data_hash="d", seed=7, suffice_version="0", parameters={},
    )  # fmt: skip


def test_sums_are_what_the_calls_add_up_to_whatever_happens(store: FileStore) -> None:
    chance = random.Random(7)
    first, more, late = (records(range(n, n + 30), chance) for n in (0, 30, 60))
    ids = [record.call_id for record in first + more]
    old = [row for batch in stored_calls(store, ()) for row in batch]
    assert old == []

    def put(*chosen: CallRecord) -> None:
        store.append(build_tables(chosen, START_NS + 20 * HOUR_NS))

    def read_anew() -> None:
        rows = [row for batch in stored_calls(store, ()) for row in batch][:5]
        mended = build_tables(records(range(5), random.Random(8)), START_NS)["calls"].to_pylist()
        changed = [{**row, "input_tokens": new["input_tokens"]} for row, new in zip(rows, mended, strict=True)]
        exchange(store, {"calls": pa.Table.from_pylist(changed, schema=arrow_schema("calls"))}, rows, [])

    steps: list[Callable[[], Any]] = [
        lambda: put(*first),
        lambda: put(*first[:10], *more),  # ten are sent again
        lambda: store.command("mark_duplicate", call_id=ids[3], duplicate_of=ids[4], rule="wrapper"),  # settled
        lambda: store.command("mark_duplicate", call_id=ids[-1], duplicate_of=ids[4], rule=RETRY),  # recent
        lambda: store.command("mark_duplicate", call_id=first[11].call_id, duplicate_of=ids[4], rule="wrapper"),
        lambda: store.command("mark_duplicate", call_id=ids[3], duplicate_of=None, rule="wrapper"),
        lambda: put_in_tasks(store, "a1", ids),
        lambda: put(*late),  # hours that settled long ago
        lambda: store.command("set_price", model="gpt-5-mini", input_usd_per_mtok=7, output_usd_per_mtok="0.123456"),
        lambda: store.command("set_terms", services=[{"name": "lab", "environment": "dev", "team": "platform"}]),
        read_anew,
        lambda: put_in_tasks(store, "a2", ids[::2]),
        lambda: rewrite(store, Selection(before_ns=START_NS + 3 * HOUR_NS)),
        lambda: put(*records(range(90, 100), chance)),
    ]
    for place, step in enumerate(steps):
        step()
        check(store, [QUESTIONS[place % len(QUESTIONS)]], TOLD)
    check(store)


def test_what_the_sums_do_not_hold_is_asked_of_the_calls(store: FileStore) -> None:
    store.append(build_tables([call_record(n) for n in range(10)], START_NS))
    put_in_tasks(store, "a1", [call_record(0).call_id])
    put_in_tasks(store, "a2", [])
    assert store.read("overview", since_ns=START_NS + 4 * SECOND_NS)["calls"].to_pylist() == [6]
    assert store.read("overview", until_ns=START_NS + 4 * SECOND_NS)["calls"].to_pylist() == [4]
    assert store.read("overview", user="nobody")["calls"].to_pylist() == [0]
    assert store.read("funnel")["task_calls"].to_pylist() == [0]
    assert store.read("funnel", analysis_id="a1")["task_calls"].to_pylist() == [1]


def test_many_calls_are_added_up_by_the_background_and_until_then_one_by_one(store: FileStore) -> None:
    store.rollup = sums = Rollup(store, recent_rows=8, inline_rows=20)
    store.append(build_tables([call_record(n) for n in range(30)], START_NS))
    assert sums.current("default") is None
    assert store.read("overview")["calls"].to_pylist() == [30]
    sums.keep()
    assert sums.current("default") is not None
    store.append(build_tables([call_record(n) for n in range(30, 60)], START_NS))
    assert sums.current("default") is None
    sums.keep()
    assert sums.current("default") is not None
    assert store.read("overview")["calls"].to_pylist() == [60]


def test_a_read_that_needs_prices_only_leaves_the_sums_as_they_are(store: FileStore) -> None:
    """To bring them up to date takes longer than to read a run; a new price or model is seen all the same."""

    def moment() -> int | None:
        assert store.rollup is not None
        return store.rollup._projects["default"].moment

    def paid() -> list[Any]:
        store.read("overview")
        store.append(build_tables([call_record(next(number))], START_NS))
        before = moment()
        found = store.read("run_calls", run_id="run-0")["paid_usd"].to_pylist()
        assert moment() == before
        return found

    number = count(10)
    store.append(build_tables([call_record(n) for n in range(2)], START_NS))
    assert paid() == [Decimal("0.0035")] * 2
    store.command("set_price", model="gpt-4o-2024-08-06", input_usd_per_mtok=1, output_usd_per_mtok=0)
    assert store.read("run_calls", run_id="run-0")["paid_usd"].to_pylist() == [Decimal("0.001")] * 2
    assert paid() == [Decimal("0.001")] * 2
    store.append(build_tables([call_record(2, request_model="gpt-5-mini", response_model="gpt-5-mini")], START_NS))
    assert store.read("run_calls", run_id="run-0")["paid_usd"].to_pylist()[2] > 0


def test_projects_are_noted_before_anybody_asks(store: FileStore) -> None:
    store.append(build_tables([call_record(0), call_record(1, project="other")], START_NS))
    assert store.rollup is not None
    store.rollup.begin()
    store.rollup.keep()
    moment = store.changes.moment()
    assert moment is not None
    assert {project: of.moment for project, of in store.rollup._projects.items()} == {
        "default": moment,
        "other": moment,
    }


def test_readers_see_whole_appends_and_never_less_than_before(store: FileStore) -> None:
    """Readers and the background share the sums while calls are appended five at a time."""
    seen: list[list[int]] = [[], []]
    failed: list[BaseException] = []
    done = threading.Event()

    def look(into: list[int]) -> None:
        try:
            while not done.is_set():
                into.extend(store.read("overview")["calls"].to_pylist())
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=look, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for first in range(0, 100, 5):
        store.append(build_tables([call_record(n) for n in range(first, first + 5)], START_NS))
        assert store.read("overview")["calls"].to_pylist() == [first + 5]
    done.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert all(counts == sorted(counts) and {n % 5 for n in counts} <= {0} for counts in seen)
