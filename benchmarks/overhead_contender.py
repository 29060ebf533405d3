"""One contender of sdk_overhead.py, measured in a process of its own: bare and recorded rounds take turns.

Prints one JSON document. Every round's calls are counted at the receiver after a flush.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import socket
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "true"
os.environ["TRACELOOP_TRACE_CONTENT"] = "true"

import httpx2
import openai

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 60}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 420, "completion_tokens": 60, "total_tokens": 480},
}
BODY = json.dumps(ANSWER).encode()
CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"w"}}]}\n\n'
)
ANSWER_LATENCY_S = 0.01  # of the asynchronous calls beside the ticker
Switch = tuple[Callable[[], None], Callable[[], None], Callable[[], None]]  # on, off, flush


def messages(size: int) -> Any:
    """A system prompt and a question of ``size`` bytes together."""
    sentence = "You are a careful assistant; summarise this ticket for the next agent, in two lines. "
    text = (sentence * (size // len(sentence) + 1))[:size]
    return [{"role": "system", "content": text[: size // 4]}, {"role": "user", "content": text[size // 4 :]}]


# --- the contenders -------------------------------------------------------------------------------


def suffice_switch(endpoint: str) -> Switch:
    import suffice

    return (
        lambda: suffice.init(endpoint, quiet=True, spool=False),
        lambda: suffice.shutdown(60) and None,
        lambda: suffice.flush(60) and None,
    )


def exporting(endpoint: str) -> tuple[Any, Any]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces"))
    provider = TracerProvider()
    provider.add_span_processor(processor)
    return provider, processor


def openllmetry_switch(endpoint: str) -> Switch:
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    provider, _ = exporting(endpoint)
    instrumentor = OpenAIInstrumentor()
    completions = openai.resources.chat.completions
    originals = [(each, each.create) for each in (completions.Completions, completions.AsyncCompletions)]

    def off() -> None:
        instrumentor.uninstrument()
        for owner, create in originals:  # 0.62 leaves its wrapper there, and the next round would be recorded twice
            owner.create = create  # type: ignore[attr-defined]

    return (
        lambda: instrumentor.instrument(tracer_provider=provider),
        off,
        lambda: provider.force_flush(60_000) and None,
    )


def openinference_switch(endpoint: str) -> Switch:
    from openinference.instrumentation.openai import OpenAIInstrumentor

    provider, _ = exporting(endpoint)
    instrumentor = OpenAIInstrumentor()
    return (
        lambda: instrumentor.instrument(tracer_provider=provider),
        instrumentor.uninstrument,
        lambda: provider.force_flush(60_000) and None,
    )


def opentelemetry_switch(endpoint: str) -> Switch:
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

    provider, _ = exporting(endpoint)
    logs = LoggerProvider()  # its content goes out as log records
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{endpoint}/v1/logs")))
    instrumentor = OpenAIInstrumentor()

    def flush() -> None:
        provider.force_flush(60_000)
        logs.force_flush(60_000)

    return (
        lambda: instrumentor.instrument(tracer_provider=provider, logger_provider=logs),
        instrumentor.uninstrument,
        flush,
    )


def logfire_switch(endpoint: str) -> Switch:
    import logfire

    _, processor = exporting(endpoint)
    logfire.configure(
        send_to_logfire=False, console=False, additional_span_processors=[processor], inspect_arguments=False
    )
    undo: list[Any] = []

    def on() -> None:
        undo.append(logfire.instrument_openai())
        undo[-1].__enter__()

    return (
        on,
        lambda: undo.pop().__exit__(None, None, None),
        lambda: logfire.force_flush(60_000) and None,
    )


SWITCHES = {
    "suffice": suffice_switch,
    "OpenTelemetry": opentelemetry_switch,
    "OpenInference": openinference_switch,
    "Logfire": logfire_switch,
    "OpenLLMetry": openllmetry_switch,
}


# --- the measurements -----------------------------------------------------------------------------


class Bench:
    def __init__(self, switch: Switch, endpoint: str) -> None:
        self.on, self.off, self.flush = switch
        self.endpoint = endpoint
        self.number = 0
        self.expected = 0
        self.arrived = 0
        answer = httpx2.MockTransport(
            lambda _: httpx2.Response(200, content=BODY, headers={"content-type": "application/json"})
        )

        async def late(_: Any) -> httpx2.Response:
            await asyncio.sleep(ANSWER_LATENCY_S)
            return httpx2.Response(200, content=BODY, headers={"content-type": "application/json"})

        self.answer = answer
        base = {"api_key": "none", "base_url": "http://llm/v1"}
        self.client = openai.OpenAI(http_client=httpx2.Client(transport=answer), **base)  # type: ignore[arg-type]
        self.make_async = lambda: openai.AsyncOpenAI(
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(late)),
            **base,  # type: ignore[arg-type]
        )

    def ask(self, count: int, asked: Any) -> list[tuple[float, float]]:
        """Microseconds of each call: by the clock, and of this thread's processor time."""
        taken = []
        for _ in range(count):
            self.number += 1  # no two calls ask the same, so that nobody's memory of the last one helps
            system, user = asked
            asked = [system, user | {"content": f"{self.number:09}" + user["content"][9:]}]
            start, processor = time.perf_counter(), time.thread_time()
            self.client.chat.completions.create(model="gpt-4o-mini", messages=asked, temperature=0)
            taken.append(((time.perf_counter() - start) * 1e6, (time.thread_time() - processor) * 1e6))
        return taken

    def settle(self, calls: int) -> None:
        """Flush, and ask the receiver what came."""
        self.flush()
        self.expected += calls
        with urllib.request.urlopen(f"{self.endpoint}/count") as answer:
            self.arrived += json.load(answer)["calls"]

    def alternating(self, rounds: int, measure: Callable[[], tuple[int, Any]]) -> tuple[list[Any], list[Any]]:
        """Results of bare and of recorded rounds. ``measure`` says how many calls it made, and its result."""
        results: tuple[list[Any], list[Any]] = ([], [])
        for number in range(rounds):
            for recorded in (number % 2 == 0, number % 2 == 1):
                gc.collect()
                if recorded:
                    self.on()
                calls, result = measure()
                if recorded:
                    self.settle(calls)
                    self.off()
                results[recorded].append(result)
        return results

    def added_us(self, rounds: int, calls: int, size: int) -> dict[str, Any]:
        asked = messages(size)

        def measure() -> tuple[int, Any]:
            self.ask(3, asked)
            cpu = time.process_time()
            taken = self.ask(calls, asked)
            self.flush()  # in a bare round: of nothing
            spent = (time.process_time() - cpu) / calls * 1e6
            wall, thread = zip(*taken, strict=True)
            return calls + 3, (statistics.median(wall), statistics.median(thread), spent)

        bare, recorded = self.alternating(rounds, measure)
        wall, thread, process = (
            [after[column] - before[column] for before, after in zip(bare, recorded, strict=True)]
            for column in range(3)
        )
        return {
            "bare_us": statistics.median(each[0] for each in bare),
            "bare_thread_us": statistics.median(each[1] for each in bare),
            "added_us": statistics.median(wall),
            "added_quartiles_us": statistics.quantiles(wall, n=4)[::2],
            "added_thread_us": statistics.median(thread),
            "added_thread_quartiles_us": statistics.quantiles(thread, n=4)[::2],
            "added_cpu_us": statistics.median(process),
            "added_cpu_quartiles_us": statistics.quantiles(process, n=4)[::2],
        }

    def throughput_lost(self, rounds: int, calls: int, size: int, threads: int = 8) -> dict[str, Any]:
        asked = messages(size)

        def measure() -> tuple[int, Any]:
            workers = [threading.Thread(target=self.ask, args=(calls, asked)) for _ in range(threads)]
            start = time.perf_counter()
            for each in workers:
                each.start()
            for each in workers:
                each.join()
            return threads * calls, threads * calls / (time.perf_counter() - start)

        bare, recorded = self.alternating(rounds, measure)
        lost = [1 - after / before for before, after in zip(bare, recorded, strict=True)]
        return {"bare_per_s": statistics.median(bare), "lost": statistics.median(lost)}

    def ticker_p99_ms(self, rounds: int, calls: int, size: int) -> dict[str, Any]:
        asked = messages(size)

        async def beside() -> list[float]:
            late: list[float] = []
            done = asyncio.Event()

            async def tick() -> None:
                while not done.is_set():
                    start = time.perf_counter()
                    await asyncio.sleep(0.001)
                    late.append((time.perf_counter() - start - 0.001) * 1e3)

            ticker = asyncio.create_task(tick())
            async with self.make_async() as client:
                for _ in range(calls):
                    await client.chat.completions.create(model="gpt-4o-mini", messages=asked, temperature=0)
                await asyncio.sleep(0.3)  # what works in the background does so now
            done.set()
            await ticker
            return late

        def measure() -> tuple[int, Any]:
            late = asyncio.run(beside())
            return calls, statistics.quantiles(late, n=100)[98]

        bare, recorded = self.alternating(rounds, measure)
        added = [after - before for before, after in zip(bare, recorded, strict=True)]
        return {"bare_ms": statistics.median(bare), "added_ms": statistics.median(added)}

    def only_ours(self, rounds: int) -> dict[str, Any]:
        """What the peers have no equal of: chunks, other URLs, memory."""
        chunks = 400

        def answer(request: Any) -> httpx2.Response:
            if request.url.path.endswith("/chat/completions"):
                return httpx2.Response(200, stream=Chunks(), headers={"content-type": "text/event-stream"})
            return httpx2.Response(200, content=b"{}")

        class Chunks(httpx2.SyncByteStream):
            def __iter__(self) -> Any:
                for _ in range(chunks):
                    yield CHUNK

        client = httpx2.Client(transport=httpx2.MockTransport(answer))
        asked = {"model": "m", "stream": True, "messages": messages(2000)}

        def stream() -> tuple[int, Any]:
            taken = []
            for _ in range(30):
                start = time.thread_time()
                with client.stream("POST", "http://llm/v1/chat/completions", json=asked) as response:
                    for _ in response.iter_raw():
                        pass
                taken.append((time.thread_time() - start) * 1e6 / chunks)
            return 30, statistics.median(taken)

        def other() -> tuple[int, Any]:
            taken = []
            for _ in range(200):
                start = time.thread_time()
                client.get("http://llm/v1/models")
                taken.append((time.thread_time() - start) * 1e6)
            return 0, statistics.median(taken)

        found = {}
        for name, measure in (("chunk_us", stream), ("other_url_us", other)):
            bare, recorded = self.alternating(rounds, measure)
            found[name] = statistics.median(b - a for a, b in zip(bare, recorded, strict=True))
        found["away"] = self.collector_away(rounds)
        asked2 = messages(2000)
        self.on()
        self.ask(1000, asked2)
        self.settle(1000)
        before = rss_mb()
        for _ in range(10):
            self.ask(1000, asked2)
            self.settle(1000)
        found["rss_mb_after_10000"] = rss_mb() - before
        self.off()
        return found

    def collector_away(self, rounds: int, calls: int = 60) -> dict[str, Any]:
        """How long the caller takes for a call, by the clock: with a collector, with none, with one that hangs."""
        import suffice

        refuses, hangs = socket.socket(), socket.socket()
        for each in (refuses, hangs):
            each.bind(("127.0.0.1", 0))
        hangs.listen()  # takes connections, never answers
        endpoints = {"there": self.endpoint} | {
            name: "http://127.0.0.1:{1}".format(*each.getsockname())
            for name, each in (("none", refuses), ("hangs", hangs))
        }
        taken: dict[str, list[float]] = {name: [] for name in endpoints}
        asked = messages(2000)
        for number in range(rounds):
            for name in list(endpoints)[:: 1 if number % 2 else -1]:
                suffice.init(endpoints[name], quiet=True, spool=False)
                self.ask(3, asked)
                time.sleep(0.1)  # the first try is under way or has failed
                taken[name].append(statistics.median(wall for wall, _ in self.ask(calls, asked)))
                suffice.shutdown(0.2 if name != "there" else 60)
        self.settle(rounds * (calls + 3))
        return {name: statistics.median(each) for name, each in taken.items()}


def rss_mb() -> float:
    gc.collect()
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=SWITCHES)
    parser.add_argument("endpoint")
    parser.add_argument("--rounds", type=int, default=12)
    given = parser.parse_args()
    bench = Bench(SWITCHES[given.name](given.endpoint), given.endpoint)
    bench.ask(100, messages(2000))
    found: dict[str, Any] = {}
    for size, calls in ((2_000, 60), (20_000, 40), (200_000, 16)):
        found[str(size)] = {
            "call": bench.added_us(given.rounds, calls, size),
            "threads": bench.throughput_lost(max(4, given.rounds // 3), max(4, calls // 3), size),
            "ticker": bench.ticker_p99_ms(max(4, given.rounds // 3), calls, size),
        }
    if given.name == "suffice":
        found["only_ours"] = bench.only_ours(given.rounds)
    found["expected"], found["arrived"] = bench.expected, bench.arrived
    print(json.dumps(found))


if __name__ == "__main__":
    main()
