"""What the collector answers when it is full, when its store fails, and when we have a bug: never a lost 200."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from collector.otlp_samples import chat_body
from collector.processes import PROTOBUF
from google.rpc.status_pb2 import Status
from starlette.testclient import TestClient

from suffice_collector.app import Collector, make_app
from suffice_collector.ingest import Ingest
from suffice_store.file_store import FileStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    with FileStore(str(tmp_path / "calls.duckdb")) as opened:
        yield opened


def client_of(collector: Collector) -> TestClient:
    return TestClient(make_app(collector), base_url="http://localhost", raise_server_exceptions=False)


def test_a_full_backlog_is_503_with_retry_after(store: FileStore, tmp_path: Path) -> None:
    ingest = Ingest(store, tmp_path / "j", max_backlog_spans=0)
    with client_of(Collector(store, ingest)) as client:
        answer = client.post("/v1/traces", content=chat_body(1), headers=PROTOBUF)
    ingest.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert Status.FromString(answer.content).code == 14


def test_a_bug_of_ours_is_503_so_that_the_sender_keeps_it(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = Ingest(store, tmp_path / "j")

    async def broken(entry: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(ingest, "accept", broken)
    with client_of(Collector(store, ingest)) as client:
        answer = client.post("/v1/traces", content=chat_body(1), headers=PROTOBUF)
    ingest.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_a_smaller_limit_is_kept_while_the_body_comes(store: FileStore, tmp_path: Path) -> None:
    ingest = Ingest(store, tmp_path / "j")
    with client_of(Collector(store, ingest, max_body_bytes=1000)) as client:
        body = chat_body(3)
        assert len(body) > 1000
        pieces = (body[at : at + 100] for at in range(0, len(body), 100))
        assert client.post("/v1/traces", content=pieces, headers=PROTOBUF).status_code == 413
        assert client.post("/v1/traces", content=body, headers=PROTOBUF).status_code == 413
        assert client.post("/v1/traces", content=chat_body(1)[:0], headers=PROTOBUF).status_code == 200
    ingest.close()
    assert ingest._waiting_bytes == 0


class BrokenStore:
    def read(self, name: str, **parameters: Any) -> Any:
        raise ZeroDivisionError("inside")


def test_a_failing_read_is_one_line_and_tells_nothing_inside(store: FileStore, tmp_path: Path) -> None:
    ingest = Ingest(store, tmp_path / "j")
    with client_of(Collector(BrokenStore(), ingest)) as client:  # type: ignore[arg-type]
        answer = client.get("/api/v1/read/overview")
    ingest.close()
    assert answer.status_code == 500
    assert answer.json() == {
        "error": "/api/v1/read/overview failed (ZeroDivisionError); the collector's log has the reason"
    }


def test_health_says_when_nothing_is_stored(store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest = Ingest(store, tmp_path / "j")
    monkeypatch.setattr(ingest, "status", lambda: "not storing: no space left")
    with client_of(Collector(store, ingest)) as client:
        answer = client.get("/healthz")
    ingest.close()
    assert (answer.status_code, answer.json()["status"]) == (503, "not storing: no space left")


def test_analyze_now_reaches_whoever_analyses(store: FileStore, tmp_path: Path) -> None:
    asked: list[str] = []

    def analyze_now(project: str) -> dict[str, Any]:
        asked.append(project)
        return {"asked": True, "running": False}

    ingest = Ingest(store, tmp_path / "j")
    with client_of(Collector(store, ingest, analyze_now)) as client:
        for body in ({}, {"project": "p"}):
            assert client.post("/api/v1/commands/analyze_now", json=body).json() == {"asked": True, "running": False}
    ingest.close()
    assert asked == ["default", "p"]
