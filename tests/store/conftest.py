"""The stores that every contract test runs over: the file itself, a collector's HTTP side before it, and ClickHouse.

ClickHouse is the real engine, in this process (chdb). Its wheel is 160 MB, so that it is not among the tools of
development: ``test_clickhouse.py`` runs these tests over it in an environment of its own.
"""

from __future__ import annotations

import importlib.util
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
import uvicorn
from store.synthetic import START_NS, call_record

from suffice_collector.app import Collector, make_app
from suffice_collector.ingest import Ingest
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore, ServerStore
from suffice_store.remote_store import RemoteStore
from suffice_store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file with five calls, closed."""
    name = str(tmp_path / "s.duckdb")
    with FileStore(name) as store:
        store.append(build_tables([call_record(number) for number in range(5)], START_NS))
    return name


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[FileStore]:
    """A store on a file of its own, whose clock advances one nanosecond with each look."""
    ticks = iter(range(START_NS, START_NS + 10**6))
    with FileStore(str(tmp_path / "s.duckdb"), clock=lambda: next(ticks)) as opened:
        yield opened


STORES = ["file", "http", *(["clickhouse"] if importlib.util.find_spec("chdb") else [])]


@pytest.fixture(scope="session")
def clickhouse_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engine keeps its data: there is one in a process, and each test has a database of its own in it."""
    return tmp_path_factory.mktemp("clickhouse")


@pytest.fixture
def unmigrated_clickhouse_url(clickhouse_path: Path) -> Iterator[str]:
    """An empty database."""
    with clickhouse_database(clickhouse_path) as (_, url, _name):
        yield url


@pytest.fixture(scope="session")
def migrated_clickhouse(clickhouse_path: Path) -> Iterator[str]:
    """The name of a database that every migration has run over, once: each of the others copies its tables."""
    with clickhouse_database(clickhouse_path) as (_, url, name):
        ServerStore(url).close()
        yield name


@pytest.fixture
def clickhouse_url(clickhouse_path: Path, migrated_clickhouse: str) -> Iterator[str]:
    """A migrated database without rows. Migrating each took four fifths of these tests' time."""
    with clickhouse_database(clickhouse_path) as (connection, url, name):
        for table in connection.scalars(sa.text(f"SHOW TABLES FROM {migrated_clickhouse}")).all():
            connection.execute(sa.text(f"CREATE TABLE {name}.{table} AS {migrated_clickhouse}.{table}"))
        revision = f"SELECT * FROM {migrated_clickhouse}.alembic_version"
        connection.execute(sa.text(f"INSERT INTO {name}.alembic_version {revision}"))
        yield url


@contextmanager
def clickhouse_database(path: Path) -> Iterator[tuple[sa.Connection, str, str]]:
    """A database of its own in the one engine: a connection to the engine, the database's URL, its name."""
    address = f"clickhousedb:///{{}}?interface=chdb&path={path}"
    name = f"test_{uuid.uuid4().hex}"
    engine = sa.create_engine(address.format("default"))
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        yield connection, address.format(name), name
        connection.execute(sa.text(f"DROP DATABASE {name}"))
    engine.dispose()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """FileStore, RemoteStore before the real collector app, ServerStore."""
    if request.param == "clickhouse":
        ticks = iter(range(START_NS, START_NS + 10**6))
        url = request.getfixturevalue("clickhouse_url")
        with ServerStore(url, clock=lambda: next(ticks)) as server_store:
            yield server_store
        return
    file_store = request.getfixturevalue("file_store")
    if request.param == "file":
        yield file_store
        return
    with serving(file_store, tmp_path) as address, RemoteStore(address) as remote:
        yield remote


@contextmanager
def serving(file_store: FileStore, folder: Path, key: str | None = None) -> Iterator[str]:
    """The address of the collector's app over ``file_store``, on a free port."""
    ingest = Ingest(file_store, folder / "journal", applied=None)
    app = make_app(Collector(file_store, ingest), key=key)
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as sock:
        thread = threading.Thread(target=server.run, args=([sock],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            ingest.close()
