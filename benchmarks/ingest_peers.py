"""Spans a second that are stored and can be asked for, beside arize-phoenix and mlflow, in one run.

    python benchmarks/ingest_peers.py [--spans 5000] [--only phoenix]

The peers need a Python of their own: ``.venv-ingest-peers`` in the project, made here with uv from benchmarks/servers.txt when it is
missing. Each server is started with its defaults on a fresh SQLite file, is sent one request to wake up, then the same gzipped
bodies of 100 spans each by two connections, and its span table is counted until all are there. Ours is asked by its read API.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx2
import ingest

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-ingest-peers"
PER_REQUEST = 100
WAKING = 50  # spans of the request that wakes a server
PATIENCE_S = 600.0


def main() -> None:
    """One table, ours first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=5_000)
    parser.add_argument("--only", action="append", choices=("suffice", "phoenix", "mlflow"))
    options = parser.parse_args()
    rng = random.Random(1)
    templates = [" ".join(rng.choices(ingest.WORDS, k=240)) for _ in range(30)]
    waking = ingest.make_body(rng, templates, WAKING, 0)
    bodies = [ingest.make_body(rng, templates, PER_REQUEST, at) for at in range(0, options.spans, PER_REQUEST)]
    rates: dict[str, float] = {}
    print("| server | stored and queryable, spans/s | answered, spans/s | p99 of an answer | bytes a span |")
    print("|---|---|---|---|---|")
    for name in options.only or ("suffice", "phoenix", "mlflow"):
        with tempfile.TemporaryDirectory() as folder:
            rates[name] = run(name, Path(folder), waking, bodies, options.spans)
    for name, rate in rates.items():
        if name != "suffice" and "suffice" in rates:
            print(f"suffice stores {rates['suffice'] / rate:.0f} times as many as {name}")


def run(name: str, folder: Path, waking: bytes, bodies: list[bytes], spans: int) -> float:
    """Start, send, count, print a row; the rate that is queryable."""
    if name == "suffice":
        server, port = ingest.start(folder)
        count: Callable[[], int] = lambda: of_suffice(port)  # noqa: E731
    else:
        server, port, database = start_peer(name, folder)
        count = lambda: of_sqlite(database)  # noqa: E731
    headers = {**ingest.HEADERS, "x-mlflow-experiment-id": "0"}
    try:
        ingest.deliver(port, [waking] * 2, 1, headers)  # the same twice: stored once by ours, maybe by others
        wait(lambda: count() >= WAKING, f"{name} did not store the first request")
        before = count()
        begun = time.perf_counter()
        latencies, _ = ingest.deliver(port, bodies, 2, headers)
        answered = spans / (time.perf_counter() - begun)
        wait(lambda: count() >= before + spans, f"{name} did not store everything")
        stored = spans / (time.perf_counter() - begun)
    finally:
        if name == "suffice":
            server.terminate()
        else:  # mlflow starts ten processes and leaves them
            os.killpg(server.pid, signal.SIGKILL)
        server.wait(60)
    size = sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) / (spans + WAKING)
    slowest = latencies[int(len(latencies) * 0.99)]
    print(f"| {name} | {stored:,.0f} | {answered:,.0f} | {slowest * 1e3:,.0f} ms | {size:,.0f} |", flush=True)
    return stored


def start_peer(name: str, folder: Path) -> tuple[subprocess.Popen[bytes], int, Path]:
    """The server's process, port and database, once it answers."""
    python = peers_python()
    port, grpc_port = ingest.free_port(), ingest.free_port()
    environment = {**os.environ, "PATH": f"{python.parent}:{os.environ['PATH']}"}
    if name == "phoenix":
        command = [str(python.parent / "phoenix"), "serve"]
        environment |= {
            "PHOENIX_WORKING_DIR": str(folder),
            "PHOENIX_PORT": str(port),
            "PHOENIX_GRPC_PORT": str(grpc_port),
            "PHOENIX_TELEMETRY_ENABLED": "false",
        }
        database, health = folder / "phoenix.db", "/healthz"
    else:
        database, health = folder / "mlflow.db", "/health"
        store = ["--backend-store-uri", f"sqlite:///{database}", "--default-artifact-root", str(folder / "artifacts")]
        command = [
            str(python.parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1", *store,
        ]  # fmt: skip
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log, start_new_session=True)
    wait(lambda: answers(port, health), f"{name} did not start: {(folder / 'server.log').read_text()[-500:]}")
    return server, port, database


def peers_python() -> Path:
    python = VENV / "bin" / "python"
    if not python.exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], check=True)
        listed = ["-r", str(ROOT / "benchmarks" / "servers.txt")]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *listed], check=True)
    return python


def answers(port: int, path: str) -> bool:
    with suppress(httpx2.TransportError), ingest.client(port) as asking:
        return asking.get(path).status_code == 200
    return False


def of_suffice(port: int) -> int:
    with ingest.client(port) as reading:
        return sum(calls for _, calls in reading.get("/api/v1/read/projects").json()["rows"])


def of_sqlite(database: Path) -> int:
    """The rows of the table of spans; 0 while it is not there."""
    with suppress(sqlite3.OperationalError):
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM spans").fetchone()[0])
        finally:
            connection.close()
    return 0


def wait(done: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        time.sleep(0.2)


if __name__ == "__main__":
    main()
