"""A real model server, llama.cpp's own, through the whole path: a log imported, tasks found, replayed streamed and not, tools refused.

The model is made on the spot (``llama_server.py``) of random weights, so every answer is wrong; what is tested is that each is asked,
held to its schema, streamed, stored, judged and counted as what it is.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from environments import python_of

from suffice.cli import main
from suffice_analysis.replay import finding
from suffice_store import open_store

SERVER = Path(__file__).with_name("llama_server.py")
CALLS = 60  # of each task
SCHEMA = {
    "type": "object",
    "properties": {"order": {"enum": [str(n) for n in range(CALLS)]}, "paid": {"type": "boolean"}},
    "required": ["order", "paid"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "description": "Find an order",
        "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
    },
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("models"),
    pytest.mark.skipif(sys.platform != "linux", reason="the server's wheel is for Linux"),
]


def lines() -> Iterator[str]:
    """A log of three tasks: a label, JSON held to a schema, a tool called."""
    for n in range(CALLS):
        label = ("billing", "returns", "shipping")[n % 3]
        yield line(n, "Classify the ticket of our shop. Answer with one word: billing, returns or shipping.",
                   f"Ticket {n}: it is about {label}", {"content": label})  # fmt: skip
        asked = {"type": "json_schema", "json_schema": {"name": "order", "strict": True, "schema": SCHEMA}}
        yield line(n, "Extract from the mail of a customer which order it is and whether that is paid already.",
                   f"Dear shop, order {n} is {'paid' if n % 2 else 'open'}.",
                   {"content": json.dumps({"order": str(n), "paid": bool(n % 2)})}, response_format=asked)  # fmt: skip
        use = {
            "id": f"c{n}",
            "type": "function",
            "function": {"name": "find_order", "arguments": f'{{"order": "{n}"}}'},
        }
        yield line(n, "You look things up for the support team of our shop with the tools that you have been given.",
                   f"Where is order {n}?", {"content": None, "tool_calls": [use]}, tools=[TOOL])  # fmt: skip


def line(n: int, system: str, user: str, message: dict[str, Any], **more: Any) -> str:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    request = {"model": "gpt-6.1-sol", "messages": messages, "temperature": 0, "max_tokens": 80, **more}
    answer = {
        "model": "gpt-6.1-sol", "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 60, "completion_tokens": 10, "total_tokens": 70},
    }  # fmt: skip
    record = {"timestamp": 1_790_000_000 + 600 * n, "service": "shop", "request": request, "response": answer}
    return json.dumps(record) + "\n"


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    (folder / "calls.jsonl").write_text("".join(lines()))
    database = str(folder / "calls.duckdb")
    assert main(["import", str(folder / "calls.jsonl"), "--db", database]) == 0
    assert main(["analyze", "--db", database]) == 0
    return folder / "calls.duckdb"


@pytest.fixture
def database(imported: Path, tmp_path: Path) -> str:
    return str(shutil.copy(imported, tmp_path / "calls.duckdb"))


@contextmanager
def llama(folder: Path, *arguments: str) -> Iterator[str]:
    """Its base URL while the block runs."""
    python = python_of("models")
    with (folder / "log").open("wb") as log, subprocess.Popen(
        [str(python), str(SERVER), str(folder), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
    ) as server:  # fmt: skip
        assert server.stdout is not None
        try:
            first = server.stdout.readline().decode()
            assert first.startswith("ready http://127.0.0.1:"), (folder / "log").read_text(errors="replace")[-2000:]
            yield first.split()[1] + "/v1"
        finally:
            server.kill()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with ExitStack() as stack:
        yield stack.enter_context(llama(tmp_path_factory.mktemp("model")))


def task(database: str, form: str) -> str:
    with open_store(database) as store:
        found = [t for t in store.read("tasks").to_pylist() if t["answer_form"] == form]
    assert len(found) == 1, found
    return str(found[0]["task_id"])


def replay(database: str, form: str, candidates: Path, name: str, n: int = 12) -> list[dict[str, Any]]:
    """Rows of the read ``replays``, with the stored call of each as ``call`` and its answer's text as ``said``."""
    wanted = ["replay", "--db", database, "--task", task(database, form), "--candidates", str(candidates)]
    assert main([*wanted, "--candidate", name, "--n", str(n), "--no-analyze"]) == 0
    with open_store(database) as store:
        rows = sorted(store.read("replays", candidate=name).to_pylist(), key=lambda row: row["call_id"])
        for row in rows:
            row["call"] = store.read("call", call_id=row["replay_call_id"]).to_pylist()[0]
            told = store.read("conversation", call_id=row["replay_call_id"]).to_pylist()
            row["said"] = [
                "".join(str(part.get("content") or "") for part in json.loads(each["content"])["parts"])
                for each in told
                if each["direction"] == "answer"
            ]
    return rows


def candidate(name: str, url: str, *more: str) -> str:
    return "\n".join(["[[candidate]]", f'name = "{name}"', 'model = "tiny-random"', f'url = "{url}"', *more, ""])


@pytest.fixture
def candidates(url: str, tmp_path: Path) -> Path:
    path = tmp_path / "candidates.toml"
    path.write_text(
        candidate("whole", url, "parallel = 1") + candidate("streamed", url, "stream = true", "parallel = 1")
    )
    return path


def test_streamed_or_not_the_same_answers_are_stored(database: str, candidates: Path) -> None:
    whole, streamed = (replay(database, "label", candidates, name) for name in ("whole", "streamed"))
    assert len(whole) == len(streamed) == 12
    assert [row["said"] for row in whole] == [row["said"] for row in streamed]  # at temperature 0
    assert all(row["said"][0].strip() for row in whole)
    assert len({row["said"][0] for row in whole}) > 6  # it reads what it is asked
    for row in (*whole, *streamed):
        call = row["call"]
        assert (call["environment"], call["response_model"], call["stream"]) == (
            "replay", "tiny-random", row["candidate"] == "streamed",
        )  # fmt: skip
        assert call["input_tokens"] == row["input_tokens"] > 60  # bytes, as the server counted them
        assert 0 < row["output_tokens"] <= 80
        assert call["usage_source"] == "reported"
        assert (row["verdict"], row["failure"] in ("wrong", "format", "cut")) == ("fail", True)
        assert (row["failure"] == "cut") == (call["finish_reason"] == "length") == (row["output_tokens"] == 80)


def test_a_schema_is_held_by_the_servers_grammar(database: str, candidates: Path) -> None:
    """Noise, but JSON: what is wrong with it is its values, unless it ran into its length."""
    for name in ("whole", "streamed"):
        rows = replay(database, "json", candidates, name)
        ended = [row for row in rows if row["failure"] != "cut"]
        assert len(ended) >= 6
        for row in ended:
            said = json.loads(row["said"][0])
            assert set(said) == {"order", "paid"}
            assert row["verdict"] == "pass" or row["failure"] == "wrong"


def test_a_server_without_tools_refuses_once_and_cleanly(database: str, tmp_path: Path) -> None:
    """llama.cpp says 500 then; it was taken for busy, asked five times, and after 20 calls for gone."""
    with llama(tmp_path, "--no-tools") as url:
        path = tmp_path / "candidates.toml"
        path.write_text(candidate("bare", url))
        started = time.monotonic()
        rows = replay(database, "tool_call", path, "bare", 24)
    assert len(rows) == 24
    assert {(r["verdict"], r["failure"], r["attempts"]) for r in rows} == {("fail", "refused", 1)}
    assert {r["remark"] for r in rows} == {"status 500 tools param requires --jinja flag"}
    assert {r["call"]["status_code"] for r in rows} == {500}
    assert time.monotonic() - started < 300


def test_it_is_found_on_its_port_and_refuted_for_every_task(
    database: str, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = int(url.removesuffix("/v1").rpartition(":")[2])
    (found,) = finding.local_models([port])
    assert (found.model, found.url) == ("tiny-random", url)
    monkeypatch.setattr(finding, "local_models", lambda: [found])
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["prove", "--db", database, "--budget", "1", "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["status"] for each in told["campaigns"]} == {"refuted"}
    assert len(told["campaigns"]) == 3
    assert told["calls"] <= CALLS
    with open_store(database) as store:
        assert {row["verdict"] for row in store.read("tasks").to_pylist()} == {"stays"}
