"""What whoever runs a collector counts on: TLS on both ports, logs for programs, dead letters tried again, senders asked to wait."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx2
import pyarrow as pa
import pytest
from collector.otlp_samples import CHAT, chat_body
from collector.processes import Process, running_collector, wait_until
from collector.signal_samples import logs_request
from free_ports import free_port
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from suffice.cli import main
from suffice.errors import SufficeError
from suffice_collector.app import Collector, make_app
from suffice_collector.grpc_server import GrpcServer
from suffice_collector.ingest import Ingest
from suffice_collector.ports import bind
from suffice_store.file_store import FileStore

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate, key) for this machine, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    found = folder / "cert.pem", folder / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    command = ["openssl", *words.split(), "-out", str(found[0]), "-keyout", str(found[1])]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except OSError:
        pytest.skip("there is no openssl to make a certificate with")
    return found


class Secured(Process):
    """Asked over https, with its certificate known."""

    def __init__(self, folder: Path, certificate: tuple[Path, Path], grpc_port: int) -> None:
        port = free_port()
        files = ["--tls-cert", str(certificate[0]), "--tls-key", str(certificate[1])]
        ports = ["--port", str(port), "--grpc-port", str(grpc_port)]
        super().__init__(["collector", "--db", str(folder / "s.duckdb"), *ports, *files], port, folder / "log.txt")
        self.client.close()
        trusted = ssl.create_default_context(cafile=str(certificate[0]))
        self.client = httpx2.Client(
            base_url=f"https://localhost:{port}", trust_env=False, timeout=30, verify=trusted, headers={}
        )


def test_tls_on_both_ports(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    grpc_port = free_port()
    with Secured(tmp_path, certificate, grpc_port).running() as collector:
        assert collector.post(chat_body(2)).status_code == 200
        trusted = grpc.ssl_channel_credentials(certificate[0].read_bytes())
        with grpc.secure_channel(f"localhost:{grpc_port}", trusted) as channel:
            channel.unary_unary(EXPORT)(chat_body(3), timeout=30)
        collector.wait_calls(5)
        with pytest.raises(httpx2.TransportError):
            httpx2.post(f"http://127.0.0.1:{collector.port}/v1/traces", content=b"", trust_env=False)
        with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel, pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary(EXPORT)(chat_body(1), timeout=5)
        assert refused.value.code() == grpc.StatusCode.UNAVAILABLE
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        with pytest.warns(DeprecationWarning, match="TLSv1_1 is deprecated"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx2.TransportError):
            httpx2.get(f"https://127.0.0.1:{collector.port}/healthz", verify=old, trust_env=False)
    assert "listening on https://" in collector.log.read_text()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["--tls-cert", "{cert}"], 2, "--tls-cert and --tls-key belong together: give both"),
        (["--tls-cert", "{cert}", "--tls-key", "{cert}"], 1, "can't be used for TLS"),
        (["--tls-cert", "{cert}", "--tls-key", "/nowhere.pem"], 1, "can't be used for TLS: No such file"),
    ],
)
def test_files_that_make_no_pair_are_one_line(
    given: list[str], code: int, said: str, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    options = [each.format(cert=certificate[0]) for each in given]
    command = [
        sys.executable,
        "-m",
        "suffice",
        "collector",
        "--db",
        str(tmp_path / "s.duckdb"),
        "--port",
        "0",
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (code, True, 1), done.stderr


def test_logs_are_one_json_object_a_line(tmp_path: Path) -> None:
    with running_collector(tmp_path, "--grpc-port", "0", "--log-format", "json") as collector:
        assert collector.stop() == 0
    lines = [json.loads(line) for line in collector.log.read_text().splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in lines)
    said = [line["message"] for line in lines]
    assert said[0].startswith("listening on http://127.0.0.1:")
    assert said[-1] == "stopped; everything acknowledged is stored"
    assert {line["level"] for line in lines} == {"info"}


def letters(*bodies: bytes) -> dict[str, pa.Table]:
    count = len(bodies)
    return {
        "dead_letters": pa.table(
            {
                "project": [""] * count, "journal": ["otlp"] * count, "position": list(range(1, count + 1)),
                "reason": ["KeyError: 'a bug that has been mended'"] * count, "body": pa.array(bodies, pa.binary()),
                "recorded_ns": [1] * count,
            }
        )
    }  # fmt: skip


def test_dead_letters_are_tried_again_after_a_fix(tmp_path: Path) -> None:
    """Two that this version reads (one as gzip), records of logs, and one that nobody can."""
    bodies = (chat_body(2), gzip.compress(chat_body(3)), logs_request(2).SerializeToString(), b"\xff\xfenothing")
    with FileStore(str(tmp_path / "calls.duckdb")) as store:
        store.append(letters(*bodies))
    with running_collector(tmp_path, "--grpc-port", "0") as collector:
        assert collector.rows("quality")[0]["dead_letters"] == 4
        server = f"http://127.0.0.1:{collector.port}"
        assert told(["db", "retry", "--server", server]) == "3 stored, 1 still can't be"
        collector.wait_calls(5)
        assert collector.rows("quality")[0]["dead_letters"] == 1
        assert told(["db", "retry", "--server", server]) == "0 stored, 1 still can't be"
        assert told(["db", "delete", "--before", "2100-01-01", "--server", server, "--yes"])  # the way to be rid of it
        assert collector.rows("quality")[0]["dead_letters"] == 0


def told(arguments: list[str]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(arguments) == 0
    return out.getvalue().strip()


@pytest.fixture
def pressed(tmp_path: Path) -> Iterator[tuple[Collector, GrpcServer]]:
    """A collector with more waiting than may wait, until its ``ingest`` is told otherwise."""
    with FileStore(str(tmp_path / "s.duckdb")) as store:
        ingest = Ingest(store, tmp_path / "journal", max_backlog_spans=0, build_process=False)
        collector = Collector(store, ingest)
        make_app(collector)
        server = GrpcServer(collector, "127.0.0.1", 0)
        try:
            yield collector, server
        finally:
            server.close(5)
            ingest.close()


def test_under_pressure_grpc_says_unavailable_and_when_to_come_back(pressed: tuple[Collector, GrpcServer]) -> None:
    _, server = pressed
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel, pytest.raises(grpc.RpcError) as refused:
        channel.unary_unary(EXPORT)(chat_body(1), timeout=30)
    assert (refused.value.code(), "wait to be stored" in refused.value.details()) == (grpc.StatusCode.UNAVAILABLE, True)
    (raw,) = [value for key, value in refused.value.trailing_metadata() if key == "grpc-status-details-bin"]
    status, info = Status.FromString(raw), RetryInfo()
    assert (status.code, status.details[0].Unpack(info), info.retry_delay.seconds) == (14, True, 1)


def test_opentelemetrys_exporter_keeps_what_it_has_until_the_pressure_is_gone(
    pressed: tuple[Collector, GrpcServer],
) -> None:
    collector, server = pressed
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    for number in range(3):
        provider.get_tracer("t").start_span("chat m", attributes={**CHAT, "n": number}).end()
    exporter = OTLPSpanExporter(endpoint=f"127.0.0.1:{server.port}", insecure=True, timeout=30)
    relief = threading.Timer(1.5, setattr, [collector.ingest, "_max_spans", 1000])
    relief.start()
    begun = time.monotonic()
    assert exporter.export(memory.get_finished_spans()) is SpanExportResult.SUCCESS
    assert time.monotonic() - begun >= 1
    exporter.shutdown()
    provider.shutdown()
    wait_until(lambda: collector.store.read("overview").to_pylist()[0]["calls"] == 3, "3 calls")


def test_a_grpc_port_taken_after_it_was_found_free_is_told_not_a_crash(
    pressed: tuple[Collector, GrpcServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a second collector that starts in the same moment: the usual port is done without, one asked for is an error."""
    collector, _ = pressed
    others: list[socket.socket] = []

    @contextlib.contextmanager
    def bind_then_lose(host: str, port: int, *, option: str) -> Iterator[socket.socket]:
        with bind(host, port, option=option) as free:
            yield free
        others.append(bind(host, port))

    monkeypatch.setattr("suffice_collector.grpc_server.bind", bind_then_lose)
    for asked_for in (False, True):
        port = free_port()
        monkeypatch.setattr("suffice_collector.grpc_server.DEFAULT_PORT", port)
        if asked_for:
            with pytest.raises(SufficeError, match=f"port {port} is taken by pid {os.getpid()}"):
                GrpcServer.start(collector, "127.0.0.1", port, None)
        else:
            assert GrpcServer.start(collector, "127.0.0.1", None, None) is None
        others.pop().close()
