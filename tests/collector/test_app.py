"""Every status code of the collector, over real HTTP against one real process."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import socket
from collections.abc import Iterator
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from collector.otlp_samples import chat_body, json_body, json_span
from collector.processes import PROTOBUF, Process, running_collector, wait_until
from collector.signal_samples import logs_request, metrics_request
from google.rpc.status_pb2 import Status

JSON = {"Content-Type": "application/json"}
ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with running_collector(tmp_path_factory.mktemp("app")) as running:
        yield running


def traces(collector: Process, content: bytes, headers: dict[str, str]) -> httpx2.Response:
    return collector.client.post("/v1/traces", content=content, headers=headers)


class TestTraces:
    def test_protobuf(self, collector: Process) -> None:
        answer = traces(collector, chat_body(2), PROTOBUF)
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (
            200,
            "application/x-protobuf",
            b"",
        )

    def test_json_with_a_charset_and_gzip(self, collector: Process) -> None:
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}
        answer = traces(collector, gzip.compress(json_body([json_span(1)])), headers)
        assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, "application/json", {})

    def test_an_empty_request(self, collector: Process) -> None:
        assert traces(collector, b"", PROTOBUF).status_code == 200
        assert traces(collector, b"{}", JSON).status_code == 200

    def test_chunked_without_a_length(self, collector: Process) -> None:
        body = chat_body(3)
        answer = collector.client.post("/v1/traces", content=iter([body[:10], body[10:]]), headers=PROTOBUF)
        assert answer.status_code == 200

    def test_partial_success(self, collector: Process) -> None:
        body = json_body([json_span(11), json_span(12, traceId="")])
        answer = traces(collector, body, JSON)
        assert answer.status_code == 200
        assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"

    @pytest.mark.parametrize(
        ("content", "headers", "status"),
        [
            (b"\xff\xff", PROTOBUF, 400),
            (b"not json", JSON, 400),
            (b"not gzip", {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
            (gzip.compress(chat_body(1))[:-5], {**PROTOBUF, "Content-Encoding": "gzip"}, 400),
            (b"x", {"Content-Type": "text/plain"}, 415),
            (b"x", {}, 415),
            (b"x", {**PROTOBUF, "Content-Encoding": "br"}, 415),
            (b"x", {**JSON, "Content-Encoding": "deflate, gzip"}, 415),
            (gzip.compress(b"\0" * (65 * 1024 * 1024)), {**PROTOBUF, "Content-Encoding": "gzip"}, 413),
        ],
    )
    def test_refusals_tell_why_in_the_senders_type(
        self, collector: Process, content: bytes, headers: dict[str, str], status: int
    ) -> None:
        answer = traces(collector, content, headers)
        assert answer.status_code == status
        if headers.get("Content-Type") == "application/x-protobuf":
            assert answer.headers["content-type"] == "application/x-protobuf"
            assert Status.FromString(answer.content).message
        else:
            assert answer.headers["content-type"] == "application/json"
            assert answer.json()["message"]

    def test_a_length_over_the_limit_is_refused_before_the_body(self, collector: Process) -> None:
        with socket.create_connection(("127.0.0.1", collector.port), 10) as raw:
            raw.sendall(
                b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: 99999999999\r\n\r\n"
            )
            assert raw.recv(1000).startswith(b"HTTP/1.1 413 ")

    def test_other_methods_and_paths(self, collector: Process) -> None:
        assert collector.client.get("/v1/traces").status_code == 405
        for path in ("/", "/v1/unknown", "/api/public/media", "/v2/traces/1/spans/2/images", "/v1/traces/x"):
            answer = collector.client.post(path, content=b"{}", headers=JSON)
            assert (answer.status_code, list(answer.json())) == (404, ["error"]), path

    def test_no_mutated_body_makes_an_error_of_ours(self, collector: Process) -> None:
        rng = random.Random(7)
        bodies = [(chat_body(2), PROTOBUF), (json_body([json_span(21), json_span(22)]), JSON)]
        bodies.append((gzip.compress(bodies[0][0]), {**PROTOBUF, "Content-Encoding": "gzip"}))
        seen = set()
        for _ in range(300):
            body, headers = rng.choice(bodies)
            damaged = bytearray(body)
            for _ in range(rng.randint(1, 8)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            if rng.random() < 0.3:
                del damaged[rng.randrange(len(damaged)) :]
            seen.add(traces(collector, bytes(damaged), headers).status_code)
        assert seen == {200, 400}
        assert collector.rows("quality")[0]["dead_letters"] == 0
        assert collector.client.get("/healthz").json()["status"] == "ok"


class TestLogsAndMetrics:
    def test_log_records_are_kept_and_a_resend_is_known(self, collector: Process) -> None:
        def kept() -> int:
            """The rows of ``spans``, once all that was sent before is applied: entries are applied in their order, calls
            stand in a table of their own."""
            mark = f"mark-{next(marks)}"
            collector.post(chat_body(1, resource={"service.name": mark}))
            wait_until(lambda: collector.rows("calls", service=mark), "a call sent after the records")
            return sum(row["rows"] for row in collector.rows("info") if row["table_name"] == "spans")

        marks = itertools.count()
        before = kept()
        body = logs_request(3).SerializeToString()
        for _ in range(2):
            answer = collector.client.post("/v1/logs", content=body, headers=PROTOBUF)
            assert (answer.status_code, answer.content) == (200, b"")
        assert kept() == before + 3

    def test_a_record_that_cannot_be_kept_is_told(self, collector: Process) -> None:
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": str(2**64 - 1)}]}]}]}
        answer = collector.client.post("/v1/logs", json=body)
        assert answer.json()["partialSuccess"]["rejectedLogRecords"] == "1"

    def test_metrics_are_taken_and_answered(self, collector: Process) -> None:
        answer = collector.client.post("/v1/metrics", content=metrics_request().SerializeToString(), headers=PROTOBUF)
        assert (answer.status_code, answer.headers["content-type"], answer.content) == (
            200,
            "application/x-protobuf",
            b"",
        )
        assert collector.client.post("/v1/metrics", content=b"\xff", headers=PROTOBUF).status_code == 400


class TestReads:
    def test_unknown_ones_and_bad_parameters(self, collector: Process) -> None:
        for path, status in (
            ("/api/v1/read/nope", 404),
            ("/api/v1/read/calls?nope=1", 400),
            ("/api/v1/read/calls?limit=many", 400),
            ("/api/v1/read/calls?limit=1&limit=2", 400),
            ("/api/v1/read/call", 400),
        ):
            for headers in ({}, {"Accept": ARROW["Content-Type"]}):
                answer = collector.client.get(path, headers=headers)
                assert (answer.status_code, list(answer.json())) == (status, ["error"]), path
        assert collector.client.post("/api/v1/read/calls").status_code == 405

    def test_an_empty_result_has_its_columns(self, collector: Process) -> None:
        answer = collector.client.get("/api/v1/read/calls", params={"project": "nobody"}).json()
        assert answer["rows"] == []
        headers = {"Accept": ARROW["Content-Type"]}
        stream = collector.client.get("/api/v1/read/calls", params={"project": "nobody"}, headers=headers).content
        table = pa.ipc.open_stream(stream).read_all()
        assert (table.num_rows, table.column_names) == (0, answer["columns"])

    def test_health(self, collector: Process) -> None:
        health = collector.client.get("/healthz").json()
        assert health.pop("version")
        assert health == {"service": "suffice", "status": "ok", "project": "default", "dashboard_url": None}


class TestCommands:
    def command(self, collector: Process, name: str, arguments: Any, headers: dict[str, str] = JSON) -> httpx2.Response:
        content = arguments if isinstance(arguments, bytes) else json.dumps(arguments).encode()
        return collector.client.post(f"/api/v1/commands/{name}", content=content, headers=headers)

    def test_one_that_is_carried_out(self, collector: Process) -> None:
        arguments = {"target": "run", "target_id": "r1", "ok": True, "project": "commands"}
        assert self.command(collector, "record_outcome", arguments).json() == {"recorded": 1}
        (row,) = collector.rows("outcomes", project="commands")
        assert (row["target_id"], row["ok"], row["source"]) == ("r1", True, "user")

    @pytest.mark.parametrize(
        ("name", "arguments", "status"),
        [
            ("nope", {}, 404),
            ("decide", {}, 400),
            ("decide", [1], 400),
            ("decide", b"{", 400),
            ("decide", b"x" * 1_100_000, 413),
            ("analyze_now", {}, 409),
        ],
    )
    def test_refusals(self, collector: Process, name: str, arguments: Any, status: int) -> None:
        answer = self.command(collector, name, arguments)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])

    def test_a_form_that_any_web_page_could_post_is_refused(self, collector: Process) -> None:
        for kind in ("text/plain", "application/x-www-form-urlencoded"):
            assert self.command(collector, "decide", {}, {"Content-Type": kind}).status_code == 415


class TestResults:
    def post(self, collector: Process, table: str, content: bytes) -> httpx2.Response:
        return collector.client.post(f"/api/v1/results/{table}", content=content, headers=ARROW)

    def test_rows_are_appended(self, collector: Process) -> None:
        rows = pa.table(
            {"project": ["default"], "analysis_id": ["a1"], "call_id": ["c1"], "task_id": ["t1"], "action": ["answer"]}
        )
        answer = self.post(collector, "assignments", ipc(rows))
        assert answer.json() == {"added": {"assignments": 1}, "known": {"assignments": 0}}
        assert {"table_name": "assignments", "project": "default", "rows": 1} in collector.rows("info")

    @pytest.mark.parametrize(
        ("table", "content", "status"),
        [
            ("nope", b"", 404),
            ("ingest_state", b"", 404),
            ("assignments", b"not arrow", 400),
            ("assignments", b"", 400),
        ],
    )
    def test_refusals(self, collector: Process, table: str, content: bytes, status: int) -> None:
        answer = self.post(collector, table, content)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])

    def test_rows_that_do_not_fit_and_damaged_streams(self, collector: Process) -> None:
        assert self.post(collector, "assignments", ipc(pa.table({"project": ["x"]}))).status_code == 400
        whole = ipc(pa.table({"project": ["default"] * 9, "analysis_id": ["a"] * 9, "call_id": ["c"] * 9}))
        rng = random.Random(3)
        for _ in range(60):
            damaged = bytearray(whole)
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            assert self.post(collector, "assignments", bytes(damaged)).status_code in (200, 400)

    def test_another_content_type(self, collector: Process) -> None:
        assert collector.client.post("/api/v1/results/tasks", content=b"{}", headers=JSON).status_code == 415


class TestWhoMaySpeak:
    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:4318", "127.0.0.1.evil.example", "10.0.0.1", "[::2]:1", ""]
    )
    def test_a_foreign_host_name_is_refused(self, collector: Process, host: str) -> None:
        for path in ("/healthz", "/api/v1/read/overview"):
            assert collector.client.get(path, headers={"Host": host}).status_code == 403
        answer = traces(collector, chat_body(1), {**PROTOBUF, "Host": host})
        assert answer.status_code == 403
        assert "SUFFICE_KEY" in Status.FromString(answer.content).message

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST:1234", "[::1]", "[::1]:4318"])
    def test_this_machines_names_are_answered(self, collector: Process, host: str) -> None:
        assert collector.client.get("/healthz", headers={"Host": host}).status_code == 200

    def test_no_page_of_another_origin_may_read(self, collector: Process) -> None:
        answer = collector.client.options("/api/v1/read/calls", headers={"Origin": "https://evil.example"})
        assert answer.status_code == 405
        assert "access-control-allow-origin" not in answer.headers


def ipc(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())
