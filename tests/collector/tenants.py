"""A collector that two projects share, each with a marker in every text of it, and a key of every kind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import uvicorn
from collector.otlp_samples import START_NS

from suffice.wire.call import Call, Usage
from suffice.wire.canonical import call_hash
from suffice_collector.app import Collector, make_app
from suffice_collector.ingest import Ingest
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.records import CallRecord

ADMIN = "the-admin-of-all"
MARKERS = {"a": "MARKERofA", "b": "MARKERofB"}
EMAIL = "ann.smith@example.com"


@dataclass(frozen=True)
class Served:
    """A collector that answers at ``url``, the keys by name (``a-reader``...), the ids of each project."""

    url: str
    collector: Collector
    store: FileStore
    keys: dict[str, str]
    ids: dict[str, list[str]]
    clients: list[httpx2.Client] = field(default_factory=list)

    def client(self, key: str | None = None, **headers: str) -> httpx2.Client:
        """A client with this key, closed with the collector."""
        secret = self.keys.get(key, key) if key else None
        given = {"Authorization": f"Bearer {secret}"} if secret else {}
        made = httpx2.Client(base_url=self.url, headers={**given, **headers}, trust_env=False, timeout=60)
        self.clients.append(made)
        return made

    def get(self, key: str | None, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx2.Response:
        with self.client(key, **(headers or {})) as client:
            return client.get(path, params=params)

    def post(
        self, key: str | None, path: str, arguments: Any, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        with self.client(key, **(headers or {})) as client:
            return client.post(path, json=arguments)

    def rows(
        self, key: str | None, read: str, headers: dict[str, str] | None = None, **params: Any
    ) -> list[dict[str, Any]]:
        answer = self.get(key, f"/api/v1/read/{read}", headers, **params)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]


@contextmanager
def tenants(folder: Path, *, admin: str | None = ADMIN) -> Iterator[Served]:
    """Two projects, served over HTTP."""
    with FileStore(str(folder / "s.duckdb")) as store:
        ids = {project: fill(store, project) for project in MARKERS}
        keys = {name: store.command("create_key", **asked)["key"] for name, asked in _keys().items()}
        ingest = Ingest(store, folder / "s.duckdb.journal", applied=None)
        collector = Collector(store, ingest)
        server = uvicorn.Server(uvicorn.Config(make_app(collector, key=admin), lifespan="off", log_config=None))
        with socket.create_server(("127.0.0.1", 0)) as sock:
            thread = threading.Thread(target=server.run, args=([sock],))
            thread.start()
            try:
                address = f"http://127.0.0.1:{sock.getsockname()[1]}"
                served = Served(address, collector, store, {**keys, "admin": ADMIN}, ids)
                yield served
            finally:
                for client in served.clients:
                    client.close()
                server.should_exit = True
                thread.join()
                ingest.close()


def _keys() -> dict[str, dict[str, Any]]:
    roles = ("reader", "analyst", "auditor")
    made = {
        f"{p}-{role}": {"label": role, "scopes": "read", "role": role, "project": p} for p in "ab" for role in roles
    }
    for project in "ab":
        made[f"{project}-ingest"] = {"label": "app", "scopes": "ingest", "project": project}
        made[f"{project}-admin"] = {"label": "boss", "scopes": "admin", "project": project}
    made["all-reader"] = {"label": "x", "scopes": "read", "role": "reader", "project": "*"}
    return made


def fill(store: FileStore, project: str) -> list[str]:
    """Calls, spans, letters, results of the project, its marker in every text. Returns its ids."""
    marker = MARKERS[project]
    records = [_call(project, marker, number) for number in range(12)]
    store.append(build_tables(records, START_NS))
    call_ids = [record.call_id for record in records]
    analysis, task = f"analysis-{project}", f"task-{project}"
    base = {"project": [project], "analysis_id": [analysis], "task_id": [task]}
    tasks = {
        **base, "name": [f"task {marker}"], "name_source": ["template"], "kind": ["other"], "template": [marker],
        "recogniser": [f'{{"m":"{marker}"}}'], "answer_form": ["mixed"], "hci": ["no"], "hci_rule": ["x"], "calls": [12],
        "runs": [3], "services": ['["s"]'], "models": ['{"gpt-4o":12}'], "input_tokens": [1], "output_tokens": [1],
        "estimated_calls": [0], "unpriced_calls": [0], "error_calls": [0], "verdict": ["untested"],
        "verdict_reason": [marker], "levers": ["[]"], "example_call_ids": [f'["{call_ids[0]}"]'],
    }  # fmt: skip
    store.append({"tasks": pa.table(tasks)})
    point = {**base, "point_id": [f"point-{project}"], "x": [0.0], "y": [0.0], "calls": [12], "example": [marker]}
    store.append({"map_points": pa.table(point)})
    assigned = {"project": [project] * 12, "analysis_id": [analysis] * 12, "call_id": call_ids, "task_id": [task] * 12}
    store.append({"assignments": pa.table(assigned)})
    runs = {
        "analysis_id": analysis,
        "started_ns": 1,
        "calls": 12,
        "task_count": 1,
        "basis": "month",
        "data_hash": marker,
    }
    store.command("publish_analysis", project=project, seed=1, suffice_version="0", parameters="{}", **runs)
    store.command("record_outcome", project=project, target="run", target_id=f"run-{project}-0", label=marker)
    store.command("decide", project=project, kind="rename", task_id=task, value=f"named {marker}")
    letter = {"project": [project], "journal": ["otlp"], "position": [7], "reason": [marker], "body": [marker.encode()]}
    store.append({"dead_letters": pa.table({**letter, "recorded_ns": [1]})})
    return [*call_ids, analysis, task, f"run-{project}-0", f"point-{project}", f"ext-{project}-1", project, marker]


def _call(project: str, marker: str, number: int) -> CallRecord:
    said = f"{marker} writes to {EMAIL}, number {number}"
    call = Call(
        wire_format="openai.chat", operation="chat", provider="openai", request_model="gpt-4o", response_model="gpt-4o",
        input_messages=[{"role": "user", "parts": [{"type": "text", "content": said}]}],
        output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": f"answer {said}"}]}],
        tool_definitions=[{"type": "function", "name": f"tool_{marker}", "description": marker}],
        usage=Usage(input_tokens=10, output_tokens=5), status_code=200, error_message=marker,
    )  # fmt: skip
    return CallRecord(
        call=call, call_id=call_hash(project, f"{number:032x}", f"{number:016x}"), project=project,
        external_id=f"ext-{project}-{number}", trace_id=f"{number:032x}", span_id=f"{number:016x}",
        run_id=f"run-{project}-{number // 4}", service=f"service-{marker}", user_id=EMAIL,
        started_ns=START_NS + number, ended_ns=START_NS + number + 5,
    )  # fmt: skip
