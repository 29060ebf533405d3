"""Exported calls read back to the same calls: messages, tools, parameters, tokens, times, runs, outcomes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from analysis.export.conftest import KEY, tool_message
from analysis.traffic import START_NS, Traffic

from suffice.cli import main
from suffice_store import Store, open_store

SAME = (
    "run_id", "service", "user_id", "operation", "provider", "request_model", "response_model", "started_ns", "stream",
    "input_hashes", "output_hashes", "toolset_hash", "response_format", "parameters", "input_tokens", "output_tokens",
    "cache_read_tokens", "reasoning_tokens", "usage_source", "finish_reason", "completeness", "error_type",
)  # fmt: skip


def mixed() -> Traffic:
    """A text, a tool called and answered, two tools at once, an answer that failed, another user and app."""
    traffic = Traffic()
    plain = {"response_model": "gpt-6.1-sol-2026", "parameters": '{"max_tokens":20,"temperature":0.2}'}
    traffic.call(
        [("system", "Be brief."), ("user", "Hello")],
        "Hi.",
        cache_read_tokens=3,
        reasoning_tokens=1,
        user_id="u1",
        **plain,
    )
    traffic.call(
        [("user", "As JSON")],
        '{"a": 1}',
        service="desk",
        response_format='{"type":"json_object"}',
        started_ns=START_NS + 7,
        **plain,
    )
    call = {"type": "tool_call", "id": "c1", "name": "look_up", "arguments": {"id": "7", "deep": {"x": [1, 2.5]}}}
    other = {"type": "tool_call", "id": "c2", "name": "look_up", "arguments": {"id": "8"}}
    traffic.call([("user", "Look it up")], None, finish_reason="tool_call", **plain)
    traffic.calls[-1]["output_hashes"] = [tool_message(traffic, "assistant", [call, other])]
    answered = tool_message(traffic, "tool", [{"type": "tool_call_response", "id": "c1", "response": "found"}])
    traffic.call([("user", "Look it up")], "It is there.", **plain)
    traffic.calls[-1]["input_hashes"] += [tool_message(traffic, "assistant", [call]), answered]
    return traffic


def rows(store: Store) -> list[dict[str, Any]]:
    return [{name: row[name] for name in SAME} for row in store.read("analysis_calls").to_pylist()]


@pytest.mark.parametrize("name", ["calls.jsonl", "calls.jsonl.gz"])
def test_they_come_back_the_same(tmp_path: Path, name: str) -> None:
    first, second, file = (str(tmp_path / each) for each in ("first.duckdb", "second.duckdb", name))
    with open_store(first) as store:
        mixed().fill(store)
        store.command("record_outcome", target="call", target_id=f"{0:032x}", ok=True, score=0.5, source="test")
        wanted = rows(store)
    assert main(["export", "calls", "--db", first, "-o", file]) == 0
    assert main(["import", file, "--db", second]) == 0
    with open_store(second) as store:
        assert rows(store) == wanted
        (outcome,) = store.read("outcomes").to_pylist()
        assert (outcome["ok"], outcome["score"]) == (True, 0.5)
    assert main(["import", file, "--db", second]) == 0  # the same file again adds nothing
    with open_store(second) as store:
        assert len(rows(store)) == len(wanted)


def test_keys_do_not_leave_and_other_apps_only_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database, file = str(tmp_path / "calls.duckdb"), tmp_path / "calls.jsonl"
    traffic = mixed()
    traffic.call([("user", f"key {KEY}")], f"your key {KEY} is fine")
    with open_store(database) as store:
        traffic.fill(store)
    assert main(["export", "calls", "--db", database, "-o", str(file), "--capture", "full", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == 5
    assert KEY[8:] not in file.read_text()
    assert main(["export", "calls", "--db", database, "-o", str(file), "--service", "desk"]) == 0
    assert [json.loads(line)["service"] for line in file.read_text().splitlines()] == ["desk"]


def test_hashed_calls_are_counted_and_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database, log, file = str(tmp_path / "calls.duckdb"), tmp_path / "log.jsonl", tmp_path / "out.jsonl.gz"
    body = {
        "request": {"model": "m", "messages": [{"role": "user", "content": "Hello there"}]},
        "response": {"choices": []},
    }
    log.write_text(json.dumps(body) + "\n")
    assert main(["import", str(log), "--db", database, "--capture", "hashed"]) == 0
    assert main(["export", "calls", "--db", database, "-o", str(file)]) == 0
    assert "1 left out: its content is hashed" in capsys.readouterr().out
    assert gzip.decompress(file.read_bytes()) == b""


def test_nothing_of_it_is_a_command_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "calls", "-o", "x.jsonl", "--capture", "metrics"]) == 2
    assert main(["export", "nothing"]) == 2
