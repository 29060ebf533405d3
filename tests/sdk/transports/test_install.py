"""Where the patches go and when: imports are hooked, never forced; also by ``suffice run``; forks count once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from sdk.local_servers import Server, Sink

from suffice import transports
from suffice.commands import inject_hook

LIBRARIES = [name for each in transports.TRANSPORTS for name in each.MODULES]
ASK = {
    "httpx": "import httpx; httpx.post(URL, json=BODY)",
    "httpx2": "import httpx2; httpx2.post(URL, json=BODY)",
    "requests": "import requests; requests.post(URL, json=BODY)",
    "urllib3": "import urllib3; urllib3.PoolManager().request('POST', URL, body=json.dumps(BODY))",
    "aiohttp": """
import aiohttp, asyncio
async def ask():
    async with aiohttp.ClientSession() as session, session.post(URL, json=BODY) as response:
        await response.read()
asyncio.run(ask())
""",
}
START = """
import json, os, sys
URL = sys.argv[1] + "/v1/chat/completions"
BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
"""
FORKED = """
import requests, suffice
suffice.init(sys.argv[2], "tests", quiet=True)
response = requests.post(URL, json=BODY, stream=True)
pieces = response.iter_content(None)
next(pieces)
child = os.fork()
if child == 0:
    del pieces, response
    suffice.shutdown()
    os._exit(0)
os.waitpid(child, 0)
list(pieces)
assert suffice.flush() == (1, 0, 0)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def start(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            env=os.environ | {"SUFFICE_SPOOL": str(tmp_path / "spool"), "SUFFICE_QUIET": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return start


def test_suffice_run_waits_for_every_library() -> None:
    assert sorted(inject_hook._LIBRARIES) == sorted(LIBRARIES)


@pytest.mark.parametrize("library", [name for name in LIBRARIES if find_spec(name)])
def test_suffice_run_records_it(library: str, run: Callable[..., object], provider: Server, sink: Sink) -> None:
    """Also requests, in the middle of whose import urllib3 is there and starts the recorder."""
    done = run(
        "-m", "suffice", "run", "--endpoint", sink.url, "--", sys.executable, "-c", START + ASK[library], provider.url
    )
    assert (done.returncode, done.stderr) == (0, "")  # type: ignore[attr-defined]
    assert [call["attributes"]["suffice.completeness"] for call in sink.calls] == ["complete"]


def test_no_library_is_imported_for_our_sake(run: Callable[..., object], sink: Sink) -> None:
    script = (
        "import sys, suffice; suffice.init(sys.argv[1], quiet=True); print(sorted({*sys.argv[2:]} & {*sys.modules}))"
    )
    assert run("-c", script, sink.url, *LIBRARIES).stdout == "[]\n"  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(os, "fork") or not find_spec("requests"), reason="needs fork and requests")
def test_a_stream_that_is_open_while_the_process_forks_is_one_call(
    run: Callable[..., object], provider: Server, sink: Sink
) -> None:
    done = run("-c", START + FORKED, provider.url, sink.url)
    assert (done.returncode, done.stderr) == (0, "")  # type: ignore[attr-defined]
    assert len(sink.calls) == 1
