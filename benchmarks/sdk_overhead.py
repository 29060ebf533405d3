"""What recording costs the app, beside four other recorders of openai calls, in one run.

    python benchmarks/sdk_overhead.py [--rounds 12] [--repeats 2] [--only suffice] [--json FILE]

The peers need a Python of their own: ``.venv-peers`` in the project, made here with uv from benchmarks/peers.txt when
it is missing. Everybody runs in it, suffice from the source folder, each in a process of its own, turn by turn; within a
process bare and recorded rounds alternate, and what is printed is the median over the rounds of the difference of two
neighbours, which a machine busy with other work disturbs least. The openai client asks a mock transport (no
network: its noise would hide microseconds), content recorded, exported to a real HTTP receiver in another process, which
counts what comes.

- added: microseconds per non-streamed call that the caller waits longer (by the clock, and of its thread's processor
  time, which is steadier where the machine is shared)
- CPU: processor time of the whole process per call, export included, above the bare client's
- lost: of the throughput of eight busy threads
- ticker: by how much the p99 lateness of a 1 ms asyncio ticker grows beside calls
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
PEERS_VENV = ROOT / ".venv-peers"
NAMES = ("suffice", "OpenTelemetry", "OpenInference", "Logfire", "OpenLLMetry")
SIZES = ("2000", "20000", "200000")


def peers_python() -> str:
    python = PEERS_VENV / "bin" / "python"
    if not python.exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(PEERS_VENV)], check=True)
        subprocess.run(
            [
                uv,
                "pip",
                "install",
                "--quiet",
                "--prerelease=allow",
                "--python",
                str(python),
                "-r",
                str(HERE / "peers.txt"),
            ],
            check=True,
        )
    return str(python)


def measure(python: str, name: str, rounds: int) -> dict[str, Any]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "SUFFICE_"))}
    environment["PYTHONPATH"] = str(ROOT / "sdk")
    receiver = subprocess.Popen(
        [python, str(HERE / "overhead_receiver.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert receiver.stdout is not None
    try:
        endpoint = f"http://127.0.0.1:{int(receiver.stdout.readline())}"
        command = [python, str(HERE / "overhead_contender.py"), name, endpoint, "--rounds", str(rounds)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1200)
        if done.returncode:
            raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found
    finally:
        receiver.terminate()
        receiver.wait()


def middle(found: list[dict[str, Any]], *path: str) -> float:
    """The median over the repeats of one figure."""
    values = []
    for each in found:
        value: Any = each
        for step in path:
            value = value[step]
        values.append(float(value))
    return statistics.median(values)


def spread(found: list[dict[str, Any]], size: str, name: str) -> str:
    """The quartiles of a figure over the rounds, the widest of the repeats."""
    pairs = [each[size]["call"][name] for each in found]
    return f"{min(low for low, _ in pairs):.0f}…{max(high for _, high in pairs):.0f}"


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    lines = [
        "| prompt | recorder | added µs, clock (quartiles) | added µs, thread (quartiles) | CPU µs (quartiles) "
        "| lost, 8 threads | ticker p99, ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for size in SIZES:
        bare = [each for found in results.values() for each in found]
        lines.append(
            f"| {int(size) // 1000} kB | *(the bare client)* | *{middle(bare, size, 'call', 'bare_us'):.0f}* "
            f"| *{middle(bare, size, 'call', 'bare_thread_us'):.0f}* | | *{middle(bare, size, 'threads', 'bare_per_s'):.0f}"
            f" calls/s* | *{middle(bare, size, 'ticker', 'bare_ms'):.2f}* |"
        )
        lines += [
            f"| | {name} | {middle(found, size, 'call', 'added_us'):.0f} ({spread(found, size, 'added_quartiles_us')}) "
            f"| {middle(found, size, 'call', 'added_thread_us'):.0f} "
            f"({spread(found, size, 'added_thread_quartiles_us')}) "
            f"| {middle(found, size, 'call', 'added_cpu_us'):.0f} ({spread(found, size, 'added_cpu_quartiles_us')}) "
            f"| {middle(found, size, 'threads', 'lost'):.0%} | {middle(found, size, 'ticker', 'added_ms'):+.2f} |"
            for name, found in results.items()
        ]
    lines.append("")
    lines += [
        f"{name}: {sum(each['arrived'] for each in found)} of {sum(each['expected'] for each in found)} calls arrived"
        for name, found in results.items()
    ]
    if ours := results.get("suffice"):
        lines.append(
            f"suffice: {middle(ours, 'only_ours', 'chunk_us'):.2f} µs a streamed chunk, "
            f"{middle(ours, 'only_ours', 'other_url_us'):.1f} µs a request that is no LLM call, "
            f"{middle(ours, 'only_ours', 'rss_mb_after_10000'):.1f} MB more after 10,000 calls"
        )
        there, none, hangs = (middle(ours, "only_ours", "away", name) for name in ("there", "none", "hangs"))
        lines.append(
            f"suffice: a call takes {there:.0f} µs with a collector, {none:.0f} with none, {hangs:.0f} with one that hangs"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--only", action="append", choices=NAMES, help="may be given several times")
    parser.add_argument("--json", type=Path, help="write every figure here")
    given = parser.parse_args()
    python = peers_python()
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in given.only or NAMES}
    for repeat in range(given.repeats):
        for name in list(results)[:: 1 if repeat % 2 == 0 else -1]:
            print(f"{name}...", file=sys.stderr, flush=True)
            results[name].append(measure(python, name, given.rounds))
            if given.json:  # after each: a run takes minutes
                given.json.write_text(json.dumps(results, indent=1))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"{os.cpu_count()} cores, load at the end {load}; {given.repeats} repeats of {given.rounds} rounds\n")
    print(table(results))


if __name__ == "__main__":
    main()
