"""Killed at random moments (while the file is written anew, too) and out of disk, under load: nothing acknowledged is lost or doubled. More rounds: ``durability.py``."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from collector.durability import check, full_disk_round, kill_round, stored

MIB = 1024 * 1024


@pytest.mark.slow
def test_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    rng = random.Random(3)
    acknowledged: list[int] = []
    following = 0
    for number in range(int(os.environ.get("SUFFICE_KILL_ROUNDS", "2"))):
        more, following = kill_round(tmp_path, rng, following, 1.0, rewriting=number % 2 == 1)
        acknowledged += more
    found = stored(tmp_path)
    assert (len(found) > 0, check(acknowledged, found)) == (True, (0, 0))


@pytest.mark.slow
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    acknowledged, _, said = full_disk_round(tmp_path, 0, 6 * MIB, 60)
    assert said != "ok"
    found = stored(tmp_path)
    assert (len(acknowledged) > 0, check(acknowledged, found)) == (True, (0, 0))
