"""The real collector process: what it acknowledged is there, once, whatever kills it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest
from collector.otlp_samples import CHAT, chat_body
from collector.processes import PROTOBUF, Process, running_collector
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """For tests that keep to a project of their own, and do the process no harm."""
    with running_collector(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_opentelemetrys_own_exporter(collector: Process, compression: Compression) -> None:
    project = f"exporter {compression.value}"
    exporter = OTLPSpanExporter(f"http://127.0.0.1:{collector.port}/v1/traces", compression=compression)
    resource = Resource({"service.name": "billing", "suffice.project": project})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    for _ in range(20):
        provider.get_tracer("t").start_span("chat gpt-5-mini", attributes=CHAT).end()
    provider.shutdown()
    collector.wait_calls(20, project=project)
    (overview,) = collector.rows("overview", project=project)
    assert (overview["input_tokens"], overview["output_tokens"], overview["services"]) == (840, 340, 1)


def test_the_compression_that_otlp_does_not_ask_for_is_refused(collector: Process) -> None:
    assert collector.post(b"", **{"Content-Encoding": "deflate"}).status_code == 415


def test_a_resend_counts_once(collector: Process) -> None:
    resource = {"suffice.project": "resend"}
    body = chat_body(7, resource=resource)
    for _ in range(3):
        assert collector.post(body).status_code == 200
    collector.post(chat_body(1, resource=resource))
    collector.wait_calls(8, project="resend")


def test_sigterm_stores_what_was_acknowledged_and_leaves_no_journal(tmp_path: Path) -> None:
    with running_collector(tmp_path) as collector:
        for _ in range(20):
            assert collector.post(chat_body(10)).status_code == 200
        assert collector.stop(signal.SIGTERM) == 0
    assert not (tmp_path / "calls.duckdb.journal").exists()
    with running_collector(tmp_path) as collector:
        assert collector.calls() == 200
        assert collector.stop(signal.SIGINT) == 0  # Ctrl-C ends it as well
    assert "Traceback" not in collector.log.read_text()


@pytest.mark.slow
def test_sigkill_in_the_middle_of_ingest_loses_nothing_acknowledged_and_doubles_nothing(tmp_path: Path) -> None:
    spans_each = 25
    acknowledged = sent = 0
    for round_number in range(4):
        with running_collector(tmp_path) as collector:
            assert acknowledged <= collector.calls() <= sent  # healthy means that the replay is over
            counts = _flood_and_kill(collector, spans_each, after=random.Random(round_number).randint(5, 60))
            acknowledged, sent = acknowledged + counts[0], sent + counts[1]
    with running_collector(tmp_path) as collector:
        calls = collector.calls()
        assert acknowledged <= calls <= sent
        ids = [row["call_id"] for row in collector.rows("analysis_calls")]
        assert len(ids) == len(set(ids)) == calls
        assert collector.rows("quality")[0]["dead_letters"] == 0
        assert acknowledged > 0


def _flood_and_kill(collector: Process, spans_each: int, after: int) -> tuple[int, int]:
    """(spans acknowledged, spans sent) by four senders until the process is killed after some answers."""
    lock = threading.Lock()
    counts = [0, 0]

    def flood() -> None:
        with httpx2.Client(base_url=str(collector.client.base_url), trust_env=False, timeout=10) as client:
            while True:
                body = chat_body(spans_each)
                with lock:
                    counts[1] += spans_each
                try:
                    status = client.post("/v1/traces", content=body, headers=PROTOBUF).status_code
                except httpx2.TransportError:
                    return
                if status == 200:
                    with lock:
                        counts[0] += spans_each
                        if counts[0] >= after * spans_each:
                            collector.child.kill()

    senders = [threading.Thread(target=flood) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert collector.child.wait(30) == -signal.SIGKILL
    return counts[0], counts[1]


def test_json_and_arrow_tell_the_same(collector: Process) -> None:
    collector.post(chat_body(30))
    collector.wait_calls(30)
    for read in ("overview", "calls", "analysis_calls", "spend", "prices", "quality", "info"):
        parameters = {"by": "model"} if read == "spend" else {}
        headers = {"Accept": "application/vnd.apache.arrow.stream"}
        response = collector.client.get(f"/api/v1/read/{read}", params=parameters, headers=headers)
        assert response.headers["content-type"] == "application/vnd.apache.arrow.stream"
        table = pa.ipc.open_stream(response.content).read_all()
        spelled = [
            {name: str(value) if pa.types.is_decimal(table.schema.field(name).type) and value is not None else value
             for name, value in row.items()}
            for row in table.to_pylist()
        ]  # fmt: skip
        assert spelled == collector.rows(read, **parameters), read
        assert spelled


class TestKey:
    def test_nothing_but_health_without_it(self, tmp_path: Path) -> None:
        with running_collector(tmp_path, env={"SUFFICE_KEY": "s3cret"}) as collector:
            base = str(collector.client.base_url)
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic s3cret"}):
                with httpx2.Client(base_url=base, trust_env=False, headers=headers) as stranger:
                    assert stranger.get("/healthz").status_code == 200
                    assert stranger.post("/v1/traces", content=chat_body(1), headers=PROTOBUF).status_code == 401
                    for path in ("/api/v1/read/overview", "/nope"):
                        refused = stranger.get(path)
                        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
                    assert stranger.post("/api/v1/commands/decide", json={}).status_code == 401
            assert collector.post(chat_body(2)).status_code == 200
            collector.wait_calls(2)

    def test_a_bind_beyond_loopback_without_one_ends_with_2_and_the_mending_line(self, tmp_path: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "suffice",
            "collector",
            "--host",
            "0.0.0.0",
            "--db",
            str(tmp_path / "x.duckdb"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "export SUFFICE_KEY=" in done.stderr
        assert not (tmp_path / "x.duckdb").exists()


def test_a_taken_port_and_a_held_file_name_the_holder(tmp_path: Path) -> None:
    with running_collector(tmp_path) as collector:
        other = [sys.executable, "-m", "suffice", "collector", "--db"]
        cases = [
            [*other, str(tmp_path / "b.duckdb"), "--port", str(collector.port)],
            [*other, str(tmp_path / "calls.duckdb"), "--port", "0"],
        ]
        for command in cases:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert (done.returncode, done.stdout) == (1, "")
            assert f"pid {collector.child.pid}" in done.stderr
            assert done.stderr.count("\n") == 1
        assert not (tmp_path / "b.duckdb").exists()


def test_a_database_in_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_collector(tmp_path, "--db", ":memory:") as collector:
        collector.post(chat_body(2))
        collector.wait_calls(2)
        assert collector.stop() == 0
    assert [path.name for path in tmp_path.iterdir()] == ["collector.log"]
