"""Beside Sentry, OpenTelemetry's, OpenLLMetry's and OpenInference's instrumentations: put on and taken off in any order.

All of them at once, in a process of its own for each order: some can't be taken off again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from sdk.local_servers import Server, Sink

TOOLS = ("sentry_sdk", "openinference", "opentelemetry.instrumentation.openai", "aiohttp", "requests")


def installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


SCRIPT = """
import asyncio, json, sys
import aiohttp, httpx, openai, requests, urllib3
import sentry_sdk
from sentry_sdk.transport import Transport
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInference
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.openai import OpenAIInstrumentor as OpenLLMetry
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
import suffice

who_first, who_leaves_first, provider, endpoint = sys.argv[1:]
URL, BODY = provider + "/v1/chat/completions", {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
JSON = {"content-type": "application/json"}
kept = InMemorySpanExporter()
tracing = TracerProvider(shutdown_on_exit=False)
tracing.add_span_processor(SimpleSpanProcessor(kept))
TOOLS = [kind() for kind in (OpenInference, AioHttpClientInstrumentor, HTTPXClientInstrumentor, OpenLLMetry, RequestsInstrumentor, URLLib3Instrumentor)]


class Nowhere(Transport):
    envelopes = 0

    def capture_envelope(self, envelope):
        Nowhere.envelopes += 1


def theirs_on():
    sentry_sdk.init(dsn="http://key@127.0.0.1:1/1", transport=Nowhere, traces_sample_rate=1.0)
    for tool in TOOLS:
        tool.instrument(tracer_provider=tracing)


def theirs_off():
    for tool in TOOLS:
        tool.uninstrument()


def ours_on():
    suffice.init(endpoint, "tests", quiet=True)


def ours_off():
    assert suffice.flush()[1:] == (0, 0)
    suffice.shutdown()


async def over_aiohttp():
    async with aiohttp.ClientSession() as session, session.post(URL, json=BODY) as response:
        return await response.read()


async def over_httpx():
    async with httpx.AsyncClient() as client:
        return (await client.post(URL, json=BODY)).content


def ask_all():
    with sentry_sdk.start_transaction(name="t"):
        return [
            httpx.post(URL, json=BODY).content,
            asyncio.run(over_httpx()),
            requests.post(URL, json=BODY).content,
            urllib3.PoolManager().request("POST", URL, body=json.dumps(BODY), headers=JSON).data,
            asyncio.run(over_aiohttp()),
            openai.OpenAI(base_url=provider + "/v1", api_key="k").chat.completions.with_raw_response.create(**BODY).content,
        ]


bare = ask_all()
assert len(set(bare)) == 1
for on in [ours_on, theirs_on] if who_first == "ours" else [theirs_on, ours_on]:
    on()
assert ask_all() == bare
assert suffice.flush() == (6, 0, 0)
names = {span.instrumentation_scope.name for span in kept.get_finished_spans()}
assert len(names) == 6, names
if who_leaves_first == "ours":
    ours_off()
    assert ask_all() == bare
    theirs_off()
else:
    theirs_off()
    assert ask_all() == bare
    assert suffice.flush() == (12, 0, 0)
    ours_off()
assert ask_all() == bare
ours_on()
assert ask_all() == bare
assert suffice.flush() == (6, 0, 0)
assert Nowhere.envelopes > 0
print("fine")
"""


@pytest.mark.slow
@pytest.mark.skipif(not all(map(installed, TOOLS)), reason="in the environment of openai 2 only")
@pytest.mark.parametrize("who_leaves_first", ["ours", "theirs"])
@pytest.mark.parametrize("who_first", ["ours", "theirs"])
def test_in_any_order(who_first: str, who_leaves_first: str, provider: Server, sink: Sink, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, who_first, who_leaves_first, provider.url, sink.url],
        env=os.environ | {"SUFFICE_SPOOL": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr[-4000:]
    assert len(sink.calls) == (12 if who_leaves_first == "ours" else 18)
