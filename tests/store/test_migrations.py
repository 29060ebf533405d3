"""The migrations end where tables.py is, and start from nothing or from any step before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import suffice_migrations
from suffice.errors import SufficeError
from suffice_migrations import current, head, upgrade
from suffice_store.engines.duckdb import DuckDB
from suffice_store.tables import metadata


@pytest.fixture
def database(tmp_path: Path) -> DuckDB:
    opened = DuckDB(str(tmp_path / "s.duckdb"))
    yield opened
    opened.close()


def test_the_migrated_schema_is_that_of_the_tables(database: DuckDB) -> None:
    assert upgrade(database.engine) == (None, head())
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_comparison_sees_a_difference(database: DuckDB) -> None:
    upgrade(database.engine)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE calls DROP COLUMN environment")
        connection.exec_driver_sql("ALTER TABLE savings ALTER quality TYPE FLOAT")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert len(compare_metadata(context, metadata)) == 2


def test_columns_stand_in_the_order_of_the_tables(database: DuckDB) -> None:
    upgrade(database.engine)
    inspector = sa.inspect(database.engine)
    for name, table in metadata.tables.items():
        assert [column["name"] for column in inspector.get_columns(name)] == [column.name for column in table.c]


def test_a_process_that_never_imported_the_migration_tool_makes_a_file(tmp_path: Path) -> None:
    """The driver is told of the tool only where the tool was imported first; pytest has, a command has not."""
    made = (
        "import sys\nfrom suffice_store import open_store\n"
        "assert 'alembic' not in sys.modules\n"
        f"open_store({str(tmp_path / 'new.duckdb')!r}).close()\n"
        "assert 'alembic' in sys.modules"
    )
    again = made.replace("assert 'alembic' in", "assert 'alembic' not in")
    for script in (made, again):
        assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_head_is_the_newest_script() -> None:
    assert suffice_migrations._scripts().get_current_head() == head()


def test_upgrading_again_changes_nothing(database: DuckDB) -> None:
    upgrade(database.engine)
    assert upgrade(database.engine) == (head(), head())
    assert current(database.engine) == head()


def test_a_newer_schema_is_refused(database: DuckDB) -> None:
    upgrade(database.engine)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SufficeError, match=r"schema 9999, which is newer than this suffice knows \(0"):
        upgrade(database.engine)


def test_long_text_is_compressed_with_zstd(database: DuckDB) -> None:
    upgrade(database.engine)
    with database.engine.begin() as connection:
        words = "INSERT INTO messages SELECT 'p', md5(i::VARCHAR), 'user', repeat('some words ' || i, 40), 1, 1, 1 FROM range(20000) t(i)"
        connection.exec_driver_sql(words)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT suffice")
        info = "SELECT DISTINCT compression FROM pragma_storage_info('messages') WHERE column_name = 'content' AND segment_type = 'VARCHAR'"
        assert {row[0] for row in connection.exec_driver_sql(info)} == {"ZSTD"}
        groups = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('messages')"
        assert connection.exec_driver_sql(groups).scalar() == 3  # 20,000 rows in groups of 8,192
