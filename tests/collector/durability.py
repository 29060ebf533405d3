"""A collector that is killed, or whose disk is full, again and again under load; what was acknowledged is counted after.

    python tests/collector/durability.py [--kills 20] [--ours 5] [--rewrites 5] [--deletions 5] [--full 5] [--seconds 2]

Every sender keeps what was answered with 200, and sends what was not answered again, as exporters do. At the end each
acknowledged call must be in the store exactly once, and every text of a call that is.

``--ours``: small requests as our SDK sends them, from many senders at once, so that they are read by columns and several as one.
"""

from __future__ import annotations

import argparse
import os
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

from collector.columnar.bodies import sdk_body
from collector.otlp_samples import chat_body, json_body, json_span
from collector.processes import Process, running_collector, wait_until
from free_ports import free_port

from suffice.wire.call import Call, Usage

JSON = {"Content-Type": "application/json"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
COLUMNS_S = 5.0  # a collector is found busy after one of them, and needs some to load what reads by columns
STAYS_FULL_S = 5.0  # after it was told
SENDERS = 3
MARKER = "marker-GONE-51f0"
GONE_CALLS = 5
CALL = [
    {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
    {"key": "gen_ai.provider.name", "value": {"stringValue": "openai"}},
    {"key": "gen_ai.request.model", "value": {"stringValue": "m"}},
]


class Load:
    """Senders that go on until stopped. ``acknowledged`` are the numbers of the calls that were answered with 200.

    ``noise``: so many bytes of it go with each request, which no compression makes small.
    """

    def __init__(self, port: int, first: int, per_request: int = 20, noise: int = 0, *, ours: bool = False) -> None:
        self.acknowledged: list[int] = []
        self.refused = 0
        self._port, self._next, self._per_request, self._noise = port, first, per_request, noise
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._body, self._headers = (our_body, PROTOBUF) if ours else (self._json_body, JSON)
        self._threads = [threading.Thread(target=self._send) for _ in range(SENDERS * (4 if ours else 1))]
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

    def _json_body(self, numbers: list[int]) -> bytes:
        note = [{"key": "note", "value": {"stringValue": os.urandom(self._noise // 2).hex()}}] if self._noise else []
        return json_body([json_span(number + 1, name="chat m", attributes=CALL + note) for number in numbers])

    def _deliver(self, client: httpx2.Client, numbers: list[int]) -> None:
        body = self._body(numbers)
        while not self._stop.is_set():
            try:
                status = client.post("/v1/traces", content=body, headers=self._headers).status_code
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


def our_body(numbers: list[int]) -> bytes:
    """Calls that share a question with those of other requests, each with an answer of its own."""
    calls = [
        Call(
            "openai.chat", "chat", "openai", "gpt-5-mini",
            input_messages=[{"role": "user", "parts": [{"type": "text", "content": f"Question {number // 50}"}]}],
            output_messages=[{"role": "assistant", "parts": [{"type": "text", "content": f"Answer {number}"}]}],
            usage=Usage(5, 2), response_id=f"r{number}",
        )
        for number in numbers
    ]  # fmt: skip
    return sdk_body(calls, first=numbers[0] + 1)


def kill_round(
    folder: Path, rng: random.Random, first: int, seconds: float, *, rewriting: bool = False, ours: bool = False
) -> tuple[list[int], int]:
    """(acknowledged, next number) of a collector that is killed at a random moment under load.

    ``rewriting``: the file is written anew at that moment, or was just exchanged.
    """
    port = free_port()
    with running_collector(folder, "--grpc-port", "0", port=port) as process:
        load = Load(port, first, ours=ours)
        wait_until(lambda: load.acknowledged, "the first acknowledgement")  # however slow the machine is
        if ours:
            time.sleep(COLUMNS_S)
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
            assert (files_with(folder, MARKER), texts_of(process, "gone")) == ([], []), (
                "forgotten calls whose text is there"
            )
            message = f'[{{"role":"user","parts":[{{"type":"text","content":"{MARKER}"}}]}}]'
            told = chat_body(GONE_CALLS, {"gen_ai.input.messages": message}, {"suffice.project": "gone"})
            assert process.post(told).status_code == 200
            process.wait_calls(GONE_CALLS, project="gone")
            assert texts_of(process, "gone"), "what is to be forgotten can be found"
        load = Load(port, first)
        wait_until(lambda: load.acknowledged, "the first acknowledgement")
        assert process.client.post("/api/v1/maintenance/delete", json={"project": "gone"}).status_code == 200
        time.sleep(rng.uniform(0, seconds))
        Process.kill(process.child.pid)
        process.child.wait(120)
        following = load.stop()
    return load.acknowledged, following


def full_disk_round(folder: Path, first: int, limit_bytes: int, seconds: float) -> tuple[list[int], int, str]:
    """The same with a limit on the size of every file, which the journal reaches and then the database; and what health said."""
    port = free_port()
    said: list[str] = []
    with running_collector(folder, "--grpc-port", "0", port=port) as process:
        resource.prlimit(process.child.pid, resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
        load = Load(port, first, noise=20_000)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            status = process.client.get("/healthz").json()["status"].partition(":")[0]
            if status != "ok" and status not in said:
                said.append(status)
                end = min(end, time.monotonic() + STAYS_FULL_S) if load.refused else end
            time.sleep(0.05)
        Process.kill(process.child.pid)
        process.child.wait(120)
        following = load.stop()
    return load.acknowledged, following, ", ".join(said) or "ok"


def texts_of(process: Process, project: str) -> list[str]:
    """The stored messages of a project that hold the marker: on the compressed file its bytes can't be searched for."""
    return [row["content"] for row in process.rows("analysis_messages", project=project) if MARKER in row["content"]]


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
        told = "SELECT DISTINCT unnest(list_concat(input_hashes, output_hashes)) AS message_hash FROM calls"
        missing = f"SELECT count(*) FROM ({told}) ANTI JOIN messages USING (message_hash)"
        assert database.execute(missing).fetchall() == [(0,)], "texts of stored calls are missing"
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
        for _ in range(options.full):  # while the file has no room of its own that was freed
            stored(folder)  # what a kill left in journal and log goes into the file, which is then the largest
            size = max((each.stat().st_size for each in folder.rglob("*") if each.is_file()), default=0)
            more, following, said = full_disk_round(folder, following, size + 1024 * 1024, options.patience)
            acknowledged += more
            say(f"full disk: health said '{said}'", flush=True)
        for number in range(options.ours):
            more, following = kill_round(folder, rng, following, options.seconds, ours=True)
            acknowledged += more
            say(f"kill {number + 1} of what reads by columns: {len(more)} acknowledged", flush=True)
        for number in range(options.deletions):
            more, following = deletion_round(folder, rng, following, options.seconds)
            acknowledged += more
            say(f"kill {number + 1} during a deletion: {len(more)} acknowledged", flush=True)
        lost, doubled = check(acknowledged, stored(folder))
        say(f"{options.kills} kills, {options.ours} by columns, {options.rewrites} while rewriting, {options.deletions} while deleting, {options.full} full disks: {len(acknowledged)} acknowledged, {lost} lost, {doubled} doubled")  # fmt: skip
    return 1 if lost or doubled else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--ours", type=int, default=5)
    parser.add_argument("--rewrites", type=int, default=5)
    parser.add_argument("--deletions", type=int, default=5)
    parser.add_argument("--full", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--patience", type=float, default=90, help="seconds for a full disk to be noticed")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
