"""A database of every released schema, with rows in every table, is brought up to date and keeps what it held."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from store.synthetic import START_NS, call_record

import suffice_migrations
from suffice_migrations import current, head
from suffice_store.appending import build_tables
from suffice_store.backups import check
from suffice_store.engines.duckdb import DuckDB
from suffice_store.file_store import FileStore
from suffice_store.tables import metadata

REVISIONS = sorted(
    script.revision for script in ScriptDirectory.from_config(suffice_migrations._config()).walk_revisions()
)
CALLS = 6
ROWS = 2  # of every other table


def at_revision(path: Path, revision: str) -> DuckDB:
    """An empty database as the version of suffice that had this schema made it."""
    database = DuckDB(str(path))
    with database.engine.begin() as connection:
        suffice_migrations._current(connection)  # tells the driver of Alembic
        config = suffice_migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return database


def fill(database: DuckDB) -> dict[str, int]:
    """Real calls with their messages, made-up rows elsewhere; columns that the schema does not have yet are left out."""
    real = build_tables((call_record(number) for number in range(CALLS)), START_NS)
    counts: dict[str, int] = {}
    inspector = sa.inspect(database.engine)
    with database.writing() as connection:
        for name in inspector.get_table_names():
            if name == "alembic_version":
                continue
            columns = {column["name"]: column for column in inspector.get_columns(name)}
            if name in real:
                rows = real[name].select([each for each in real[name].column_names if each in columns])
            else:
                rows = pa.Table.from_pylist(
                    [{key: value(each, n) for key, each in columns.items()} for n in range(ROWS)]
                )
            database.insert(connection, name, rows)
            counts[name] = rows.num_rows
    return counts


def value(column: dict[str, Any], number: int) -> Any:
    """Of the column's type, told apart by ``number``."""
    kind = column["type"]
    match kind:
        case sa.ARRAY():
            return [f"{column['name']}-{number}"]
        case sa.Boolean():
            return number == 0
        case sa.Numeric() if not isinstance(kind, sa.Float):
            return number + 1
        case sa.Float() | sa.Double():
            return number + 0.5
        case sa.Integer():
            return number + 1
        case sa.LargeBinary():
            return b"body"
    return "default" if column["name"] == "project" else f"{column['name']}-{number}"


def dump(database: DuckDB, columns: dict[str, list[str]]) -> dict[str, list[tuple[Any, ...]]]:
    with database.engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT {', '.join(of_table)} FROM {name}").fetchall()), key=repr)
            for name, of_table in columns.items()
        }  # fmt: skip


@pytest.mark.parametrize("revision", REVISIONS)
def test_rows_of_every_schema_survive(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "s.duckdb"
    old = at_revision(path, revision)
    filled = fill(old)
    inspector = sa.inspect(old.engine)
    columns = {name: [each["name"] for each in inspector.get_columns(name)] for name in filled}
    before = dump(old, columns)
    assert current(old.engine) == revision
    old.close()

    with FileStore(str(path)) as store:
        assert current(store.database.engine) == head()
        after = dump(store.database, columns)  # type: ignore[arg-type]
        for name in ("prices", "ingest_state"):  # the shipped prices, and that they were read, are added at opening
            after[name] = [row for row in after[name] if row in before[name]]
        assert after == before
        names = {
            each["name"] for table in metadata.tables for each in sa.inspect(store.database.engine).get_columns(table)
        }
        assert names >= {column.name for table in metadata.tables.values() for column in table.c}
        overview = store.read("overview").to_pylist()[0]
        assert (overview["calls"], overview["input_tokens"]) == (CALLS, CALLS * 1000)
        conversation = store.read("conversation", call_id=call_record(1).call_id).to_pylist()
        assert "question 1" in conversation[1]["content"]
        store.append(build_tables([call_record(CALLS)], START_NS))  # it goes on
        store.append(build_tables([call_record(0)], START_NS))  # and knows what it had
        assert store.read("overview").to_pylist()[0]["calls"] == CALLS + 1
        assert check(store)["rows"]["calls"] == CALLS + 1


def test_every_schema_is_tried() -> None:
    assert REVISIONS[-1] == head()
    assert len(REVISIONS) >= 7
