"""Whole processes: delivered at exit, recorded from outside, forked, and never in the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sdk.local_servers import Sink
from sdk.programs import ASK


def test_a_short_script_delivers_at_exit_and_says_one_line(run: Any, sink: Sink) -> None:
    done = run("import suffice; suffice.init(); ask(3)")
    assert len(sink.calls) == 3
    assert {call["resource"]["service.name"] for call in sink.calls} == {"app"}
    assert sink.calls[0]["attributes"]["suffice.call_site"].startswith("app.py:ask:")
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        "suffice: first call recorded: m-2026-01-01, 41 tokens in, 7 out, $0.000123 http://127.0.0.1:8501/calls?call_id="
    )
    assert line.endswith(sink.asked[0]["call_id"])


def test_quiet_and_disabled(run: Any, sink: Sink) -> None:
    assert run("import suffice; suffice.init(); ask()", SUFFICE_QUIET="1").stderr == ""
    assert len(sink.calls) == 1
    assert run("import suffice; suffice.init(); ask(); print(suffice.flush())", SUFFICE_DISABLED="1").stderr == ""
    assert len(sink.calls) == 1


def test_an_error_at_the_end_still_delivers(run: Any, sink: Sink) -> None:
    done = run("import suffice; suffice.init(quiet=True); ask(); raise SystemExit(3)", check=False)
    assert (done.returncode, len(sink.calls)) == (3, 1)


def test_calls_outlive_a_missing_collector(run: Any, tmp_path: Path) -> None:
    done = run("import suffice; suffice.init(); ask()", SUFFICE_ENDPOINT="http://127.0.0.1:1")
    assert len(list((tmp_path / "spool").glob("*.otlp"))) == 1
    assert [line.split(";")[0] for line in done.stderr.splitlines()] == [
        "suffice: nothing answers at http://127.0.0.1:1 (Connection refused)",
        "suffice: first call recorded: m-2026-01-01, 41 tokens in, 7 out, its cost is not known before a collector answers",
    ]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_records_for_itself(run: Any, sink: Sink) -> None:
    done = run(
        """
        import suffice
        suffice.init(quiet=True)
        ask()
        child = os.fork()
        if child == 0:
            ask(2)
            print("child", tuple(suffice.flush()), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        ask()
        print("parent", tuple(suffice.flush()))
        """
    )
    assert done.stdout.splitlines() == ["child (2, 0, 0)", "parent (2, 0, 0)"]
    assert len({call["span_id"] for call in sink.calls}) == 4


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_multiprocessing_child_delivers_before_it_ends(method: str, run: Any, sink: Sink) -> None:
    run(
        f"""
        import multiprocessing, suffice
        def work():
            suffice.init(quiet=True)
            ask(5)
        if __name__ == "__main__":
            suffice.init(quiet=True)
            process = multiprocessing.get_context("{method}").Process(target=work)
            process.start()
            process.join()
        """
    )
    assert len(sink.calls) == 5


def test_ids_do_not_come_from_random_and_random_is_not_touched(run: Any, sink: Sink) -> None:
    script = """
        import random, suffice
        random.seed(1)
        suffice.init(quiet=True)
        with suffice.run("r"):
            ask()
        suffice.flush()
        print(random.random())
        """
    assert [float(run(script).stdout) for _ in range(2)] == [0.13436424411240122] * 2
    assert len({call["trace_id"] for call in sink.calls}) == 2


HOSTILE = {
    "OTEL_SDK_DISABLED": "true",
    "OTEL_TRACES_SAMPLER": "always_off",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "5",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT": "5",
    "OTEL_ATTRIBUTE_COUNT_LIMIT": "1",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "1",
    "OTEL_RESOURCE_ATTRIBUTES": "secret=theirs,suffice.project=theirs,service.name=theirs",
    "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20theirs,x-vendor=theirs",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "x-vendor-traces=theirs",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "deflate",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "0.0001",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "/none",
    "OTEL_BSP_MAX_QUEUE_SIZE": "1",
    "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED": "true",
    "OTEL_SERVICE_NAME": "named-by-the-host",
}


def test_the_hosts_otel_settings_change_nothing_but_the_name(run: Any, sink: Sink) -> None:
    done = run("import suffice; suffice.init(); ask(100); print(tuple(suffice.flush()))", **HOSTILE)
    assert done.stdout == "(100, 0, 0)\n"
    assert len({call["span_id"] for call in sink.calls}) == len(sink.calls) == 100
    call = sink.calls[0]
    resource = call["resource"]
    assert {name: resource[name] for name in resource if not name.startswith("telemetry.sdk")} == {
        "service.name": "named-by-the-host",
        "suffice.project": "default",
    }
    assert {len(each["attributes"]) for each in sink.calls} == {len(call["attributes"])}
    assert len(call["attributes"]) > 20
    assert {each["attributes"]["gen_ai.response.model"] for each in sink.calls} == {"m-2026-01-01"}
    own = {"host", "accept-encoding", "content-length", "content-type"}
    assert {name for post in sink.posts for name in post["headers"]} == own


def test_the_global_provider_is_left_alone(run: Any) -> None:
    done = run(
        """
        import suffice
        suffice.init(quiet=True)
        from opentelemetry import trace
        print(trace._TRACER_PROVIDER, trace.get_tracer("x").start_span("y").is_recording())
        """
    )
    assert done.stdout == "None False\n"


# --- suffice run ----------------------------------------------------------------------------------

RUN = [sys.executable, "-m", "suffice", "run"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that knows nothing of suffice."""
    path = tmp_path / "agent.py"
    path.write_text(ASK + "import sys\nask()\nprint(sys.argv[1:], __name__)\nsys.exit(int(sys.argv[1]))\n")
    return path


@pytest.mark.parametrize("start", [["agent.py"], ["python", "agent.py"], ["-m", "agent"], [sys.executable, "agent.py"]])
@pytest.mark.parametrize("dashes", [["--"], []])
def test_run_records_a_program_and_keeps_its_exit_code(
    start: list[str], dashes: list[str], run: Any, program: Path, sink: Sink
) -> None:
    if start[0] == "-m" and not dashes:
        dashes = ["--"]
    command = [*RUN, "--service", "fleet", *dashes, *start, "7", "--flag"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = run(command, check=False, SUFFICE_QUIET="1", PATH=path)
    assert (done.returncode, done.stdout, done.stderr) == (7, "['7', '--flag'] __main__\n", "")
    (call,) = sink.calls
    assert call["resource"]["service.name"] == "fleet"


def test_run_names_the_program_by_itself(run: Any, program: Path, sink: Sink) -> None:
    run([*RUN, "agent.py", "0"])
    run([*RUN, "--", "-m", "agent", "0"])
    assert [call["resource"]["service.name"] for call in sink.calls] == ["agent", "agent"]


def test_run_hands_on_to_the_users_own_sitecustomize(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text("import builtins\nbuiltins.customised = True\n")
    script = tmp_path / "show.py"
    script.write_text("import sys\nprint(customised, sys.modules['sitecustomize'].__file__)\nprint(sys.path)\n")
    done = run([*RUN, "show.py"], PYTHONPATH=str(folder))
    customised, path = done.stdout.splitlines()
    assert customised == f"True {folder / 'sitecustomize.py'}"
    assert "inject" not in path


def test_run_costs_a_program_without_http_nothing(run: Any, tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text("import sys\nprint('opentelemetry' in sys.modules)\n")
    assert run([*RUN, "plain.py"]).stdout == "False\n"


def test_run_passes_signals(run: Any, tmp_path: Path) -> None:
    (tmp_path / "wait.py").write_text("import time\nprint('up', flush=True)\ntime.sleep(30)\n")
    process = subprocess.Popen([*RUN, "wait.py"], stdout=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == -signal.SIGTERM
    process.stdout.close()


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "nothing to run"),
        (["--", "no-such-program"], 1, "there is no program 'no-such-program'"),
        (["--capture", "secret", "--", "python"], 2, "capture='secret' is not a capture mode"),
        (["--endpoint", "nowhere", "--", "python"], 2, "endpoint='nowhere' is not an address"),
    ],
)
def test_run_refuses_what_it_cannot_do(arguments: list[str], code: int, reason: str, run: Any) -> None:
    done = run([*RUN, *arguments], check=False)
    assert done.returncode == code
    assert reason in done.stderr
    assert len(done.stderr.splitlines()) == 1


# --- in the long run ------------------------------------------------------------------------------


def test_memory_does_not_grow(run: Any, sink: Sink) -> None:
    """3,000 streamed and plain calls after a warm-up: what stays is less than a kilobyte a call."""
    done = run(
        """
        import json, suffice
        suffice.init(quiet=True)
        big = {"model": "m", "messages": [{"role": "user", "content": "x" * 4000}]}
        answer = json.dumps({"object": "chat.completion", "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "y" * 4000}, "finish_reason": "stop"}]})
        client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=answer)))
        def rss():
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        def many(times):
            for number in range(times):
                if number % 2:
                    with client.stream("POST", "http://x/v1/chat/completions", json=big) as response:
                        response.read()
                else:
                    client.post("http://x/v1/chat/completions", json=big)
                if number % 200 == 0:
                    suffice.flush()
            suffice.flush()
        many(1000)
        before = rss()
        many(3000)
        print(rss() - before, tuple(suffice.flush()))
        """,
    )
    grown, counts = done.stdout.strip().split(" ", 1)
    assert counts == "(4000, 0, 0)"
    assert int(grown) < 3000


def test_a_killed_process_keeps_what_it_had_spooled(run: Any, tmp_path: Path) -> None:
    run(
        """
        import signal, suffice
        suffice.init(quiet=True)
        ask()
        suffice.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        check=False,
        SUFFICE_ENDPOINT="http://127.0.0.1:1",
    )
    deadline = time.monotonic() + 5
    while not list((tmp_path / "spool").glob("*.otlp")) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(list((tmp_path / "spool").glob("*.otlp"))) == 1


BURST = int(
    os.environ.get("SUFFICE_TEST_BURST", "250")
)  # prompts of 200 kB; the issue asks for 600, which takes half a minute


@pytest.mark.parametrize("takes_s", [0, 0.5])
def test_a_burst_of_large_prompts_arrives_whole(run: Any, sink: Sink, takes_s: float) -> None:
    """Complaint 12; an app that asks without a pause, more than may be held at once, and a collector that is slow."""
    sink.takes_s = takes_s
    done = run(
        f"""
        BURST = {BURST}
        """
        """
        import suffice
        suffice.init(quiet=True)
        answer = {"object": "chat.completion", "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}]}
        client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer)))
        for number in range(BURST):
            text = f"{number} " + "word " * 40_000
            client.post("http://x/v1/chat/completions", json={"model": "m", "messages": [
                {"role": "user", "content": text}]})
        print(*suffice.flush(60))
        """
    )
    assert done.stdout == f"{BURST} 0 0\n"
    asked = [json.loads(call["attributes"]["gen_ai.input.messages"]) for call in sink.calls]
    texts = [messages[0]["parts"][0]["content"] for messages in asked]
    assert sorted(int(text.partition(" ")[0]) for text in texts) == list(range(BURST))
    assert {len(text) - len(text.partition(" ")[0]) for text in texts} == {200_001}
    assert max(int(post["headers"]["content-length"]) for post in sink.posts) <= 4 * 1024 * 1024
