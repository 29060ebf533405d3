"""What recording adds to a non-streamed call, beside the bare client, in one run.

    python benchmarks/sdk_overhead.py [--rounds 30] [--calls 40]

The openai client asks a mock transport (no network: its noise would hide microseconds), with a prompt of
2 kB. Rounds alternate between bare and recorded, in turns of which goes first; a collector that answers 200 runs in
another process. Printed: the medians over all calls; the median (and quartiles) over the rounds of the difference
between the two medians of a round, which a machine busy with other work disturbs least; and what the background
thread takes per call, which a waiting app does not feel. Target: under 100 µs (issue 2), 60 µs (design).
"""

from __future__ import annotations

import argparse
import gc
import http.server
import json
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection
from typing import Any

import httpx2
import openai

import suffice

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 60}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 420, "completion_tokens": 60, "total_tokens": 480},
}
MESSAGES: Any = [
    {"role": "system", "content": "You are a careful assistant. " * 20},
    {"role": "user", "content": "Summarise this ticket for the next agent. " * 35},
]


class Collector(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b'{"service": "suffice"}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def serve(pipe: Connection) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    pipe.send(server.server_address[1])
    server.serve_forever()


def timed_calls(client: openai.OpenAI, count: int) -> list[float]:
    """Microseconds of each call."""
    taken = []
    for _ in range(count):
        start = time.perf_counter()
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, temperature=0)
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def measure(endpoint: str, rounds: int, calls: int) -> dict[str, Any]:
    body = json.dumps(ANSWER).encode()
    transport = httpx2.MockTransport(
        lambda request: httpx2.Response(200, content=body, headers={"content-type": "application/json"})
    )
    client = openai.OpenAI(api_key="none", http_client=httpx2.Client(transport=transport), base_url="http://llm/v1")
    timed_calls(client, 100)
    bare: list[float] = []
    recorded: list[float] = []
    added: list[float] = []
    flushed = 0.0
    delivered = 0
    for number in range(rounds):
        medians = {}
        for record in (number % 2 == 0, number % 2 == 1):
            if record:
                suffice.init(endpoint, quiet=True, spool=False)
                timed_calls(client, 3)
            gc.collect()
            taken = timed_calls(client, calls)
            medians[record] = statistics.median(taken)
            if record:
                recorded += taken
                start = time.perf_counter()
                delivered += suffice.flush().delivered
                flushed += time.perf_counter() - start
                suffice.shutdown()
            else:
                bare += taken
        added.append(medians[True] - medians[False])
    return {
        "calls": rounds * calls,
        "bare_median_us": statistics.median(bare),
        "recorded_median_us": statistics.median(recorded),
        "added_median_us": statistics.median(added),
        "added_quartiles_us": [round(each, 1) for each in statistics.quantiles(added, n=4)[::2]],
        "added_mean_us": statistics.fmean(recorded) - statistics.fmean(bare),
        "background_us_per_call": flushed / (rounds * (calls + 3)) * 1e6,
        "delivered": delivered,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=40)
    arguments = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        result = measure(f"http://127.0.0.1:{ours.recv()}", arguments.rounds, arguments.calls)
    finally:
        process.terminate()
        process.join()
    print(json.dumps({k: round(v, 1) if isinstance(v, float) else v for k, v in result.items()}, indent=2))


if __name__ == "__main__":
    main()
