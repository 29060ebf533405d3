"""How many spans a second are durable and queryable, with the load generator beside it on the same cores.

    python benchmarks/ingest.py [--spans 100000] [--per-request 512] [--senders 4] [--no-content]

Spans are distinct: 26 attributes, about 3 kB of request and 1.2 kB of answer, from 30 templates of uneven
popularity; bodies are made and gzipped beforehand. Prints one JSON line: what the whole does, the CPU time of each
process, and that of each stage measured alone; ``limit`` is the process that has most to do, and its longest stage.
On a machine with other work compare CPU times, and them with ``inflate`` (3.9 us on a quiet core).
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pyarrow as pa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from suffice_collector.apply import BATCH_SPANS
from suffice_collector.bodies import inflate
from suffice_collector.building import Builder
from suffice_collector.columnar import load_reader, start_compiling
from suffice_collector.columnar.kept import has_numba, is_compiled
from suffice_collector.dialects import normalise_spans
from suffice_collector.duplicates import DuplicateFinder
from suffice_collector.interpreter import prepare
from suffice_collector.journal import Entry
from suffice_collector.otlp import parse_traces
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore

WORDS = [f"word{number:04d}" for number in range(3000)]
STAGE_SPANS = 4_096
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}


def main() -> int:
    options = _options()
    rng = random.Random(1)
    templates = [" ".join(rng.choices(WORDS, k=240)) for _ in range(30)]
    made = time.perf_counter()
    bodies = [
        make_body(rng, templates, min(options.per_request, options.spans - first), first, options.no_content)
        for first in range(0, options.spans, options.per_request)
    ]
    if has_numba() and not is_compiled():
        start_compiling().wait()  # once an installation, not once a run
    print(f"made {len(bodies)} bodies in {time.perf_counter() - made:.1f} s", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        server, port = start(Path(folder))
        try:
            result = measure(options, bodies, server, port, Path(folder))
        finally:
            server.terminate()
            server.wait(60)
        result["disk_bytes_per_span"] = bytes_per_span(Path(folder), options.spans)
        print(json.dumps({**result, **stages(bodies, options.per_request)}))
    return 0


def make_body(rng: random.Random, templates: list[str], count: int, first: int, no_content: bool = False) -> bytes:
    """One gzipped ExportTraceServiceRequest."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.append(text("service.name", "bench"))
    scope = resource.scope_spans.add()
    scope.scope.name = "suffice"
    start_ns = time.time_ns()
    for number in range(first, first + count):
        template = templates[min(int(rng.expovariate(0.15)), len(templates) - 1)]
        asked = f"{template} {' '.join(rng.choices(WORDS, k=60))}"
        said = " ".join(rng.choices(WORDS, k=130))
        span = scope.spans.add(
            trace_id=rng.randbytes(16), span_id=rng.randbytes(8), name="chat gpt-5-mini", kind=3,
            start_time_unix_nano=start_ns + number * 1000, end_time_unix_nano=start_ns + number * 1000 + 900_000_000,
        )  # fmt: skip
        content = ("gen_ai.input.messages", "gen_ai.output.messages")
        span.attributes.extend(
            each for each in attributes(rng, asked, said, number) if not (no_content and each.key in content)
        )
    return gzip.compress(request.SerializeToString(), 6)


def attributes(rng: random.Random, asked: str, said: str, number: int) -> list[KeyValue]:
    system = {"role": "system", "parts": [{"type": "text", "content": asked[:400]}]}
    user = {"role": "user", "parts": [{"type": "text", "content": asked[400:]}]}
    answer = {"role": "assistant", "parts": [{"type": "text", "content": said}], "finish_reason": "stop"}
    return [
        text("gen_ai.operation.name", "chat"),
        text("gen_ai.provider.name", "openai"),
        text("gen_ai.request.model", "gpt-5-mini"),
        text("gen_ai.response.model", "gpt-5-mini-2026-08-07"),
        text("gen_ai.response.id", f"chatcmpl-{number}"),
        text("gen_ai.input.messages", json.dumps([system, user])),
        text("gen_ai.output.messages", json.dumps([answer])),
        KeyValue(key="gen_ai.request.temperature", value=AnyValue(double_value=0.2)),
        integer("gen_ai.request.max_tokens", 512),
        integer("gen_ai.usage.input_tokens", 700 + rng.randrange(300)),
        integer("gen_ai.usage.output_tokens", 100 + rng.randrange(200)),
        integer("gen_ai.usage.cache_read.input_tokens", 128),
        integer("gen_ai.usage.reasoning.output_tokens", 64),
        text("server.address", "api.openai.com"),
        integer("server.port", 443),
        integer("http.response.status_code", 200),
        text("suffice.wire_format", "openai.chat"),
        text("suffice.completeness", "complete"),
        text("suffice.call_site", "agents/triage.py:classify:42"),
        integer("suffice.attempt", 1),
        text("suffice.task", f"task-{number % 30}"),
        text("suffice.run.id", f"run-{number // 7}"),
        integer("suffice.step", number % 7 + 1),
        text("suffice.parameters", '{"temperature":0.2,"max_tokens":512}'),
        text("suffice.usage.source", "reported"),
        text("suffice.usage.raw", '{"prompt_tokens":700,"completion_tokens":100,"total_tokens":800}'),
    ]


def stages(made: list[bytes], per_request: int) -> dict[str, Any]:
    """CPU microseconds a span of each stage alone, and where the limit is."""
    bodies = made[: STAGE_SPANS // per_request]
    spans = per_request * len(bodies)

    def timed(work: Callable[[Any], Any], given: list[Any]) -> tuple[list[Any], float]:
        best, made = float("inf"), []
        for _ in range(3):
            begun = time.thread_time()
            made = [work(each) for each in given]
            best = min(best, time.thread_time() - begun)
        return made, round(best / spans * 1e6, 1)

    prepare()
    gc.disable()
    builds, collects = {}, {}
    plain, builds["inflate"] = timed(inflate, bodies)
    if (reader := load_reader()) is not None:
        read, builds["columns"] = timed(lambda body: reader.read(body, 1), plain)
        _, builds["duplicates"] = timed(lambda each: DuplicateFinder().find((), (), each.told), read)
    else:
        builds |= one_by_one(timed, plain)
    collects["append"] = storing(made, per_request)
    building, collecting = sum(builds.values()), sum(collects.values())
    longest = max(builds, key=lambda name: builds[name]) if building > collecting else "append"
    limit = f"{'building' if building > collecting else 'storing'} ({longest})"
    return {"stage_us_per_span": {**builds, **collects}, "limit": limit}


def one_by_one(timed: Callable[..., tuple[list[Any], float]], plain: list[bytes]) -> dict[str, float]:
    """The stages of the general path, where there is nothing compiled."""
    took = {}
    requests, took["decode"] = timed(lambda body: parse_traces(body, "application/x-protobuf"), plain)
    records, took["dialect"] = timed(lambda request: normalise_spans(request.groups), requests)
    _, took["duplicates"] = timed(lambda each: DuplicateFinder().find(each.calls, each.spans), records)
    _, took["rows"] = timed(lambda each: build_tables(each, 1), records)
    return took


def storing(bodies: list[bytes], per_request: int) -> float:
    """CPU microseconds a span of the store, given as many spans at once as it is given under load, checkpoints included."""
    builder = Builder()
    at_once = max(1, BATCH_SPANS // per_request)
    some = [builder.build(Entry(body, gzip=True)).tables for body in bodies[: 2 * at_once]]
    with tempfile.TemporaryDirectory() as folder:
        store = FileStore(str(Path(folder) / "s.duckdb"))
        begun = time.process_time()
        for first in range(0, len(some), at_once):
            batch = some[first : first + at_once]
            store.append({name: pa.concat_tables(each[name] for each in batch) for name in batch[0]})
        store.close()
        return round((time.process_time() - begun) / (per_request * len(some)) * 1e6, 1)


def text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


def integer(key: str, value: int) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(int_value=value))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "suffice",
        "collector",
        "--db",
        str(folder / "b.duckdb"),
        "--port",
        str(port),
        "--grpc-port",
        "0",
    ]
    server = subprocess.Popen(command)
    with client(port) as waiting:
        for _ in range(600):
            try:
                if waiting.get("/healthz").status_code == 200:
                    return server, port
            except httpx2.TransportError:
                time.sleep(0.1)
    raise SystemExit("the collector did not start")


def deliver(
    port: int, bodies: list[bytes], senders: int, headers: dict[str, str] | None = None
) -> tuple[list[float], int]:
    """Send all, again where the server is busy: the seconds of each answer of 200, ascending, and how often it was busy."""
    latencies: list[float] = []
    busy = [0]
    lock = threading.Lock()
    remaining = list(reversed(bodies))

    def send() -> None:
        with client(port) as sending:
            while True:
                with lock:
                    if not remaining:
                        return
                    body = remaining.pop()
                while True:
                    begun = time.perf_counter()
                    status = sending.post("/v1/traces", content=body, headers=headers or HEADERS).status_code
                    if status == 200:
                        with lock:
                            latencies.append(time.perf_counter() - begun)
                        break
                    assert status in (429, 503), status
                    with lock:
                        busy[0] += 1
                    time.sleep(0.05)

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(latencies), busy[0]


def measure(
    options: argparse.Namespace, bodies: list[bytes], server: subprocess.Popen[bytes], port: int, folder: Path
) -> dict[str, Any]:
    started = {pid: cpu_seconds(pid) for pid in family(server.pid)}  # loading modules is no work of a span's
    begun, cpu_before = time.perf_counter(), time.process_time()
    latencies, busy = deliver(port, bodies, options.senders)
    acked_s = time.perf_counter() - begun
    with client(port) as reading:
        while reading.get("/api/v1/read/projects").json()["rows"] != [["default", options.spans]]:
            time.sleep(0.25)
            assert time.perf_counter() - begun < 600, "not everything became queryable"
    queryable_s = time.perf_counter() - begun
    return {
        "spans": options.spans,
        "per_request": options.per_request,
        "acked_per_s": round(options.spans / acked_s),
        "queryable_per_s": round(options.spans / queryable_s),
        "ack_p50_ms": round(latencies[len(latencies) // 2] * 1000, 1),
        "ack_p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1),
        "busy_answers": busy,
        "cpu_us_per_span": [
            round((cpu_seconds(pid) - started.get(pid, 0.0)) / options.spans * 1e6, 1) for pid in family(server.pid)
        ],
        "client_cpu_us_per_span": round((time.process_time() - cpu_before) / options.spans * 1e6, 1),
        "rss_mb": round(sum(map(resident_bytes, family(server.pid))) / 1e6),
        "disk_bytes_per_span_running": bytes_per_span(folder, options.spans),
    }


def bytes_per_span(folder: Path, spans: int) -> int:
    """Of the database and its log. While it runs up to 64 MB of them are the log: much, where spans are few."""
    return round(sum(each.stat().st_size for each in folder.glob("b.duckdb*") if each.is_file()) / spans)


def client(port: int) -> httpx2.Client:
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60)


def family(pid: int) -> list[int]:
    """The process and those it started."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    children = [each for thread in threads for each in (thread / "children").read_text().split()]
    return [pid, *map(int, children)]


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--per-request", type=int, default=512)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--no-content", action="store_true", help='as capture="metrics" sends')
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
