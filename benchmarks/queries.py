"""How long each named read takes through a real collector that holds a million calls, while spans come in.

    python benchmarks/queries.py [--file FILE] [--calls 50000] [--copies 20] [--ingest 0] [--rounds 9] [--reads overview,calls]

FILE is made by ``million.py`` where it is not there yet. ``--ingest 5000`` sends so many spans a second meanwhile, or as many as
the machine takes (``ingest.py``'s spans, from a process of their own). Prints the median and the longest of the rounds in
milliseconds, over HTTP; the first round (statement built, cache cold) counts too. ``search`` is the first 50 calls that hold a
rare text, ``search_common`` one that every call holds, ``search_none`` one that none does; ``cancel`` is how long after its
reader hung up a search goes on.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dashboard"))

import browser  # noqa: E402
import httpx2  # noqa: E402
from ingest import HEADERS, WORDS, client, make_body  # noqa: E402
from million import make  # noqa: E402

from suffice.wire.canonical import call_hash  # noqa: E402
from suffice_store.reads import READS  # noqa: E402
from suffice_store.remote_store import RemoteStore  # noqa: E402

PER_REQUEST = 512
SENT_S = 60  # bodies for so long are made beforehand; when they are all sent, sending ends
CALL_ID = call_hash("default", "", "77")
NEEDED: dict[str, dict[str, Any]] = {
    **{key: {"call_id": CALL_ID} for key in ("call", "conversation", "attempts")},
    **{key: {"run_id": "run-7"} for key in ("run_calls", "run_steps", "run_attempts")},
    "search_count": {"search": "question 777"},
}
SEARCHES = {"search": "question 777", "search_common": "answer", "search_none": "nobody ever said this"}
WHOLE = (
    "analysis_calls",
    "analysis_messages",
    "assignments",
    "links",
    "replay_calls",
)  # everything at once: not for pages


def main() -> None:
    """Print the table."""
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = options.file or folder / "million.duckdb"
        if not file.exists():
            make(file, options.calls, options.copies)
        port = browser.free_port()
        arguments = ["collector", "--db", str(file), "--port", str(port), "--grpc-port", "0"]
        address = f"http://127.0.0.1:{port}"
        with (
            browser.running(arguments, f"{address}/healthz", folder / "collector.log"),
            RemoteStore(address) as store,
            sending(port, options.ingest),
        ):
            time.sleep(5)  # the totals are added up
            before, begun = calls_of(store), time.perf_counter()
            names = options.reads.split(",") if options.reads else [*READS, *SEARCHES, "cancel"]
            for each in names:
                if each not in WHOLE or options.reads:
                    measure(store, each, options.rounds, address)
            rate = (calls_of(store) - before) / (time.perf_counter() - begun)
            print(f"{calls_of(store):,} calls in the end; {rate:,.0f} a second came meanwhile")


def measure(store: RemoteStore, name: str, rounds: int, address: str) -> None:
    """Print the line of a read."""
    given = dict(NEEDED.get(name, {}))
    if any(
        parameter.name == "task_id" and parameter.required for parameter in getattr(READS.get(name), "parameters", ())
    ):
        given["task_id"] = store.read("tasks")["task_id"][0].as_py()
    work: Callable[[], Any] = {
        **{each: lambda each=each: store.read("calls", search=SEARCHES[each], limit=50) for each in SEARCHES},
        "cancel": lambda: hang_up(store, address),
    }.get(name, lambda: store.read(name, **given))
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        said = work()
        taken.append((said if isinstance(said, float) else time.perf_counter() - begun) * 1000)
    print(f"{name:20} {statistics.median(taken):8,.0f} {max(taken):8,.0f}", flush=True)


def calls_of(store: RemoteStore) -> int:
    return int(store.read("overview", environment="all")["calls"][0].as_py())


def hang_up(store: RemoteStore, address: str) -> float:
    """Seconds until the collector runs nothing of a search any more whose reader left after a fifth of a second.

    Another search is as fast as ever then: of eight that were left, none holds it up.
    """
    begun = time.perf_counter()
    store.read("search_count", search="answer")
    alone = time.perf_counter() - begun
    for _ in range(8):
        try:
            httpx2.get(f"{address}/api/v1/read/search_count", params={"search": "answer"}, timeout=0.2)
        except httpx2.TimeoutException:
            continue
    begun = time.perf_counter()
    store.read("search_count", search="answer")
    return max(0.0, time.perf_counter() - begun - alone)


@contextmanager
def sending(port: int, per_second: int) -> Iterator[None]:
    """Spans at this rate, from a process of their own."""
    if not per_second:
        yield
        return
    rng = random.Random(1)
    templates = [" ".join(rng.choices(WORDS, k=240)) for _ in range(30)]
    bodies = [make_body(rng, templates, PER_REQUEST, first) for first in range(0, SENT_S * per_second, PER_REQUEST)]
    process = multiprocessing.get_context("fork").Process(target=send, args=(port, bodies, per_second), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def send(port: int, bodies: list[bytes], per_second: int) -> None:
    begun = time.monotonic()
    with client(port) as sender:
        for place, body in enumerate(bodies):
            time.sleep(max(0.0, begun + place * PER_REQUEST / per_second - time.monotonic()))
            while sender.post("/v1/traces", content=body, headers=HEADERS).status_code == 503:
                time.sleep(0.05)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, help="a database, kept; made where it is not there")
    parser.add_argument("--calls", type=int, default=50_000)
    parser.add_argument("--copies", type=int, default=20)
    parser.add_argument("--ingest", type=int, default=0, help="spans a second")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--reads", default="", help="only these, by comma")
    return parser.parse_args()


if __name__ == "__main__":
    main()
