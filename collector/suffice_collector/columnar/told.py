"""The calls of a body as the finder of duplicates takes them: columns, and a telling of a row that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from suffice_collector.columnar.lately import Memory
from suffice_collector.columnar.templates import Template
from suffice_collector.duplicates.telling import OWN, Telling, rank_of
from suffice_collector.duplicates.told import IdKey, TokensKey, TraceKey


@dataclass(slots=True)
class Said:
    """Of each call the checksum of its last message on one side (0: no text), and whether there is a message at all."""

    sums: Any
    there: Any

    def of(self, row: int) -> int | None:
        return int(self.sums[row]) or None if self.there[row] else None


@dataclass
class Told:
    """``duplicates.told.ToldCalls``. It holds columns of its own: not the body they were read from."""

    calls: pa.Array
    traces: pa.Array
    spans: pa.Array
    parents: Sequence[str | None]
    projects: Sequence[str]  # of each call
    templates: Sequence[Template]
    template_of: Any
    responses: pa.Array
    started: Any
    ended: Any
    input_tokens: pa.Array
    output_tokens: pa.Array
    asked: Said
    answered: Said

    def __len__(self) -> int:
        return len(self.calls)

    def trace(self, row: int) -> TraceKey:
        return self.projects[row], self.traces[row].as_py()

    def telling(self, row: int) -> Telling:
        of = self.templates[self.template_of[row]]
        given = self.input_tokens[row].as_py()
        return Telling(
            self.calls[row].as_py(),
            self.spans[row].as_py(),
            self.parents[row],
            of.emitter,
            of.operation,
            of.models,
            self.responses[row].as_py(),
            int(self.started[row]),
            int(self.ended[row]),
            given,
            self.output_tokens[row].as_py(),
            self.asked.of(row),
            self.answered.of(row),
            of.failed,
            of.stream,
            rank_of(OWN, bool(self.asked.there[row] or self.answered.there[row]), given is not None, of.has_model),
        )

    def span_ids(self) -> Sequence[str]:
        ids: list[str] = self.spans.to_pylist()
        return ids

    def keys(self) -> Iterable[tuple[TraceKey, IdKey, TokensKey]]:
        return zip(
            zip(self.projects, self.traces.to_pylist(), strict=True),
            zip(self.projects, self.responses.to_pylist(), strict=True),
            zip(
                self.projects, map(self._services().__getitem__, self.template_of.tolist()),
                self.input_tokens.to_pylist(), self.output_tokens.to_pylist(), strict=True,
            ),
            strict=True,
        )  # fmt: skip

    def memory(self, most: int) -> Memory:
        return Memory(most)

    def _services(self) -> dict[int, str | None]:
        """Of each template that is one of theirs."""
        return {each: self.templates[each].emitter[2] for each in np.unique(self.template_of).tolist()}

    def hashed_by(self, memory: Memory) -> Any:
        """Of each call its three keys as numbers (``lately.KEYS``)."""
        services = np.zeros(len(self.templates), np.uint64)
        for template, service in self._services().items():
            services[template] = memory.of_text(service)
        known = {each: memory.of_text(each) for each in set(self.projects)}
        return memory.hashed(
            self.traces,
            self.responses,
            np.array([known[each] for each in self.projects], np.uint64),
            services[self.template_of],
            np.array(self.input_tokens.fill_null(0)),
            np.array(self.output_tokens.fill_null(-1)),
        )
