"""Half-told calls, kept whole because their other half may come: as records, or as the bytes a record can be read from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from suffice_collector.duplicates.telling import Telling
from suffice_store.records import CallRecord


class Half(Protocol):
    """A call that can be read when it is wanted."""

    @property
    def call_id(self) -> str: ...

    def record(self) -> CallRecord: ...


@dataclass(frozen=True, slots=True)
class ToldCalls:
    """Calls that were read without a record of each, in order. ``traces``: project and trace id."""

    traces: Sequence[tuple[str, str]]
    tellings: Sequence[Telling]
    wholes: Sequence[bool]  # both what was asked and what was answered
    half_of: Callable[[int], Half]


NO_CALLS = ToldCalls((), (), (), lambda number: _no_half(number))


def whole(half: CallRecord | Half | None) -> CallRecord | None:
    return half if half is None or isinstance(half, CallRecord) else half.record()


def _no_half(number: int) -> Half:
    raise IndexError(number)
