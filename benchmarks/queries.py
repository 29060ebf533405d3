"""How long each named read takes, on an empty store and on one of 100,000 calls in runs of ten.

    python benchmarks/queries.py [--calls 100000] [--copies 1] [--ingest 0] [--rounds 9] [--reads overview,calls]

``--copies 10`` makes a million of them (other ids, days and texts; by SQL, in a tenth of the time). ``--ingest 5000`` appends so
many calls a second meanwhile. Prints the median milliseconds of each read: empty, then full, then the longest. The first
round (statement built, cache cold) counts too. ``search`` is the first 50 calls that hold a rare text, ``search_common`` one
that every call holds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
DAY_NS = 86_400 * SECOND_NS
BATCH = 10_000
MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "gpt-5-mini", "o3-mini")
JOBS = (
    "sort incoming tickets by product and urgency", "answer customers about their orders in two sentences",
    "extract supplier, amount and due date from invoices", "write the SQL query that a manager asks for",
    "decide which of the tools looks up a shipment", "summarise a phone call into five bullet points",
    "translate product descriptions from German into English", "review a change of code and list its faults",
    "plan the steps of a research and give each to a worker", "rewrite a refusal letter in a friendlier tone",
)  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {
    "call": {"call_id": call_hash("default", "", "77")},
    "conversation": {"call_id": call_hash("default", "", "77")},
    "run_calls": {"run_id": "run-7"},
    "search_count": {"search": "question 777"},
    "run_steps": {"run_id": "run-7"},
    "task": {"task_id": "none"},
    "task_calls": {"task_id": "none"},
}
SEARCHES = {"search": "question 777", "search_common": "answer"}
COPY = """
INSERT INTO messages SELECT * REPLACE (
  md5(message_hash || '{n}') AS message_hash, content || ' ' AS content, received_ns + {n} AS received_ns
) FROM messages
WHERE role <> 'system' AND received_ns = {received};
INSERT INTO calls SELECT * REPLACE (
  md5(call_id || '{n}') AS call_id, run_id || '-{n}' AS run_id, started_ns + {shift} AS started_ns, ended_ns + {shift} AS ended_ns,
  started_day + {days} AS started_day, received_ns + {n} AS received_ns,
  list_concat(input_hashes[1:1], list_transform(input_hashes[2:], lambda h: md5(h || '{n}'))) AS input_hashes,
  list_transform(output_hashes, lambda h: md5(h || '{n}')) AS output_hashes,
  md5(chain_before || '{n}') AS chain_before, md5(chain_after || '{n}') AS chain_after
) FROM calls WHERE received_ns = {received}
"""


def main() -> int:
    options = _options()
    names = options.reads.split(",") if options.reads else [*READS, *SEARCHES]
    with tempfile.TemporaryDirectory() as folder, FileStore(str(Path(folder) / "q.duckdb")) as store:
        empty = {name: read_ms(store, name, options.rounds)[0] for name in names}
        begun = time.perf_counter()
        for first in range(0, options.calls, BATCH):
            numbers = range(first, min(first + BATCH, options.calls))
            store.append(build_tables((record(number) for number in numbers), START_NS))
        for n in range(1, options.copies):
            copy(store, n, options.calls)
        total = options.calls * options.copies
        print(f"{total:,} calls appended in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        with ingesting(store, options.ingest, total):
            for name in names:
                full, longest = read_ms(store, name, options.rounds)
                print(f"{name:20} {empty[name]:8.1f} {full:8.1f} {longest:8.1f}", flush=True)
    return 0


def copy(store: FileStore, n: int, calls: int) -> None:
    days = calls * SECOND_NS * n // DAY_NS + 1
    values = {"n": n, "received": START_NS, "days": days, "shift": days * DAY_NS}
    with store.writing() as connection:
        for statement in COPY.format(**values).split(";"):
            connection.exec_driver_sql(statement)


@contextmanager
def ingesting(store: FileStore, per_second: int, first: int) -> Iterator[None]:
    """Half a second's calls twice a second, made beforehand as far as Python's lock would disturb the reads."""
    stop, appended = threading.Event(), 0
    made = [
        build_tables((record(first + k * per_second // 2 + n) for n in range(per_second // 2)), START_NS + 99)
        for k in range(60 if per_second else 0)
    ]

    def append() -> None:
        nonlocal appended
        for tables in made:
            begun = time.perf_counter()
            appended += store.append(tables).added["calls"]
            if stop.wait(max(0.0, 0.5 - time.perf_counter() + begun)):
                return

    thread = threading.Thread(target=append)
    begun = time.perf_counter()
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        if per_second:
            print(f"{appended / (time.perf_counter() - begun):,.0f} calls a second appended meanwhile", file=sys.stderr)


def record(number: int) -> CallRecord:
    """One turn of a run: the system message of its task, then a question of its own."""
    call = Call(
        wire_format="openai.chat",
        operation="chat",
        provider="openai",
        request_model=MODELS[number % len(MODELS)],
        response_model=MODELS[number % len(MODELS)],
        input_messages=[
            text("system", f"You {JOBS[number % len(JOBS)]} for department {number % 30}. " * 25),
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


def read_ms(store: FileStore, name: str, rounds: int) -> tuple[float, float]:
    """(median, longest)."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        if name in SEARCHES:
            store.read("calls", search=SEARCHES[name], limit=50)
        else:
            store.read(name, **NEEDED.get(name, {}))
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken), max(taken)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--ingest", type=int, default=0, help="calls a second")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--reads", default="", help="only these, by comma")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
