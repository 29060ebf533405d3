"""A client that hangs up ends its read in the database."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import sqlalchemy as sa
from collector.processes import wait_until
from store.conftest import serving
from store.synthetic import START_NS

from suffice_store.cancelling import interruptible
from suffice_store.file_store import FileStore

LONG = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range < 0"


class SlowStore(FileStore):
    """Any read takes for ever, and says how it ended."""

    began = 0
    ended: list[str]

    def read_batches(self, name: str, **parameters: Any) -> Iterator[pa.RecordBatch]:
        with self.connected() as connection, interruptible(lambda: self.database.interrupt(connection)):
            self.began += 1
            try:
                connection.execute(sa.text(LONG))
            except sa.exc.DBAPIError as error:
                self.ended.append(str(error))
                raise
        yield pa.RecordBatch.from_pylist([{"calls": 0}])

    def read(self, name: str, **parameters: Any) -> pa.Table:
        return pa.Table.from_batches(self.read_batches(name, **parameters))


def test_hanging_up_interrupts_the_read(tmp_path: Path) -> None:
    with SlowStore(str(tmp_path / "s.duckdb"), clock=lambda: START_NS) as store:
        store.ended = []
        with serving(store, tmp_path) as address:
            for expected, accept in enumerate(("application/json", "application/vnd.apache.arrow.stream"), 1):
                with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port)) as client:
                    client.sendall(
                        f"GET /api/v1/read/overview HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: {accept}\r\n\r\n".encode()
                    )
                    wait_until(lambda count=expected: store.began == count, "the read to begin")
                wait_until(lambda count=expected: len(store.ended) == count, "the read to end")
        assert all("nterrupt" in each for each in store.ended)
