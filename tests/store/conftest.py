"""The two stores that every contract test runs over: the file itself, and a collector's HTTP side before it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from store.synthetic import START_NS

from suffice_collector.app import Collector, make_app
from suffice_collector.ingest import Ingest
from suffice_store.file_store import FileStore
from suffice_store.remote_store import RemoteStore
from suffice_store.store import Store


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[FileStore]:
    """A store on a file of its own, whose clock advances one nanosecond with each look."""
    ticks = iter(range(START_NS, START_NS + 10**6))
    with FileStore(str(tmp_path / "s.duckdb"), clock=lambda: next(ticks)) as opened:
        yield opened


@pytest.fixture(params=["file", "http"])
def store(request: pytest.FixtureRequest, file_store: FileStore, tmp_path: Path) -> Iterator[Store]:
    """FileStore, then RemoteStore before the real collector app."""
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
