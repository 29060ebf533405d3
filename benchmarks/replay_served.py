"""The real answers of four small models, served by a local endpoint and replayed as a user would: do the intervals hold the truth?

    python benchmarks/replay_served.py --data FOLDER [--seconds 280] [--seed 1]

Each repeat is a month of traffic: 2,840 calls drawn anew (with replacement) from those recorded of gpt-4o on three tasks, imported with
their outcome ``correct``, analysed, and replayed, 200 calls of each task with each model, over HTTP. The first 100 of them are what ``--n 100``
would have asked. Replayed answers get their outcome ``correct`` too. The truth is the share over all recorded calls. Prints the table of
docs/replay.md, with as many repeats as fit.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from replay import read_recorded, task_of  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from analysis.replay.endpoint import serving

from suffice.cli import main as suffice
from suffice_analysis import pipeline
from suffice_analysis.discovery.types import Discovery, FoundTask, FoundTemplate
from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.judges import Said, judge_answer
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Order, open_campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.outcomes import find_paired
from suffice_analysis.replay.results import find_results
from suffice_store import Store, open_store
from suffice_store.arrow_schema import arrow_schema

SIZES = (100, 200)
FIGURES = ("agreement", "accuracy", "difference")
Key = tuple[str, str]  # task, model


def by_service(calls: pa.Table, texts: Any, toolsets: Any, **_: Any) -> Discovery:
    """One task a service: the three benchmarks ask with the same template, so nothing in the requests tells them apart."""
    names = calls["service"].to_pylist()
    kept = sorted(set(names))
    tasks = {n: FoundTask(n, n, "template", n, {"kind": "service", "name": n}, names.count(n)) for n in kept}
    templates = [FoundTemplate(f"p_{n}", n, names.count(n), n) for n in kept]
    return Discovery(names, [f"p_{n}" for n in names], tasks, templates, np.eye(len(kept), dtype=np.float32))


class Recorded:
    """What is known of every call: its log line, what each model answered, whether that is right, what is asked last."""

    def __init__(self, folder: Path) -> None:
        base, self.answers, frames = read_recorded(folder)
        self.reference = next(m for m in self.answers if m.startswith("gpt"))
        self.models = sorted(set(self.answers) - {self.reference})
        with gzip.open(folder / "baseline.jsonl.gz", "rt") as lines:
            self.lines = {line["id"]: line for line in map(json.loads, lines)}
        self.id_of = {self.asked(i): i for i in self.lines}
        self.truth: dict[tuple[str, str, str], float] = {}
        for task in frames:
            ids = [i for i in base if task_of(i) == task]
            sound = np.array([self.right(self.reference, i) for i in ids])
            for model in self.models:
                passed = [
                    judge_answer(Said(base[i]), Said(self.said(model, i)), frames[task]).verdict == "pass" for i in ids
                ]
                right = np.array([self.right(model, i) for i in ids])
                shares = (np.mean(passed), right.mean(), right.mean() - sound.mean())
                self.truth |= {(task, model, figure): float(s) for figure, s in zip(FIGURES, shares, strict=True)}

    def asked(self, call_id: str) -> str:
        return str(self.lines[call_id]["request"]["messages"][-1]["content"])

    def said(self, model: str, call_id: str) -> str:
        return str(self.answers[model][call_id]["answer"] or "")

    def right(self, model: str, call_id: str) -> bool:
        return bool(self.answers[model][call_id]["correct"])

    def month(self, path: Path, rng: np.random.Generator) -> None:
        """As many calls as were recorded, drawn anew, an hour a hundred of them, each with its outcome."""
        ids = sorted(self.lines)
        with path.open("w") as file:
            for place, chosen in enumerate(rng.integers(0, len(ids), len(ids))):
                known = self.lines[ids[chosen]]
                stated = {
                    "id": f"{known['id']}~{place}", "timestamp": 1_790_000_000 + 36 * place,
                    "outcome": {"ok": self.right(self.reference, known["id"]), "label": "correct"},
                }  # fmt: skip
                file.write(json.dumps(known | stated) + "\n")

    def answer(self, body: Mapping[str, Any], _: int) -> str:
        return self.said(str(body["model"]), self.id_of[str(body["messages"][-1]["content"])])


def one_month(
    known: Recorded, url: str, folder: Path, rng: np.random.Generator, seed: int
) -> Iterable[tuple[Key, int, str, bool]]:
    """Of each task, model, size and figure whether the interval holds the truth."""
    known.month(folder / "month.jsonl", rng)
    database = str(folder / "month.duckdb")
    assert suffice(["import", str(folder / "month.jsonl"), "--db", database]) == 0
    with open_store(database) as store:
        pipeline.analyze(store, find=by_service)
        for service in [row["task_id"] for row in store.read("tasks").to_pylist()]:
            for model in known.models:
                order = Order(service, Candidate(model=model, url=url, parallel=8), wanted=max(SIZES), seed=seed)
                open_campaign(store, "default", order).run(Budget(Limits()))
        rows = store.read("replays").to_pylist()
        _record_outcomes(store, known, rows)
        pairs = store.read("replay_outcomes").to_pylist()
        campaigns = store.read("replay_campaigns").to_pylist()
    for n in SIZES:
        yield from _held(known, [row for row in rows if row["position"] < n], campaigns, pairs, n)


def _held(
    known: Recorded, rows: list[dict[str, Any]], campaigns: list[dict[str, Any]], pairs: list[dict[str, Any]], n: int
) -> Iterable[tuple[Key, int, str, bool]]:
    asked = {(row["candidate"], row["call_id"]) for row in rows}
    task_of_call = {row["call_id"]: row["task_id"] for row in rows}
    fixed = [row | {"wanted": n} for row in campaigns]
    templates = {row["task_id"]: row["template"] for row in campaigns}
    for results in find_results(rows, fixed, task_of_call, templates).by_task.values():
        for each in results:
            task = each.task_id.removeprefix("zeroeval-")
            yield (
                (task, each.candidate),
                n,
                "agreement",
                _in(each.low, known.truth[task, each.candidate, "agreement"], each.high),
            )
    chosen = [row for row in pairs if (row["candidate"], row["call_id"]) in asked]
    for paired in find_paired(chosen, task_of_call):
        task = paired.task_id.removeprefix("zeroeval-")
        key = (task, paired.candidate)
        low, high = clopper_pearson_interval(paired.candidate_right, paired.pairs.n)
        yield key, n, "accuracy", _in(low, known.truth[*key, "accuracy"], high)
        yield key, n, "difference", _in(paired.low, known.truth[*key, "difference"], paired.high)


def _in(low: float, truth: float, high: float) -> bool:
    return low <= truth <= high


def _record_outcomes(store: Store, known: Recorded, rows: Iterable[Mapping[str, Any]]) -> None:
    """Each replayed answer's own ``correct``, as a script that knows the truth would say it, in one append."""
    ids = {row["call_id"]: row["external_id"] for row in store.read("analysis_calls").to_pylist()}
    said = [
        {
            "project": "default", "target": "call", "target_id": row["replay_call_id"], "score": None, "label": "correct", "source": "truth",
            "ok": known.right(row["candidate"], ids[row["call_id"]].rpartition("~")[0]), "recorded_ns": time.time_ns(),
        }
        for row in rows if row["replay_call_id"]
    ]  # fmt: skip
    store.append({"outcomes": pa.Table.from_pylist(said, schema=arrow_schema("outcomes"))})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=280.0)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    known, rng = Recorded(chosen.data / "replay"), np.random.default_rng(chosen.seed)
    held: defaultdict[tuple[Key, int, str], list[bool]] = defaultdict(list)
    end, longest, repeats = time.monotonic() + chosen.seconds, 0.0, 0
    with serving(known.answer, model="served") as endpoint:
        while time.monotonic() + longest < end:
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                for key, n, figure, inside in one_month(known, endpoint.url, Path(folder), rng, repeats):
                    held[key, n, figure].append(inside)
            longest, repeats = max(longest, time.monotonic() - started), repeats + 1
            print(
                f"month {repeats}: {len(endpoint.requests):,} calls, {time.monotonic() - started:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    table(held, repeats)


def table(held: Mapping[tuple[Key, int, str], list[bool]], repeats: int) -> None:
    """By task, over its four models and all months."""
    print(f"{repeats} months\n\n| task | figure | n = 100 | n = 200 |\n|---|---|---|---|")
    for task in [*sorted({key[0] for key, _, _ in held}), ""]:
        for figure in FIGURES:
            cells = []
            for n in SIZES:
                inside = [each for (key, size, name), all_ in held.items() if (size, name) == (n, figure) and task in ("", key[0]) for each in all_]  # fmt: skip
                low, high = clopper_pearson_interval(sum(inside), len(inside))
                cells.append(f"{sum(inside)} of {len(inside)}: {sum(inside) / len(inside):.0%} ({low:.0%}–{high:.0%})")
            print(f"| {task or 'all'} | {figure} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
