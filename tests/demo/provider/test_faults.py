"""Faults are rare, of both kinds, decided by the content, and never on a second attempt."""

from __future__ import annotations

from collections import Counter

from suffice_demo.provider.faults import draw_fault


def test_faults_are_rare_and_of_both_kinds() -> None:
    faults = Counter(fault.status for n in range(20_000) if (fault := draw_fault(7, str(n), 0, "m")))
    assert set(faults) == {429, 500}
    assert 180 < faults[429] < 300
    assert 50 < faults[500] < 115


def test_a_second_attempt_always_succeeds() -> None:
    assert not any(draw_fault(7, str(n), 1, "m") for n in range(2000))


def test_the_seed_decides() -> None:
    assert [draw_fault(1, str(n), 0, "m") for n in range(300)] == [draw_fault(1, str(n), 0, "m") for n in range(300)]
    assert [draw_fault(1, str(n), 0, "m") for n in range(300)] != [draw_fault(2, str(n), 0, "m") for n in range(300)]
