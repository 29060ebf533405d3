"""The whole path as a person walks it: real processes, a real client, what the README says, and nothing else."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from collector.processes import Process, wait_until
from free_ports import free_port
from sdk.local_servers import Handler, Server, provider_server, serving

ROOT = Path(__file__).resolve().parents[2]
ASKED = ["Classify this ticket as billing, bug or other", "Summarise the following article in one sentence"]
BEGINNINGS, ENDS = ("br", "cl", "dr", "gr", "pl", "sp", "st", "tr"), ("ake", "ine", "ost", "ump", "ender", "ation")
WORDS = [beginning + end for beginning in BEGINNINGS for end in ENDS]


def question(number: int) -> str:
    """One of the two instructions, and something of its own to apply it to."""
    return f"{ASKED[number % 2]}:\n\n{' '.join(random.Random(number).choices(WORDS, k=25))} {number}"


ASKING = """
import json, os, sys
import openai

client = openai.OpenAI(base_url=os.environ["PROVIDER"] + "/v1", api_key="sk-test-abcdefgh")
for question in json.loads(sys.argv[1]):
    client.chat.completions.create(model="gpt-test", messages=[{"role": "user", "content": question}])
print("asked")
"""
ONE_LINE = "import suffice; suffice.init()\n"


@pytest.fixture(scope="module")
def provider() -> Iterator[Server]:
    with serving(provider_server()) as server:
        yield server


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """``suffice up`` with everything that belongs to it, on free ports."""
    folder = tmp_path_factory.mktemp("up")
    with starting_up(folder, "--dashboard-port", str(free_port())) as process:
        yield process


def starting_up(folder: Path, *arguments: str) -> Any:
    port = free_port()
    command = ["up", "--db", str(folder / "calls.duckdb"), "--port", str(port), *arguments]
    return Process(command, port, folder / "up.log", {"SUFFICE_SPOOL": str(folder / "spool")}).running()


def run_app(
    folder: Path, source: str, provider: Server, calls: int, *before: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """An app of its own, as ``python app.py`` or beneath ``before``; it must end well."""
    script = folder / "app.py"
    script.write_text(source)
    command = [*(before or (sys.executable,)), str(script), json.dumps([question(number) for number in range(calls)])]
    done = run(command, folder, {"PROVIDER": provider.url, "SUFFICE_SPOOL": str(folder / "spool")} | environment)
    assert (done.returncode, done.stdout) == (0, "asked\n"), done.stderr
    return done


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    env = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    return subprocess.run(
        command, env={**env, **environment}, cwd=folder, capture_output=True, text=True, timeout=200, check=False
    )


def one_line_about(done: subprocess.CompletedProcess[str]) -> str:
    """What the app said on stderr beside its first call."""
    (line,) = [line for line in done.stderr.splitlines() if "first call recorded" not in line]
    return line


@pytest.mark.slow
@pytest.mark.xdist_group("suffice up")
def test_after_up_and_200_calls_tasks_fills_by_itself(up: Process, provider: Server, tmp_path: Path) -> None:
    project = {"project": "two hundred"}
    done = run_app(
        tmp_path, ONE_LINE + ASKING, provider, 200, SUFFICE_ENDPOINT=url(up), SUFFICE_PROJECT=project["project"]
    )
    dashboard = up.client.get("/healthz").json()["dashboard_url"]
    (said,) = done.stderr.splitlines()
    told, _, call_id = said.partition(f" {dashboard}/calls?call_id=")
    assert told == "suffice: first call recorded: gpt-test-2026-01-01, 41 tokens in, 7 out, unpriced"
    up.wait_calls(200, **project)
    assert up.rows("call", call_id=call_id, **project)[0]["request_model"] == "gpt-test"
    (overview,) = up.rows("overview", **project)
    assert (overview["input_tokens"], overview["output_tokens"], overview["services"]) == (200 * 41, 200 * 7, 1)
    # A minute on a quiet machine; the second run, if the first began before the last call, rests before it starts.
    wait_until(lambda: sum(row["calls"] for row in up.rows("tasks", **project)) == 200, "every call in a task", 240)
    tasks = up.rows("tasks", **project)
    assert sorted(row["calls"] for row in tasks) == [100, 100]
    assert {words for row in tasks for words in ASKED if words in row["template"]} == set(ASKED)
    assert {row["proven"] for row in tasks} == {False}
    assert up.rows("overview", **project)[0]["calls"] == 200
    assert wait_until(lambda: up.client.get(dashboard), "the dashboard").status_code == 200


@pytest.mark.xdist_group("suffice up")
def test_an_app_that_knows_nothing_of_suffice_is_recorded_by_run(up: Process, provider: Server, tmp_path: Path) -> None:
    environment = {"SUFFICE_ENDPOINT": url(up), "SUFFICE_PROJECT": "run"}
    run_app(tmp_path, ASKING, provider, 7, "suffice", "run", "--", "python", **environment)
    up.wait_calls(7, project="run")
    assert {row["service"] for row in up.rows("calls", project="run")} == {"app"}


def test_calls_made_while_no_collector_runs_wait_and_are_taken_in_once(provider: Server, tmp_path: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    done = run_app(tmp_path, ONE_LINE + ASKING, provider, 60, SUFFICE_ENDPOINT=nobody)
    spool = tmp_path / "spool"
    assert one_line_about(done).startswith(f"suffice: nothing answers at {nobody} (Connection refused); calls wait in")
    waiting = list(spool.glob("*.otlp"))  # beside them the folder in which each process notes its state
    assert waiting
    assert {stat.S_IMODE(path.stat().st_mode) for path in waiting} == {0o600}
    assert stat.S_IMODE(spool.stat().st_mode) == 0o700
    with starting_up(tmp_path, "--no-dashboard", "--analyze-every", "0") as up:
        up.wait_calls(60)
        wait_until(lambda: not list(spool.glob("*.otlp*")), "an empty spool")
        ids = [row["call_id"] for row in up.rows("analysis_calls")]
        asked = [up.rows("conversation", call_id=call_id)[0]["content"] for call_id in ids]
        texts = [json.loads(content)["parts"][0]["content"] for content in asked]
        assert sorted(texts) == sorted(question(number) for number in range(60))
        assert up.stop() == 0


class Stranger(Handler):
    """A service of somebody else's on the port where a collector would be."""

    def do_GET(self) -> None:
        self.server.seen.append((self.command, self.path, self.body()))
        self.answer_json(200, {"status": "ok"})

    def do_POST(self) -> None:
        self.do_GET()


def test_somebody_else_on_the_default_port_is_told_nothing(provider: Server, tmp_path: Path) -> None:
    stranger: Any = Server(("127.0.0.1", 0), Stranger)
    stranger.seen = []
    # 4318 itself may be taken on the machine that tests: another port stands for the default one.
    default = f"import suffice.config\nsuffice.config.DEFAULT_ENDPOINT = {stranger.url!r}\n"
    with serving(stranger):
        done = run_app(tmp_path, default + ONE_LINE + ASKING, provider, 5, SUFFICE_KEY="our-key")
    assert one_line_about(done).startswith(f"suffice: what answers at {stranger.url} is not suffice; calls wait in")
    assert {(method, path, body) for method, path, body in stranger.seen} == {("GET", "/healthz", b"")}
    assert sum(int(path.stem.rsplit("-", 1)[1]) for path in (tmp_path / "spool").glob("*.otlp")) == 5


@pytest.mark.slow
def test_the_readmes_tour_with_a_log(tmp_path: Path) -> None:
    """The four commands exactly as they stand in the README."""
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^suffice (?:import|analyze|tasks|report) .*--db.*$", readme, flags=re.M)
    assert [command.split()[1] for command in commands] == ["import", "analyze", "tasks", "report"]
    write_log(tmp_path / "calls.jsonl.gz", 120)
    said = {}
    for command in commands:
        done = run(command.split(), tmp_path, {})
        assert done.returncode == 0, done.stderr
        said[command.split()[1]] = done.stdout + done.stderr
    assert "120" in said["import"]
    listed = [line for line in said["tasks"].splitlines() if " 60 " in line]
    assert sorted(line.split()[0] for line in listed) == ["Classify", "Summarise"]
    report = (tmp_path / "report.html").read_text()
    assert "<html" in report
    assert re.search(r"""(src|href)=["']https?:""", report) is None, "the report opens offline"
    again = run(commands[0].split(), tmp_path, {})
    assert "0 added, 120 known already" in again.stdout + again.stderr


def write_log(path: Path, lines: int) -> None:
    """A neutral call log: one instruction in two, and an answer to each."""
    now = int(time.time())
    with gzip.open(path, "wt") as file:
        for number in range(lines):
            line = {
                "timestamp": now - number,
                "service": "support",
                "request": {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": question(number)}]},
                "response": {
                    "model": "gpt-4o-mini",
                    "choices": [{"message": {"role": "assistant", "content": "billing"}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 300, "completion_tokens": 4, "total_tokens": 304},
                },
            }
            file.write(json.dumps(line) + "\n")


def url(up: Process) -> str:
    return f"http://127.0.0.1:{up.port}"
