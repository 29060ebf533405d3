"""What a router could see of each request before it is answered: who spoke last and from which tool, how deep in the
run, how long, in which script, with which tools. Nothing of the answer, no id, no model.

Each distinct message is read once, and of the texts only the last messages of requests and the answers before them.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from suffice_analysis.discovery.text import message_parts
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.texts import StoredTexts

CATEGORIES = ("last", "script", "tools")
NUMBERS = ("step", "chars")
SCRIPT_LETTERS = 200  # of the last message that a person or tool wrote: enough to tell a script
NO_MESSAGE = MessageText("", "[]")


@dataclass(frozen=True, slots=True)
class Visible:
    """Of each call: categories as text [calls], numbers as int64 [calls]."""

    categories: Mapping[str, npt.NDArray[Any]]
    numbers: Mapping[str, npt.NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.numbers["step"])


def read_visible(
    calls: pa.Table, texts: Mapping[str, MessageText], toolsets: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Visible:
    """What is visible in each call of the read ``analysis_calls``."""
    inputs = calls["input_hashes"].combine_chunks() if calls.num_rows else pa.array([], pa.list_(pa.string()))
    flat = inputs.flatten().dictionary_encode()
    codes = flat.indices.to_numpy(zero_copy_only=False)
    lengths = pc.fill_null(pc.list_value_length(inputs), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(lengths)
    said = _said_by_model(texts, flat.dictionary)[codes] if len(codes) else np.zeros(0, dtype=bool)
    chars = _chars(texts, flat.dictionary)[codes] if len(codes) else np.zeros(0, dtype=np.int64)
    hashes: list[str] = flat.dictionary.to_pylist()
    reader = _Reader(texts)
    last = np.empty(len(ends), dtype=object)
    script = np.empty(len(ends), dtype=object)
    answers = np.flatnonzero(said)
    before = np.searchsorted(answers, ends) - 1  # of each call the last answer in its request
    for i, (end, length) in enumerate(zip(ends.tolist(), lengths.tolist(), strict=True)):
        if not length:
            last[i], script[i] = "nothing", "none"
            continue
        at = answers[before[i]] if before[i] >= 0 else -1
        earlier = hashes[codes[at]] if at >= end - length else None
        last[i], script[i] = reader.last(hashes[codes[end - 1]], earlier)
    return Visible(
        {"last": last, "script": script, "tools": _tools(calls, toolsets)},
        {"step": _summed(said, ends), "chars": _summed(chars, ends)},
    )


def request_visible(messages: Sequence[MessageText], tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The same of one request."""
    reader = _Reader({str(i): message for i, message in enumerate(messages)})
    answers = [str(i) for i, message in enumerate(messages) if message.role == "assistant"]
    last, script = (
        reader.last(str(len(messages) - 1), answers[-1] if answers else None) if messages else ("nothing", "none")
    )
    return {
        "last": last,
        "script": script,
        "tools": tools_word(tools),
        "step": len(answers),
        "chars": sum(len(message.content) for message in messages),
    }


def tools_word(tools: Sequence[Mapping[str, Any]]) -> str:
    """The names of the tools offered, in order; long lists are cut to their number."""
    names = sorted(str(tool.get("name") or tool.get("type") or "") for tool in tools)
    if not names:
        return "none"
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"


def script_of(text: str) -> str:
    """The script that most letters are of: latin, cyrillic, cjk, arabic, ...; "none" without letters."""
    found: Counter[str] = Counter()
    for letter in filter(str.isalpha, text[: 10 * SCRIPT_LETTERS]):
        found["latin" if letter < "\u0250" else _script(letter)] += 1
        if found.total() >= SCRIPT_LETTERS:
            break
    return min(found, key=lambda s: (-found[s], s)) if found else "none"


def _script(letter: str) -> str:
    word = unicodedata.name(letter, "OTHER").split()[0].lower()
    return "japanese" if word in ("hiragana", "katakana") else word


class _Reader:
    """Reads last messages, each once."""

    def __init__(self, texts: Mapping[str, MessageText]) -> None:
        self._texts = texts
        self._said: dict[str, tuple[str, str, str]] = {}  # role, tool call id, script
        self._called: dict[str, dict[str, str]] = {}  # tool call id -> name

    def last(self, message_hash: str, answer_hash: str | None) -> tuple[str, str]:
        """(who spoke last, script): ``user``, ``tool:NAME`` where the answer before says which tool was called, ..."""
        role, call_id, script = self._message(message_hash)
        if role != "tool":
            return role or "unknown", script
        name = self._names(answer_hash).get(call_id) if answer_hash is not None else None
        return (f"tool:{name}" if name else "tool"), script

    def _message(self, message_hash: str) -> tuple[str, str, str]:
        found = self._said.get(message_hash)
        if found is None:
            message = MessageText(*(self._texts.get(message_hash) or NO_MESSAGE))
            parts = message_parts(message.content)
            call_id = next((str(p.get("id")) for p in parts if p.get("type") == "tool_call_response"), "")
            said = next((p.get("content") or p.get("response") for p in reversed(parts) if p), "")
            found = self._said[message_hash] = (message.role, call_id, script_of(said if isinstance(said, str) else ""))
        return found

    def _names(self, answer_hash: str) -> dict[str, str]:
        found = self._called.get(answer_hash)
        if found is None:
            message = MessageText(*(self._texts.get(answer_hash) or NO_MESSAGE))
            calls = [p for p in message_parts(message.content) if p.get("type") == "tool_call"]
            found = self._called[answer_hash] = {str(p.get("id")): str(p.get("name")) for p in calls}
        return found


def _tools(calls: pa.Table, toolsets: Mapping[str, Sequence[Mapping[str, Any]]]) -> npt.NDArray[Any]:
    words = {key: tools_word(tools) for key, tools in toolsets.items()}
    return np.array([words.get(key, "none") for key in calls["toolset_hash"].to_pylist()], dtype=object)


def _said_by_model(texts: Mapping[str, MessageText], hashes: pa.Array) -> npt.NDArray[np.bool_]:
    if isinstance(texts, StoredTexts):
        return texts.have_role(hashes, "assistant")
    return np.array([(texts.get(each) or NO_MESSAGE)[0] == "assistant" for each in hashes.to_pylist()], dtype=bool)


def _chars(texts: Mapping[str, MessageText], hashes: pa.Array) -> npt.NDArray[np.int64]:
    if isinstance(texts, StoredTexts):
        return texts.lengths(hashes)
    return np.array([len((texts.get(each) or NO_MESSAGE)[1]) for each in hashes.to_pylist()], dtype=np.int64)


def _summed(values: npt.NDArray[Any], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The sum over each call's messages."""
    running = np.concatenate([[0], np.cumsum(values, dtype=np.int64)])
    return running[ends] - running[np.concatenate([[0], ends[:-1]])] if len(ends) else np.zeros(0, dtype=np.int64)
