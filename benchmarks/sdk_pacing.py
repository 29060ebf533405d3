"""What the caller loses to the recorder's thread beside it, by how long that thread works at a stretch; and its own work.

    python benchmarks/sdk_pacing.py [--rounds 12]

One process, turn by turn: the bare client, then suffice with slices of 0.3 (as shipped), 1, 2 and 4 ms. Printed are medians over the rounds
of the difference to the bare client of the same round: microseconds by the clock of a call (median and mean), of the whole process. Then the parts
of a call that run in the caller's thread, each timed where it stands (a timer costs some 0.3 us of it).
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import overhead_contender as contender

from suffice import pacing, worker
from suffice.transports import httpx as transport

HERE = Path(__file__).parent
SLICES_S = (pacing.SLICE_S, 0.001, 0.002, 0.004)
PARTS = ("_begin", "_take_answer")


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    options = parser.parse_args()
    receiver = subprocess.Popen(
        [sys.executable, str(HERE / "overhead_receiver.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert receiver.stdout is not None
    endpoint = f"http://127.0.0.1:{int(receiver.stdout.readline())}"
    bench = contender.Bench(contender.suffice_switch(endpoint), endpoint)
    try:
        bench.ask(100, contender.messages(2_000))
        print("| prompt | slice, ms | median | mean | process |\n|---|---|---|---|---|")
        for size, calls in ((2_000, 60), (20_000, 40), (200_000, 16)):
            slices(bench, size, calls, options.rounds)
        print("\n" + own_work(bench))
    finally:
        receiver.terminate()
        receiver.wait()


def slices(bench: contender.Bench, size: int, calls: int, rounds: int) -> None:
    """One prompt size, every slice beside the bare client."""
    asked = contender.messages(size)
    added: dict[float, list[tuple[float, ...]]] = {each: [] for each in SLICES_S}
    for number in range(rounds):
        bare = one_round(bench, asked, calls)
        for each in SLICES_S[:: 1 if number % 2 == 0 else -1]:
            pacing.SLICE_S = each
            bench.on()
            found = one_round(bench, asked, calls)
            bench.settle(calls + 3)
            bench.off()
            added[each].append(tuple(after - before for before, after in zip(bare, found, strict=True)))
    pacing.SLICE_S = SLICES_S[0]
    for each, rows in added.items():
        median, mean, process = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"| {size // 1000} kB | {each * 1e3:g} | {median:.0f} | {mean:.0f} | {process:.0f} |", flush=True)


def one_round(bench: contender.Bench, asked: Any, calls: int) -> tuple[float, float, float]:
    """Microseconds a call: the median and the mean by the clock, and of the process with what is flushed."""
    gc.collect()
    bench.ask(3, asked)
    processor = time.process_time()
    taken = [wall for wall, _ in bench.ask(calls, asked)]
    bench.flush()
    return statistics.median(taken), statistics.mean(taken), (time.process_time() - processor) / calls * 1e6


def own_work(bench: contender.Bench, calls: int = 600) -> str:
    """The caller's parts, while the recorder's thread waits for company and so holds still."""
    taken: dict[str, list[int]] = {name: [] for name in PARTS}
    usual = {name: getattr(transport, name) for name in PARTS}
    lingers = worker.FIRST_LINGER_S, worker.LINGER_S
    worker.FIRST_LINGER_S = worker.LINGER_S = 60.0
    for name in PARTS:
        setattr(transport, name, timed(usual[name], taken[name]))
    try:
        bench.on()
        bench.ask(calls, contender.messages(2_000))
    finally:
        worker.FIRST_LINGER_S, worker.LINGER_S = lingers
        for name, function in usual.items():
            setattr(transport, name, function)
    bench.settle(calls)
    bench.off()
    said = ", ".join(f"{name.strip('_')} {statistics.median(each) / 1e3:.1f}" for name, each in taken.items())
    return f"the caller's own work at 2 kB, median of {calls} calls: {said} us"


def timed(function: Callable[..., Any], into: list[int]) -> Callable[..., Any]:
    def wrapper(*arguments: Any) -> Any:
        begun = time.perf_counter_ns()
        try:
            return function(*arguments)
        finally:
            into.append(time.perf_counter_ns() - begun)

    return wrapper


if __name__ == "__main__":
    main()
