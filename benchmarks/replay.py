"""Replay judged: do intervals hold at every look, is ``--until`` right, do judges agree with the truth, is money settled first?

    python benchmarks/replay.py [--campaigns 2000] [--repeats 100] [--data FOLDER]

Prints the tables of docs/replay.md. ``FOLDER`` holds ``replay/`` (recorded answers of four small models with the truth of each); without
it only the simulated part is run. Seeded.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from suffice_analysis.estimate import clopper_pearson_interval, exact_lower_bound
from suffice_analysis.judges import Frame, Said, judge_answer
from suffice_analysis.judges.frame import learn_frame
from suffice_analysis.replay.sequential import ALPHA, Running, log_evidence

LOOKS = range(10, 401, 10)
MOST = 1000


def simulate(campaigns: int, seed: int = 1) -> None:
    """Simultaneous coverage, width at 200, and what stops where."""
    print("| true share | held at all looks | width at 200 / one look's |\n|---|---|---|")
    rng = np.random.default_rng(seed)
    for share in (0.3, 0.5, 0.84, 0.95, 0.98):
        held, ratios = 0, []
        for _ in range(campaigns):
            passed = np.cumsum(rng.random(LOOKS[-1]) < share)
            running = Running()
            for n in LOOKS:
                k = int(passed[n - 1])
                running.look(k, n - k)
                if n == 200:
                    low, high = clopper_pearson_interval(k, n)
                    ratios.append((running.high - running.low) / (high - low))
            held += running.low <= share <= running.high
        print(f"| {share} | {held / campaigns:.1%} | {np.mean(ratios):.2f} |", flush=True)
    print("\n| true share | bar | right | wrong | mean n | fixed n for 95 % right |\n|---|---|---|---|---|---|")
    for share, bar in ((0.85, 0.95), (0.75, 0.95), (0.5, 0.95), (0.9, 0.8), (0.7, 0.8), (0.95, 0.95), (0.8, 0.8)):
        ended, total = stopped(campaigns, share, bar, rng)
        right = "-" if share == bar else ("refuted" if share < bar else "proven")
        wrong = ended["proven"] if share <= bar else ended["refuted"]
        said = "-" if share == bar else f"{ended[right] / campaigns:.1%}"
        fixed = "-" if share == bar else str(fixed_n(share, bar))
        print(f"| {share} | {bar} | {said} | {wrong / campaigns:.1%} | {total / campaigns:.0f} | {fixed} |", flush=True)


def stopped(campaigns: int, share: float, bar: float, rng: np.random.Generator) -> tuple[Counter[str], int]:
    """How the campaigns end, and their answers in all: evidence at the bar itself, which is what the bounds compare with."""
    passed = np.cumsum(rng.random((campaigns, MOST)) < share, axis=1)
    going, ended, total = np.arange(campaigns), Counter[str](), 0
    needed, at = -np.log(ALPHA), np.array(bar)
    for n in range(10, MOST + 1, 10):
        ks, place = np.unique(passed[going, n - 1], return_inverse=True)
        words = np.array([
            "proven" if log_evidence(int(k), n, at, above=True) >= needed
            else "refuted" if log_evidence(int(k), n, at, above=False) >= needed
            else "open" for k in ks
        ])[place]  # fmt: skip
        done = words != "open"
        ended.update(words[done].tolist())
        total += n * int(done.sum())
        going = going[~done]
    ended["open"] += len(going)
    return ended, total + MOST * len(going)


def fixed_n(share: float, bar: float) -> int:
    """The smallest n, in tens, at which the exact one-look verdict is right in 95 %."""
    for n in range(10, MOST + 1, 10):
        ks = np.arange(n + 1)
        if share < bar:
            right = np.array([1 - exact_lower_bound(n - int(k), n) < bar for k in ks])
        else:
            right = np.array([exact_lower_bound(int(k), n) >= bar for k in ks])
        if stats.binom.pmf(ks, n, share)[right].sum() >= 0.95:
            return n
    return MOST


def recorded(folder: Path, repeats: int, seed: int = 2) -> None:
    """Four small models on three tasks: judge against truth, coverage of agreement and accuracy, verdicts."""
    base, answers, frames = read_recorded(folder)
    reference = next(m for m in answers if m.startswith("gpt"))
    rng = np.random.default_rng(seed)
    print(
        "\n| task | model | agrees with gpt-4o | right | judge right where gpt-4o is | where it is not: disagrees | covered n=100 | n=200 | accuracy 100 | 200 |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for task in sorted(frames):
        ids = [i for i in base if task_of(i) == task]
        sound = np.array([bool(answers[reference][i]["correct"]) for i in ids])
        for model in sorted(set(answers) - {reference}):
            judged = [
                judge_answer(Said(base[i]), Said(answers[model][i]["answer"] or ""), frames[task]).verdict for i in ids
            ]
            passed = np.array([v == "pass" for v in judged])
            right = np.array([bool(answers[model][i]["correct"]) for i in ids])
            agreed = (passed == right)[sound].mean()
            other = (passed != right)[~sound].mean()
            shown = [covered(values, n, repeats, rng) for values in (passed, right) for n in (100, 200)]
            cells = " | ".join(f"{c:.0%}" for c in shown)
            print(
                f"| {task} | {model} | {passed.mean():.1%} | {right.mean():.1%} | {agreed:.1%} | {other:.1%} | {cells} |",
                flush=True,
            )


def covered(values: np.ndarray[Any, np.dtype[np.bool_]], n: int, repeats: int, rng: np.random.Generator) -> float:
    """Share of repeats, each a month of traffic drawn anew from the recorded calls, whose interval holds the true share."""
    held = 0
    for _ in range(repeats):
        low, high = clopper_pearson_interval(int(rng.choice(values, n).sum()), n)
        held += low <= values.mean() <= high
    return held / repeats


def read_recorded(folder: Path) -> tuple[dict[str, str], dict[str, dict[str, Any]], dict[str, Frame]]:
    """gpt-4o's answers, the others', and each task's frame."""
    base: dict[str, str] = {}
    with gzip.open(folder / "baseline.jsonl.gz", "rt") as lines:
        for line in lines:
            call = json.loads(line)
            base[call["id"]] = call["response"]["choices"][0]["message"]["content"]
    answers: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    with gzip.open(folder / "answers.jsonl.gz", "rt") as lines:
        for line in lines:
            answer = json.loads(line)
            answers[answer["model"]][answer["id"]] = answer
    tasks = sorted({task_of(i) for i in base})
    frames = {task: learn_frame([Said(text) for i, text in base.items() if task_of(i) == task]) for task in tasks}
    return base, dict(answers), frames


def task_of(call_id: str) -> str:
    """``gsm/...`` -> ``gsm``."""
    return call_id.split("/")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--campaigns", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--data", type=Path)
    chosen = parser.parse_args()
    if chosen.data is not None:
        recorded(chosen.data / "replay", chosen.repeats)
    if chosen.campaigns:
        simulate(chosen.campaigns)


if __name__ == "__main__":
    main()
