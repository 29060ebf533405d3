"""How long each named read takes, on an empty store and on one of 100,000 calls in runs of ten.

    python benchmarks/queries.py [--calls 100000] [--rounds 9] [--reads overview,calls]

Prints the median milliseconds of each read: empty, then full. The first round (statement built, cache cold) counts too.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from suffice.wire.call import Call, Message, Usage
from suffice.wire.canonical import call_hash
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.reads import READS
from suffice_store.records import CallRecord

START_NS = 1_795_500_000 * 10**9
SECOND_NS = 10**9
BATCH = 10_000
MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "gpt-5-mini", "o3-mini")
NEEDED: dict[str, dict[str, Any]] = {
    "call": {"call_id": call_hash("default", "", "77")},
    "conversation": {"call_id": call_hash("default", "", "77")},
    "run_calls": {"run_id": "run-7"},
    "run_steps": {"run_id": "run-7"},
    "task": {"task_id": "none"},
    "task_calls": {"task_id": "none"},
}


def main() -> int:
    options = _options()
    names = options.reads.split(",") if options.reads else list(READS)
    with tempfile.TemporaryDirectory() as folder, FileStore(str(Path(folder) / "q.duckdb")) as store:
        empty = {name: median_ms(store, name, options.rounds) for name in names}
        begun = time.perf_counter()
        for first in range(0, options.calls, BATCH):
            numbers = range(first, min(first + BATCH, options.calls))
            store.append(build_tables((record(number) for number in numbers), START_NS))
        print(f"{options.calls:,} calls appended in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        for name in names:
            print(f"{name:20} {empty[name]:8.1f} {median_ms(store, name, options.rounds):8.1f}")
    return 0


def record(number: int) -> CallRecord:
    """One turn of a run: the system message of its task, then a question of its own."""
    call = Call(
        wire_format="openai.chat",
        operation="chat",
        provider="openai",
        request_model=MODELS[number % len(MODELS)],
        response_model=MODELS[number % len(MODELS)],
        input_messages=[
            text("system", f"You answer for department {number % 30}. " * 40),
            text("user", f"question {number}"),
        ],
        output_messages=[text("assistant", f"answer {number}")],
        usage=Usage(input_tokens=700 + number % 300, output_tokens=100, cache_read_tokens=number % 3 * 128),
        finish_reasons=["stop"],
        status_code=200,
    )
    started = START_NS + number * SECOND_NS
    return CallRecord(
        call=call, call_id=call_hash("default", "", str(number)), external_id=f"ext-{number}",
        run_id=f"run-{number // 10}", step=number % 10, service=f"service-{number % 7}",
        started_ns=started, ended_ns=started + SECOND_NS // 2,
    )  # fmt: skip


def text(role: str, content: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def median_ms(store: FileStore, name: str, rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        store.read(name, **NEEDED.get(name, {}))
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--reads", default="", help="only these, by comma")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
