"""``suffice import``: what it prints, and how it ends."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from collector.importers.examples import json_lines, logged, otlp_json, otlp_request

from suffice.cli import main
from suffice_store.opening import open_store


class Command:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.db = str(folder / "t.duckdb")

    def write(self, content: bytes, name: str = "calls.jsonl") -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """(exit code, stdout, stderr), with paths shortened to names."""
        code = main(["import", *arguments, "--db", self.db])
        said = self._capsys.readouterr()
        return code, said.out.replace(f"{self.folder}/", ""), said.err.replace(f"{self.folder}/", "")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path, capsys)


def test_says_what_came_of_every_line(run: Command) -> None:
    path = run.write(json_lines([logged(1), logged(2, outcome=True)]) + b"{broken\n\n[1]\n")
    assert run(path) == (
        0,
        "calls.jsonl: 2 calls read, 2 added, 1 outcomes added, 2 skipped\n"
        "  skipped 1: not JSON (line 3)\n"
        "  skipped 1: not a JSON object (line 5)\n"
        "2 calls state no token counts: estimated from their text, and marked so.\n",
        "",
    )
    code, text, _ = run(path)
    assert (code, text.splitlines()[0]) == (0, "calls.jsonl: 2 calls read, 0 added, 2 known already, 2 skipped")


def test_json_is_one_document(run: Command) -> None:
    path = run.write(gzip.compress(json_lines([logged(1)]) + b"x\n"))
    code, text, err = run(path, run.write(otlp_json(otlp_request(2)), "spans.json"), "--json")
    document: dict[str, Any] = json.loads(text)
    zero = {"known": 0, "outcomes": 0, "damage": None}
    log = {"path": "calls.jsonl", "format": "openai-log", "read": 1, "added": 1, "estimated": 1, "spans": 0}
    log["skipped"] = [{"reason": "not JSON", "count": 1, "lines": [2]}]  # type: ignore[assignment]
    spans = {"path": "spans.json", "format": "otlp", "read": 2, "added": 2, "estimated": 0, "spans": 1, "skipped": []}
    assert (code, err) == (0, "")
    assert document == {
        "read": 3,
        "added": 3,
        "known": 0,
        "estimated": 1,
        "spans": 1,
        "outcomes": 0,
        "skipped": 1,
        "files": [log | zero, spans | zero],
    }


def test_project_and_service_are_kept(run: Command) -> None:
    run(run.write(json_lines([logged(1)])), "--project", "acme", "--service", "shop")
    with open_store(run.db) as store:
        (call,) = store.read("calls", project="acme").to_pylist()
    assert (call["service"], call["external_id"], call["usage_source"]) == ("shop", "log-1", "estimated")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "calls.jsonl is empty"),
        (
            bytes(range(256)) * 10,
            "calls.jsonl is neither a call log (JSON Lines with request and response) nor an OTLP",
        ),
        (b'{"resourceLogs": []}', "calls.jsonl holds no call: log records: only traces are read from files yet"),
        (gzip.compress(b"x" * 100)[:-20], "calls.jsonl can't be read: "),
    ],
)
def test_a_file_without_calls_is_one_line_and_exit_1(run: Command, content: bytes, reason: str) -> None:
    code, _, err = run(run.write(content))
    assert (code, err.count("\n")) == (1, 1)
    assert err.startswith(f"suffice: {reason}")


@pytest.mark.parametrize("content", [json_lines([logged()]), b'{"some": "thing"}'])
def test_a_file_of_another_form_named_otlp_holds_no_call(run: Command, content: bytes) -> None:
    code, _, err = run(run.write(content), "--format", "otlp")
    said = "suffice: calls.jsonl holds no call: no OTLP export request: it has no 'resourceSpans' (line 1)\n"
    assert (code, err) == (1, said)


def test_an_empty_export_is_no_failure(run: Command) -> None:
    code, text, err = run(run.write(b'{"resourceSpans": []}'), "--format", "otlp")
    assert (code, err) == (0, "")
    assert "0 calls read, 0 added" in text


def test_a_missing_file_stops_the_rest(run: Command) -> None:
    code, text, err = run(run.write(json_lines([logged()])), str(run.folder / "no.jsonl"))
    assert (code, text, err) == (1, "", "suffice: no.jsonl does not exist\n")
    assert not list(run.folder.glob("*.duckdb*"))


def test_an_archive_cut_short_is_said_and_exit_1(run: Command) -> None:
    many = json_lines(logged(number, note=f"{number * 7919:x}") for number in range(4_000))
    code, text, err = run(run.write(gzip.compress(many)[:-10_000], "calls.gz"))
    assert code == 1
    assert err.startswith("suffice: calls.gz breaks off after ")
    assert "added" in text


def test_usage_errors_are_exit_2(run: Command) -> None:
    path = run.write(json_lines([logged()]))
    assert run(path, "--format", "csv")[0] == 2
    assert run(path, "--server", "http://127.0.0.1:1")[0] == 2
    assert run()[0] == 2


def test_help_names_the_options(run: Command) -> None:
    code, text, _ = run("--help")
    assert code == 0
    assert all(option in text for option in ("--format", "--service", "--project", "--db", "--server", "--json"))


def test_an_import_goes_through_the_gate(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFFICE_SECRET", "s")
    said = logged(1)
    said["request"]["messages"] = [{"role": "user", "content": "I am bob@example.com"}]
    said["request"]["user"] = "bob@example.com"
    path = run.write(json_lines([said]))
    for mode in ("masked", "hashed", "metrics"):
        assert run(path, "--capture", mode, "--project", mode)[0] == 0
    with open_store(run.db) as store:
        calls = {mode: store.read("calls", project=mode).to_pylist()[0] for mode in ("masked", "hashed", "metrics")}
        owners = [
            store.read("call", project=mode, call_id=call["call_id"]).to_pylist()[0]["user_id"]
            for mode, call in calls.items()
        ]
    assert calls["masked"]["request_preview"].startswith("I am <email:")
    assert calls["hashed"]["request_preview"] == "[hashed text, 20 characters]"
    assert calls["metrics"]["request_preview"] is None
    assert [owner.split(":")[0] for owner in owners] == ["<email", "<user", "<user"]
    assert b"bob@" not in Path(run.db).read_bytes()


def test_a_mode_that_is_none_is_refused(run: Command) -> None:
    code, _, err = run(run.write(json_lines([logged(1)])), "--capture", "hash")
    assert code == 1
    assert "is not a capture mode" in err
