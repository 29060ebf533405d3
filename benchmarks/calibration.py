"""Do the intervals cover, and is "proven" right? On paired outcomes of real models, with a seed.

    python benchmarks/calibration.py [--data DIR] [--repeats 500] [--seed 7]

``DIR`` holds ``outcomes/paired.parquet``: per item, whether a large and a small model got it right. Each benchmark x
category x pair of models is a task; samples are drawn from it with replacement, so its truth is known. The tables stand in
docs/statistics.md as they come out.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import special

from suffice_analysis.estimate import BAR, clopper_pearson_interval
from suffice_analysis.multiplicity import proven_together
from suffice_analysis.paired import MARGIN, Pairs, non_inferior
from suffice_analysis.replayed import Replayed, proof_p_value, sound_reference, total_replayed
from suffice_analysis.size_effect import Observed, predict_share, winkler_score

SIZES = (25, 50, 100, 200)
DRAWS = 1_000
MOST_TOTALS = 300  # a total draws for every task
MIXTRAL_ACTIVE_B = 13.0  # of 8x7B, the parameters that work on a token


@dataclass(frozen=True)
class Task:
    """One benchmark x category x pair of models: what the two scored on each item."""

    benchmark: str
    name: str
    small_b: float
    large: NDArray[np.float64]
    small: NDArray[np.float64]

    @property
    def acceptable(self) -> NDArray[np.bool_]:
        return self.small >= self.large

    @property
    def truth(self) -> float:
        return float(self.acceptable.mean())

    @property
    def difference(self) -> float:
        return float((self.small - self.large).mean())


def main() -> int:
    parser = argparse.ArgumentParser(description="coverage of intervals and verdicts on paired outcomes")
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared" / "data")
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    file = given.data / "outcomes" / "paired.parquet"
    if not file.is_file():
        sys.exit(f"no paired outcomes at {file}: pass --data DIR, the folder that holds outcomes/paired.parquet")
    tasks = read_tasks(file)
    random = np.random.default_rng(given.seed)
    print(f"{len(tasks)} tasks, {given.repeats} samples of each size, seed {given.seed}\n")
    show_intervals(tasks, given.repeats, random)
    show_totals(tasks, given.repeats, random)
    show_power(given.repeats * 4, random)
    show_choice(given.repeats * 4, random)
    show_prior(tasks)
    return 0


def read_tasks(file: Path) -> list[Task]:
    table = pq.read_table(file).to_pydict()
    grouped: dict[tuple[str, str, str, str], list[int]] = {}
    for row in range(len(table["benchmark"])):
        key = (table["benchmark"][row], table["category"][row], table["llm"][row], table["slm"][row])
        grouped.setdefault(key, []).append(row)
    tasks = []
    for (benchmark, category, llm, slm), rows in grouped.items():
        size = table["slm_params_b"][rows[0]]
        tasks.append(
            Task(
                benchmark,
                f"{category} {llm} / {slm}",
                MIXTRAL_ACTIVE_B if "Mixtral" in slm else float(size),
                np.array([table["llm_score"][r] for r in rows]),
                np.array([table["slm_score"][r] for r in rows]),
            )
        )
    return tasks


def show_intervals(tasks: list[Task], repeats: int, random: np.random.Generator) -> None:
    print("## Intervals and verdicts of one task\n")
    print(
        "| n | 90 % interval covers: mean | least of a task | width, points | proven bound holds | truth under the bar, called proven |"
    )
    print("|--:|--:|--:|--:|--:|--:|")
    paired_rows = []
    for n in SIZES:
        covered: list[float] = []
        widths, held, sound = [], [], []
        wrong = under = inferior = false_ni = 0
        known: dict[tuple[int, int], bool] = {}
        p_proven = np.array([proof_p_value(Replayed(k, n)) for k in range(n + 1)])
        ends = np.array([clopper_pearson_interval(k, n) for k in range(n + 1)])
        for task in tasks:
            picks = random.integers(0, task.large.size, (repeats, n))
            k = task.acceptable[picks].sum(axis=1)
            covered.append(np.mean((ends[k, 0] <= task.truth) & (task.truth <= ends[k, 1])))
            widths.append(np.mean(ends[k, 1] - ends[k, 0]))
            lower = ends[k, 0]  # the 5 % end of the two-sided 90 % interval is the one-sided 95 % bound
            held.append(np.mean(lower <= task.truth))
            if task.truth <= BAR:
                under += repeats
                wrong += int(np.sum(p_proven[k] <= 0.05))
            b = (task.large[picks] > task.small[picks]).sum(axis=1)
            c = (task.large[picks] < task.small[picks]).sum(axis=1)
            if task.difference <= -MARGIN:
                for pair in zip(b.tolist(), c.tolist(), strict=True):
                    inferior += 1
                    if pair not in known:
                        known[pair] = non_inferior(Pairs(n, *pair))
                    false_ni += known[pair]
            right = task.large[picks].sum(axis=1)
            sound.append(np.mean([sound_reference(int(r), n) for r in right]))
        broken = [t.name.split()[0] for t, s in zip(tasks, sound, strict=True) if s < 0.5]
        print(
            f"| {n} | {100 * np.mean(covered):.1f} % | {100 * np.min(covered):.1f} % | {100 * np.mean(widths):.1f} "
            f"| {100 * np.mean(held):.1f} % (least {100 * np.min(held):.1f}) | {100 * wrong / max(under, 1):.2f} % of {under:,} |"
        )
        paired_rows.append(
            f"| {n} | {100 * false_ni / max(inferior, 1):.2f} % of {inferior:,} | {', '.join(sorted(set(broken))) or 'none'} |"
        )
    print(
        "\n| n | truth 5 points worse or more, called non-inferior | recorded answers mostly wrong, set aside |\n|--:|--:|---|"
    )
    print("\n".join(paired_rows), "\n")


def show_totals(tasks: list[Task], repeats: int, random: np.random.Generator) -> None:
    print("## The total over all tasks\n")
    print("| n of each | 90 % interval of the total covers | width, points |\n|--:|--:|--:|")
    weights = np.array([t.large.size for t in tasks], float)
    weights /= weights.sum()
    truth = float(sum(w * t.truth for w, t in zip(weights, tasks, strict=True)))
    for n in SIZES:
        covered, widths = [], []
        for repeat in range(min(repeats, MOST_TOTALS)):
            picked = [int(t.acceptable[random.integers(0, t.large.size, n)].sum()) for t in tasks]
            parts = [(Replayed(k, n), float(w)) for k, w in zip(picked, weights, strict=True)]
            total = total_replayed(parts, seed=1000 * repeat, draws=DRAWS)
            covered.append(total.low <= truth <= total.high)
            widths.append(total.width_points)
        print(f"| {n} | {100 * np.mean(covered):.1f} % of {len(covered)} | {np.mean(widths):.2f} |")
    print()


def show_power(repeats: int, random: np.random.Generator) -> None:
    print("## Power: a candidate as good as the baseline, margin 5 points\n")
    print("Both sides' right answers are corrupted at the rate that makes them disagree on a share d of the calls.\n")
    print(
        "| d | n by the rule of thumb | proven there | any 5 % test: at most | a larger n | proven there |\n|--:|--:|--:|--:|--:|--:|"
    )
    for d, n, needed in ((0.05, 124, 164), (0.10, 248, 274), (0.20, 495, 515)):
        most = most_power(n, d)
        shares = [f"{100 * _proven_share(size, d, repeats, random):.1f} %" for size in (n, needed)]
        print(f"| {d:g} | {n} | {shares[0]} | {100 * most:.1f} % | {needed} | {shares[1]} |")
    print()


def most_power(n: int, d: float) -> float:
    """What no test of level 5 % can exceed: the most powerful one (Neyman & Pearson 1933) against the single hardest truth."""
    b, c = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    b, c = b[b + c <= n], c[b + c <= n]

    def log_chance(only_baseline: float, only_candidate: float) -> NDArray[np.float64]:
        ways = special.gammaln(n + 1) - special.gammaln(b + 1) - special.gammaln(c + 1) - special.gammaln(n - b - c + 1)
        rest = special.xlogy(n - b - c, 1 - only_baseline - only_candidate)
        chance: NDArray[np.float64] = ways + special.xlogy(b, only_baseline) + special.xlogy(c, only_candidate) + rest
        return chance

    as_good = log_chance(d / 2, d / 2)
    least = 1.0
    for share in np.linspace(0.1, 0.9, 9) * d / 2:
        worse = log_chance(share + MARGIN, share)
        order = np.argsort(worse - as_good)
        size, power = np.cumsum(np.exp(worse[order])), np.cumsum(np.exp(as_good[order]))
        least = min(least, float(np.interp(0.05, size, power)))
    return least


def _proven_share(n: int, d: float, repeats: int, random: np.random.Generator) -> float:
    rate = (1 - np.sqrt(1 - 2 * d)) / 2  # 2 r (1 - r) = d
    baseline_wrong = random.random((repeats, n)) < rate
    candidate_wrong = random.random((repeats, n)) < rate
    b = (candidate_wrong & ~baseline_wrong).sum(axis=1)
    c = (baseline_wrong & ~candidate_wrong).sum(axis=1)
    known: dict[tuple[int, int], bool] = {}
    for pair in zip(b.tolist(), c.tolist(), strict=True):
        if pair not in known:
            known[pair] = non_inferior(Pairs(n, *pair))
    return float(np.mean([known[pair] for pair in zip(b.tolist(), c.tolist(), strict=True)]))


def show_choice(repeats: int, random: np.random.Generator) -> None:
    print("## 40 tasks x 14 candidates, all just under the bar\n")
    print("| n of each | simulations with any share proven | tested one by one |\n|--:|--:|--:|")
    for n in (100, 200, 400):
        p_of = np.array([proof_p_value(Replayed(k, n)) for k in range(n + 1)])
        any_proven = any_alone = 0
        for _ in range(repeats):
            p = p_of[random.binomial(n, BAR - 0.0001, (40, 14))]
            any_alone += bool((p <= 0.05).any())
            if p.min() * 560 <= 0.05 or p.min() * 14 <= 0.05:  # else Holm proves nothing
                any_proven += bool(proven_together({str(t): row.tolist() for t, row in enumerate(p)}))
        print(f"| {n} | {100 * any_proven / repeats:.2f} % of {repeats:,} | {100 * any_alone / repeats:.0f} % |")
    print()


def show_prior(tasks: list[Task]) -> None:
    print("## Prior alone, one benchmark left out at a time\n")
    print("| left out | tasks | constant: score | covers | by size: score | covers |\n|---|--:|--:|--:|--:|--:|")
    names = sorted({t.benchmark for t in tasks})
    scores = []
    for left_out in names:
        seen = [Observed(t.benchmark, t.small_b, t.truth) for t in tasks if t.benchmark != left_out]
        rest = [t for t in tasks if t.benchmark == left_out]
        constant = best_constant(seen)
        sized = [predict_share(seen, t.small_b) for t in rest]
        row = []
        for ends in ([constant] * len(rest), sized):
            row += [
                float(np.mean([winkler_score(low, high, t.truth) for (low, high), t in zip(ends, rest, strict=True)])),
                float(np.mean([low <= t.truth <= high for (low, high), t in zip(ends, rest, strict=True)])),
            ]
        scores.append(row)
        print(
            f"| {left_out} | {len(rest)} | {row[0]:.3f} | {100 * row[1]:.0f} % | {row[2]:.3f} | {100 * row[3]:.0f} % |"
        )
    mean = np.mean(scores, axis=0)
    print(
        f"| **mean, benchmarks alike** | | **{mean[0]:.3f}** | {100 * mean[1]:.0f} % | **{mean[2]:.3f}** | {100 * mean[3]:.0f} % |"
    )


def best_constant(seen: list[Observed]) -> tuple[float, float]:
    """The one interval with the least mean score on these, benchmarks weighed alike (both ends are among the shares seen)."""
    shares = np.array([o.share for o in seen])
    count = {b: sum(o.benchmark == b for o in seen) for b in {o.benchmark for o in seen}}
    weights = np.array([1 / count[o.benchmark] for o in seen])
    best = (np.inf, 0.0, 1.0)
    for low in np.unique(shares):
        for high in np.unique(shares[shares >= low]):
            score = (high - low) + 20 * (np.maximum(low - shares, 0) + np.maximum(shares - high, 0))
            best = min(best, (float(np.sum(weights * score)), float(low), float(high)))
    return best[1], best[2]


if __name__ == "__main__":
    sys.exit(main())
