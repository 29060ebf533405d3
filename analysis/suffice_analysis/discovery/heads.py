"""Heads: the part of a request that a template can lie in.

An agent resends its growing history; what makes the call the call it is stands before it: the system
messages and what was asked up to the first answer, the tools, the response format. Calls with equal
heads are one ``Head``, read once. Heads are ordered by their content, so nothing depends on the order of calls.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from suffice.wire.call import ToolDefinition
from suffice_analysis.discovery.text import ranges, sorted_distinct
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.texts import StoredTexts
from suffice_analysis.threads import run_groups

Ints: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shape:
    """What a request is besides its text: the kind of operation, the tools offered, the form asked for."""

    operation: str  # "chat" or "embeddings"
    tools: frozenset[str]  # tool names, and name.parameter for each parameter
    form: str  # the response format: its type, schema name and keys; "" = none


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a recogniser sees it."""

    messages: Sequence[MessageText]
    tools: Sequence[ToolDefinition] = ()
    response_format: Mapping[str, Any] | None = None
    operation: str = "chat"

    def head_messages(self) -> list[MessageText]:
        """The messages up to the first answer."""
        head: list[MessageText] = []
        for message in self.messages:
            if message.role == "assistant":
                break
            head.append(message)
        return head

    def shape(self) -> Shape:
        """See ``Shape``."""
        return Shape(operation_kind(self.operation), tool_features(self.tools), form_of(self.response_format))


@dataclass(frozen=True, slots=True)
class Heads:
    """Distinct heads, in order of their content. ``of_call`` is int64 [calls]; the others align with the heads."""

    messages: list[tuple[str, ...]]  # message hashes
    shapes: list[Shape]  # the distinct ones
    shape_of: npt.NDArray[np.int64]  # of each head, its place in ``shapes``
    runs: npt.NDArray[np.int64]  # in how many run groups it was sent
    calls: npt.NDArray[np.int64]
    of_call: npt.NDArray[np.int64]
    head_runs: list[npt.NDArray[np.int64]]  # the run groups themselves

    def __len__(self) -> int:
        return len(self.messages)

    def shape(self, head: int) -> Shape:
        """What a head is besides its text."""
        return self.shapes[int(self.shape_of[head])]


def operation_kind(operation: str | None) -> str:
    """Embeddings are another kind of call; every way to ask for text is the same kind."""
    return "embeddings" if operation == "embeddings" else "chat"


def tool_features(tools: Sequence[ToolDefinition]) -> frozenset[str]:
    """Names and parameters: two tools of one name that take other arguments differ."""
    features: set[str] = set()
    for tool in tools:
        name = str(tool.get("name") or tool.get("type") or "")
        features.add(name)
        parameters = tool.get("parameters")
        properties = parameters.get("properties") if isinstance(parameters, Mapping) else None
        if isinstance(properties, Mapping):
            features.update(f"{name}.{each}" for each in properties)
    return frozenset(features)


def form_of(response_format: Mapping[str, Any] | str | None) -> str:
    """A response format's type, schema name and top-level keys, e.g. ``json_schema:invoice(date,total)``."""
    if isinstance(response_format, str):
        try:
            response_format = json.loads(response_format)
        except ValueError:
            return ""
    if not isinstance(response_format, Mapping):
        return ""
    kind = str(response_format.get("type") or "")
    if kind in ("", "text"):
        return ""
    schema = response_format.get("json_schema") or response_format
    if not isinstance(schema, Mapping):
        return kind
    inner = schema.get("schema")
    properties = inner.get("properties") if isinstance(inner, Mapping) else None
    keys = ",".join(sorted(map(str, properties))) if isinstance(properties, Mapping) else ""
    return f"{kind}:{schema.get('name') or ''}({keys})" if keys or schema.get("name") else kind


def read_heads(
    calls: pa.Table, texts: Mapping[str, MessageText], toolsets: Mapping[str, Sequence[ToolDefinition]]
) -> Heads:
    """The distinct heads of the calls (columns of the read ``analysis_calls``; only request columns are looked at)."""
    n = calls.num_rows
    groups = run_groups(calls["chain_before"], calls["chain_after"])
    inputs = calls["input_hashes"].combine_chunks() if n else pa.array([], pa.list_(pa.string()))
    flat = inputs.flatten().dictionary_encode()
    codes = flat.indices.to_numpy(zero_copy_only=False)
    lengths = pc.fill_null(pc.list_value_length(inputs), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    is_answer = _answers(texts, flat.dictionary)
    answers = np.flatnonzero(is_answer[codes]) if len(codes) else np.zeros(0, dtype=np.int64)
    nth = np.searchsorted(answers, starts[:-1])
    first_answer = np.append(answers, starts[-1])[nth]
    ends = np.minimum(first_answer, starts[1:])

    shapes, shape_of_call = _shapes(calls, toolsets)
    of_call, first = _equal_heads(codes, starts[:-1], ends, shape_of_call)
    order = _by_content(codes, starts[first], ends[first], shape_of_call[first], flat.dictionary, shapes)
    rank = np.empty(len(first), dtype=np.int64)
    rank[order] = np.arange(len(first))
    of_call, first = rank[of_call], first[order]
    pairs = sorted_distinct(of_call * np.int64(max(n, 1)) + groups)
    runs = np.bincount(pairs // max(n, 1), minlength=len(first)).astype(np.int64)
    return Heads(
        messages=_head_messages(codes, starts[first], ends[first], flat.dictionary),
        shapes=shapes,
        shape_of=shape_of_call[first],
        runs=runs,
        calls=np.bincount(of_call, minlength=len(first)).astype(np.int64),
        of_call=of_call,
        head_runs=np.split(pairs % max(n, 1), np.cumsum(runs)[:-1]) if len(first) else [],
    )


def _equal_heads(codes: npt.NDArray[Any], starts: Ints, ends: Ints, shape_of_call: Ints) -> tuple[Ints, Ints]:
    """(number of its head [calls], first call of each head). Heads of one length are compared place by place."""
    of_call = np.zeros(len(starts), dtype=np.int64)
    first: list[Ints] = []
    count = 0
    lengths = ends - starts
    messages = int(codes.max(initial=0)) + 1
    for length in sorted_distinct(lengths).tolist():
        calls = np.flatnonzero(lengths == length)
        key = shape_of_call[calls]
        for place in range(length):
            _, key = np.unique(key * messages + codes[starts[calls] + place], return_inverse=True)
        _, at, key = np.unique(key, return_index=True, return_inverse=True)
        of_call[calls] = count + key
        first.append(calls[at])
        count += len(at)
    return of_call, np.concatenate(first) if first else np.zeros(0, dtype=np.int64)


def _by_content(
    codes: npt.NDArray[Any], starts: Ints, ends: Ints, shape_of: Ints, hashes: pa.Array, shapes: Sequence[Shape]
) -> Ints:
    """The heads in the order of a 64-bit digest of their messages and shape."""
    keys = _content_keys(hashes)
    digest = np.asarray([_shape_key(shape) for shape in shapes], dtype=np.uint64)[shape_of]
    lengths = ends - starts
    for place in range(int(lengths.max(initial=0))):
        some = np.flatnonzero(lengths > place)
        digest[some] = _mixed(digest[some] ^ keys[codes[starts[some] + place]])
    return np.argsort(_mixed(digest), kind="stable").astype(np.int64)


def _content_keys(hashes: pa.Array) -> npt.NDArray[np.uint64]:
    """64 bits of each message hash, whatever its length."""
    raw = np.asarray(hashes.cast(pa.string()).to_numpy(zero_copy_only=False).astype("S"))
    width = max(8, -(-raw.itemsize // 8) * 8)
    words = np.ascontiguousarray(raw.astype(f"S{width}")).view("<u8").reshape(len(raw), width // 8)
    keys = np.zeros(len(raw), dtype=np.uint64)
    for word in words.T:
        keys = _mixed(keys ^ word)
    return keys


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea & Flood 2014)."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _shape_key(shape: Shape) -> int:
    h = blake2b(digest_size=8)
    for each in (shape.operation, shape.form, *sorted(shape.tools)):
        h.update(each.encode("utf-8", "surrogatepass") + b"\0")
    return int.from_bytes(h.digest(), "little")


def _shapes(calls: pa.Table, toolsets: Mapping[str, Sequence[ToolDefinition]]) -> tuple[list[Shape], Ints]:
    """The distinct shapes, and which each call has. Few values come often, so each is read once."""
    columns = [
        calls[name].combine_chunks().cast(pa.string()).dictionary_encode("encode")
        for name in ("operation", "toolset_hash", "response_format")
    ]
    operations, sets, formats = (column.dictionary.to_pylist() for column in columns)
    together = np.zeros(calls.num_rows, dtype=np.int64)
    for column in columns:
        together = together * max(1, len(column.dictionary)) + column.indices.to_numpy(zero_copy_only=False)
    used, of_call = np.unique(together, return_inverse=True)
    tools = [tool_features(toolsets.get(each) or ()) if each else frozenset() for each in sets]
    forms = [form_of(each) for each in formats]
    shapes: dict[Shape, int] = {}
    of_used = np.zeros(len(used), dtype=np.int64)
    for place, value in enumerate(used.tolist()):
        rest, form = divmod(value, max(1, len(formats)))
        operation, toolset = divmod(rest, max(1, len(sets)))
        shape = Shape(operation_kind(operations[operation]), tools[toolset], forms[form])
        of_used[place] = shapes.setdefault(shape, len(shapes))
    return list(shapes), of_used[of_call]


def _answers(texts: Mapping[str, MessageText], hashes: pa.Array) -> npt.NDArray[np.bool_]:
    """For each message whether the model said it."""
    if isinstance(texts, StoredTexts):
        return texts.have_role(hashes, "assistant")
    found = (texts.get(each) for each in hashes.to_pylist())
    return np.asarray([message is not None and message[0] == "assistant" for message in found], dtype=bool)


def _head_messages(codes: npt.NDArray[Any], starts: Ints, ends: Ints, hashes: pa.Array) -> list[tuple[str, ...]]:
    """Each head's message hashes; equal hashes are one string."""
    places = ranges(starts, ends - starts)
    used, at = np.unique(codes[places], return_inverse=True)
    names: list[str] = hashes.take(pa.array(used)).to_pylist()
    listed = [names[k] for k in at.tolist()]
    bounds = np.cumsum(ends - starts).tolist()
    return [tuple(listed[start:end]) for start, end in zip([0, *bounds[:-1]], bounds, strict=True)] if bounds else []
