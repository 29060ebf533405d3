"""The recorder's worker, where a queue that fills up meets the app's threads."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from suffice import worker
from suffice.capture import Capture
from suffice.config import read_settings
from suffice.recorder import Recorder


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    """A recorder whose worker never starts, and a list of how long its callers were made to sleep, in seconds."""
    slept: list[float] = []
    monkeypatch.setenv("SUFFICE_SPOOL", str(tmp_path))
    recorder = Recorder(read_settings(quiet=True))
    monkeypatch.setattr(recorder.worker, "_thread", threading.current_thread())  # "running" already
    monkeypatch.setattr(worker.time, "sleep", slept.append)
    return recorder, slept


def ask(recorder: Recorder, size: int = 1024 * 1024) -> None:
    capture = Capture(recorder.worker.submit, "POST", "http://x/v1/chat/completions")
    capture.request_body = b"x" * size
    capture.end()


def test_a_thread_lets_the_worker_go_first_when_much_waits_and_never_for_long(crowded: Any) -> None:
    recorder, slept = crowded
    for _ in range(15):
        ask(recorder)
    assert slept == []
    for _ in range(40):
        ask(recorder)
    assert 0 < min(slept) < max(slept) <= worker.MAX_YIELD_S
    delivery = recorder.worker.delivery()
    assert delivery.dropped > 20  # what did not fit is counted, and nobody waited for it
    assert delivery.dropped + delivery.pending == 55


def test_an_event_loop_is_never_held(crowded: Any) -> None:
    recorder, slept = crowded

    async def many() -> None:
        for _ in range(40):
            ask(recorder)

    asyncio.run(many())
    assert slept == []
