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
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from suffice.wire.call import ToolDefinition
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.texts import StoredTexts
from suffice_analysis.threads import run_groups


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
    shapes: list[Shape]
    runs: npt.NDArray[np.int64]  # in how many run groups it was sent
    calls: npt.NDArray[np.int64]
    of_call: npt.NDArray[np.int64]
    head_runs: list[npt.NDArray[np.int64]]  # the run groups themselves


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

    shape_of = _shapes(calls, toolsets)
    found: dict[tuple[bytes, int], int] = {}
    of_call = np.empty(n, dtype=np.int64)
    first: list[int] = []
    for i in range(n):
        key = (codes[starts[i] : ends[i]].tobytes(), shape_of.of_call[i])
        at = found.setdefault(key, len(found))
        if at == len(first):
            first.append(i)
        of_call[i] = at
    messages = _head_messages([codes[starts[i] : ends[i]] for i in first], flat.dictionary)
    shapes = [shape_of.shapes[shape_of.of_call[i]] for i in first]
    order = sorted(range(len(first)), key=lambda k: _digest(messages[k], shapes[k]))
    rank = np.empty(len(first), dtype=np.int64)
    rank[order] = np.arange(len(first))
    of_call = rank[of_call] if n else of_call
    pairs = np.unique(np.stack([of_call, groups], axis=1), axis=0) if n else np.zeros((0, 2), dtype=np.int64)
    runs = np.bincount(pairs[:, 0], minlength=len(first)).astype(np.int64)
    return Heads(
        messages=[messages[k] for k in order],
        shapes=[shapes[k] for k in order],
        runs=runs,
        calls=np.bincount(of_call, minlength=len(first)).astype(np.int64),
        of_call=of_call,
        head_runs=np.split(pairs[:, 1], np.cumsum(runs)[:-1]) if len(first) else [],
    )


@dataclass(frozen=True, slots=True)
class _Shapes:
    shapes: list[Shape]
    of_call: list[int]


def _shapes(calls: pa.Table, toolsets: Mapping[str, Sequence[ToolDefinition]]) -> _Shapes:
    tools: dict[str | None, frozenset[str]] = {}
    forms: dict[str | None, str] = {}
    shapes: dict[Shape, int] = {}
    of_call: list[int] = []
    columns = (calls[name].to_pylist() for name in ("operation", "toolset_hash", "response_format"))
    for operation, toolset, response_format in zip(*columns, strict=True):
        if toolset not in tools:
            tools[toolset] = tool_features(toolsets.get(toolset) or ()) if toolset else frozenset()
        if response_format not in forms:
            forms[response_format] = form_of(response_format)
        shape = Shape(operation_kind(operation), tools[toolset], forms[response_format])
        of_call.append(shapes.setdefault(shape, len(shapes)))
    return _Shapes(list(shapes), of_call)


def _answers(texts: Mapping[str, MessageText], hashes: pa.Array) -> npt.NDArray[np.bool_]:
    """For each message whether the model said it."""
    if isinstance(texts, StoredTexts):
        return texts.have_role(hashes, "assistant")
    found = (texts.get(each) for each in hashes.to_pylist())
    return np.asarray([message is not None and message[0] == "assistant" for message in found], dtype=bool)


def _head_messages(heads: Sequence[npt.NDArray[Any]], hashes: pa.Array) -> list[tuple[str, ...]]:
    """Each head's message hashes; equal hashes are one string."""
    used, at = np.unique(np.concatenate(heads) if heads else np.zeros(0, np.int64), return_inverse=True)
    names: list[str] = hashes.take(pa.array(used)).to_pylist()
    ends = np.cumsum([len(head) for head in heads]).tolist()
    listed = at.tolist()
    return [tuple(names[k] for k in listed[end - len(head) : end]) for head, end in zip(heads, ends, strict=True)]


def _digest(messages: tuple[str, ...], shape: Shape) -> bytes:
    h = blake2b(digest_size=16)
    for each in (*messages, "", shape.operation, shape.form, *sorted(shape.tools)):
        h.update(each.encode("utf-8", "surrogatepass") + b"\0")
    return h.digest()
