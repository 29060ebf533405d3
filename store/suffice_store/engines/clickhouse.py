"""A ClickHouse server, for what does not fit one machine: ``clickhousedb://user:password@host:8123/database``.

ClickHouse has no transactions over several tables. An append writes the tables one after the other and the journal's
position last, so a crash between them is repaired by the replay: calls, messages, toolsets and spans that are stored
already are found by their keys. It expects one writer, as the file does. ``tests/store/clickhouse`` runs the store's
contract over the real engine, in this process (chdb).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.engines import KEYS, Prepared, days_to_look_in
from suffice_store.tables import metadata

KEYS_A_QUERY = 5_000  # of 32 characters each: under ClickHouse's 256 KiB of query text

_SETTINGS = {
    "join_use_nulls": "1",  # what a left join does not find is null, not 0 or ''
    "aggregate_functions_null_for_empty": "1",  # a sum of nothing is null
    "cast_keep_nullable": "1",
    "mutations_sync": "1",  # a replaced price list is replaced when the command returns
}


class ClickHouse:
    """A database on a server that others may read too."""

    replaces_positions = True

    def __init__(self, url: str) -> None:
        """Connect. Raises SufficeError where the driver is missing or the server does not answer."""
        try:
            import clickhouse_connect.cc_sqlalchemy  # noqa: F401
            from clickhouse_connect.driver import exceptions

            import suffice_migrations.clickhouse  # noqa: F401
        except ImportError:
            raise SufficeError("ClickHouse needs its driver: pip install 'suffice[scale]'") from None
        self.path = sa.make_url(url).render_as_string(hide_password=True)
        self.engine = sa.create_engine(url)
        sa.event.listen(self.engine, "connect", _set_up)
        try:
            with self.engine.connect():
                pass
        except (exceptions.ClickHouseError, sa.exc.DBAPIError) as error:
            reason = (str(error).strip().splitlines() or ["no reason given"])[0]
            raise SufficeError(f"{self.path} can't be reached: {reason[:300]}") from None

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A connection; each statement is stored when it returns."""
        with self.engine.begin() as connection:
            yield connection

    def size_bytes(self) -> int:
        """Bytes of this database's own tables."""
        query = sa.text("SELECT sum(total_bytes) FROM system.tables WHERE database = currentDatabase()")
        with self.engine.connect() as connection:
            return int(connection.scalar(query) or 0)

    def insert(self, connection: sa.Connection, name: str, rows: pa.Table) -> None:
        """See ``Database.insert``."""
        if rows.num_rows:
            _client(connection).insert_arrow(name, rows)

    def stored(self, connection: sa.Connection, name: str, rows: pa.Table) -> pa.Array:
        """See ``Database.stored``."""
        table, keys = metadata.tables[name], KEYS[name]
        ids = rows.column(keys[-1]).to_pylist()
        found: set[tuple[Any, ...]] = set()
        for start in range(0, len(ids), KEYS_A_QUERY):
            part = rows.slice(start, KEYS_A_QUERY)
            asked = sa.select(*(table.c[key] for key in keys)).where(
                *(table.c[key].in_(pc.unique(part.column(key)).to_pylist()) for key in keys)
            )
            if "started_day" in table.c and (days := days_to_look_in(part.column("started_day"))):
                asked = asked.where(table.c.started_day.in_(days))
            found.update(tuple(row) for row in connection.execute(asked))
        own = zip(*(rows.column(key).to_pylist() for key in keys), strict=True)
        return pa.array([key in found for key in own], pa.bool_())

    def remove_repeats(self, connection: sa.Connection, name: str, keys: tuple[str, ...]) -> None:
        """One row of each key stays, by the engine's own means: it merges the parts of the table anew."""
        connection.execute(sa.text(f"OPTIMIZE TABLE `{name}` FINAL DEDUPLICATE BY {', '.join(keys)}"))

    def prepare(self, statement: sa.Select[Any]) -> Prepared:
        """See ``Database.prepare``."""
        compiled = statement.compile(dialect=self.engine.dialect, compile_kwargs={"render_postcompile": True})
        return Prepared(str(compiled), compiled.construct_params(), tuple(statement.selected_columns.keys()))

    def interrupt(self, connection: sa.Connection) -> None:
        """See ``Database.interrupt``: the driver has no way to."""

    def fetch_table(self, connection: sa.Connection, query: Prepared) -> pa.Table:
        """See ``Database.fetch_table``."""
        rows: pa.Table = _client(connection).query_arrow(_text(query), use_strings=True)
        return rows.rename_columns(list(query.columns))  # ClickHouse may call one "calls.call_id"

    def fetch_batches(self, connection: sa.Connection, query: Prepared) -> Iterator[pa.RecordBatch]:
        """See ``Database.fetch_batches``."""
        seen = False
        with _client(connection).query_arrow_stream(_text(query), use_strings=True) as stream:
            for batch in stream:
                seen = True
                yield batch.rename_columns(list(query.columns))
        if not seen:
            empty = self.fetch_table(connection, query)
            yield pa.RecordBatch.from_pylist([], schema=empty.schema)


def _set_up(connection: Any, record: Any) -> None:
    for name, value in _SETTINGS.items():
        connection.client.set_client_setting(name, value)


def _client(connection: sa.Connection) -> Any:
    """The driver's own client, which speaks Arrow."""
    driver: Any = connection.connection.driver_connection
    return driver.client


def _text(query: Prepared) -> str:
    from clickhouse_connect.driver.binding import finalize_query

    text: str = finalize_query(query.sql, query.values)
    return text
