"""Does the proxy grade recover a known predictability, and does the shuffled control give chance? Prints tables in Markdown.

    python benchmarks/proxy.py [--repeats 60] [--calls 400]

Each task is made so that a known share of its answers follows from the request (tests/analysis/made_tasks.py). "covers": how often
the 90 % interval of the skill holds that share above chance; for the control the answers are shuffled.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from analysis.made_tasks import SHAPES, above_chance, made_task, with_shuffled_answers

from suffice_analysis.proxy import predictability

KNOWN = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--calls", type=int, default=400)
    options = parser.parse_args()
    print(f"{options.repeats} tasks of {options.calls} calls each\n")
    print(
        "| shape | known | above chance | found: mean | 90 % interval covers | mean width, points | shuffled: agreement | its control | skill |"
    )
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for shape in SHAPES:
        for known in KNOWN:
            found, control = [], []
            for seed in range(options.repeats):
                calls = made_task(shape, known, calls=options.calls, seed=1000 + seed)
                found.append(predictability(calls, seed=seed))
                control.append(predictability(with_shuffled_answers(calls, seed=seed), seed=seed))
            seen = [p for p in found if p is not None]
            shuffled = [p for p in control if p is not None]
            skill = above_chance(shape, known)
            covers = mean(p.low - 1e-9 <= skill <= p.high + 1e-9 for p in seen)
            width = 100 * mean(p.high - p.low for p in seen)
            print(
                f"| {shape} | {known:.2f} | {skill:.3f} | {mean(p.skill for p in seen):.3f} | {100 * covers:.0f} % | {width:.1f} | "
                f"{mean(p.agreement for p in shuffled):.3f} | {mean(p.chance for p in shuffled):.3f} | {mean(p.skill for p in shuffled):.3f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
