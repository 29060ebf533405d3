"""Senders that hang or dawdle, against a real server over raw sockets: they are let go, and others do not notice."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from collector.otlp_samples import chat_body
from collector.processes import Process
from free_ports import free_port

PROGRAM = """
import sys
from suffice_collector import slow
slow.HEADERS_S = slow.BODY_S = {seconds}
from suffice_collector.commands.collector import main
sys.exit(main(sys.argv[1:]))
"""
LIMIT_S = 1.5
HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Quick(Process):
    """The collector with limits that a test can wait for."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        program = folder / "program.py"
        program.write_text(PROGRAM.format(seconds=LIMIT_S))
        super().__init__(
            ["collector", "--db", str(folder / "s.duckdb"), "--port", str(port), "--grpc-port", "0"],
            port,
            folder / "log.txt",
        )
        self.child.kill()
        self.child.wait()
        with self.log.open("ab") as output:
            command = [
                sys.executable,
                str(program),
                "--db",
                str(folder / "s.duckdb"),
                "--port",
                str(port),
                "--grpc-port",
                "0",
            ]
            self.child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quick]:
    with Quick(tmp_path_factory.mktemp("slow")).running() as process:
        yield process  # type: ignore[misc]


@contextmanager
def connected(collector: Process) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", collector.port), timeout=30) as sock:
        yield sock


def rest(sock: socket.socket) -> bytes:
    """Until the other side closes."""
    found = b""
    while piece := sock.recv(65536):
        found += piece
    return found


def answer(sock: socket.socket) -> bytes:
    """Head and JSON body of one answer."""
    found = b""
    while not found.endswith(b"}"):
        found += sock.recv(65536)
    return found


def test_a_body_that_stops_is_408_and_the_connection_ends(collector: Process) -> None:
    with connected(collector) as sock:
        sock.sendall(HEAD % 1000 + b'{"resourceSpans"')
        begun = time.monotonic()
        answer = rest(sock)
    assert time.monotonic() - begun >= LIMIT_S * 0.9
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head.lower()
    told = json.loads(body)
    assert told["code"] == 4
    assert told["message"].startswith("only 16 bytes of the body came in ")


def test_a_byte_now_and_then_does_not_help(collector: Process) -> None:
    with connected(collector) as sock:
        sock.sendall(HEAD % 1000)
        begun = time.monotonic()
        try:
            while time.monotonic() - begun < 20:
                sock.sendall(b" ")
                time.sleep(0.2)
        except OSError:
            pass
    assert time.monotonic() - begun < 15


def test_headers_that_do_not_end_and_a_silent_connection_are_closed(collector: Process) -> None:
    with connected(collector) as half, connected(collector) as silent:
        half.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        assert rest(half) == b""
        assert rest(silent) == b""


def test_a_second_request_of_a_connection_has_the_same_limit(collector: Process) -> None:
    with connected(collector) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer(sock).startswith(b"HTTP/1.1 200 ")
        time.sleep(LIMIT_S * 1.5)  # an idle connection is kept
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert answer(sock).startswith(b"HTTP/1.1 200 ")
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHo")
        assert rest(sock) == b""


def test_a_slow_body_that_comes_fast_enough_is_taken(collector: Process) -> None:
    """40 kB in more than the limit: each 10 kB earns a second."""
    body = json.dumps({"resourceSpans": [], "padding": "x" * 40_000}).encode()
    with connected(collector) as sock:
        sock.sendall(HEAD % len(body))
        for start in range(0, len(body), 10_000):
            sock.sendall(body[start : start + 10_000])
            time.sleep(0.5)
        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_many_slow_senders_do_not_keep_others_out(collector: Process) -> None:
    before = collector.calls()
    socks = [socket.create_connection(("127.0.0.1", collector.port), timeout=30) for _ in range(200)]
    try:
        for sock in socks:
            sock.sendall(HEAD % 60_000_000 + b"x" * 1000)
        assert collector.post(chat_body(2)).status_code == 200
        answers = [rest(sock)[:13] for sock in socks]
    finally:
        for sock in socks:
            sock.close()
    assert set(answers) == {b"HTTP/1.1 408 "}
    collector.wait_calls(before + 2)


def test_a_command_s_body_too(collector: Process) -> None:
    with connected(collector) as sock:
        sock.sendall((HEAD % 100).replace(b"/v1/traces", b"/api/v1/commands/decide") + b"{")
        assert rest(sock).startswith(b"HTTP/1.1 408 ")
