"""A file of many calls with an analysis over them, for ``queries.py`` and ``dashboard.py``.

    python benchmarks/million.py FILE [--calls 50000] [--copies 20]

``--calls`` are made in runs of ten and analysed by the real pipeline; the copies (other ids, days and texts, by SQL) are in
the same tasks as their originals. A million calls take one to two minutes.
"""

from __future__ import annotations

import argparse
import time
from hashlib import md5
from pathlib import Path

from suffice.wire.call import Call, Message, Usage
from suffice.wire.canonical import call_hash
from suffice_analysis.pipeline import analyze
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.records import CallRecord

START_NS = 1_795_500_000 * 10**9
SECOND_NS = 10**9
DAY_NS = 86_400 * SECOND_NS
BATCH = 10_000
STEPS = 10  # of a run
MODELS = ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "gpt-5-mini", "o3-mini")
JOBS = (
    "sort incoming tickets by product and urgency", "answer customers about their orders in two sentences",
    "extract supplier, amount and due date from invoices", "write the SQL query that a manager asks for",
    "decide which of the tools looks up a shipment", "summarise a phone call into five bullet points",
    "translate product descriptions from German into English", "review a change of code and list its faults",
    "plan the steps of a research and give each to a worker", "rewrite a refusal letter in a friendlier tone",
)  # fmt: skip
COPY = """
INSERT INTO messages SELECT * REPLACE (
  md5(message_hash || '{n}') AS message_hash, content || ' ' AS content, received_ns + {n} AS received_ns
) FROM messages
WHERE role <> 'system' AND received_ns = {received};
INSERT INTO calls SELECT * REPLACE (
  md5(call_id || '{n}') AS call_id, md5(run_id || '{n}') AS run_id, started_ns + {shift} AS started_ns, ended_ns + {shift} AS ended_ns,
  started_day + {days} AS started_day, received_ns + {n} AS received_ns,
  list_concat(input_hashes[1:1], list_transform(input_hashes[2:], lambda h: md5(h || '{n}'))) AS input_hashes,
  list_transform(output_hashes, lambda h: md5(h || '{n}')) AS output_hashes,
  md5(chain_before || '{n}') AS chain_before, md5(chain_after || '{n}') AS chain_after
) FROM calls WHERE received_ns = {received}
"""
ASSIGN = """
INSERT INTO assignments SELECT * EXCLUDE (n) REPLACE (md5(call_id || n::VARCHAR) AS call_id) FROM assignments, range(1, {copies}) AS copy(n)
ORDER BY call_id
"""  # as an analysis writes them


def main() -> None:
    """Make the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--copies", type=int, default=20)
    options = parser.parse_args()
    make(options.file, options.calls, options.copies)


def make(file: Path, calls: int, copies: int) -> None:
    """``calls`` times ``copies`` calls in a new database."""
    begun = time.perf_counter()
    with FileStore(str(file)) as store:
        for first in range(0, calls, BATCH):
            numbers = range(first, min(first + BATCH, calls))
            store.append(build_tables((record(number) for number in numbers), START_NS))
        analyze(store)
        for n in range(1, copies):
            copy(store, n, calls)
        with store.writing() as connection:
            connection.exec_driver_sql(ASSIGN.format(copies=copies))
    print(f"{calls * copies:,} calls made in {time.perf_counter() - begun:.0f} s", flush=True)


def copy(store: FileStore, n: int, calls: int) -> None:
    days = calls * SECOND_NS * n // DAY_NS + 1
    values = {"n": n, "received": START_NS, "days": days, "shift": days * DAY_NS}
    with store.writing() as connection:
        for statement in COPY.format(**values).split(";"):
            connection.exec_driver_sql(statement)


def record(number: int) -> CallRecord:
    """One step of a run: the system message of its task, the steps before it as an agent sends them again, a question.

    Runs have random ids, as traces do: no order of theirs tells where a run lies.
    """
    run, step = divmod(number, STEPS)
    call = Call(
        wire_format="openai.chat",
        operation="chat",
        provider="openai",
        request_model=MODELS[number % len(MODELS)],
        response_model=MODELS[number % len(MODELS)],
        input_messages=[
            text("system", f"You {JOBS[run % len(JOBS)]} for department {run % 30}. " * 25),
            *(each for earlier in range(run * STEPS, number) for each in (question(earlier), answer(earlier))),
            question(number),
        ],
        output_messages=[answer(number)],
        usage=Usage(input_tokens=700 + number % 300, output_tokens=100, cache_read_tokens=number % 3 * 128),
        finish_reasons=["stop"],
        status_code=200,
    )
    started = START_NS + number * SECOND_NS
    return CallRecord(
        call=call, call_id=call_hash("default", "", str(number)), external_id=f"ext-{number}",
        run_id=run_id(number), step=step, service=f"service-{number % 7}",
        started_ns=started, ended_ns=started + SECOND_NS // 2,
    )  # fmt: skip


def run_id(number: int) -> str:
    """Of call ``number``."""
    return md5(f"run-{number // STEPS}".encode(), usedforsecurity=False).hexdigest()


def question(number: int) -> Message:
    return text("user", f"question {number}")


def answer(number: int) -> Message:
    return text("assistant", f"answer {number}")


def text(role: str, content: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": content}]}


if __name__ == "__main__":
    main()
