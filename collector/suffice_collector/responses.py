"""Answers of the read API: JSON for people, an Arrow IPC stream for tables."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
from starlette.responses import Response

ARROW = "application/vnd.apache.arrow.stream"
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def error(status: int, reason: str, headers: dict[str, str] | None = None) -> Response:
    """``{"error": "one line: what was wrong and what to do"}``."""
    return Response(orjson.dumps({"error": reason}), status, headers, media_type="application/json")


def json_answer(value: Any) -> Response:
    return Response(orjson.dumps(value, default=_json_value, option=_OPTIONS), media_type="application/json")


def json_rows(table: pa.Table) -> bytes:
    """``{"columns": [...], "rows": [[...], ...]}``; decimals are strings."""
    columns = [column.to_pylist() for column in table.columns]
    rows = list(zip(*columns, strict=True)) if columns else []
    return orjson.dumps({"columns": table.column_names, "rows": rows}, default=_json_value, option=_OPTIONS)


def arrow_stream(schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    """The bytes of an Arrow IPC stream, a piece per batch."""
    sink = _Pieces()
    with pa.ipc.new_stream(sink, schema) as writer:
        yield sink.take()
        for batch in batches:
            writer.write_batch(batch)
            yield sink.take()
    yield sink.take()


class _Pieces:
    """A file that hands over what was written since it was last asked."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
