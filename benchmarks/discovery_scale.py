#!/usr/bin/env python3
"""Discovery of many calls: time, memory, what new calls cost, and how cost grows.

    benchmarks/discovery_scale.py [--calls 10000,100000,1000000] [--new 10000] [--templates 2000] [--seed 1] [--workers auto]

Each size is made and discovered in a process of its own, so that peak memory is its own. The calls are those of
``--templates`` templates whose sizes fall as 1/rank (Zipf), a fifth of them agents that resend their growing history
(2 to 12 steps, tools with them); 30 % of the calls are one-off prompts. No two runs are alike: every gap of a template
is filled anew. Peak memory is of the whole process, the calls and their texts in it. ``new`` calls are made with
another seed and assigned by the recognisers alone. The last lines are the exponents of processor time over calls.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pyarrow as pa

from suffice.wire.canonical import chain_hash, content_hash, written_message_hash
from suffice_analysis.discovery import Discovery, MessageText, Request, discover
from suffice_analysis.discovery.router import Router
from suffice_analysis.parallel import open_workers
from suffice_analysis.texts import StoredTexts

ONE_OFFS = 0.3
AGENTS = 5  # every fifth template is an agent's
SCHEMA = pa.schema(
    [(n, pa.string()) for n in ("operation", "chain_before", "chain_after", "toolset_hash", "response_format")]
    + [("input_hashes", pa.list_(pa.string())), ("output_hashes", pa.list_(pa.string()))]
)


@dataclass(frozen=True)
class Template:
    pieces: list[str]  # the constant text between the gaps
    gap_words: list[int]  # how long the text in each gap may be
    agent: bool
    tools: list[dict[str, Any]]
    toolset: str | None
    response_format: str | None


@dataclass
class Traffic:
    """Calls in batches, their texts, and the label of each call."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    contents: list[str] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    stored: set[int] = field(default_factory=set)


class Maker:
    def __init__(self, templates: int, seed: int, run_seed: int) -> None:
        rng = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = ["".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(30_000)]
        self.templates = [self._template(rng, k % AGENTS == AGENTS - 1) for k in range(templates)]
        self.toolsets = {t.toolset: t.tools for t in self.templates if t.toolset}
        self.weights = [1 / (k + 1) for k in range(templates)]
        self.rng = random.Random(run_seed)

    def _template(self, rng: random.Random, agent: bool) -> Template:
        gaps = 1 if agent else rng.randint(1, 4)
        pieces = [" ".join(rng.choices(self.words, k=rng.randint(8, 60))) for _ in range(gaps + 1)]
        tools = [
            {"type": "function", "name": f"tool_{rng.randrange(10**6)}", "parameters": {"properties": {"x": {}}}}
            for _ in range(rng.randint(2, 6) if agent else 0)
        ]
        form = json.dumps({"type": "json_object"}) if not agent and rng.random() < 0.2 else None
        lengths = [rng.randint(4, 60) for _ in range(gaps)]
        return Template(pieces, lengths, agent, tools, content_hash("default", tools) if tools else None, form)

    def text(self, low: int, high: int) -> str:
        return " ".join(self.rng.choices(self.words, k=self.rng.randint(low, high)))

    def make(self, calls: int) -> Traffic:
        traffic = Traffic()
        rows: list[dict[str, Any]] = []
        order = list(range(len(self.templates)))
        picks: Iterator[int] = iter(())
        while len(traffic.labels) < calls:
            if self.rng.random() < self._one_off_rate:
                rows.append(self._call(traffic, [self._store(traffic, "user", self.text(6, 80))], "", None, -1))
            else:
                pick = next(picks, None)
                if pick is None:
                    picks = iter(self.rng.choices(order, self.weights, k=100_000))
                    pick = next(picks)
                rows += self._run(traffic, pick)
            if len(rows) >= 50_000:
                traffic.batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
                rows = []
        if rows:
            traffic.batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
        return traffic

    @property
    def _one_off_rate(self) -> float:
        """Of the runs; an agent's run is many calls."""
        agents = sum(w for w, t in zip(self.weights, self.templates, strict=True) if t.agent) / sum(self.weights)
        calls_a_run = 1 + agents * 6
        return ONE_OFFS * calls_a_run / (ONE_OFFS * calls_a_run + 1 - ONE_OFFS)

    def _run(self, traffic: Traffic, pick: int) -> Iterator[dict[str, Any]]:
        template = self.templates[pick]
        filled = [
            piece + " " + self.text(1, longest)
            for piece, longest in zip(template.pieces, [*template.gap_words, 4], strict=True)
        ]
        if not template.agent:
            yield self._call(traffic, [self._store(traffic, "user", "\n".join(filled))], "", template, pick)
            return
        sent = [
            self._store(traffic, "system", "\n".join(template.pieces)),
            self._store(traffic, "user", self.text(4, 40)),
        ]
        history, since = "", 0
        for step in range(self.rng.randint(2, 12)):
            row = self._call(traffic, sent, history, template, pick, since)
            yield row
            history = row["chain_after"]
            since = len(sent) + 1
            said = self._store(traffic, "tool" if step % 3 else "user", self.text(5, 60))
            sent = [*sent, row["output_hashes"][0], said]

    def _call(
        self, traffic: Traffic, sent: list[str], history: str, template: Template | None, label: int, since: int = 0
    ) -> dict[str, Any]:
        answer = self._store(traffic, "assistant", self.text(3, 30))
        traffic.labels.append(label)
        return {
            "operation": "chat",
            "chain_before": history or None,
            "chain_after": chain_hash([*sent[since:], answer], history),
            "toolset_hash": template.toolset if template else None,
            "response_format": template.response_format if template else None,
            "input_hashes": sent,
            "output_hashes": [answer],
        }

    @staticmethod
    def _store(traffic: Traffic, role: str, text: str) -> str:
        content = f'{{"parts":[{{"content":"{text}","type":"text"}}],"role":"{role}"}}'.replace("\n", "\\n")
        key = written_message_hash("default", content.encode())
        if hash(key) not in traffic.stored:
            traffic.stored.add(hash(key))
            traffic.hashes.append(key)
            traffic.roles.append(role)
            traffic.contents.append(content)
        return key


def tell_stages() -> Callable[[str, float], None]:
    started, cpu = time.perf_counter(), time.process_time()

    def tell(stage: str, share: float) -> None:
        used = f"{time.perf_counter() - started:8.1f} s {time.process_time() - cpu:8.1f} s of this process's processor time"
        print(f"{used} {peak_gb():5.2f} GB  {stage}", file=sys.stderr, flush=True)

    return tell


def write_traffic(maker: Maker, calls: int, folder: Path) -> None:
    """As Arrow files: made in a process of its own, so that the peak memory of discovery is discovery's."""
    traffic = maker.make(calls)
    with pa.ipc.new_file(folder / "calls.arrow", SCHEMA) as file:
        for batch in traffic.batches:
            file.write_batch(batch)
    columns = {"message_hash": traffic.hashes, "role": traffic.roles, "content": traffic.contents}
    texts = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    with pa.ipc.new_file(folder / "texts.arrow", texts.schema) as file:
        file.write_table(texts, max_chunksize=100_000)
    (folder / "labels.json").write_text(json.dumps(traffic.labels))


def measure(calls: int, options: argparse.Namespace) -> dict[str, Any]:
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score  # a worker imports this module too

    maker = Maker(options.templates, options.seed, options.seed + 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = time.perf_counter()
        making = multiprocessing.get_context("spawn").Process(target=write_traffic, args=(maker, calls, folder))
        making.start()
        making.join()
        made = time.perf_counter() - made
        table = pa.ipc.open_file(folder / "calls.arrow").read_all().combine_chunks()
        texts = StoredTexts(pa.ipc.open_file(folder / "texts.arrow").read_all().to_batches())
        labels = json.loads((folder / "labels.json").read_text())
    before, started, cpu = peak_gb(), time.perf_counter(), cpu_seconds()
    tell = tell_stages() if options.stages else None
    with open_workers(options.workers) as executor:
        found = discover(table, texts, maker.toolsets, progress=tell, executor=executor)
        seconds = time.perf_counter() - started
        peak = peak_gb() + workers_gb()
    cpu = cpu_seconds() - cpu
    router = Router({task.task_id: task.recogniser for task in found.tasks.values()})
    requests, truth = fresh_requests(Maker(options.templates, options.seed, options.seed + 2), options.new)
    started, routing_cpu = time.perf_counter(), time.process_time()
    assigned = router.route_all(requests)
    routing, routing_cpu = time.perf_counter() - started, time.process_time() - routing_cpu
    return {
        "calls": len(labels),
        "made_s": round(made, 1),
        "discovered_s": round(seconds, 1),
        "discovered_cpu_s": round(cpu, 1),
        "load": round(os.getloadavg()[0], 1),
        "read_gb": round(before, 2),
        "peak_gb": round(peak, 2),
        "tasks": len(found.tasks),
        "templates_sent": len(set(labels)) - 1,
        "ari": round(adjusted_rand_score(labels, found.task_ids), 4),
        "ami": round(adjusted_mutual_info_score(labels, found.task_ids), 4),
        "new_calls": len(requests),
        "new_calls_s": round(routing, 2),
        "new_calls_cpu_s": round(routing_cpu, 2),
        "new_calls_ari": round(adjusted_rand_score(truth, assigned), 4),
        "found": found_digest(found),
    }


def found_digest(found: Discovery) -> str:
    """The same for the same tasks, templates, names and assignments."""
    digest = blake2b(digest_size=8)
    for each in (found.task_ids, found.point_ids, found.tasks, found.templates):
        digest.update(repr(each).encode())
    return digest.hexdigest()


def cpu_seconds() -> float:
    """Of this process and of those that it has waited for."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def workers_gb() -> float:
    """The peaks of the worker processes, added up."""
    peaks = 0
    for child in multiprocessing.active_children():
        status = Path(f"/proc/{child.pid}/status").read_text()
        peaks += int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
    return peaks / 1e6


def fresh_requests(maker: Maker, count: int) -> tuple[list[Request], list[int]]:
    traffic = maker.make(count)
    texts = dict(zip(traffic.hashes, map(MessageText, traffic.roles, traffic.contents), strict=True))
    rows = [row for batch in traffic.batches for row in batch.to_pylist()]
    requests = [
        Request(
            [texts[h] for h in row["input_hashes"]],
            maker.toolsets.get(row["toolset_hash"], ()),
            json.loads(row["response_format"]) if row["response_format"] else None,
        )
        for row in rows
    ]
    return requests[:count], traffic.labels[:count]


def exponent(first: dict[str, Any], last: dict[str, Any]) -> float:
    """Of processor time, which a busy machine does not stretch."""
    return math.log(last["discovered_cpu_s"] / first["discovered_cpu_s"]) / math.log(last["calls"] / first["calls"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", default="10000,100000,1000000")
    parser.add_argument("--new", type=int, default=10_000)
    parser.add_argument("--templates", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--workers", default="auto", help="as of suffice analyze: auto, a number, a Dask scheduler's address"
    )
    parser.add_argument("--stages", action="store_true", help="say when each stage begins, on stderr")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [int(each) for each in options.calls.split(",")]
    if options.one:
        print(json.dumps(measure(sizes[0], options)))
        return
    results = []
    for size in sizes:
        command = [sys.executable, __file__, "--one", "--calls", str(size), "--new", str(options.new)]
        command += ["--templates", str(options.templates), "--seed", str(options.seed), "--workers", options.workers]
        command += ["--stages"] if options.stages else []
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=3600).stdout
        results.append(json.loads(said))
        print(said.strip(), flush=True)
    whole = [(results[0], results[-1])] if len(results) > 2 else []
    for first, last in [*itertools.pairwise(results), *whole]:
        grows = exponent(first, last)
        print(f"processor time grows as calls^{grows:.2f} from {first['calls']:,} to {last['calls']:,}")


if __name__ == "__main__":
    main()
