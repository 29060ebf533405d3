"""No exception on spoiled exchanges: real recordings with bytes flipped, cut, doubled, and values of another type.

    python benchmarks/mutations.py [--data DIR] [--count 100000] [--seed 5] [--capture full]

Each goes the recorder's way: parsed, through the gate, made a span. Prints how many, how fast, and every exception's first
line with how often it came; exit code 1 if there was any.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from sdk.wire.mutating import make_span, mutated  # noqa: E402
from sdk.wire.recorded import exchange_of, recorded_exchanges  # noqa: E402

from suffice.config import read_settings  # noqa: E402


def main() -> int:
    parser = argparse.ArgumentParser(description="spoiled exchanges through the recorder's way")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--capture", default="full")
    given = parser.parse_args()
    if not (given.data / "wire").is_dir():
        sys.exit(f"no recordings in {given.data}: pass --data DIR, the folder that holds wire/exchanges.jsonl.gz")
    exchanges = [exchange_of(recorded) for recorded in recorded_exchanges(given.data)]
    settings = read_settings(capture=given.capture, secret="for the benchmark", spool=False, quiet=True)
    failures: Counter[str] = Counter()
    calls = 0
    started = time.perf_counter()
    for exchange in mutated(exchanges, given.count, given.seed):
        try:
            calls += make_span(exchange, settings) is not None
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            failures[f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {str(error)[:100]}"] += 1
    seconds = time.perf_counter() - started
    print(
        f"{given.count:,} spoiled exchanges of {len(exchanges):,} in {seconds:.0f} s, {calls:,} still calls, seed {given.seed}"
    )
    for line, times in failures.most_common():
        print(f"{times:>7,}  {line}")
    print("no exception" if not failures else f"{sum(failures.values()):,} exceptions")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
