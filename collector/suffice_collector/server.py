"""A collector from open file to drained journal: what ``suffice collector`` and ``suffice up`` both run."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import uvicorn

from suffice_collector.app import Collector, make_app
from suffice_collector.ingest import Ingest
from suffice_collector.journal import NAME as JOURNAL
from suffice_store.engines.duckdb import MEMORY
from suffice_store.file_store import FileStore
from suffice_store.holder import noted_address
from suffice_store.opening import DEFAULT_DB, database_path
from suffice_store.store import Store

log = logging.getLogger("suffice.collector")

GRACE_S = 10  # for requests in flight; then the journal is drained, however long that takes


@contextlib.contextmanager
def running_collector(db: str) -> Iterator[Collector]:
    """Open the database, replay its journal, and drain it at the end. Raises SufficeError where the file is held."""
    with FileStore(database_path(db)) as store, contextlib.ExitStack() as temporary:
        if store.path == MEMORY:  # for a look around: what is acknowledged lasts as long as the process
            folder = Path(temporary.enter_context(tempfile.TemporaryDirectory(prefix="suffice-")))
        else:
            folder = Path(f"{store.path}.journal")
        ingest = Ingest(store, folder, applied=store.journal_position(JOURNAL))
        try:
            yield Collector(store, ingest)
        finally:
            if not ingest.close():
                log.error("not everything could be stored; %s keeps it for the next start", folder)


def serve(collector: Collector, sock: socket.socket, key: str | None) -> None:
    """Answer requests until SIGTERM or SIGINT; returns when those in flight are answered."""
    config = uvicorn.Config(
        make_app(collector, key=key),
        loop="auto",  # uvloop where installed
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
    with _noted(collector.store, sock):
        _Server(config).run(sockets=[sock])
    if collector.reading is not None:
        collector.reading.shutdown(cancel_futures=True)


def _noted(store: Store, sock: socket.socket) -> contextlib.AbstractContextManager[None]:
    """Commands in the file's folder find this collector by themselves, whatever its port."""
    path = getattr(store, "path", MEMORY)
    host, port = sock.getsockname()[:2]
    here = f"http://127.0.0.1:{port}" if host == "0.0.0.0" else address(sock)  # noqa: S104
    return contextlib.nullcontext() if path == MEMORY else noted_address(path, here)


def address(sock: socket.socket) -> str:
    """``http://127.0.0.1:4318``."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def chosen_db(option: str | None) -> str:
    """``--db``, else SUFFICE_DB, else ./suffice.duckdb."""
    return option or os.environ.get("SUFFICE_DB") or DEFAULT_DB


def key_from_environment() -> str | None:
    return os.environ.get("SUFFICE_KEY") or None


class _Server(uvicorn.Server):
    """uvicorn raises the signal again once it has shut down, which would end the process before the drain."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)

        earlier = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            # A second Ctrl-C while draining must not tear what the journal would otherwise have to replay.
            for number, handler in earlier.items():
                signal.signal(number, handler if number == signal.SIGINT else signal.SIG_IGN)
