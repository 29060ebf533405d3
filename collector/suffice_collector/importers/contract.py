"""What an importer is: fixed names, and what it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from suffice.privacy import Gate
from suffice_store.records import CallRecord, OutcomeRecord, SpanRecord

HEAD_BYTES = 64 * 1024  # what an importer sees of a file to recognise it


@dataclass(frozen=True, slots=True)
class Context:
    """What the command says about every call of a file."""

    project: str = "default"
    service: str | None = None  # for calls that name none themselves
    now_ns: int = 0  # Unix time of the import
    gate: Gate | None = None  # what of a call may be stored; None: all of it


@dataclass(frozen=True, slots=True)
class Skipped:
    """A piece of the file that gave no call, and why. ``line`` counts from 1; 0 = the file as a whole."""

    line: int
    reason: str


Read = CallRecord | SpanRecord | OutcomeRecord | Skipped


class Importer(Protocol):
    """Pure functions of bytes. ``read`` never raises for what a file holds: it gives Skipped and goes on."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """What ``--format`` takes, and the calls' ``dialect`` where the file's telemetry has none of its own."""

    def recognises(self, head: bytes, path: str) -> bool:
        """Whether a file that starts so (gzip undone) is of this format. The path is only a hint."""

    def read(self, stream: BinaryIO, context: Context) -> Iterator[Read]:
        """The file's records in order, a piece at a time."""
