"""In what agent apps run in: gunicorn's workers, Celery's recycled children, gevent's greenlets, HTTP/2, recorded tests.

The real ones, in an environment of their own (``.venv-servers``, made from ``requirements/servers.txt``).
"""

from __future__ import annotations

import os
import signal
import subprocess
import textwrap
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from environments import ROOT, python_of, variables
from free_ports import free_port
from sdk.local_servers import Server, Sink
from sdk.programs import ASK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("servers"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]


class Programs:
    """Runs modules and scripts of the environment, in a folder that holds the app's files."""

    def __init__(self, folder: Path, provider: Server, sink: Sink) -> None:
        self.python = python_of("servers")
        self.folder = folder
        self.environment = variables(ROOT / "sdk", folder) | {
            "PROVIDER": provider.url,
            "SUFFICE_ENDPOINT": sink.url,
            "SUFFICE_SPOOL": str(folder / "spool"),
            "SUFFICE_QUIET": "1",
        }

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(textwrap.dedent(text))
        return path

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [str(self.python), *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [str(self.python), *command],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@pytest.fixture
def programs(tmp_path: Path, provider: Server, sink: Sink) -> Programs:
    return Programs(tmp_path, provider, sink)


def wait_for(what: Callable[[], Any], seconds: float = 40) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    return what()


def get(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=8) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, ConnectionError):
        return None


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


WEB = """
import suffice
suffice.init()
def app(environ, start_response):
    ask()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]
"""


@pytest.mark.parametrize(
    ("worker", "preload"), [("sync", True), ("gthread", False), ("gevent", False), ("gevent", True)]
)
def test_gunicorn_s_workers_deliver_all(programs: Programs, sink: Sink, worker: str, preload: bool) -> None:
    """Each worker is replaced after three requests; with ``--preload`` the app, and its init(), are from before the fork."""
    programs.write("web.py", ASK + textwrap.dedent(WEB))
    port = free_port()
    given = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--max-requests", "3", "-k", worker]
    server = programs.start("-m", "gunicorn", *given, *["--preload"] * preload, "web:app")
    try:
        url = f"http://127.0.0.1:{port}/"
        first = wait_for(lambda: get(url))
        assert first, programs.log()
        for _ in range(11):
            assert wait_for(lambda: get(url)), programs.log()
        assert "Autorestarting worker" in programs.log()
    finally:
        stop(server)
    assert len({call["span_id"] for call in sink.calls}) == len(sink.calls) == 12, programs.log()


def test_celery_s_children_recycled_after_each_task_deliver_20_of_20(programs: Programs, sink: Sink) -> None:
    """Complaint 11: elsewhere 0 of 20 arrived. A broker of files: the real prefork pool, no server."""
    for folder in ("queue", "done"):
        (programs.folder / folder).mkdir()
    programs.write(
        "work.py",
        ASK
        + textwrap.dedent(
            """
            from celery import Celery
            import suffice
            folders = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
            app = Celery("work", broker="filesystem://")
            app.conf.update(broker_transport_options=folders, worker_prefetch_multiplier=1, task_acks_late=True)
            suffice.init()
            @app.task
            def work(number):
                ask()
                open(f"done/{number}-{os.getpid()}", "w").close()
            """
        ),
    )
    given = ["--pool", "prefork", "--concurrency", "2", "--max-tasks-per-child", "1", "--without-mingle"]
    worker = programs.start("-m", "celery", "-A", "work", "worker", *given, "--without-gossip")

    def done_by() -> list[str]:
        return [path.name for path in (programs.folder / "done").iterdir()]

    try:
        programs.run("-c", "import work\nfor number in range(20): work.work.delay(number)")
        done = wait_for(lambda: len(done_by()) == 20, 90)
        assert done, programs.log()[-3000:]
    finally:
        stop(worker)
    pids = {name.partition("-")[2] for name in done_by()}
    assert len(pids) == 20, "children were not recycled"
    assert len({call["span_id"] for call in sink.calls}) == len(sink.calls) == 20, programs.log()[-3000:]


def test_greenlets_are_recorded_and_not_held_up(programs: Programs, sink: Sink) -> None:
    """monkey.patch_all() makes the recorder's thread a greenlet: its calls must still get out, each under its own run."""
    script = programs.write(
        "greenlets.py",
        """
        from gevent import monkey
        monkey.patch_all()
        import gevent
        """
        + textwrap.indent(ASK, "        ")
        + """
        import suffice
        suffice.init()
        def agent(number):
            with suffice.run(f"agent {number}"):
                ask(2)
        gevent.joinall([gevent.spawn(agent, number) for number in range(10)], raise_error=True)
        print(*suffice.flush(20))
        """,
    )
    assert programs.run(str(script)) == "20 0 0\n"
    runs = [span for span in sink.spans if span["name"].startswith("invoke_agent")]
    under = [call["parent_span_id"] for call in sink.calls]
    assert sorted(under) == sorted(2 * [run["span_id"] for run in runs])
    assert len(runs) == 10


def test_greenlets_made_after_init_are_not_held_up(programs: Programs, sink: Sink) -> None:
    """monkey.patch_all() after the import, as under ``gunicorn --preload -k gevent``: the recorder's wait held up the app's loop."""
    script = programs.write(
        "late.py",
        ASK
        + textwrap.dedent(
            """
            import suffice
            suffice.init()
            from gevent import monkey
            monkey.patch_all()
            import gevent
            ticks = []
            def tick():
                while len(ticks) < 40:
                    ticks.append(1)
                    gevent.sleep(0.01)
            ticking = gevent.spawn(tick)
            gevent.joinall([gevent.spawn(ask, 2) for _ in range(5)], raise_error=True)
            ticking.join(timeout=20)
            print(len(ticks), *suffice.flush(20))
            """
        ),
    )
    assert programs.run(str(script)) == "40 10 0 0\n"
    assert len(sink.calls) == 10


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_http_2_plain_and_streamed(programs: Programs, sink: Sink, library: str) -> None:
    """Many calls over one connection, by a real HTTP/2 server: bytes as without us, each call once."""
    programs.write(
        "llm.py",
        """
        import json
        from starlette.applications import Starlette
        from starlette.responses import JSONResponse, StreamingResponse
        from starlette.routing import Route
        async def chat(request):
            asked = await request.json()
            assert request.scope["http_version"] == "2"
            text = "You said: " + asked["messages"][0]["content"]
            if not asked.get("stream"):
                message = {"role": "assistant", "content": text}
                return JSONResponse({"object": "chat.completion", "model": "m", "choices": [
                    {"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}})
            def chunks():
                for part in (text[:5], text[5:]):
                    yield "data: " + json.dumps({"object": "chat.completion.chunk", "model": "m", "choices": [
                        {"index": 0, "delta": {"content": part}}]}) + "\\n\\n"
                end = {"index": 0, "delta": {}, "finish_reason": "stop"}
                yield "data: " + json.dumps({"object": "chat.completion.chunk", "model": "m", "choices": [end]}) + "\\n\\n"
                yield "data: [DONE]\\n\\n"
            return StreamingResponse(chunks(), media_type="text/event-stream")
        app = Starlette(routes=[Route("/v1/chat/completions", chat, methods=["POST"])])
        """,
    )
    script = programs.write(
        "asking.py",
        f"""
        import asyncio, sys
        import {library} as httpx
        import suffice
        def body(number, stream):
            return {{"model": "m", "messages": [{{"role": "user", "content": f"number {{number}}"}}], "stream": stream}}
        async def main(url):
            async with httpx.AsyncClient(http1=False, http2=True) as client:
                async def one(number, stream):
                    if not stream:
                        return (await client.post(url, json=body(number, False))).content
                    async with client.stream("POST", url, json=body(number, True)) as answer:
                        assert answer.http_version == "HTTP/2"
                        return b"".join([chunk async for chunk in answer.aiter_raw()])
                return await asyncio.gather(*(one(number, number % 2 == 0) for number in range(20)))
        bare = asyncio.run(main(sys.argv[1]))
        suffice.init()
        assert asyncio.run(main(sys.argv[1])) == bare
        print(*suffice.flush(20))
        """,
    )
    port = free_port()
    server = programs.start("-m", "hypercorn", "--bind", f"127.0.0.1:{port}", "llm:app")
    try:
        wait_for(lambda: "Running on" in programs.log())
        assert programs.run(str(script), f"http://127.0.0.1:{port}/v1/chat/completions") == "20 0 0\n"
    finally:
        stop(server)
    answers = {call["attributes"]["gen_ai.output.messages"] for call in sink.calls}
    assert all(any(f"You said: number {number}" in answer for answer in answers) for number in range(20))
    assert {call["attributes"]["gen_ai.response.finish_reasons"][0] for call in sink.calls} == {"stop"}


def test_calls_answered_by_respx_and_vcrpy_are_recorded(programs: Programs, sink: Sink) -> None:
    """What an app's tests use: respx answers in place of a transport, vcrpy records once and replays."""
    script = programs.write(
        "mocked.py",
        ASK
        + textwrap.dedent(
            """
            import httpx, respx, vcr
            import suffice
            suffice.init()
            answer = {"object": "chat.completion", "model": "m", "choices": [
                {"index": 0, "message": {"role": "assistant", "content": "mocked"}, "finish_reason": "stop"}]}
            with respx.mock:
                route = respx.post("http://llm/v1/chat/completions").respond(json=answer)
                httpx.post("http://llm/v1/chat/completions", json=BODY)
                assert route.called
            for _ in range(2):
                with vcr.use_cassette("cassette.yaml"):
                    httpx2.post(os.environ["PROVIDER"] + "/v1/chat/completions", json=BODY)
            print(*suffice.flush(20))
            """
        ),
    )
    assert programs.run(str(script)) == "3 0 0\n"
    texts = [call["attributes"]["gen_ai.output.messages"] for call in sink.calls]
    assert sum("mocked" in text for text in texts) == 1
    assert len(set(texts)) == 2, "the replayed answer differs from the recorded one"
