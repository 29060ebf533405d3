"""The spool: private, bounded, taken by one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from suffice.spool import CLAIM_EXPIRES_S, read_spool, spool_directory, take_spool, write_spool


def test_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"SUFFICE_SPOOL": "/s"}
    assert spool_directory(environ=env) == Path("/s")
    for loopback in ("http://127.0.0.1:4318", "http://localhost:9", "http://[::1]:4318"):
        assert spool_directory(loopback, environ=env) == Path("/s")
    assert spool_directory("https://calls.example.org/x", environ=env) == Path("/s/calls.example.org_https")
    assert spool_directory("http://calls.example.org:4318", environ=env) == Path("/s/calls.example.org_4318")
    assert spool_directory(environ={"XDG_STATE_HOME": "/state"}) == Path("/state/suffice/spool")
    assert spool_directory(environ={}) == Path.home() / ".local/state/suffice/spool"


def test_batches_come_back_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    for number in range(3):
        path, dropped = write_spool(folder, b"body%d" % number, calls=number)
        assert path is not None
        assert dropped == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [(each.read(), each.calls, each.size) for each in read_spool(folder)] == [
        (b"body0", 0, 5),
        (b"body1", 1, 5),
        (b"body2", 2, 5),
    ]
    assert list(read_spool(tmp_path / "none")) == []


def test_the_cap_drops_the_oldest(tmp_path: Path) -> None:
    for number in range(4):
        write_spool(tmp_path, b"x" * 10, calls=number + 1, max_bytes=40)
    path, dropped = write_spool(tmp_path, b"y" * 25, calls=9, max_bytes=40)
    assert path is not None
    assert dropped == 1 + 2 + 3
    assert [each.calls for each in read_spool(tmp_path)] == [4, 9]
    assert write_spool(tmp_path, b"z" * 41, calls=5, max_bytes=40) == (None, 0)
    assert [each.calls for each in read_spool(tmp_path)] == [4, 9]


def test_a_batch_is_taken_by_one(tmp_path: Path) -> None:
    write_spool(tmp_path, b"body", calls=1)
    (mine,) = read_spool(tmp_path)
    (theirs,) = read_spool(tmp_path)
    claimed = mine.claim()
    assert claimed is not None
    assert theirs.claim() is None
    assert list(take_spool(tmp_path)) == []
    claimed.release()
    ((again, body),) = take_spool(tmp_path)
    assert (body, again.calls) == (b"body", 1)
    again.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_claim_of_a_dead_process_runs_out(tmp_path: Path) -> None:
    write_spool(tmp_path, b"body", calls=1)
    (waiting,) = read_spool(tmp_path)
    claimed = waiting.claim()
    assert claimed is not None
    long_ago = claimed.path.stat().st_mtime - CLAIM_EXPIRES_S - 1
    os.utime(claimed.path, (long_ago, long_ago))
    assert [each.path for each in read_spool(tmp_path)] == [waiting.path]


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "by-hand.otlp").write_bytes(b"abc")
    (tmp_path / ".half.otlp.partial").write_bytes(b"a")
    assert [(each.path.name, each.calls) for each in read_spool(tmp_path)] == [("by-hand.otlp", 0)]
    assert (tmp_path / "notes.txt").exists()
