"""How often a simulated switch of model is recovered within its interval: 200 runs, more calls and another mix after it.

    python benchmarks/realised.py [--runs 200]

The interval is stated at 95 %; at least 88 % of the runs must hold the truth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from analysis.switches import simulated_switch  # noqa: E402

from suffice_analysis.realised import find_realised  # noqa: E402

FLOOR = 0.88


def main() -> int:
    """Say how many runs were recovered, for three sizes of traffic."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    worst = 1.0
    for calls in (200, 1200, 6000):
        held, naive = recovered(runs, calls)
        worst = min(worst, held)
        print(
            f"{calls:>6,} calls before: {held:.1%} of {runs} within the interval; off by {naive:+.0%} without the mix held"
        )
    return 0 if worst >= FLOOR else 1


def recovered(runs: int, calls: int) -> tuple[float, float]:
    """Share of the runs whose interval holds the truth, and how far off the plain difference of means is."""
    inside, off = 0, 0.0
    for seed in range(runs):
        rows, truth = simulated_switch(seed, calls=calls)
        (found,) = find_realised(rows)
        inside += found.low <= truth <= found.high
        means = [
            sum(r["paid_usd"] for r in rows if r["model"] == m) / sum(r["calls"] for r in rows if r["model"] == m)
            for m in ("old", "new")
        ]
        off += (1000 * (means[0] - means[1]) - truth) / truth / runs
    return inside / runs, off


if __name__ == "__main__":
    sys.exit(main())
