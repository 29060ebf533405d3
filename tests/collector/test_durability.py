"""Killed at random moments (while the file is written anew or made to forget, too) and out of disk, under load: nothing acknowledged is lost or doubled. More rounds: ``durability.py``."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from collector.durability import (
    MARKER,
    check,
    deletion_round,
    files_with,
    full_disk_round,
    kill_round,
    stored,
    texts_of,
)
from collector.processes import running_collector

from suffice.cli import main

MIB = 1024 * 1024


@pytest.mark.slow
def test_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    rng = random.Random(3)
    acknowledged: list[int] = []
    following = 0
    for number in range(2):
        more, following = kill_round(tmp_path, rng, following, 1.0, rewriting=number % 2 == 1)
        acknowledged += more
    found = stored(tmp_path)
    assert (len(found) > 0, check(acknowledged, found)) == (True, (0, 0))


@pytest.mark.slow
def test_a_kill_while_requests_are_read_together_loses_no_call_and_no_text(tmp_path: Path) -> None:
    acknowledged, _ = kill_round(tmp_path, random.Random(4), 0, 1.0, ours=True)
    found = stored(tmp_path)
    assert (len(found) > 0, check(acknowledged, found)) == (True, (0, 0))


@pytest.mark.slow
def test_kills_during_a_deletion_leave_all_or_nothing_of_it_and_lose_nothing_else(tmp_path: Path) -> None:
    rng = random.Random(5)
    acknowledged, following = deletion_round(tmp_path, rng, 0, 0.3)
    more, following = deletion_round(tmp_path, rng, following, 2.5)  # each begins with a look at what the last one left
    with running_collector(tmp_path, "--grpc-port", "0") as process:
        assert main(["db", "delete", "--project", "gone", "--server", f"http://127.0.0.1:{process.port}", "--yes"]) == 0
        assert (process.calls(project="gone"), texts_of(process, "gone")) == (0, [])
    assert files_with(tmp_path, MARKER) == []
    found = stored(tmp_path)
    assert (len(found) > 0, check(acknowledged + more, found)) == (True, (0, 0))


@pytest.mark.slow
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    acknowledged, _, said = full_disk_round(tmp_path, 0, 6 * MIB, 60)
    assert said != "ok"
    found = stored(tmp_path)
    assert (len(acknowledged) > 0, check(acknowledged, found)) == (True, (0, 0))
