"""How much slower ingest is on a file that holds many calls already.

    python benchmarks/stored.py [--stored 50000000] [--spans 60000] [--rounds 3] [--folder FOLDER]

Two collectors take turns, one on an empty file, one on a file with that many made calls (other ids, no texts; as they would
have come in 60 days that end when the sent ones begin: of 50 million 0.8 are of the last 24 hours). Each is left alone first
until it has added up its totals. Prints queryable spans a second of each round, and the ratio of the medians. The made file
takes some 100 bytes a call and a minute for each ten million; one that an earlier run left in FOLDER is taken.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
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
  md5('c' || n) AS call_id, md5('t' || n) AS trace_id, left(md5('s' || n), 16) AS span_id, NULL AS response_id,
  CAST(({begin} + n * {apart}) // {day} AS INTEGER) AS started_day, {begin} + n * {apart} AS started_ns, {begin} + n * {apart} AS received_ns
) FROM (SELECT * FROM calls WHERE call_id = '{call}') AS made, range({first}, {end}) AS numbers(n)
"""


def main() -> None:
    """Fill one file, send to both in turn, print what came."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stored", type=int, default=50_000_000)
    parser.add_argument("--spans", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the file is made and stays (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folders = {"empty": Path(name) / "empty", "stored": options.folder or Path(name) / "stored"}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        file = folders["stored"] / "b.duckdb"
        if not file.exists():
            begun = time.perf_counter()
            fill(file, options.stored)
            print(f"{options.stored:,} calls made in {time.perf_counter() - begun:.0f} s", flush=True)
        print(f"{file.stat().st_size / 1e9:.1f} GB, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)
        found: dict[str, list[float]] = {key: [] for key in folders}
        for number in range(options.rounds):
            bodies = made_bodies(options.spans)
            for key in list(folders)[:: 1 if number % 2 == 0 else -1]:
                begun = time.perf_counter()
                server, port = ingest.start(folders[key])
                up_s = time.perf_counter() - begun
                try:
                    leave_alone(server.pid)
                    quiet_s = time.perf_counter() - begun
                    found[key].append(send_all(port, bodies, options.spans))
                    resident = ingest.resident_bytes(server.pid)
                finally:
                    server.terminate()
                    server.wait(120)
                memory = f"up after {up_s:.1f} s, quiet after {quiet_s:.0f}, {resident / 1e9:.2f} GB"
                print(f"{key}: {found[key][-1]:,.0f} queryable spans/s, {memory}", flush=True)
        ratio = statistics.median(found["stored"]) / statistics.median(found["empty"])
        print(f"with {options.stored:,} stored calls {ratio:.0%} of the empty file's rate")


def leave_alone(pid: int) -> None:
    """Until it uses under a tenth of a core for two seconds."""
    used = ingest.cpu_seconds(pid)
    while True:
        time.sleep(2)
        before, used = used, ingest.cpu_seconds(pid)
        if used - before < 0.2:
            return


def fill(path: Path, count: int) -> None:
    """A database with that many calls; they are alike but for their ids and times."""
    one = record(0)
    with FileStore(str(path)) as store:
        store.append(build_tables([one], SENT_NS))
        with store.writing() as connection:
            for first in range(0, count, CHUNK):
                apart = DAYS * DAY_NS // count
                values = {"begin": SENT_NS - count * apart, "apart": apart, "day": DAY_NS, "call": one.call_id}
                connection.exec_driver_sql(FILL.format(first=first, end=min(count, first + CHUNK), **values))
                print(f"{min(count, first + CHUNK):,}", file=sys.stderr, flush=True)


def made_bodies(spans: int) -> list[bytes]:
    """Requests whose spans no other round has."""
    rng = random.Random()  # another run on the same file has others too
    templates = [" ".join(rng.choices(ingest.WORDS, k=240)) for _ in range(30)]
    offset = rng.randrange(10**9)
    return [ingest.make_body(rng, templates, min(512, spans - at), offset + at) for at in range(0, spans, 512)]


def send_all(port: int, bodies: list[bytes], spans: int) -> float:
    """Spans a second, from the first request until the last is queryable."""
    with ingest.client(port) as reading:
        before = counted(reading)
        begun = time.perf_counter()
        ingest.deliver(port, bodies, senders=4)
        while counted(reading) < before + spans:
            time.sleep(0.2)
            assert time.perf_counter() - begun < 600, "not everything became queryable"
    return spans / (time.perf_counter() - begun)


def counted(reading: ingest.httpx2.Client) -> int:
    """All calls of all projects."""
    return sum(calls for _, calls in reading.get("/api/v1/read/projects").json()["rows"])


if __name__ == "__main__":
    main()
