"""The gate: many inside, none while it is closed."""

from __future__ import annotations

import threading

import pytest

from suffice_store.gate import Gate, GateBusyError


def test_it_closes_only_when_everybody_has_left() -> None:
    gate, seen = Gate(), []
    inside, leave = threading.Event(), threading.Event()

    def reader() -> None:
        with gate.passing():
            inside.set()
            leave.wait(10)
            seen.append("reader left")

    def changer() -> None:
        with gate.closed(10):
            seen.append("changed")

    threads = [threading.Thread(target=reader), threading.Thread(target=changer)]
    threads[0].start()
    inside.wait(10)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join(10)
    assert seen == ["reader left", "changed"]


def test_it_gives_up_and_opens_again() -> None:
    gate = Gate()
    with gate.passing():
        with pytest.raises(GateBusyError, match="after 0 s"), gate.closed(0.01):
            pass
        with gate.passing():
            pass
    with gate.closed(0.01):
        pass


def test_who_comes_while_it_is_closed_waits() -> None:
    gate, seen = Gate(), []

    def reader() -> None:
        with gate.passing():
            seen.append("inside")

    with gate.closed(1):
        thread = threading.Thread(target=reader)
        thread.start()
        thread.join(0.05)
        seen.append("changed")
    thread.join(10)
    assert seen == ["changed", "inside"]


def test_an_error_inside_leaves_the_gate_open() -> None:
    gate = Gate()
    for way in (gate.passing, lambda: gate.closed(1)):
        with pytest.raises(ZeroDivisionError), way():
            raise ZeroDivisionError
    with gate.closed(0.01):
        pass
