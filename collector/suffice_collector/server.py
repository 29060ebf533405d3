"""A collector from open file to drained journal: what ``suffice collector`` and ``suffice up`` both run."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import ssl
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from suffice.errors import SufficeError, UsageError
from suffice_collector.alerting.alerter import Alerter
from suffice_collector.app import Collector, make_app
from suffice_collector.columnar.kept import is_compiled
from suffice_collector.compaction import Compactor
from suffice_collector.grpc_server import GrpcServer
from suffice_collector.ingest import Ingest
from suffice_collector.journal import NAME as JOURNAL
from suffice_collector.retention import Keeper
from suffice_collector.slow import PromptProtocol
from suffice_collector.totals import TotalsKeeper
from suffice_store.engines.duckdb import MEMORY
from suffice_store.file_store import FileStore
from suffice_store.holder import noted_address
from suffice_store.opening import DEFAULT_DB, database_path
from suffice_store.store import Store

log = logging.getLogger("suffice.collector")

MAINTENANCE_S = 300.0  # for a deletion under way; one that is cut off leaves the file as it was
LOAD_S = 10.0  # for compiled functions: two where nothing else runs
GRACE_S = 10  # for requests in flight; then the journal is drained, however long that takes


@contextlib.contextmanager
def running_collector(db: str) -> Iterator[Collector]:
    """Open the database, replay its journal, and drain it at the end. Raises SufficeError where the file is held."""
    with FileStore(database_path(db)) as store, contextlib.ExitStack() as temporary:
        if store.path == MEMORY:  # for a look around: what is acknowledged lasts as long as the process
            folder = Path(temporary.enter_context(tempfile.TemporaryDirectory(prefix="suffice-")))
        else:
            folder = Path(f"{store.path}.journal")
        # What was compiled here was wanted once: then it is loaded before it is wanted again.
        ingest = Ingest(store, folder, applied=store.journal_position(JOURNAL), columnar=is_compiled() or None)
        try:
            ingest.wait_loaded(LOAD_S)
            yield Collector(store, ingest)
        finally:
            if not ingest.close():
                log.error("not everything could be stored; %s keeps it for the next start", folder)


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate (with its chain) and private key, PEM files."""

    certificate: str
    key: str

    @staticmethod
    def of(certificate: str | None, key: str | None) -> Tls | None:
        """From the two options. Raises SufficeError where they do not make a pair that can be used."""
        if certificate is None and key is None:
            return None
        if certificate is None or key is None:
            raise UsageError("--tls-cert and --tls-key belong together: give both")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise SufficeError(f"{certificate} and {key} can't be used for TLS: {error.strerror or error}") from None
        return Tls(certificate, key)


def serve(
    collector: Collector, sock: socket.socket, key: str | None, tls: Tls | None = None, *, grpc_port: int | None = None
) -> None:
    """Answer requests until SIGTERM or SIGINT; returns when those in flight are answered.

    OTLP/gRPC beside it on ``grpc_port``; None: on 4317, where that is free. Raises SufficeError for a port that is taken.
    """
    config = uvicorn.Config(
        make_app(collector, key=key),
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
        loop="auto",  # uvloop where installed
        http=PromptProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=75,
    )
    certificate = None if tls is None else (Path(tls.key).read_bytes(), Path(tls.certificate).read_bytes())
    grpc_server = GrpcServer.start(collector, sock.getsockname()[0], grpc_port, certificate)
    background = (
        Keeper(collector),
        Compactor(collector),
        TotalsKeeper(collector),
        Alerter(collector, collector.alerts),
    )
    for each in background:
        each.start()
    try:
        with contextlib.nullcontext() if tls else _noted(collector.store, sock):  # a certificate names no loopback
            _Server(config).run(sockets=[sock])
    finally:
        if grpc_server is not None:
            grpc_server.close(GRACE_S)
        for each in background:
            each.close()
        if collector.maintenance is not None:
            collector.maintenance.wait(MAINTENANCE_S)
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
