"""RemoteStore before servers that are down, not ours, or say no: always one line for a person."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pyarrow as pa
import pytest
from store.conftest import serving
from store.synthetic import START_NS, call_record

from suffice.errors import SufficeError, UsageError
from suffice_store import open_store
from suffice_store.appending import build_tables
from suffice_store.cancelling import Cancel, CancelledError
from suffice_store.file_store import FileStore
from suffice_store.opening import database_path
from suffice_store.remote_store import RemoteStore


@pytest.fixture
def stranger() -> Iterator[str]:
    """A web server that answers everything with 200 and a page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        free = f"http://127.0.0.1:{sock.getsockname()[1]}"
    with RemoteStore(free) as store:
        for ask in (lambda: store.read("overview"), lambda: store.command("decide"), store.health):
            with pytest.raises(SufficeError, match=f"no collector answers at {free}: start one with 'suffice up'"):
                ask()


def test_something_else_answers(stranger: str) -> None:
    with RemoteStore(stranger) as store:
        for ask in (lambda: store.read("overview"), lambda: store.command("decide"), store.health):
            with pytest.raises(SufficeError, match="is not suffice's collector"):
                ask()


def test_a_read_that_is_cancelled_hangs_up_at_once() -> None:
    """The server takes the request and never answers; it sees the client go, and whoever waits is told."""
    cancel, said, asked = Cancel(), [], b""

    def read(server: str) -> None:
        with RemoteStore(server) as store:
            try:
                with cancel.reading():
                    store.read("calls", search="slow")
            except CancelledError as error:
                said.append(str(error))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=read, args=(f"http://127.0.0.1:{listening.getsockname()[1]}",))
        thread.start()
        connection, _ = listening.accept()
        with connection:
            while b"\r\n\r\n" not in asked:
                asked += connection.recv(65_536)
            cancel.cancel()
            connection.settimeout(10)
            assert connection.recv(1) == b"", "hung up"
    thread.join(10)
    assert said == ["the read was cancelled"]
    assert b"search=slow" in asked


def test_what_may_be_cancelled_and_is_not_reads_as_ever(file_store: FileStore, tmp_path: Path) -> None:
    with serving(file_store, tmp_path) as server, RemoteStore(server) as store:
        for _ in range(2):
            with Cancel().reading():
                assert store.read("overview")["calls"].to_pylist() == [0]
        assert store.read("overview")["calls"].to_pylist() == [0]


def test_a_wrong_key_is_said_so(file_store: FileStore, tmp_path: Path) -> None:
    with serving(file_store, tmp_path, key="right") as server:
        with RemoteStore(server, key="wrong") as store, pytest.raises(SufficeError, match="SUFFICE_KEY"):
            store.read("overview")
        with RemoteStore(server, key="right") as store:
            assert store.read("overview").num_rows == 1
        with RemoteStore(server) as store:
            assert store.health()["service"] == "suffice"  # the one path that needs no key


def test_results_of_any_size_go_over(file_store: FileStore, tmp_path: Path) -> None:
    table = build_tables([call_record(n) for n in range(3)], START_NS)
    with serving(file_store, tmp_path) as server, RemoteStore(server) as store:
        assert store.append({"calls": table["calls"].slice(0, 2)}).added == {"calls": 2}
        assert store.append(table).known == {"calls": 2, "messages": 0}
        with pytest.raises(SufficeError, match="only by the process that holds the file"):
            store.append(table, journal=("j", 1))
        many = pa.table({"project": ["p"] * 50_000, "analysis_id": ["a"] * 50_000, "call_id": ["c" * 32] * 50_000})
        assert store.append({"assignments": many}).added == {"assignments": 50_000}
        found = list(store.read_batches("assignments", project="p", analysis_id="a"))
        assert sum(batch.num_rows for batch in found) == 50_000


@pytest.mark.parametrize("address", ["127.0.0.1:4318", "ftp://host", "http://", "collector"])
def test_what_is_not_an_address(address: str) -> None:
    with pytest.raises(SufficeError, match=r"is not a collector's address: it looks like http://127\.0\.0\.1:4318"):
        RemoteStore(address)


def test_which_store_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def opened(db: str | None = None, server: str | None = None) -> str:
        with open_store(db, server=server) as store:
            return store.path if isinstance(store, FileStore) else store.server

    assert opened() == "./suffice.duckdb"
    monkeypatch.setenv("SUFFICE_ENDPOINT", "http://127.0.0.1:4319/")
    assert opened() == "http://127.0.0.1:4319"
    monkeypatch.setenv("SUFFICE_DB", str(tmp_path / "env.duckdb"))
    assert opened() == str(tmp_path / "env.duckdb")
    assert opened(server="http://127.0.0.1:9") == opened("http://127.0.0.1:9") == "http://127.0.0.1:9"
    assert opened(f"duckdb:///{tmp_path}/url.duckdb") == f"{tmp_path}/url.duckdb"
    with pytest.raises(UsageError, match="exclude each other"):
        opened("a.duckdb", "http://127.0.0.1:9")
    with pytest.raises(SufficeError, match="'mysql' databases can't be opened"):
        opened("mysql://host/db")
    with pytest.raises(SufficeError, match="works on a DuckDB file, not on ClickHouse"):
        database_path("clickhousedb://host/db")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("calls.duckdb", "calls.duckdb"),
        ("duckdb:///calls.duckdb", "calls.duckdb"),
        ("duckdb:////data/calls.duckdb", "/data/calls.duckdb"),
        ("duckdb:///:memory:", ":memory:"),
        ("duckdb:///calls.duckdb?threads=2", "calls.duckdb"),
    ],
)
def test_database_path(url: str, path: str) -> None:
    assert database_path(url) == path
