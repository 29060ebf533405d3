"""Damaged bodies by the hundred thousand against one real collector: no 5xx, no crash, no growth, nothing set aside.

    python benchmarks/fuzz.py [--bodies 200000] [--senders 4] [--seed 1]

Bytes of valid requests of every signal and encoding are flipped, cut, doubled and spliced, before or after gzip; in a third of
the bodies values of valid JSON, also of the JSON within message attributes, are exchanged for others. Prints one JSON line; exits 1
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
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from collector.otlp_samples import CHAT, chat_body, json_body, json_span
from collector.processes import running_collector
from collector.signal_samples import logs_request, metrics_request

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
KNOWN = {200, 400, 413, 503}
MOST_GROWTH_MB = 200
ODD: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**63, -(2**70), 1e308, "", "x", "x" * 5000, "\ud800", "2026-11-26", "-5", "NaN", [], {}, [[]], [None],
    {"type": "text"}, {"stringValue": 5}, {"intValue": "x"}, {"arrayValue": None}, {"kvlistValue": {"values": [{}]}}, "[", "{}", "[[]]",
    [{"role": None}], [{"role": "user", "parts": None}], [{"parts": [{"type": "tool_call", "arguments": [1]}]}],
]  # fmt: skip
WARM_UP = 2_000  # bodies before the memory is looked at first


def samples() -> list[tuple[str, bytes, dict[str, str]]]:
    deep = json.loads('{"arrayValue":{"values":[' * 40 + "{}" + "]}}" * 40)
    spans = json_body([json_span(1), json_span(2, attributes=[{"key": "deep", "value": deep}])])
    return [
        ("/v1/traces", chat_body(3), PROTOBUF),
        ("/v1/traces", spans, JSON),
        ("/v1/logs", logs_request(3).SerializeToString(), PROTOBUF),
        ("/v1/metrics", metrics_request().SerializeToString(), PROTOBUF),
    ]


def chats() -> Any:
    """Calls as JSON, of which every value may be exchanged."""
    attributes = [{"key": key, "value": _json_value(value)} for key, value in CHAT.items()]
    claude = [{"key": "event.name", "value": {"stringValue": "api_request"}}, *attributes]
    span = json_span(1, name="chat m", attributes=attributes)
    record = {
        "timeUnixNano": "1795000000000000001",
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": claude,
    }
    scope = {"scope": {"name": "hand"}}
    return {
        "/v1/traces": {
            "resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": [{**scope, "spans": [span, span]}]}]
        },
        "/v1/logs": {
            "resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{**scope, "logRecords": [record]}]}]
        },
    }


def _json_value(value: Any) -> dict[str, Any]:
    if isinstance(value, tuple):
        return {"arrayValue": {"values": [_json_value(each) for each in value]}}
    return {"stringValue": value} if isinstance(value, str) else {"doubleValue": value}


def exchange(rng: random.Random, value: Any, share: float) -> Any:
    """``value`` with about ``share`` of its parts exchanged, also in JSON that is a text."""
    if rng.random() < share:
        return rng.choice(ODD)
    if isinstance(value, dict):
        return {exchange_key(rng, key, share): exchange(rng, each, share) for key, each in value.items()}
    if isinstance(value, list):
        return [exchange(rng, each, share) for each in value for _ in range(1 if rng.random() > share else 3)]
    if isinstance(value, str) and value[:1] in ("[", "{"):
        return json.dumps(exchange(rng, json.loads(value), share))
    return value


def exchange_key(rng: random.Random, key: str, share: float) -> str:
    return (
        rng.choice(["", "type", "content", "stringValue", "intValue", "kvlistValue"])
        if rng.random() < share / 3
        else key
    )


def made(
    rng: random.Random, kinds: list[tuple[str, bytes, dict[str, str]]], whole: Any
) -> tuple[str, bytes, dict[str, str]]:
    """A path, a damaged body, its headers."""
    packed, after = rng.random() < 0.5, rng.random() < 0.5
    if rng.random() < 1 / 3:
        path = rng.choice(list(whole))
        body, headers, after = (
            json.dumps(exchange(rng, whole[path], rng.choice((0.01, 0.03, 0.1)))).encode(),
            JSON,
            False,
        )
    else:
        path, body, headers = rng.choice(kinds)
        body = body if packed and after else damage(rng, body)
    if packed:
        body, headers = gzip.compress(body, 1), {**headers, "Content-Encoding": "gzip"}
    return path, damage(rng, body) if packed and after else body, headers


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
    kinds, whole = samples(), chats()
    seen: Counter[int] = Counter()
    lock = threading.Lock()
    with tempfile.TemporaryDirectory() as folder, running_collector(Path(folder), "--grpc-port", "0") as process:

        def send(number: int, bodies: int) -> None:
            rng = random.Random(f"{options.seed}/{number}")
            mine: Counter[int] = Counter()
            with httpx2.Client(base_url=f"http://127.0.0.1:{process.port}", trust_env=False, timeout=60) as client:
                for _ in range(bodies):
                    path, body, headers = made(rng, kinds, whole)
                    mine[client.post(path, content=body, headers=headers).status_code] += 1
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
