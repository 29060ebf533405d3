"""Building in a process of its own, so that two cores are used: bytes in, Arrow out, over its stdin and stdout.

A message is a length and a pickle; behind a reply come its tables, as Arrow streams that are read in place. What is looked up in
the store (the other half of a call) is asked for over a socket of its own, since only the collector holds the file.
The process ends with its stdin, so it can't outlive the collector.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import pickle
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import IO, Any

import pyarrow as pa

from suffice_collector.bodies import BodyTooLargeError
from suffice_collector.building import Builder, Built
from suffice_collector.columnar.kept import is_compiled
from suffice_collector.duplicates import DuplicateFinder
from suffice_collector.interpreter import prepare
from suffice_collector.journal import Entry
from suffice_collector.otlp_values import MalformedBodyError
from suffice_store.records import CallRecord

log = logging.getLogger("suffice.ingest")

_LENGTH = struct.Struct("<Q")
_PIPE_BYTES = 1024 * 1024  # a reply of 3 MB in three pieces instead of fifty
_REFUSALS = {each.__name__: each for each in (MalformedBodyError, BodyTooLargeError)}


class BuildProcess:
    """A child that builds what is submitted, in order. Raises OSError where it can't be started."""

    def __init__(
        self,
        fetch: Callable[[str, str], CallRecord | None],
        on_death: Callable[[BuildProcess], None],
        on_ready: Callable[[], object] = lambda: None,
    ) -> None:
        """Comes back at once. ``begin`` is the first thing to be called; ``fetch`` reads a stored call for the child.

        ``on_ready`` is called when the child has loaded what it needs (seconds, on a busy machine), ``on_death`` where
        it ends before it is told to; each once, from a thread of its own.
        """
        self._fetch = fetch
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "suffice_collector.build_process", str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
            )
        self._questions = ours.makefile("rwb")
        ours.close()
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._to, self._from = self._child.stdin, self._child.stdout
        for pipe in (self._to, self._from):
            _widen(pipe)
        self._queue: queue.SimpleQueue[tuple[Entry, bool, Future[Built]] | bytes | None] = queue.SimpleQueue()
        self._pending: deque[tuple[Entry, bool, Future[Built]]] = deque()
        self._on_death, self._on_ready = on_death, on_ready
        self._closing = False
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._send, self._receive, self._answer)
        ]
        for thread in self._threads:
            thread.start()

    def begin(self, duplicates: bytes) -> None:
        """``duplicates``: the pickled finder that the child goes on with."""
        self._queue.put(duplicates)

    def submit(self, entry: Entry, mark_duplicates: bool, done: Future[Built]) -> None:
        self._queue.put((entry, mark_duplicates, done))

    def close(self) -> None:
        """Ends when everything submitted is answered."""
        self._closing = True
        self._queue.put(None)
        for thread in self._threads:
            thread.join()
        self._child.wait()

    def left_over(self) -> list[tuple[Entry, bool, Future[Built]]]:
        """What a dead child did not answer; the first of it is what it was at when it died."""
        left = list(self._pending)
        with contextlib.suppress(queue.Empty):
            while True:
                if isinstance(more := self._queue.get_nowait(), tuple):
                    left.append(more)
        return left

    def _send(self) -> None:
        with contextlib.suppress(OSError):
            while (job := self._queue.get()) is not None:
                if isinstance(job, bytes):
                    write_message(self._to, job)
                    continue
                self._pending.append(job)
                entry, mark_duplicates, _ = job
                write_message(self._to, pickle.dumps((entry, mark_duplicates)))
            self._to.close()

    def _answer(self) -> None:
        answer_questions(self._questions, self._fetch)

    def _receive(self) -> None:
        if read_message(self._from) is not None:
            self._on_ready()
        while (reply := read_message(self._from)) is not None:
            answer = pickle.loads(reply)  # noqa: S301  made by our own child
            if isinstance(answer, Built):
                streams = {table: read_message(self._from) for table in answer.tables}
                if None in streams.values():
                    break
                answer.tables = {table: pa.ipc.open_stream(rows).read_all() for table, rows in streams.items()}
            _, _, done = self._pending.popleft()
            if isinstance(answer, Built):
                done.set_result(answer)
            else:
                name, reason = answer
                done.set_exception(_REFUSALS.get(name, RuntimeError)(reason))
        self._from.close()
        if not self._closing:
            self._on_death(self)


def main() -> int:
    """The child: answers each message until its stdin ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the collector, which ends this by closing the pipe
        signal.signal(number, signal.SIG_IGN)
    taken, given = sys.stdin.buffer, sys.stdout.buffer
    prepare()
    write_message(given, b"")  # ready
    first = read_message(taken)
    if first is None:
        return 0
    duplicates: DuplicateFinder = pickle.loads(first)  # noqa: S301  made by our own parent
    with socket.socket(fileno=int(sys.argv[1])) as to_parent:
        questions = to_parent.makefile("rwb")
    duplicates.fetch_by(lambda *key: ask(questions, key))
    builder = Builder(duplicates)
    if is_compiled():
        threading.Thread(target=builder.read_columnar, daemon=True).start()
    gc.freeze()
    gc.set_threshold(500_000, 50, 1000)  # what is built has no cycles; looking for them took 40 % of the time
    while (message := read_message(taken)) is not None:
        entry, mark_duplicates = pickle.loads(message)  # noqa: S301
        try:
            built = builder.build(entry, mark_duplicates=mark_duplicates)
            streams = [_stream(rows) for rows in built.tables.values()]
            head = pickle.dumps(replace(built, tables=dict.fromkeys(built.tables)))
        except Exception as error:
            write_message(given, pickle.dumps((type(error).__name__, str(error))))
            continue
        write_message(given, head)
        for stream in streams:  # behind it, each as it is: 6 kB a span are copied once
            write_message(given, stream)
    return 0


def _widen(pipe: IO[bytes]) -> None:
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux only
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def answer_questions(questions: Any, fetch: Callable[[str, str], CallRecord | None]) -> None:
    """The collector's end: a stored call for each key asked for, until the other end closes."""
    with contextlib.suppress(OSError):
        while (question := read_message(questions)) is not None:
            try:
                found = fetch(*pickle.loads(question))  # noqa: S301
            except Exception:
                log.exception("a stored call could not be read")
                found = None
            write_message(questions, pickle.dumps(found))
    with contextlib.suppress(OSError):
        questions.close()


def ask(questions: Any, key: tuple[str, str]) -> CallRecord | None:
    """The child's end."""
    write_message(questions, pickle.dumps(key))
    answer = read_message(questions)
    record: CallRecord | None = None if answer is None else pickle.loads(answer)  # noqa: S301
    return record


def write_message(to: Any, message: bytes | memoryview) -> None:
    to.write(_LENGTH.pack(len(message)))
    to.write(message)
    to.flush()


def read_message(source: Any) -> bytes | None:
    """None at the end, also where a message is cut short."""
    try:
        head = source.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        body = source.read(length)
    except (OSError, ValueError):
        return None
    return body if len(body) == length else None


def _stream(rows: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return memoryview(sink.getvalue())


if __name__ == "__main__":
    os._exit(main())  # everything is written; tidying up what was frozen only has DuckDB's bindings complain on stderr
