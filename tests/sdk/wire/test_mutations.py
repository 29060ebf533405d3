"""No spoiled exchange raises on the recorder's way: parsed, through the gate, made a span. ``benchmarks/mutations.py`` runs 100,000."""

from __future__ import annotations

from pathlib import Path

import pytest
from sdk.wire.mutating import make_span, mutated
from sdk.wire.recorded import exchange_of, recorded_exchanges

from suffice.config import CaptureMode, read_settings

MUTATIONS = 600


@pytest.mark.shared
@pytest.mark.parametrize("mode", ["full", "masked", "hashed"])
def test_no_spoiled_exchange_raises(shared_data: Path, mode: CaptureMode, tmp_path: Path) -> None:
    exchanges = [exchange_of(recorded) for recorded in recorded_exchanges(shared_data)]
    settings = read_settings(capture=mode, secret="for tests", spool=tmp_path, quiet=True)
    spans = [make_span(exchange, settings) for exchange in mutated(exchanges, MUTATIONS, seed=5)]
    assert len([span for span in spans if span]) > MUTATIONS / 2  # they are spoiled, not rubbish


@pytest.mark.shared
def test_the_same_seed_spoils_the_same_way(shared_data: Path) -> None:
    exchanges = [exchange_of(recorded) for recorded in recorded_exchanges(shared_data)][:50]
    assert list(mutated(exchanges, 30, seed=1)) == list(mutated(exchanges, 30, seed=1))
    assert list(mutated(exchanges, 30, seed=1)) != list(mutated(exchanges, 30, seed=2))
