"""When compiled functions come: at once where they were compiled before, else under load; and nobody waits for them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from collector.columnar.bodies import sdk_body
from collector.processes import wait_until

from suffice.wire.call import Call
from suffice_collector import build_lane
from suffice_collector.build_lane import BuildLane
from suffice_collector.columnar.kept import is_compiled
from suffice_collector.journal import Entry

pytestmark = pytest.mark.usefixtures("compiled")
BODY = Entry(sdk_body([Call("openai.chat", "chat", "openai")] * 3), received_ns=7)


def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_lane, "BUSY_SHARE", 0.0)
    monkeypatch.setattr(build_lane, "_WINDOW_S", 0.0)


def test_they_are_loaded_under_load_and_before_a_process_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    busy(monkeypatch)
    lane = BuildLane()
    assert lane.build(BODY).by_columns == 0
    wait_until(lambda: lane._builder.columnar, "compiled functions")
    assert is_compiled()
    again = Entry(sdk_body([Call("openai.chat", "chat", "openai")] * 3, first=10), received_ns=7)
    assert lane.build(again).by_columns == 3
    assert not lane.in_process
    lane.close()


def test_what_was_compiled_is_loaded_at_once() -> None:
    lane = BuildLane(columnar=True)
    wait_until(lambda: lane._builder.columnar, "compiled functions")
    assert lane.build(BODY).by_columns == 3
    lane.close()


def test_without_load_nothing_is_loaded() -> None:
    lane = BuildLane()
    assert lane.build(BODY).by_columns == 0
    assert lane._loading is None
    lane.close()


@pytest.mark.parametrize("ends", ["closed", "failed"])
def test_compiling_is_given_up_at_the_end_and_may_fail(monkeypatch: pytest.MonkeyPatch, ends: str) -> None:
    busy(monkeypatch)
    program = "import time; time.sleep(600)" if ends == "closed" else "raise SystemExit(1)"
    started: list[subprocess.Popen[bytes]] = []

    def compiling() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", program]))
        return started[0]

    monkeypatch.setattr(build_lane, "start_compiling", compiling)
    monkeypatch.setattr(build_lane, "is_compiled", lambda: False)
    lane = BuildLane()
    assert lane.build(BODY).count == 3
    wait_until(lambda: bool(started), "the start")
    if ends == "failed":
        started[0].wait(60)
        lane._wanted = False
    assert lane.build(BODY).count == 3
    lane.close()
    assert started[0].wait(60) != 0
    assert not lane._builder.columnar
