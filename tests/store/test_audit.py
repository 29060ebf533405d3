"""The audit log: on disk at once, private, and a changed line shows."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from suffice_store.audit import AuditLog, audit_log


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    ticks = iter(range(1, 1000))
    return AuditLog(tmp_path / "s.duckdb.audit.jsonl", clock=lambda: next(ticks))


def test_a_line_holds_who_what_and_why(log: AuditLog) -> None:
    log.note("key ab12 (ci)", "auditor", "read", project="p", reason="ticket 7", details={"read": "calls"})
    assert log.lines() == [
        {
            "time_ns": 1,
            "actor": "key ab12 (ci)",
            "role": "auditor",
            "action": "read",
            "project": "p",
            "reason": "ticket 7",
            "details": {"read": "calls"},
            "previous": "0" * 64,
        }
    ]
    assert log.path is not None
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_newest_first_and_of_one_project(log: AuditLog) -> None:
    for n in range(6):
        log.note("x", "admin", "read", project="ab"[n % 2], details={"n": n})
    assert [line["details"]["n"] for line in log.lines(newest=3)] == [5, 4, 3]
    assert [line["details"]["n"] for line in log.lines(project="a")] == [4, 2, 0]


def test_a_changed_or_missing_line_shows(log: AuditLog) -> None:
    for n in range(5):
        log.note("x", "admin", "read", details={"n": n})
    assert log.broken_lines() == []
    assert log.path is not None
    whole = log.path.read_text().splitlines(keepends=True)
    log.path.write_text("".join([*whole[:1], whole[1].replace('"n": 1', '"n": 9'), *whole[2:]]))
    assert log.broken_lines() == [3]
    log.path.write_text("".join([*whole[:2], *whole[3:]]))
    assert log.broken_lines() == [3]
    log.path.write_text("not json\n" + "".join(whole))
    assert log.broken_lines() == [1, 2]


def test_many_threads_make_one_chain(log: AuditLog) -> None:
    threads = [
        threading.Thread(target=lambda: [log.note("x", "admin", "read", details={"t": "é" * 50}) for _ in range(10)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(log.lines()) == 40
    assert log.broken_lines() == []


def test_a_torn_end_does_not_stop_the_log(log: AuditLog) -> None:
    log.note("x", "admin", "read", details={})
    assert log.path is not None
    with log.path.open("ab") as file:
        file.write(b'{"half')
    log.note("y", "admin", "read", details={})
    assert [line["actor"] for line in log.lines()] == ["y", "x"]
    assert log.broken_lines() == [2]


def test_a_line_is_ascii_so_that_no_name_can_break_it(log: AuditLog) -> None:
    log.note("a\nb\u2028c", "admin", "read", details={"x": "\udc80"})
    assert log.path is not None
    (line,) = log.path.read_bytes().splitlines()
    assert json.loads(line)["actor"] == "a\nb\u2028c"


@pytest.mark.parametrize("path", [":memory:", "clickhousedb://host/x"])
def test_without_a_file_there_is_no_log(path: str) -> None:
    log = audit_log(path)
    log.note("x", "admin", "read", details={})
    assert (log.lines(), log.broken_lines(), log.path) == ([], [], None)
