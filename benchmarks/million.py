"""A file of many calls with an analysis over them, for ``queries.py`` and ``dashboard.py``.

    python benchmarks/million.py FILE [--calls 50000] [--copies 20]

``--calls`` are made as ``queries.py`` makes them and analysed by the real pipeline; the copies (other ids, days and texts, by
SQL) are in the same tasks as their originals. A million calls take some three minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from queries import START_NS, copy, record

from suffice_analysis.pipeline import analyze
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore

BATCH = 10_000
ASSIGN = """
INSERT INTO assignments SELECT * REPLACE (md5(call_id || '{n}') AS call_id) FROM assignments
WHERE call_id IN (SELECT call_id FROM calls WHERE received_ns = {received})
"""


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
        print(f"{calls:,} calls appended after {time.perf_counter() - begun:.0f} s", flush=True)
        analyze(store)
        print(f"analysed after {time.perf_counter() - begun:.0f} s", flush=True)
        for n in range(1, copies):
            copy(store, n, calls)
            with store.writing() as connection:
                connection.exec_driver_sql(ASSIGN.format(n=n, received=START_NS))
        print(f"{calls * copies:,} calls after {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
