"""Building in this process and in one of its own: the same rows, the same refusals, and what a death leaves behind."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
from collector.columnar.bodies import sdk_body
from collector.otlp_samples import CHAT, Recorder, chat_body
from collector.processes import wait_until
from collector.signal_samples import logs_request, metrics_request

from suffice.wire.call import Call, Usage
from suffice_collector import build_lane, build_process
from suffice_collector.bodies import BodyTooLargeError
from suffice_collector.build_lane import BuildLane
from suffice_collector.build_process import answer_questions, ask
from suffice_collector.building import Builder, Built
from suffice_collector.journal import Entry
from suffice_collector.otlp_values import MalformedBodyError
from suffice_collector.signals import LOGS, METRICS, TRACES, Signal
from suffice_store.records import CallRecord

POPEN = subprocess.Popen


@pytest.fixture(scope="module")
def lane() -> Iterator[BuildLane]:
    opened = BuildLane(process=True)
    yield opened
    opened.close()


def entry(body: bytes, signal: Signal = TRACES, *, packed: bool = False) -> Entry:
    return Entry(body, gzip=packed, received_ns=1_795_000_000_000_000_000, signal=signal.code)


BODIES = [
    entry(chat_body(3)),
    entry(gzip.compress(chat_body(2)), packed=True),
    entry(logs_request(2).SerializeToString(), LOGS),
    entry(metrics_request().SerializeToString(), METRICS),
    entry(b""),
]


@pytest.mark.parametrize("given", BODIES, ids=["spans", "gzip", "logs", "metrics", "empty"])
def test_both_build_the_same(lane: BuildLane, given: Entry) -> None:
    there = lane.build(given)
    assert there == Builder().build(given)
    assert there.count == sum(rows.num_rows for name, rows in there.tables.items() if name in ("calls", "spans"))


def test_both_refuse_the_same(lane: BuildLane) -> None:
    bomb = entry(gzip.compress(bytes(65 * 1024 * 1024)), packed=True)
    for builder in (lane, Builder()):
        with pytest.raises(MalformedBodyError, match="not an OTLP ExportTraceServiceRequest"):
            builder.build(entry(b"\xff\xff"))
        with pytest.raises(BodyTooLargeError, match="once inflated"):
            builder.build(bomb)


def telling(scope: str) -> Entry:
    recorder = Recorder(scope=scope)
    recorder.span(attributes={**CHAT, "gen_ai.response.id": "r1"})
    return entry(recorder.body())


def test_what_was_seen_before_the_move_is_known_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_lane, "BUSY_SHARE", 0.0)
    monkeypatch.setattr(build_lane, "_WINDOW_S", 0.0)
    lane = BuildLane(columnar=False)
    assert not lane.in_process
    assert lane.build(telling("client")).marks == []
    wait_until(lambda: lane.in_process, "a process of its own under load")
    assert [mark.rule for mark in lane.build(telling("wrapper")).marks] == ["response_id"]
    lane.close()


def test_a_dead_process_costs_the_body_it_died_of_and_no_other() -> None:
    lane = BuildLane(process=True)
    lane.build(entry(chat_body(1)))  # it is up
    process = lane._process
    assert process is not None
    os.kill(process._child.pid, signal.SIGSTOP)
    waiting: list[Future[Built]] = [lane.submit(entry(chat_body(number))) for number in (1, 2, 3)]
    os.kill(process._child.pid, signal.SIGKILL)
    with pytest.raises(MalformedBodyError, match="could not be decoded"):
        waiting[0].result(30)
    assert [each.result(30).count for each in waiting[1:]] == [2, 3]
    assert lane.build(entry(chat_body(4))).count == 4
    assert not lane.in_process
    lane.close()


def test_a_stored_call_is_asked_for_where_the_store_is() -> None:
    record = CallRecord(call=Call("", "chat", "openai"), call_id="c")
    asked: list[tuple[str, str]] = []

    def fetch(project: str, call_id: str) -> CallRecord:
        asked.append((project, call_id))
        return record

    here, there = socket.socketpair()
    questions = here.makefile("rwb")
    answering = threading.Thread(target=answer_questions, args=(there.makefile("rwb"), fetch))
    answering.start()
    assert ask(questions, ("p", "c")) == record
    assert asked == [("p", "c")]
    questions.close()
    here.close()
    answering.join(10)
    there.close()


def test_the_first_body_after_the_wait_is_read_by_columns() -> None:
    call = Call("openai.chat", "chat", "openai", "gpt-5-mini", usage=Usage(5, 2, raw={"prompt_tokens": 5}))
    lane = BuildLane(process=False, columnar=True)
    lane.wait_loaded(60)
    assert lane.build(entry(sdk_body([call]))).by_columns == 1
    lane.close()


def test_where_nothing_is_loaded_nobody_waits() -> None:
    lane = BuildLane(process=False, columnar=False)
    lane.wait_loaded(60)
    lane.close()


def test_building_goes_on_here_until_the_process_is_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its modules take seconds to load where the cores are busy: nobody waits for them."""
    monkeypatch.setattr(build_lane, "BUSY_SHARE", 0.0)
    monkeypatch.setattr(build_lane, "_WINDOW_S", 0.0)
    monkeypatch.setattr(build_process.subprocess, "Popen", stopped_child)
    lane = BuildLane(columnar=False)
    for number in (1, 2, 3):
        assert lane.build(entry(chat_body(number))).count == number
    starting = lane._starting
    assert starting is not None
    assert not lane.in_process
    os.kill(starting._child.pid, signal.SIGCONT)
    wait_until(lambda: lane.in_process, "the move")
    assert lane.build(entry(chat_body(4))).count == 4
    lane.close()


def test_a_process_that_does_not_start_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_lane, "BUSY_SHARE", 0.0)
    monkeypatch.setattr(build_lane, "_WINDOW_S", 0.0)
    monkeypatch.setattr(build_process.sys, "executable", "/bin/false")
    lane = BuildLane(columnar=False)
    assert lane.build(entry(chat_body(1))).count == 1
    wait_until(lambda: lane._starting is None and lane._wanted is False, "the news of its end")
    assert lane.build(entry(chat_body(2))).count == 2
    assert not lane.in_process
    lane.close()


def stopped_child(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
    child = POPEN(*arguments, **options)
    os.kill(child.pid, signal.SIGSTOP)
    return child
