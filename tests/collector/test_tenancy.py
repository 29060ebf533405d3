"""A key decides the project, the scope and what text is shown: at every route, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
import pytest
from collector.otlp_samples import chat_body
from collector.processes import PROTOBUF, wait_until
from collector.tenants import ADMIN, EMAIL, MARKERS, Served, tenants
from google.rpc.status_pb2 import Status

from suffice_collector.roles import ADMIN_READS
from suffice_store.changes import COMMANDS
from suffice_store.reads import READS

ARROW = "application/vnd.apache.arrow.stream"
REASON = {"X-Suffice-Reason": "ticket 7"}
NEEDED = {"call_id": "0", "run_id": "run-a-0", "task_id": "task-a"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tenants(tmp_path_factory.mktemp("tenants")) as running:
        yield running


def needed(name: str, project: str) -> dict[str, str]:
    found = {"call_id": "call", "run_id": f"run-{project}-0", "task_id": f"task-{project}", "search": f"of {project}"}
    return {each.name: found[each.name] for each in READS[name].parameters if each.required}


def asked_of_a(name: str, served: Served) -> list[dict[str, str]]:
    """The read's ids filled with those of project a, one call, one run and one task after the other."""
    wanted = {each.name for each in READS[name].parameters} & {"call_id", "run_id", "task_id", "analysis_id"}
    call, run = served.ids["a"][0], "run-a-0"
    values = {"call_id": call, "run_id": run, "task_id": "task-a", "analysis_id": "analysis-a"}
    filled = {each: values[each] for each in wanted}
    return [needed(name, "a"), {**needed(name, "a"), **filled}] if filled else [needed(name, "a")]


class TestKeys:
    @pytest.mark.parametrize("key", [None, "nonsense", "sfk_0123456789_x", ADMIN[:-1], ADMIN + "x", ""])
    def test_without_a_key_that_is_known_nothing_is_answered(self, served: Served, key: str | None) -> None:
        for path in ("/api/v1/read/overview", "/api/v1/health", "/metrics", "/api/v1/audit", "/nowhere", "/v1/traces"):
            answer = served.get(key, path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
        answer = served.client(key).post("/v1/traces", content=chat_body(1), headers=PROTOBUF)
        assert answer.status_code == 401
        assert "SUFFICE_KEY" in Status.FromString(answer.content).message

    def test_health_and_readiness_are_open_and_tell_no_data(self, served: Served) -> None:
        assert set(served.get(None, "/healthz").json()) == {"service", "version", "status", "project", "dashboard_url"}
        assert served.get(None, "/readyz").json() == {"ready": True, "reason": ""}

    def test_the_one_key_is_the_admin_of_all(self, served: Served) -> None:
        assert {row["project"] for row in served.rows("admin", "projects")} == {"a", "b"}
        assert served.rows("admin", "overview", project="b")[0]["calls"] == 12

    def test_a_revoked_key_is_not_answered_any_more(self, served: Served) -> None:
        made = served.post(
            "admin", "/api/v1/commands/create_key", {"label": "x", "scopes": "read", "project": "a"}
        ).json()
        assert served.rows(made["key"], "overview")[0]["calls"] == 12
        assert served.post("admin", "/api/v1/commands/revoke_key", {"key_id": made["key_id"], "project": "a"}).json()
        assert served.get(made["key"], "/api/v1/read/overview").status_code == 401

    @pytest.mark.parametrize("key", ["a-reader", "a-analyst", "a-auditor"])
    def test_a_reading_key_changes_nothing(self, served: Served, key: str) -> None:
        before = served.rows("admin", "info")
        for name in COMMANDS:
            if name in ("decide", "record_outcome", "analyze_now") and key != "a-reader":
                continue  # an analyst judges
            assert served.post(key, f"/api/v1/commands/{name}", {}, REASON).status_code == 403, name
        assert served.client(key).post("/v1/traces", content=chat_body(1), headers=PROTOBUF).status_code == 403
        assert served.client(key).post("/api/v1/results/assignments", content=b"").status_code == 403
        for action in ("delete", "vacuum", "retry_letters"):
            assert served.post(key, f"/api/v1/maintenance/{action}", {"project": "a"}).status_code == 403
        for path in ("/api/v1/audit", "/api/v1/backup", "/api/v1/maintenance", "/api/v1/whatever"):
            assert served.get(key, path).status_code == 403
        assert served.rows("admin", "info") == before

    def test_an_ingest_key_reads_nothing(self, served: Served) -> None:
        for name in READS:
            assert served.get("a-ingest", f"/api/v1/read/{name}", **needed(name, "a")).status_code == 403
        assert (
            served.post("a-ingest", "/api/v1/commands/create_key", {"label": "x", "scopes": "admin"}).status_code == 403
        )


class TestProjects:
    @pytest.mark.parametrize("name", sorted(READS))
    def test_a_key_of_b_gets_nothing_of_a(self, served: Served, name: str) -> None:
        """Asked for a: refused. Asked without a project, with the ids of a: nothing of a in the answer."""
        path = f"/api/v1/read/{name}"
        with served.client("b-admin") as client:
            for project in ("a", "*"):
                assert client.get(path, params={"project": project, **needed(name, "a")}).status_code == 403
            for given in asked_of_a(name, served):
                for headers in ({}, {"Accept": ARROW}):
                    answer = client.get(path, params=given, headers=headers)
                    assert answer.status_code == 200
                    assert MARKERS["a"].encode() not in answer.content

    def test_the_same_reads_show_b_its_own(self, served: Served) -> None:
        """The control of the test above: the marker is seen where it may be."""
        seen = set()
        for name in READS:
            given = {**needed(name, "b"), **({"call_id": served.ids["b"][0]} if "call_id" in needed(name, "b") else {})}
            if MARKERS["b"].encode() in served.get("b-admin", f"/api/v1/read/{name}", **given).content:
                seen.add(name)
        assert seen >= {
            "analyses", "analysis_calls", "analysis_messages", "call", "calls", "conversation", "dead_letters", "decisions",
            "filters", "map_points", "outcomes", "run_calls", "task", "tasks", "task_calls", "toolsets",
        }  # fmt: skip

    def test_what_is_sent_with_a_key_belongs_to_its_project(self, served: Served) -> None:
        """Whatever the body says; also after a restart, since the journal keeps it."""
        body = chat_body(3, resource={"suffice.project": "a", "service.name": "intruder"})
        before = served.rows("admin", "overview", project="a")[0]["calls"]
        assert served.client("b-ingest").post("/v1/traces", content=body, headers=PROTOBUF).status_code == 200
        wait_until(
            lambda: served.rows("admin", "overview", project="b", service="intruder")[0]["calls"] == 3, "3 calls"
        )
        assert served.rows("admin", "overview", project="a")[0]["calls"] == before

    def test_commands_and_results_of_another_project_are_refused(self, served: Served) -> None:
        for name in COMMANDS:
            answer = served.post("b-admin", f"/api/v1/commands/{name}", {"project": "a"})
            assert answer.status_code == 403, name
        rows = pa.table({"project": ["b", "a"], "analysis_id": ["x"] * 2, "call_id": ["c"] * 2})
        with served.client("b-admin", **{"Content-Type": ARROW}) as client:
            assert client.post("/api/v1/results/assignments", content=ipc(rows)).status_code == 403
            assert client.post("/api/v1/results/assignments", content=ipc(rows.slice(0, 1))).status_code == 200

    def test_the_tables_of_keys_take_no_rows_from_outside(self, served: Served) -> None:
        for table in ("api_keys", "members", "retention", "dead_letters", "ingest_state"):
            with served.client("admin", **{"Content-Type": ARROW}) as client:
                assert client.post(f"/api/v1/results/{table}", content=b"").status_code == 404

    def test_what_is_about_everything_is_not_for_a_key_of_one(self, served: Served) -> None:
        for path in ("/metrics", "/api/v1/backup"):
            assert served.get("b-admin", path).status_code == 403
        assert served.post("b-admin", "/api/v1/maintenance/vacuum", {}).status_code == 403
        assert served.post("b-admin", "/api/v1/maintenance/delete", {"project": "a"}).status_code == 403
        assert [row["project"] for row in served.rows("b-admin", "projects")] == ["b"]
        assert {row["project"] for row in served.rows("b-admin", "info")} == {"b"}
        assert {line["project"] for line in served.get("b-admin", "/api/v1/audit").json()["lines"]} <= {"b"}
        told = served.get("b-admin", "/api/v1/health").json()
        assert set(told) == {"status", "keys", "you"}
        assert (told["you"]["role"], told["you"]["project"]) == ("admin", "b")

    def test_an_admin_of_one_makes_no_key_of_another(self, served: Served) -> None:
        made = served.post("b-admin", "/api/v1/commands/create_key", {"label": "x", "scopes": "admin"}).json()
        assert made["project"] == "b"
        for project in ("a", "*"):
            asked = {"label": "x", "scopes": "read", "project": project}
            assert served.post("b-admin", "/api/v1/commands/create_key", asked).status_code == 403


class TestRoles:
    def text(self, served: Served, key: str, headers: dict[str, str] | None = None) -> str:
        rows: list[Any] = [
            served.rows(key, name, headers) for name in ("calls", "analysis_messages", "map_points", "toolsets")
        ]
        rows.append(served.rows(key, "conversation", headers, call_id=served.ids["a"][0]))
        rows.append(served.rows(key, "call", headers, call_id=served.ids["a"][0]))
        return json.dumps(rows)

    def test_a_reader_sees_no_text(self, served: Served) -> None:
        told = self.text(served, "a-reader")
        for word in ("writes to", EMAIL, f"tool_{MARKERS['a']}"):
            assert word not in told
        (call, *_) = served.rows("a-reader", "calls", service=f"service-{MARKERS['a']}")
        assert (call["request_preview"], call["model"], call["input_tokens"]) == (None, "gpt-4o", 10)
        assert served.get("a-reader", "/api/v1/read/calls", search="writes").status_code == 403

    def test_a_reader_sees_no_users_and_cant_find_out_who_there_is(self, served: Served) -> None:
        assert served.rows("a-reader", "users") == [{"user_id": None, "calls": 12}]
        for name in ("overview", "spend", "calls", "runs"):
            refused = served.get("a-reader", f"/api/v1/read/{name}", user=EMAIL)
            assert (refused.status_code, "sees no users" in refused.json()["error"]) == (403, True)
        (masked,) = served.rows("a-analyst", "users")
        assert masked["user_id"].startswith("<email:")
        assert served.rows("a-admin", "overview", user=EMAIL)[0]["calls"] == 12

    def test_an_analyst_sees_masked_text_that_is_still_json(self, served: Served) -> None:
        told = self.text(served, "a-analyst")
        assert "writes to" in told
        assert EMAIL not in told
        rows = served.rows("a-analyst", "conversation", call_id=served.ids["a"][0])
        assert json.loads(rows[0]["content"])["parts"][0]["content"].startswith(f"{MARKERS['a']} writes to <email:")

    def test_an_auditor_says_why_and_sees_everything(self, served: Served) -> None:
        answer = served.get("a-auditor", "/api/v1/read/calls")
        assert (answer.status_code, "X-Suffice-Reason" in answer.json()["error"]) == (403, True)
        assert EMAIL in self.text(served, "a-auditor", REASON)
        assert served.rows("a-auditor", "overview")[0]["calls"] == 12  # no text, no reason needed
        line = served.get("a-admin", "/api/v1/audit").json()["lines"][0]
        assert (line["role"], line["action"], line["reason"], line["details"]["read"]) == (
            "auditor",
            "read",
            "ticket 7",
            "call",
        )

    def test_the_same_in_arrow(self, served: Served) -> None:
        for key, seen in (("a-reader", False), ("a-analyst", False), ("a-admin", True)):
            content = served.get(key, "/api/v1/read/analysis_messages", {"Accept": ARROW}).content
            table = pa.ipc.open_stream(content).read_all()
            assert (EMAIL in json.dumps(table.to_pylist())) is seen
            assert table.num_rows == 24

    @pytest.mark.parametrize("name", sorted(ADMIN_READS))
    def test_what_runs_the_collector_is_for_admins(self, served: Served, name: str) -> None:
        for key in ("a-reader", "a-analyst", "a-auditor"):
            assert served.get(key, f"/api/v1/read/{name}", REASON).status_code == 403
        assert served.get("a-admin", f"/api/v1/read/{name}").status_code == 200


class TestPeople:
    def test_a_person_has_the_rights_of_their_role_and_is_noted(self, served: Served) -> None:
        asked = {"email": "Eve@example.com", "role": "reader", "project": "a"}
        assert served.post("admin", "/api/v1/commands/set_member", asked).status_code == 200
        eve = {"X-Suffice-User": "eve@example.com", "X-Suffice-Project": "a"}
        assert served.rows("admin", "calls", eve)[0]["request_preview"] is None
        assert served.get("admin", "/api/v1/read/overview", eve, project="b").status_code == 403
        assert served.post("admin", "/api/v1/commands/set_price", {"model": "x"}, eve).status_code == 403
        line = served.get("admin", "/api/v1/audit").json()["lines"][0]
        assert (line["actor"], line["role"]) == ("eve@example.com through SUFFICE_KEY", "reader")

    def test_nobody_without_a_role_gets_in(self, served: Served) -> None:
        mallory = {"X-Suffice-User": "mallory@example.com"}
        assert served.get("admin", "/api/v1/read/overview", mallory).status_code == 403

    def test_only_an_admins_key_speaks_for_people(self, served: Served) -> None:
        for key in ("a-reader", "a-auditor", "a-ingest"):
            assert served.get(key, "/api/v1/read/overview", {"X-Suffice-User": "eve@example.com"}).status_code == 403


class TestAudit:
    def test_key_changes_exports_and_reads_are_noted_without_text(self, served: Served) -> None:
        word = "a-word-somebody-looks-for"
        served.rows("a-admin", "calls", search=word)
        served.rows("a-admin", "analysis_messages")
        served.post("a-admin", "/api/v1/commands/create_key", {"label": "noted", "scopes": "read"})
        created, export, read = served.get("a-admin", "/api/v1/audit", limit=3).json()["lines"]
        assert (created["action"], created["details"]["label"]) == ("create_key", "noted")
        assert (export["action"], export["details"]) == ("export", {"read": "analysis_messages"})
        assert (read["action"], read["details"]) == ("read", {"read": "calls", "search_chars": len(word)})
        assert served.collector.audit.path is not None
        log = served.collector.audit.path.read_text()
        for secret in (word, "writes to", *served.keys.values()):
            assert secret not in log
        assert served.collector.audit.broken_lines() == []

    def test_what_cannot_be_noted_is_not_shown(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(served.collector.audit, "note", full)
        answer = served.get("a-admin", "/api/v1/read/calls")
        assert (answer.status_code, list(answer.json())) == (503, ["error"])
        assert served.rows("a-admin", "overview")


class TestLimits:
    def key(self, served: Served, **limits: int) -> httpx2.Client:
        asked = {"label": "limited", "scopes": "ingest,read", "project": "b", **limits}
        return served.client(served.post("admin", "/api/v1/commands/create_key", asked).json()["key"])

    def test_requests_a_minute(self, served: Served) -> None:
        with self.key(served, requests_per_minute=3) as client:
            codes = [client.get("/api/v1/read/overview").status_code for _ in range(5)]
            assert codes == [200, 200, 200, 429, 429]
            refused = client.post("/v1/traces", content=chat_body(1), headers=PROTOBUF)
            assert (refused.status_code, 1 <= int(refused.headers["retry-after"]) <= 20) == (429, True)
            assert "used up its limit" in Status.FromString(refused.content).message

    def test_bytes_a_minute(self, served: Served) -> None:
        body = chat_body(1)
        with self.key(served, bytes_per_minute=len(body) + 50) as client:
            codes = [client.post("/v1/traces", content=body, headers=PROTOBUF).status_code for _ in range(3)]
            assert codes == [200, 200, 429]  # the second finds a few bytes left, and goes into debt

    def test_bytes_at_once_with_and_without_a_length(self, served: Served) -> None:
        body = chat_body(3)
        with self.key(served, max_body_bytes=len(body) - 1) as client:
            assert client.post("/v1/traces", content=body, headers=PROTOBUF).status_code == 413
            pieces = iter([body[:100], body[100:]])
            assert client.post("/v1/traces", content=pieces, headers=PROTOBUF).status_code == 413
            assert client.post("/v1/traces", content=chat_body(1), headers=PROTOBUF).status_code == 200


def test_stored_keys_close_a_collector_that_has_no_key_of_its_own(tmp_path: Path) -> None:
    with tenants(tmp_path, admin=None) as served:
        assert served.get(None, "/api/v1/read/overview").status_code == 401
        assert served.rows("a-admin", "overview")[0]["calls"] == 12


def ipc(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())
