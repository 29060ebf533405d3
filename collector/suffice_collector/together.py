"""Small bodies read as one: what reading costs a body whatever it holds (0.5 ms, as much as 100 spans) is paid once.

Requests of protobuf that are put behind each other are one request, with the spans of all. What was read is cut again
where the bodies meet: each keeps its own calls, and a text that several hold goes with the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from suffice_collector.columnar import Read
from suffice_collector.duplicates import Mark
from suffice_collector.otlp_limits import varint

MOST_BYTES = 2 * 1024 * 1024  # of them all, inflated
_MOST_FIELDS = 64  # resources of one body: more are not small
_VARINT, _EIGHT, _TEXT, _FOUR = 0, 1, 2, 5  # kinds of field


def is_whole(body: bytes) -> bool:
    """Whether its last field ends with it, so that no other body can become a part of it."""
    at, end = 0, len(body)
    try:
        for _ in range(_MOST_FIELDS):
            if at == end:
                return True
            tag, at = varint(body, at)
            kind = tag & 7
            if kind == _TEXT:
                size, at = varint(body, at)
                at += size
            elif kind == _VARINT:
                _, at = varint(body, at)
            elif kind in (_EIGHT, _FOUR):
                at += 8 if kind == _EIGHT else 4
            else:
                return False
    except IndexError:
        return False
    return at == end


def cut(read: Read, sizes: Sequence[int], received_ns: Sequence[int]) -> list[Mapping[str, pa.Table]]:
    """The tables of each body. ``sizes``: of the bodies; ``received_ns``: when each came."""
    ends = np.cumsum(sizes)
    rows = {"calls": _cuts(read.begins, ends), "messages": _cuts(read.message_begins, ends)}
    parts: list[Mapping[str, pa.Table]] = []
    for number, came_ns in enumerate(received_ns):
        tables = {name: _at(rows[name][number], read.tables[name]) for name in rows if name in read.tables}
        if "toolsets" in read.tables:
            tables["toolsets"] = read.tables["toolsets"]
        parts.append({name: _received(table, came_ns) for name, table in tables.items() if table.num_rows})
    return parts


def share(marks: Sequence[Mark], parts: Sequence[Mapping[str, pa.Table]]) -> list[list[Mark]]:
    """Each mark with the later of the bodies that its calls came in, as if they had been read one by one."""
    shared: list[list[Mark]] = [[] for _ in parts]
    if marks:
        came: dict[str, int] = {}
        for number, tables in enumerate(parts):
            for call_id in tables["calls"]["call_id"].to_pylist() if "calls" in tables else ():
                came.setdefault(call_id, number)  # again is a resend
        for mark in marks:
            last = max(came.get(mark.call_id, -1), came.get(mark.duplicate_of or "", -1))
            shared[last].append(mark)  # of neither: with the last one
    return shared


def _cuts(begins: Any, ends: Any) -> list[Any]:
    """The rows of each body."""
    body_of = np.searchsorted(ends, begins, side="right")
    return [np.flatnonzero(body_of == number) for number in range(len(ends))]


def _at(rows: Any, table: pa.Table) -> pa.Table:
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return table.slice(rows[0], len(rows))
    return table.take(pa.array(rows, pa.int64()))


def _received(table: pa.Table, received_ns: int) -> pa.Table:
    place = table.schema.get_field_index("received_ns")
    column = pa.array(np.full(table.num_rows, received_ns), pa.int64())
    return table.set_column(place, table.schema.field(place), column)
