"""``suffice doctor`` says what is recorded and whether it arrives."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from collector.processes import running_collector
from sdk.local_servers import Server, Sink

import suffice
from suffice import context
from suffice.commands import doctor
from suffice.errors import UsageError
from suffice.spool import spool_directory, write_spool
from suffice.state import KEPT, read_states, state_directory, write_state
from suffice.wire.registry import FORMATS


def report(capsys: Any, *arguments: str) -> tuple[int, dict[str, list[str]]]:
    code = doctor.main([*arguments, "--json"])
    found: dict[str, list[str]] = {}
    for finding in json.loads(capsys.readouterr().out)["findings"]:
        found.setdefault(finding["name"], []).append(finding["text"])
    return code, found


def test_all_is_well(sink: Sink, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    write_spool(spool_directory(), b"x", calls=3)
    sink.health |= {"version": "0.1.0", "status": "ok"}
    code, found = report(capsys, "--endpoint", sink.url)
    assert code == 0
    assert found["collector"] == [f"{sink.url} answers: suffice 0.1.0 ok"]
    assert found["formats"] == [", ".join(each.NAME for each in FORMATS)]
    assert any(line.startswith("httpx2 ") for line in found["transport"])
    assert found["spool"] == [f"3 calls wait in {spool_directory()}"]
    assert found["host"] == ["OTEL_TRACES_SAMPLER: left to the host, not used here"]


def test_nobody_answers(capsys: Any) -> None:
    code, found = report(capsys, "--endpoint", "http://127.0.0.1:1")
    assert code == 1
    assert found["collector"][0].endswith("start one with 'suffice up'")


@pytest.mark.parametrize("key", [None, "wrong"])
def test_a_key_that_the_collector_does_not_know_is_a_fault(
    key: str | None, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with running_collector(tmp_path, env={"SUFFICE_KEY": "right"}) as collector:
        for name, code in ((key, 1), ("right", 0)):
            monkeypatch.setenv("SUFFICE_KEY", name or "")
            url = f"http://127.0.0.1:{collector.port}"
            found_code, found = report(capsys, "--endpoint", url)
            assert found_code == code
            right = "0 calls in project default"
            assert found["stored"] == [right if code == 0 else f"{url} answered 401: is SUFFICE_KEY right?"]
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = httpx2.get(f"{url}/api/v1/read/overview", headers=headers, trust_env=False)
        assert answer.status_code == 401
        assert ("does not know that key" if key else "needs a key") in answer.text


def test_switched_off(sink: Sink, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUFFICE_DISABLED", "1")
    code, found = report(capsys, "--endpoint", sink.url)
    assert (code, found["recording"]) == (1, ["switched off by SUFFICE_DISABLED"])


def test_for_people_it_is_a_line_a_finding(sink: Sink, capsys: Any) -> None:
    assert doctor.main(["--endpoint", sink.url]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ok suffice")


def test_a_wrong_endpoint() -> None:
    with pytest.raises(UsageError, match="is not an address"):
        doctor.main(["--endpoint", "nowhere"])


# --- of apps that run or have run -------------------------------------------------------------------


def test_nothing_has_recorded_yet(sink: Sink, capsys: Any) -> None:
    _, found = report(capsys, "--endpoint", sink.url)
    assert found["process"] == ["none has recorded here within a day"]


def test_a_finished_app_is_told_of(run: Any, sink: Sink, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import suffice; suffice.init(quiet=True); ask(3)")
    monkeypatch.setenv("SUFFICE_SPOOL", str(run.spool))
    code, found = report(capsys, "--endpoint", sink.url)
    assert code == 0
    (line,) = found["process"]
    assert line.startswith("app (")
    assert " ended; patched " in line
    assert "httpx2" in line
    assert line.endswith("; 3 calls: 3 delivered, 0 dropped, 0 pending")
    (clients,) = found["clients"]
    assert clients.startswith("app (")
    assert "python-httpx2/" in clients
    assert clients.endswith(" ×3; openai.chat ×3")


def test_a_running_app_says_what_waits_and_why(
    provider: Server, sink: Sink, capsys: Any, record: Any, tmp_path: Path
) -> None:
    sink.statuses = [(401, 0)]
    record()
    ask_anything(provider)
    assert suffice.flush() == (0, 0, 1)
    context.recorder.worker.note_state()  # type: ignore[union-attr]
    _, found = report(capsys, "--endpoint", sink.url)
    (line,) = found["process"]
    assert f"({os.getpid()}) runs; " in line
    assert found["pending"] == [f"tests ({os.getpid()}): 1 calls wait: {sink.url} answered 401: is SUFFICE_KEY right?"]
    (state_file,) = state_directory().iterdir()
    assert stat.S_IMODE(state_file.stat().st_mode) == 0o600
    assert "private words" not in state_file.read_text()


def test_what_waited_at_the_end_and_was_taken_in_since_does_not_wait(sink: Sink, capsys: Any) -> None:
    counts = {"delivered": 0, "dropped": 0, "pending": 81, "last_problem": "nothing answers", "patched": ["httpx2"]}
    lists = {"clients": {}, "formats": {}, "why_dropped": {}, "not_calls": {}, "failed_in": [], "cut": 0}
    write_state(state_directory(), state(1, written=time.time()) | counts | lists)
    _, found = report(capsys, "--endpoint", sink.url)
    assert found["pending"] == ["s (1): 81 calls waited; taken in since"]
    write_spool(spool_directory(), b"x", calls=3)
    _, found = report(capsys, "--endpoint", sink.url)
    assert found["pending"] == ["s (1): 81 calls wait: nothing answers"]


def test_an_app_that_ends_at_once_says_what_was_patched(provider: Server, sink: Sink, capsys: Any, record: Any) -> None:
    record()
    worker = context.recorder.worker  # type: ignore[union-attr]
    worker._noted = float("inf")
    worker._patched.clear()  # as where the app imports its clients after the first look
    ask_anything(provider)
    suffice.shutdown()
    _, found = report(capsys, "--endpoint", sink.url)
    assert " ended; patched " in found["process"][0]
    assert "nothing yet" not in found["process"][0]


def test_what_was_lost_is_told_with_its_reason(provider: Server, sink: Sink, capsys: Any, record: Any) -> None:
    sink.statuses = [(400, 0)]
    record()
    ask_anything(provider)
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, text="pong"))) as client:
        client.post("http://other/bin/chat/completions", json={"messages": "text"})
    assert suffice.shutdown() == (0, 1, 0)
    code, found = report(capsys, "--endpoint", sink.url)
    assert code == 1
    assert found["dropped"] == [f"tests ({os.getpid()}): 1 calls: refused: {sink.url} answered 400"]
    assert found["no calls"] == [f"tests ({os.getpid()}): http://other/bin/chat/completions ×1"]


def ask_anything(provider: Server) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "private words"}]}
    with httpx2.Client() as client:
        client.post(f"{provider.url}/v1/chat/completions", json=body).raise_for_status()


def state(pid: int, **more: Any) -> dict[str, Any]:
    return {"pid": pid, "service": "s", "started": 1000.0 + pid, "written": 2000.0, "ended": True} | more


def test_states_are_few_and_of_the_last_day(tmp_path: Path) -> None:
    for number in range(KEPT + 5):
        write_state(tmp_path, state(number))
    assert len(list(tmp_path.iterdir())) == KEPT
    write_state(tmp_path, state(24, ended=False, written=2500.0))
    (tmp_path / "1-1.json").write_text("{")
    states = read_states(tmp_path, now=2600.0)
    assert [each["pid"] for each in states] == list(range(24, 4, -1))
    assert states[0]["written"] == 2500.0
    assert read_states(tmp_path, now=2000.0 + 25 * 3600) == []
    assert read_states(tmp_path / "none", now=0) == []


def test_a_killed_process_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    child = subprocess.Popen(["true"])
    child.wait()
    write_state(tmp_path, state(child.pid, ended=False))
    write_state(tmp_path, state(os.getpid(), ended=False))
    running = {each["pid"]: each["running"] for each in read_states(tmp_path, now=2001.0)}
    assert running == {child.pid: False, os.getpid(): True}


def test_a_state_that_cannot_be_written_is_nobodys_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    write_state(tmp_path / "file", state(1))
