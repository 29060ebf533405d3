"""What an analysis reads: the calls, each text once, each toolset once. Only through the store's named reads.

Columns stay Arrow; texts are parsed only for the calls that are looked at (a bounded sample per task).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from suffice.privacy.shingles import GRAM_BYTES, read_grams
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.texts import StoredTexts
from suffice_store.store import Store

Message = dict[str, Any]
Tools = list[dict[str, Any]]


@dataclass(frozen=True)
class Inputs:
    """Calls (the read ``analysis_calls``), texts by message hash, toolsets by hash, price rows."""

    calls: pa.Table
    texts: Mapping[str, MessageText]
    toolsets: Mapping[str, Tools]
    prices: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    def column(self, name: str) -> list[Any]:
        """A column as Python values."""
        return list(self.calls[name].to_pylist())

    def take(self, rows: Sequence[int]) -> pa.Table:
        """The calls at these indexes."""
        return self.calls.take(pa.array(rows, pa.int64()))

    def numbers(self, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
        """A numeric column as float64, null as NaN."""
        column = self.calls[name].combine_chunks()
        return np.asarray(column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)


def read_inputs(store: Store, **filters: Any) -> Inputs:
    """Read all that an analysis needs. ``filters``: project, since_ns, until_ns, service."""
    project = {k: v for k, v in filters.items() if k == "project"}
    calls = store.read("analysis_calls", **filters)
    texts = StoredTexts(store.read_batches("analysis_messages", **project) if calls.num_rows else ())
    toolsets = {row["toolset_hash"]: parse_tools(row["tools"]) for row in store.read("toolsets", **project).to_pylist()}
    prices = tuple(store.read("prices", **project).to_pylist())
    return Inputs(calls, texts, toolsets, prices)


def parse_tools(text: str | None) -> Tools:
    """A stored toolset as its list of definitions; unreadable ones are no tools."""
    try:
        tools = json.loads(text or "[]")
    except ValueError:
        return []
    return [t for t in tools if isinstance(t, dict)] if isinstance(tools, list) else []


def parse_message(text: MessageText | None) -> Message:
    """The canonical message; one whose content is hashed or unreadable has no parts."""
    if text is None:
        return {"role": "", "parts": []}
    try:
        content = json.loads(text.content)
    except ValueError:
        return {"role": text.role, "parts": [{"type": "text", "content": text.content}]}
    parts = content.get("parts") if isinstance(content, dict) else content
    return {"role": text.role, "parts": [p for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []}


def message_text(message: Message) -> str:
    """All that a message says, as text: its texts, tool arguments and tool results."""
    pieces: list[str] = []
    for part in message["parts"]:
        kind = part.get("type")
        if kind in ("text", "refusal"):
            pieces.append(str(part.get("content") or ""))
        elif kind == "hashed":
            pieces.append(_hashed_text(part))
        elif kind == "tool_call":
            pieces.append(f"{part.get('name')} {json.dumps(part.get('arguments'), ensure_ascii=False, default=str)}")
        elif kind == "tool_call_response":
            response = part.get("response")
            pieces.append(
                response if isinstance(response, str) else json.dumps(response, ensure_ascii=False, default=str)
            )
    return "\n".join(pieces)


def _hashed_text(part: Mapping[str, Any]) -> str:
    """What can be compared of a hashed text: the JSON it was with pseudonyms in it, else its grams as words, else its digest."""
    if "json" in part:
        return json.dumps(part["json"], ensure_ascii=False)
    try:
        raw = read_grams(str(part["grams"]))
    except (KeyError, ValueError):
        return f"#{part.get('digest')}"
    return raw.hex(" ", GRAM_BYTES)


def data_hash(inputs: Inputs) -> str:
    """32 hex digits over the sorted call ids, what was paid, and the prices: the same data, the same hash."""
    digest = blake2b(digest_size=16)
    paid = zip(inputs.column("call_id"), inputs.column("paid_usd"), strict=True)
    for call_id, usd in sorted(paid, key=lambda pair: str(pair[0])):
        digest.update(f"{call_id}={usd}\n".encode())
    for row in sorted(json.dumps(dict(r), sort_keys=True, default=str) for r in _without_times(inputs.prices)):
        digest.update(row.encode())
    return digest.hexdigest()


def _without_times(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "recorded_ns"} for row in rows]
