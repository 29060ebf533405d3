"""Calls that were read without a record of each, and the memory they bring along: a telling is made only of one that meets another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from suffice_collector.duplicates.telling import Telling

TraceKey = tuple[str, str]  # project, trace
IdKey = tuple[str, str]  # project, response id
TokensKey = tuple[str, str | None, int, int | None]  # project, service, input and output tokens


class ToldCalls(Protocol):
    """Of one batch, in order; all of our own SDK, so that none of them is half of another."""

    def __len__(self) -> int: ...

    def trace(self, row: int) -> TraceKey: ...

    def telling(self, row: int) -> Telling: ...

    def span_ids(self) -> Sequence[str]: ...

    def keys(self) -> Iterable[tuple[TraceKey, IdKey, TokensKey]]:
        """Of each call; a part that it does not tell is None."""
        ...

    def hashed_by(self, memory: Any) -> Any:
        """The keys as numbers, as the memory that it brought along takes them."""
        ...

    def memory(self, most: int) -> Lately:
        """An empty one, for these calls and others like them."""
        ...


class Lately(Protocol):
    """The latest told calls, unread. Each is handed over at most once."""

    def take(self, told: ToldCalls) -> tuple[int, list[int]]:
        """Remembers them. The number of the first, and the rows that share trace or response id with one before: those
        are taken for handed over."""
        ...

    def hand_over(self, number: int) -> None:
        """One that is looked at for another reason."""
        ...

    def recall(
        self, trace: TraceKey, response: IdKey | None, tokens: TokensKey | None
    ) -> Iterator[tuple[ToldCalls, int]]:
        """Those that share one of these, with their rows; they are handed over."""
        ...
