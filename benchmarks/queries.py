"""How long each named read takes through a real collector that holds a million calls, and while spans come in beside it.

    python benchmarks/queries.py [--file FILE] [--calls 50000] [--copies 20] [--ingest 5000] [--rounds 9] [--reads overview,calls]

FILE is made by ``million.py`` where it is not there yet, and gets the spans that come in. First each read without ingest, then
those with an aim while so many spans a second come in from a process of their own (``ingest.py``'s, of 4 kB of text each, made
beforehand). Prints for each read the median and the longest of the rounds in milliseconds, over HTTP, and the processor time
of the collector a round (without ingest); another run or call each round, so that no statement stands ready. ``search`` is
the first 50 calls that hold a rare text, ``search_common`` one that every call holds, ``search_system`` one that system messages
hold, ``search_none`` one that nobody said; ``cancel`` is how long after its reader hung up a search goes on.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import os
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
sys.path[:0] = [str(ROOT / "tests" / "dashboard"), str(ROOT / "tests")]

import browser  # noqa: E402
import httpx2  # noqa: E402
from ingest import HEADERS, WORDS, client, cpu_seconds, family, make_body  # noqa: E402
from million import make, run_id  # noqa: E402
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest  # noqa: E402

from suffice.wire.canonical import call_hash  # noqa: E402
from suffice_store.reads import READS  # noqa: E402
from suffice_store.remote_store import RemoteStore  # noqa: E402

PER_REQUEST = 512
PATTERNS = 8  # requests that the others are made from, with other ids, times and words
SEARCHES = {
    "search": "question 777", "search_common": "answer", "search_system": "department 7", "search_none": "nobody ever said this",
}  # fmt: skip
COUNTS = {f"{name}_count": text for name, text in SEARCHES.items()}
AIMS_MS = {
    "overview": 50, "tasks": 100, "run_calls": 50, **dict.fromkeys(SEARCHES, 1000), **dict.fromkeys(COUNTS, 3000),
}  # fmt: skip
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
        bodies = make_bodies(options.ingest * options.seconds) if options.ingest else []
        port = browser.free_port()
        arguments = ["collector", "--db", str(file), "--port", str(port), "--grpc-port", "0"]
        address = f"http://127.0.0.1:{port}"
        with (
            browser.running(arguments, f"{address}/healthz", folder / "collector.log") as collector,
            RemoteStore(address) as store,
        ):
            time.sleep(5)  # the totals are added up
            measuring = Measuring(store, address, collector.pid, options)
            chosen = options.reads.split(",") if options.reads else []
            every = (name for name in READS if name not in WHOLE and name not in (*AIMS_MS, "search_count"))
            print(f"{calls_of(store):,} calls; {heading()}")
            measuring.tell(chosen or [*AIMS_MS, "cancel", *every], cpu=True)
            if options.ingest:
                with sending(port, bodies, options.ingest):
                    time.sleep(5)
                    before, begun = calls_of(store), time.perf_counter()
                    print(f"\nwhile {options.ingest:,} spans a second come in; {heading()}")
                    measuring.tell(chosen or [*AIMS_MS, "cancel"], until=begun + options.seconds - 5)
                    now, seconds = calls_of(store), time.perf_counter() - begun
                    print(f"{now:,} calls in the end; {(now - before) / seconds:,.0f} a second were stored meanwhile")


def heading() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


class Measuring:
    """Prints a line for each read."""

    def __init__(self, store: RemoteStore, address: str, pid: int, options: argparse.Namespace) -> None:
        self._store, self._address, self._pid = store, address, pid
        self._rounds, self._calls = options.rounds, options.calls
        self._chance = random.Random(7)

    def tell(self, names: list[str], *, cpu: bool = False, until: float = float("inf")) -> None:
        print(f"{'read':22}{'median':>9}{'longest':>9}{'processor' if cpu else '':>11}{'aim':>8}  ms")
        for name in names:
            taken, used = [], self._used()
            for _ in range(3 if name == "cancel" else self._rounds):
                if time.perf_counter() > until:
                    break
                taken.append(self._take(name))
            if not taken:
                print(f"{name:22}  all spans were sent: give more --seconds")
                continue
            used = (self._used() - used) / len(taken)
            figures = f"{statistics.median(taken) * 1000:9,.0f}{max(taken) * 1000:9,.0f}"
            print(f"{name:22}{figures}{f'{used * 1000:,.0f}' if cpu else '':>11}{AIMS_MS.get(name, ''):>8}", flush=True)

    def _take(self, name: str) -> float:
        """Seconds of one round."""
        if name == "cancel":
            return hang_up(self._store, self._address)
        work = self._work(name)
        begun = time.perf_counter()
        work()
        return time.perf_counter() - begun

    def _work(self, name: str) -> Callable[[], Any]:
        read = self._store.read
        if name in SEARCHES:
            return lambda: read("calls", search=SEARCHES[name], limit=50)
        if name in COUNTS:
            return lambda: read("search_count", search=COUNTS[name])
        given: dict[str, Any] = {}
        number = self._chance.randrange(self._calls)
        some = {"call_id": call_hash("default", "", str(number)), "run_id": run_id(number), "search": "question 777"}
        for parameter in READS[name].parameters:
            if parameter.required:
                given[parameter.name] = some.get(parameter.name) or read("tasks")["task_id"][0].as_py()
        return lambda: read(name, **given)

    def _used(self) -> float:
        return sum(cpu_seconds(pid) for pid in family(self._pid))


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


def make_bodies(spans: int) -> list[bytes]:
    """Gzipped requests of distinct spans: a few are made, the others from them in a tenth of the time."""
    rng = random.Random(1)
    templates = [" ".join(rng.choices(WORDS, k=240)) for _ in range(30)]
    patterns = []
    for number in range(PATTERNS):
        body = gzip.decompress(make_body(rng, templates, PER_REQUEST, number * PER_REQUEST))
        patterns.append(ExportTraceServiceRequest.FromString(body))
    return [another(rng, patterns[place % PATTERNS], place) for place in range(spans // PER_REQUEST)]


def another(rng: random.Random, pattern: ExportTraceServiceRequest, place: int) -> bytes:
    start_ns = time.time_ns()
    for span in pattern.resource_spans[0].scope_spans[0].spans:
        span.trace_id, span.span_id = rng.randbytes(16), rng.randbytes(8)
        span.start_time_unix_nano, span.end_time_unix_nano = start_ns, start_ns + 900_000_000
    words = f"{place // PATTERNS:04x}".encode()  # as long as "word": what is told about lengths stays true
    return gzip.compress(pattern.SerializeToString().replace(b"word", words), 1)


@contextmanager
def sending(port: int, bodies: list[bytes], per_second: int) -> Iterator[None]:
    """Spans at this rate, from a process of their own."""
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
    parser.add_argument("--ingest", type=int, default=5000, help="spans a second; 0: only without")
    parser.add_argument("--seconds", type=int, default=120, help="that they come in")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--reads", default="", help="only these, by comma")
    return parser.parse_args()


if __name__ == "__main__":
    main()
