"""ServerStore: what is particular to ClickHouse. Its contract is that of every store: ``test_store_contract.py``."""

from __future__ import annotations

import importlib.util
import sys
from decimal import Decimal

import pyarrow as pa
import pytest
import sqlalchemy as sa
from store.synthetic import START_NS, call_record

from suffice.errors import SufficeError
from suffice_migrations import current, head
from suffice_store import AppendResult, open_store
from suffice_store.appending import build_tables
from suffice_store.compacting import compact
from suffice_store.file_store import ServerStore
from suffice_store.look_back import recent_calls
from suffice_store.records import SpanRecord
from suffice_store.tables import metadata

needs_engine = pytest.mark.skipif(
    importlib.util.find_spec("chdb") is None, reason="chdb is not installed; test_clickhouse.py runs this where it is"
)


@pytest.fixture
def store(clickhouse_url: str) -> ServerStore:
    opened = open_store(clickhouse_url)
    assert isinstance(opened, ServerStore)
    with opened:
        yield opened


def rows(*numbers: int, **changes: object) -> dict[str, pa.Table]:
    return build_tables([call_record(number, **changes) for number in numbers], START_NS)


@needs_engine
def test_a_resend_changes_nothing(store: ServerStore) -> None:
    assert store.append(rows(0, 1)) == AppendResult({"calls": 2, "messages": 4}, {"calls": 0, "messages": 0})
    assert store.append(rows(1, 2)) == AppendResult({"calls": 1, "messages": 1}, {"calls": 1, "messages": 3})
    other_day = START_NS + 86_400 * 10**9
    assert (
        store.append(rows(0, started_ns=other_day, run_id="other")).added["calls"] == 1
    )  # the day is part of the lookup
    span = build_tables([SpanRecord("default", "t", "s", None, "n", 1, "o", None, START_NS, START_NS, "ok")], 1)
    assert [store.append(span).added["spans"] for _ in range(2)] == [1, 0]


@needs_engine
def test_more_calls_than_a_query_names(store: ServerStore) -> None:
    many = rows(*range(6_000))
    assert store.append(many).added["calls"] == 6_000
    assert store.append(many).known["calls"] == 6_000
    overview = store.read("overview").to_pylist()[0]
    assert (overview["calls"], overview["paid_usd"]) == (6_000, 6_000 * Decimal("0.0035"))
    assert sum(batch.num_rows for batch in store.read_batches("analysis_calls")) == 6_000


@needs_engine
def test_texts_that_were_stored_again_are_taken_out(store: ServerStore) -> None:
    store.append(rows(0, 1))
    before = store.read("analysis_messages").sort_by("message_hash")
    for _ in range(2):
        with store.writing() as connection:
            store.database.insert(connection, "messages", rows(0, 1)["messages"])
    assert compact(store) == 8
    assert store.read("analysis_messages").sort_by("message_hash") == before
    assert compact(store) == 0


@needs_engine
def test_the_position_of_a_journal(store: ServerStore) -> None:
    assert store.journal_position("a.journal") is None
    for position in (1, 2, 3):
        store.append(rows(position), journal=("a.journal", position))
    assert store.journal_position("a.journal") == 3


@needs_engine
def test_what_was_stored_lately_is_read_back(store: ServerStore) -> None:
    scope = 'one "quoted" with a \\ in it'
    store.append(rows(0, 1, trace_id="t", attributes={"otel.scope.name": scope, "long": "x" * 1000}))
    with store.connected() as connection:
        assert list(recent_calls(connection, START_NS + 1, "otel.scope.name")) == []
        found = list(recent_calls(connection, START_NS, "otel.scope.name"))
    assert [record.attributes for record in found] == [{"otel.scope.name": scope}] * 2
    assert all(len(record.call.input_messages) == len(record.call.output_messages) == 1 for record in found)


@needs_engine
def test_a_replay_after_a_crash_between_tables_adds_what_is_missing(store: ServerStore) -> None:
    batch = rows(0, 1, 2)
    with store.database.writing() as connection:
        store.database.insert(connection, "calls", batch["calls"].slice(0, 2))  # as far as it came
    assert store.append(batch, journal=("a.journal", 1)) == AppendResult(
        {"calls": 1, "messages": 5}, {"calls": 2, "messages": 0}
    )
    assert store.read("overview").column("calls").to_pylist() == [3]


@needs_engine
def test_the_migrated_tables(unmigrated_clickhouse_url: str) -> None:
    with ServerStore(unmigrated_clickhouse_url) as store:
        check_the_migrated_tables(store)


def check_the_migrated_tables(store: ServerStore) -> None:
    assert current(store.database.engine) == head()
    with store.database.engine.connect() as connection:
        query = (
            "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position"
        )
        found: dict[str, list[tuple[str, bool]]] = {}
        for table, name, kind in connection.execute(sa.text(query)):
            found.setdefault(table, []).append((name, kind.startswith("Nullable(")))
        keys = dict(
            connection.execute(
                sa.text("SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase()")
            ).all()
        )
    del found["alembic_version"]
    assert found == {name: [(c.name, bool(c.nullable)) for c in table.c] for name, table in metadata.tables.items()}
    assert (keys["calls"], keys["messages"]) == ("project, started_day, call_id", "project, message_hash")
    assert {key.split(",")[0] for name, key in keys.items() if name != "alembic_version"} == {"project"}


@needs_engine
def test_opening_again_changes_nothing(clickhouse_url: str) -> None:
    with ServerStore(clickhouse_url) as store:
        store.append(rows(0))
        before = store.read("info").to_pylist()
    with ServerStore(clickhouse_url) as store:
        assert store.read("info").to_pylist() == before
        assert store.database.size_bytes() > 0


@needs_engine
@pytest.mark.parametrize("said", ["it's", 'say "x"', "back\\slash", "100%", "per %(cent)s", "{braces}", "Ü\n–", "--"])
def test_texts_come_back_as_they_went_in(store: ServerStore, said: str) -> None:
    store.append(rows(0, run_id=said, service=said))
    store.command("record_outcome", target="run", target_id=said, label=said)
    assert [row["service"] for row in store.read("calls", run_id=said, service=said).to_pylist()] == [said]
    assert [(row["target_id"], row["label"]) for row in store.read("outcomes").to_pylist()] == [(said, said)]


@needs_engine
def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(SufficeError) as raised:
        open_store("clickhousedb://me:secret@127.0.0.1:9/calls")
    assert "clickhousedb://me:***@127.0.0.1:9/calls can't be reached" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_without_the_driver_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    monkeypatch.setitem(sys.modules, "clickhouse_connect.cc_sqlalchemy", None)
    with pytest.raises(SufficeError, match=r"pip install 'suffice\[scale\]'"):
        open_store("clickhousedb://localhost/calls")
