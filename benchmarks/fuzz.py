"""Damaged bodies by the hundred thousand against one real collector: no 5xx, no crash, no growth, nothing set aside.

    python benchmarks/fuzz.py [--bodies 200000] [--senders 4] [--seed 1]

Bytes of valid requests of every signal and encoding are flipped, cut, doubled and spliced. Prints one JSON line; exits 1
where an answer is none that OTLP knows for a body (200, 400, 413, 503) or the process grows by more than 200 MB.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from collector.otlp_samples import chat_body, json_body, json_span
from collector.processes import running_collector
from collector.signal_samples import logs_request, metrics_request

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
KNOWN = {200, 400, 413, 503}
MOST_GROWTH_MB = 200
WARM_UP = 2_000  # bodies before the memory is looked at first


def samples() -> list[tuple[str, bytes, dict[str, str]]]:
    deep = json.loads('{"arrayValue":{"values":[' * 40 + "{}" + "]}}" * 40)
    spans = json_body([json_span(1), json_span(2, attributes=[{"key": "deep", "value": deep}])])
    plain = [
        ("/v1/traces", chat_body(3), PROTOBUF),
        ("/v1/traces", spans, JSON),
        ("/v1/logs", logs_request(3).SerializeToString(), PROTOBUF),
        ("/v1/metrics", metrics_request().SerializeToString(), PROTOBUF),
    ]
    packed = [(path, gzip.compress(body), {**headers, "Content-Encoding": "gzip"}) for path, body, headers in plain]
    return plain + packed


def damage(rng: random.Random, body: bytes) -> bytes:
    damaged = bytearray(body)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(damaged))
        match rng.randrange(5):
            case 0 | 1:
                damaged[at] = rng.randrange(256)
            case 2:
                del damaged[at : at + rng.randint(1, 40)]
            case 3:
                damaged[at:at] = damaged[at : at + rng.randint(1, 200)]
            case _:
                damaged[at:at] = rng.randbytes(rng.randint(1, 20))
        if not damaged:
            break
    return bytes(damaged)


def main() -> int:
    options = _options()
    kinds = samples()
    seen: Counter[int] = Counter()
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as folder, running_collector(Path(folder), "--grpc-port", "0") as process:

        def send(number: int, bodies: int) -> None:
            rng = random.Random(f"{options.seed}/{number}")
            mine: Counter[int] = Counter()
            with httpx2.Client(base_url=f"http://127.0.0.1:{process.port}", trust_env=False, timeout=60) as client:
                for _ in range(bodies):
                    path, body, headers = rng.choice(kinds)
                    mine[client.post(path, content=damage(rng, body), headers=headers).status_code] += 1
            with lock:
                seen.update(mine)

        def send_all(bodies: int) -> None:
            senders = [
                threading.Thread(target=send, args=(n, bodies // options.senders)) for n in range(options.senders)
            ]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()

        send_all(WARM_UP)
        before = _resident_mb(process.child.pid)
        seen.clear()
        send_all(options.bodies)
        grown = _resident_mb(process.child.pid) - before
        dead_letters = process.rows("quality")[0]["dead_letters"]
        health = process.client.get("/healthz").json()["status"]
    answers = {str(status): count for status, count in sorted(seen.items())}
    print(json.dumps({"answers": answers, "grown_mb": grown, "dead_letters": dead_letters, "health": health}))
    return 0 if set(seen) <= KNOWN and grown < MOST_GROWTH_MB and not dead_letters and health == "ok" else 1


def _resident_mb(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 // 2**20


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=200_000)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
