"""A collector that is killed, or whose disk is full, again and again under load; what was acknowledged is counted after.

    python tests/collector/durability.py [--kills 20] [--rewrites 5] [--deletions 5] [--full 5] [--seconds 2]

Every sender keeps what was answered with 200, and sends what was not answered again, as exporters do. At the end each
acknowledged call must be in the store exactly once.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import duckdb
import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from collector.otlp_samples import chat_body, json_body, json_span
from collector.processes import Process, free_port, running_collector, wait_until

JSON = {"Content-Type": "application/json"}
SENDERS = 3
MARKER = "marker-GONE-51f0"
GONE_CALLS = 5
CALL = [
    {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
    {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
    {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
]


class Load:
    """Senders that go on until stopped. ``acknowledged`` are the numbers of the calls that were answered with 200."""

    def __init__(self, port: int, first: int, per_request: int = 20, text: str = "") -> None:
        self.acknowledged: list[int] = []
        self.refused = 0
        self._port, self._next, self._per_request, self._text = port, first, per_request, text
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> int:
        """The next unused number."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self._next

    def _send(self) -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=60) as client:
            while not self._stop.is_set():
                with self._lock:
                    numbers = range(self._next, self._next + self._per_request)
                    self._next += self._per_request
                self._deliver(client, list(numbers))

    def _deliver(self, client: httpx2.Client, numbers: list[int]) -> None:
        text = [{"key": "note", "value": {"stringValue": self._text + str(numbers[0])}}] if self._text else []
        body = json_body([json_span(number + 1, name="chat m", attributes=CALL + text) for number in numbers])
        while not self._stop.is_set():
            try:
                status = client.post("/v1/traces", content=body, headers=JSON).status_code
            except httpx2.TransportError:
                time.sleep(0.02)
                continue  # not answered: sent again, maybe twice
            if status == 200:
                with self._lock:
                    self.acknowledged += numbers
                return
            assert status == 503, status
            self.refused += 1
            time.sleep(0.05)


def kill_round(
    folder: Path, rng: random.Random, first: int, seconds: float, *, rewriting: bool = False
) -> tuple[list[int], int]:
    """(acknowledged, next number) of a collector that is killed at a random moment under load.

    ``rewriting``: the file is written anew at that moment, or was just exchanged.
    """
    port = free_port()
    with running_collector(folder, "--grpc-port", "0", port=port) as process:
        load = Load(port, first)
        wait_until(lambda: load.acknowledged, "the first acknowledgement")  # however slow the machine is
        if rewriting:
            wait_until(lambda: process.calls(), "calls to write anew")
            assert process.client.post("/api/v1/maintenance/vacuum", json={}).status_code == 200
        time.sleep(rng.uniform(0, seconds))
        Process.kill(process.child.pid)
        process.child.wait(120)
        following = load.stop()
    return load.acknowledged, following


def deletion_round(folder: Path, rng: random.Random, first: int, seconds: float) -> tuple[list[int], int]:
    """(acknowledged, next number) of a collector that is killed while it makes the project ``gone`` forgotten, under load."""
    port = free_port()
    with running_collector(folder, "--grpc-port", "0", port=port) as process:
        left = process.calls(project="gone")
        assert left in (0, GONE_CALLS), f"{left} of {GONE_CALLS} calls are left: neither forgotten nor kept"
        if not left:
            assert files_with(folder, MARKER) == [], "forgotten calls whose text is still there"
            message = f'[{{"role":"user","parts":[{{"type":"text","content":"{MARKER}"}}]}}]'
            told = chat_body(GONE_CALLS, {"gen_ai.input.messages": message}, {"suffice.project": "gone"})
            assert process.post(told).status_code == 200
            process.wait_calls(GONE_CALLS, project="gone")
        load = Load(port, first)
        wait_until(lambda: load.acknowledged, "the first acknowledgement")
        assert process.client.post("/api/v1/maintenance/delete", json={"project": "gone"}).status_code == 200
        time.sleep(rng.uniform(0, seconds))
        Process.kill(process.child.pid)
        process.child.wait(120)
        following = load.stop()
    return load.acknowledged, following


def full_disk_round(folder: Path, first: int, limit_bytes: int, seconds: float) -> tuple[list[int], int, str]:
    """The same with a limit on the size of every file, which the database reaches; and what health said of it."""
    port = free_port()
    said = "ok"
    with running_collector(folder, "--grpc-port", "0", port=port) as process:
        resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        load = Load(port, first, text="x" * 20_000)
        end = time.monotonic() + seconds
        while time.monotonic() < end and (said == "ok" or not load.refused):
            answer = process.client.get("/healthz").json()
            said = str(answer["status"]) if answer["status"] != "ok" else said
            time.sleep(0.05)
        Process.kill(process.child.pid)
        process.child.wait(120)
        following = load.stop()
    return load.acknowledged, following, said


def files_with(folder: Path, marker: str) -> list[str]:
    """The names of the files below the folder that hold the marker's bytes."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.name for path in found if marker.encode() in path.read_bytes())


def stored(folder: Path) -> Counter[int]:
    """How often each numbered call is in the store, after everything was replayed."""
    with running_collector(folder, "--grpc-port", "0") as process:
        assert process.rows("quality")[0]["dead_letters"] == 0
        assert process.stop() == 0
    with duckdb.connect(str(folder / "calls.duckdb"), read_only=True) as database:
        counted = "SELECT trace_id, count(*) FROM calls WHERE project <> 'gone' GROUP BY trace_id"
        rows = database.execute(counted).fetchall()
    return Counter({int(trace_id, 16) - 1: count for trace_id, count in rows})


def check(acknowledged: list[int], found: Counter[int]) -> tuple[int, int]:
    """(lost, doubled)."""
    return len(set(acknowledged) - set(found)), sum(1 for count in found.values() if count > 1)


def main() -> int:
    options = _options()
    rng = random.Random(options.seed)
    say = print
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        acknowledged, following = [], 0
        for number in range(options.kills + options.rewrites):
            begun = time.monotonic()
            more, following = kill_round(folder, rng, following, options.seconds, rewriting=number >= options.kills)
            acknowledged += more
            say(f"kill {number + 1}: {len(more)} acknowledged, {time.monotonic() - begun:.1f} s", flush=True)
        for number in range(options.deletions):
            more, following = deletion_round(folder, rng, following, options.seconds)
            acknowledged += more
            say(f"kill {number + 1} during a deletion: {len(more)} acknowledged", flush=True)
        for _ in range(options.full):
            size = max((each.stat().st_size for each in folder.rglob("*") if each.is_file()), default=0)
            more, following, said = full_disk_round(folder, following, size + 1024 * 1024, options.patience)
            acknowledged += more
            say(f"full disk: health said '{said}'", flush=True)
        lost, doubled = check(acknowledged, stored(folder))
        say(f"{options.kills} kills, {options.rewrites} while rewriting, {options.deletions} while deleting, {options.full} full disks: {len(acknowledged)} acknowledged, {lost} lost, {doubled} doubled")  # fmt: skip
    return 1 if lost or doubled else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rewrites", type=int, default=5)
    parser.add_argument("--deletions", type=int, default=5)
    parser.add_argument("--full", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--patience", type=float, default=90, help="seconds for a full disk to be noticed")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
