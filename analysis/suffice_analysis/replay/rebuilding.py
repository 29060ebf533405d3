"""A recorded call as a request again: from its row and its stored messages, in the candidate's format, as a variant asks.

Variants: ``as_is``; ``schema`` (the answer is held to the schema that the calls ask for, or the one their answers have); ``few_shot:K``
(K recorded answers as examples, never of the sample); ``history:N`` (the instructions and the last N messages); ``prompt:FILE`` (the
system text is the file's).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from suffice.errors import UsageError
from suffice.privacy.credentials import MASK
from suffice.privacy.masking import REMOVED
from suffice.privacy.pseudonyms import PSEUDONYM
from suffice.wire.call import Call, Message
from suffice_analysis.inputs import parse_tools
from suffice_store.store import Store

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Variant:
    """How the request is changed. ``value`` is K, N, or the text of a file."""

    kind: str = "as_is"
    value: int = 0
    text: str = ""

    @property
    def name(self) -> str:
        """As stored: the text of a prompt stands by its hash."""
        if self.kind == "prompt":
            return f"prompt:{hashlib.blake2b(self.text.encode(), digest_size=4).hexdigest()}"
        return self.kind if self.kind in ("as_is", "schema") else f"{self.kind}:{self.value}"


def parse_variant(text: str) -> Variant:
    """``schema``, ``fewshot:4``, ``history:2``, ``prompt:FILE``. Raises UsageError."""
    kind, mark, rest = text.partition(":")
    kind = {"fewshot": "few_shot"}.get(kind, kind)
    if kind in ("as_is", "schema") and not mark:
        return Variant(kind)
    if kind in ("few_shot", "history") and rest.isdigit() and int(rest) > 0:
        return Variant(kind, int(rest))
    if kind == "prompt" and rest:
        try:
            return Variant(kind, text=Path(rest).read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the prompt {rest} can't be read: {error}") from None
    raise UsageError(f"'{text}' is no variant: as_is, schema, fewshot:K, history:N or prompt:FILE")


class Texts:
    """Messages and tools of a project by their hashes; only those asked for are kept."""

    def __init__(self, store: Store, project: str, rows: Sequence[Row]) -> None:
        wanted = {h for row in rows for h in (*row["input_hashes"], *row["output_hashes"])}
        self.messages: dict[str, Message] = {}
        for batch in store.read_batches("analysis_messages", project=project):
            columns = batch.to_pydict()
            for key, role, content in zip(columns["message_hash"], columns["role"], columns["content"], strict=True):
                if key in wanted:
                    self.messages[key] = _message(role, content)
        toolsets = {row["toolset_hash"] for row in rows if row["toolset_hash"]}
        read = store.read("toolsets", project=project).to_pylist() if toolsets else []
        self.tools = {row["toolset_hash"]: parse_tools(row["tools"]) for row in read if row["toolset_hash"] in toolsets}

    def answer(self, row: Row) -> list[Message]:
        """The recorded answer, one message a choice."""
        return [self.messages[h] for h in row["output_hashes"] if h in self.messages]

    def request(self, row: Row) -> list[Message]:
        """The recorded request's messages. KeyError where one is not stored."""
        return [self.messages[h] for h in row["input_hashes"]]


def rebuild_call(row: Row, texts: Texts) -> Call:
    """The recorded request as a Call that can be written in any format. Raises ValueError saying why it can't be."""
    try:
        messages = texts.request(row)
    except KeyError:
        raise ValueError("a message of it is not stored") from None
    if any(part.get("type") == "hashed" for message in messages for part in message["parts"]):
        raise ValueError("its content is hashed")
    tools: Any = texts.tools.get(row["toolset_hash"], []) if row["toolset_hash"] else []
    return Call(
        wire_format="",  # no format's own words stand in it: each target gets what it can hold
        operation="chat",
        provider=row["provider"],
        request_model=row["request_model"],
        input_messages=messages,
        tool_definitions=tools,
        parameters=_json(row["parameters"]) or {},
        response_format=_json(row["response_format"]),
    )


def is_masked(call: Call) -> bool:
    """Whether the request holds pseudonyms where the app sent something else."""
    texts = [str(part.get("content") or part.get("response") or "") for m in call.input_messages for part in m["parts"]]
    return any(MASK in text or REMOVED in text or PSEUDONYM.search(text) for text in texts)


def varied(call: Call, variant: Variant, examples: Sequence[tuple[Message, Message]], schema: Any) -> Call:
    """The call as the variant asks. ``examples``: a request's last message and its answer."""
    messages = call.input_messages
    system = [m for m in messages if m["role"] == "system"]
    rest = [m for m in messages if m["role"] != "system"]
    match variant.kind:
        case "schema" if schema is not None:
            asked = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
            return replace(call, response_format=asked)
        case "few_shot":
            shown = [message for pair in examples[: variant.value] for message in pair]
            return replace(call, input_messages=[*system, *shown, *rest])
        case "history":
            kept = rest[-variant.value :]
            while kept and kept[0]["role"] == "tool":  # a tool's result needs the call it answers
                kept = rest[-len(kept) - 1 :]
            return replace(call, input_messages=[*system, *kept])
        case "prompt":
            told: Message = {"role": "system", "parts": [{"type": "text", "content": variant.text}]}
            return replace(call, input_messages=[told, *rest])
    return call


def _message(role: str, content: str) -> Message:
    try:
        stored = json.loads(content)
    except ValueError:
        return {"role": role, "parts": [{"type": "text", "content": content}]}
    parts = stored.get("parts") if isinstance(stored, dict) else None
    if not isinstance(parts, list):
        return {"role": role, "parts": []}
    return {"role": role, "parts": [part for part in parts if isinstance(part, dict)]}


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
