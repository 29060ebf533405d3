"""Our own SDK's spans read a body at a time, into columns, by compiled functions; the general path reads any other.

Needs numba, which the analysis brings along. Not imported before it is wanted: that takes a second and 100 MB.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from suffice_collector.columnar.kept import note_compiled
from suffice_collector.duplicates.told import ToldCalls

log = logging.getLogger("suffice.ingest")


@dataclass(slots=True)
class Read:
    """``tables`` of the spans read; ``left``: the numbers of those that were not, in the order of the body; ``begins``,
    ``message_begins``: where in the body the span begins that each row of ``calls`` and ``messages`` is of."""

    tables: Mapping[str, pa.Table]
    told: ToldCalls
    count: int
    left: frozenset[int]
    begins: Any
    message_begins: Any


class Columnar(Protocol):
    def read(self, body: bytes, received_ns: int, project: str = "") -> Read | None: ...


def load_reader() -> Columnar | None:
    """None, and a line in the log, where it can't be had. Takes a second, and half a minute where it is compiled."""
    try:
        from suffice_collector.columnar.reading import Reader

        reader = Reader()
        reader.prepare()
        note_compiled()
    except Exception as error:  # nowhere to keep what was compiled, for one
        log.warning("spans are read one by one: %s: %s", type(error).__name__, error)
        return None
    return reader


def start_compiling(nice: int = 10) -> subprocess.Popen[bytes]:
    """In another process, which gives way to any other and ends with this thread: here it would hold the interpreter."""
    python = [sys.executable, "-m"]
    command = [*python, "suffice_collector.child", str(nice), str(os.getpid()), *python, "suffice_collector.columnar"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)
