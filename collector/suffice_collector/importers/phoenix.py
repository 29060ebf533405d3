"""Phoenix: spans as its client's ``get_spans_dataframe`` and its API give them (Parquet, JSON Lines, JSON).

Columns or nested objects, both are OpenInference attributes, whose lists stand whole where OTLP spreads them; they
are spread again and read by the dialect ``openinference``. Parquet needs to be read from its end, so that a copy of it
is put on disk and read in batches.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from suffice.wire.lenient import as_object
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.entries import Entry, Rest, head_objects, read_entries
from suffice_collector.importers.telemetry import read_span, status_of
from suffice_collector.importers.told import id_text
from suffice_collector.importers.values import parse_time_ns
from suffice_collector.otlp import Span

NAME = "phoenix"

PARQUET = b"PAR1"
BATCH_ROWS = 256
_SPREAD = ("llm.input_messages", "llm.output_messages", "llm.tools", "message.contents", "message.tool_calls",
           "retrieval.documents", "embedding.embeddings", "llm.prompts", "llm.choices")  # fmt: skip
MAX_DEPTH = 12


def recognises(head: bytes, path: str) -> bool:
    return head.startswith(PARQUET) or any(_is_span(each) for each in head_objects(head))


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Every span of the file."""
    rest = Rest(stream)
    entries = _read_parquet(rest) if rest.peek(len(PARQUET)) == PARQUET else read_entries(rest)
    for entry in entries:
        if entry.value is None:
            yield Skipped(entry.line, entry.reason)
        elif (span := _span(entry.value)) is None:
            yield Skipped(entry.line, "no span of Phoenix")
        else:
            yield read_span(span, _resource(entry.value), context)


def _is_span(entry: Mapping[str, Any]) -> bool:
    context = as_object(entry.get("context"))
    ids = ("context.span_id" in entry and "context.trace_id" in entry) or (
        "span_id" in context and "trace_id" in context
    )
    return ids and ("span_kind" in entry or "attributes" in entry) and "info" not in entry


def _read_parquet(rest: Rest) -> Iterator[Entry]:
    with tempfile.TemporaryFile() as copy:
        while piece := rest.read(1 << 20):
            copy.write(piece)
        copy.seek(0)
        try:
            table = pq.ParquetFile(copy)
            for batch in table.iter_batches(batch_size=BATCH_ROWS):
                for row in batch.to_pylist():
                    yield Entry(0, {key: value for key, value in row.items() if value is not None})
        except (pa.ArrowException, OSError, ValueError) as error:
            yield Entry(0, None, f"not readable as Parquet: {(str(error).splitlines() or ['damaged'])[0]:.100}")


def _span(entry: Mapping[str, Any]) -> Span | None:
    context = as_object(entry.get("context"))
    trace_id = id_text(entry.get("context.trace_id") or context.get("trace_id"))
    span_id = id_text(entry.get("context.span_id") or context.get("span_id"))
    if trace_id is None or span_id is None:
        return None
    attributes: dict[str, Any] = {}
    for key, value in entry.items():
        if key.startswith("attributes."):
            _spread(key.removeprefix("attributes."), value, attributes)
    for key, value in as_object(entry.get("attributes")).items():
        _spread(key, value, attributes)
    kind = entry.get("span_kind")
    if isinstance(kind, str) and "openinference.span.kind" not in attributes:
        attributes["openinference.span.kind"] = kind.upper()
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=id_text(entry.get("parent_id")),
        name=str(entry.get("name") or ""),
        kind=1,
        scope="openinference.import",
        scope_version="",
        started_ns=_time_ns(entry.get("start_time")),
        ended_ns=_time_ns(entry.get("end_time")),
        status=status_of(entry.get("status_code")),
        status_message=str(entry.get("status_message") or ""),
        attributes=attributes,
    )


def _spread(key: str, value: Any, found: dict[str, Any], depth: int = 0) -> None:
    """``llm: {input_messages: [{message: {role}}]}`` as ``llm.input_messages.0.message.role``; other lists stay."""
    if value is None or depth > MAX_DEPTH:
        return
    if isinstance(value, dict) and not key.endswith((".metadata", "metadata", "invocation_parameters", "json_schema")):
        for name, inner in value.items():
            _spread(f"{key}.{name}", inner, found, depth + 1)
    elif isinstance(value, list) and key.endswith(_SPREAD):
        for index, inner in enumerate(value):
            _spread(f"{key}.{index}", inner, found, depth + 1)
    else:
        found[key] = orjson.dumps(value, default=str).decode() if isinstance(value, dict) else value


def _resource(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Phoenix keeps no resource; its project's name may stand beside the span."""
    name = entry.get("project_name") or as_object(entry.get("attributes")).get("service.name")
    return {"service.name": name} if isinstance(name, str) and name else {}


def _time_ns(value: Any) -> int:
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    return parse_time_ns(value) or 0
