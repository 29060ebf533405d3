"""How many replays settle a task: by hand at the ends, against a simulation between them."""

from __future__ import annotations

import numpy as np
import pytest

from suffice_analysis.replayed import Replayed, proof_p_value
from suffice_analysis.replays_needed import SETTLED, SIZES, Need, _limits, replays_needed


def at(share: float) -> Need:
    return replays_needed(np.full(4000, share))


def test_the_limits_are_those_of_the_verdict() -> None:
    assert _limits(59, 0.95) == (52, 59)
    assert _limits(58, 0.95)[1] == 59  # never: 58 of 58 do not prove it
    for n in SIZES:
        refuted, proven = _limits(n, 0.95)
        if proven <= n:
            assert proof_p_value(Replayed(proven, n)) <= 0.05 < proof_p_value(Replayed(proven - 1, n))
        assert refuted < proven


def test_by_hand() -> None:
    assert (at(0.5).n, at(0.5).proves) == (20, pytest.approx(0.0, abs=1e-12))
    assert at(1.0) == Need(60, 1.0, 1.0)
    assert at(0.95).n is None  # exactly at the bar nothing settles it


def test_the_nearer_to_the_bar_the_more() -> None:
    needed = [at(share).n or 10**6 for share in (0.6, 0.8, 0.9, 0.92, 0.945)]
    assert needed == sorted(needed)
    assert [at(share).n or 10**6 for share in (0.999, 0.99, 0.98, 0.97)] == sorted(
        at(share).n or 10**6 for share in (0.999, 0.99, 0.98, 0.97)
    )


def test_it_meets_a_simulation() -> None:
    random = np.random.default_rng(4)
    shares = random.beta(30, 3, 4000)
    need = replays_needed(shares)
    assert need.n is not None
    refuted, proven = _limits(need.n, 0.95)
    seen = random.binomial(need.n, shares)
    assert ((seen >= proven) | (seen <= refuted)).mean() == pytest.approx(need.settles, abs=0.04)
    assert need.settles >= SETTLED
    smaller = SIZES[SIZES.index(need.n) - 1]
    refuted, proven = _limits(smaller, 0.95)
    seen = random.binomial(smaller, shares)
    assert ((seen >= proven) | (seen <= refuted)).mean() < SETTLED + 0.04
