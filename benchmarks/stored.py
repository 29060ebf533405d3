"""How much slower ingest is on a file that holds many calls already.

    python benchmarks/stored.py [--stored 50000000] [--spans 60000] [--rounds 3]

Two collectors take turns, one on an empty file, one on a file with that many made calls (other ids, spread over 60 days, the last of
them the day of the sent ones; no texts). Prints queryable spans a second of each round, and the ratio of the medians. The made
file takes some 100 bytes a call and a minute for each ten million.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import ingest
from million import record

from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore

DAY_NS = 86_400 * 10**9
SENT_NS = time.time_ns()  # the spans of ingest.py begin now
DAYS = 60
CHUNK = 5_000_000
FILL = """
INSERT INTO calls SELECT made.* REPLACE (
  md5('c' || n) AS call_id, md5('t' || n) AS trace_id, left(md5('s' || n), 16) AS span_id, NULL AS response_id, CAST(({last} - (n % {days}) * {day} - n % 80000 * 1000000) // {day} AS INTEGER) AS started_day,
  {last} - (n % {days}) * {day} - n % 80000 * 1000000 AS started_ns, {last} - (n % {days}) * {day} AS received_ns
) FROM (SELECT * FROM calls WHERE call_id = '{call}') AS made, range({first}, {end}) AS numbers(n)
"""


def main() -> None:
    """Fill one file, send to both in turn, print what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", type=int, default=50_000_000)
    parser.add_argument("--spans", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the files are made (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folders = {"empty": Path(name) / "empty", "stored": Path(name) / "stored"}
        for folder in folders.values():
            folder.mkdir()
        begun = time.perf_counter()
        fill(folders["stored"] / "b.duckdb", options.stored)
        size = (folders["stored"] / "b.duckdb").stat().st_size
        print(f"{options.stored:,} calls made in {time.perf_counter() - begun:.0f} s, {size / 1e9:.1f} GB", flush=True)
        found: dict[str, list[float]] = {key: [] for key in folders}
        for number in range(options.rounds):
            bodies = made_bodies(number, options.spans)
            for key in list(folders)[:: 1 if number % 2 == 0 else -1]:
                begun = time.perf_counter()
                server, port = ingest.start(folders[key])
                up_s = time.perf_counter() - begun
                try:
                    found[key].append(send_all(port, bodies, options.spans))
                finally:
                    server.terminate()
                    server.wait(120)
                print(f"{key}: {found[key][-1]:,.0f} queryable spans/s, up after {up_s:.1f} s", flush=True)
        ratio = statistics.median(found["stored"]) / statistics.median(found["empty"])
        print(f"with {options.stored:,} stored calls {ratio:.0%} of the empty file's rate")


def fill(path: Path, count: int) -> None:
    """A database with that many calls; they are alike but for their ids and times."""
    one = record(0)
    with FileStore(str(path)) as store:
        store.append(build_tables([one], SENT_NS))
        with store.writing() as connection:
            for first in range(0, count, CHUNK):
                values = {"last": SENT_NS, "days": DAYS, "day": DAY_NS, "call": one.call_id}
                connection.exec_driver_sql(FILL.format(first=first, end=min(count, first + CHUNK), **values))
                print(f"{min(count, first + CHUNK):,}", file=sys.stderr, flush=True)


def made_bodies(number: int, spans: int) -> list[bytes]:
    """Requests whose spans no other round has."""
    rng = random.Random(number)
    templates = [" ".join(rng.choices(ingest.WORDS, k=240)) for _ in range(30)]
    offset = number * spans
    return [ingest.make_body(rng, templates, min(512, spans - at), offset + at) for at in range(0, spans, 512)]


def send_all(port: int, bodies: list[bytes], spans: int) -> float:
    """Spans a second, from the first request until the last is queryable."""
    remaining = list(reversed(bodies))
    lock = threading.Lock()

    def send() -> None:
        with ingest.client(port) as sending:
            while True:
                with lock:
                    if not remaining:
                        return
                    body = remaining.pop()
                while (status := sending.post("/v1/traces", content=body, headers=ingest.HEADERS).status_code) != 200:
                    assert status == 503, status
                    time.sleep(0.05)

    with ingest.client(port) as reading:
        before = counted(reading)
        begun = time.perf_counter()
        senders = [threading.Thread(target=send) for _ in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        while counted(reading) < before + spans:
            time.sleep(0.2)
            assert time.perf_counter() - begun < 600, "not everything became queryable"
    return spans / (time.perf_counter() - begun)


def counted(reading: ingest.httpx2.Client) -> int:
    """All calls of all projects."""
    return sum(calls for _, calls in reading.get("/api/v1/read/projects").json()["rows"])


if __name__ == "__main__":
    main()
