"""Amazon Bedrock InvokeModel and its stream: every model family's own body behind one path.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html. Which family it is shows in the
body, since the model may be an ARN. Claude, Nova, Cohere's chat and whoever speaks OpenAI's are read by the
files of those formats; the older ones, which complete a prompt, and the embeddings by ``bedrock_families``.
A stream's frames hold ``{"bytes": base64 of the family's own event}``; the last one may carry Bedrock's counts.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from suffice.wire import anthropic_messages, bedrock_converse, bedrock_families, cohere_v1_chat, openai_chat
from suffice.wire.call import Call, Usage
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_object, as_objects, as_text, first_count, parse_json
from suffice.wire.paths import bedrock_model, quoted
from suffice.wire.sse import Event

NAME = "bedrock.invoke"
PROVIDER = "aws.bedrock"
PATH_ENDINGS = ("/invoke", "/invoke-with-response-stream")
STREAMS = True
CHATS = False

METRICS = "amazon-bedrock-invocationMetrics"


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and "/model/" in path and _family(body) is not None


def _family(body: Mapping[str, Any]) -> ModuleType | None:
    """Whose request it is."""
    if isinstance(messages := body.get("messages"), list):
        if "anthropic_version" in body:
            return anthropic_messages
        first = next(iter(as_objects(messages)), {})
        blocks = as_objects(first.get("content"))
        is_nova = "inferenceConfig" in body or "schemaVersion" in body or (blocks and "type" not in blocks[0])
        return bedrock_converse if is_nova else openai_chat
    if isinstance(body.get("message"), str):
        return cohere_v1_chat
    return bedrock_families if bedrock_families.matches("", body) else None


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked, as the family's own format reads it."""
    family = _family(body) or bedrock_families
    call: Call = family.parse_request(body, path)
    call.wire_format, call.provider, call.request_model = NAME, PROVIDER, bedrock_model(path)
    call.stream = path.endswith("-stream")
    call.parameters.pop("anthropic_version", None)
    return call


# --- the answer ----------------------------------------------------------------------------------


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call, as the family's own format reads it."""
    family = _family_of_answer(body)
    if family is None:
        call.completeness = "partial"
        note_failure(call, body)
    else:
        family.parse_response(call, body)
        if "." in (call.request_model or ""):  # Bedrock's own id; the body has the maker's name, which no price is for
            call.response_model = None
    call.usage = call.usage or _metered(as_object(body.get(METRICS)))


def _family_of_answer(body: Mapping[str, Any]) -> ModuleType | None:
    if isinstance(body.get("content"), list):
        return anthropic_messages
    if "output" in body:
        return bedrock_converse
    if any("message" in each for each in as_objects(body.get("choices"))):
        return openai_chat
    if "generation_id" in body or "chat_history" in body:
        return cohere_v1_chat
    return bedrock_families if bedrock_families.answers(body) else None


def _metered(raw: dict[str, Any]) -> Usage | None:
    """Bedrock's own counts at the end of a stream: input without what the cache gave or took."""
    fresh = first_count(raw.get("inputTokenCount"))
    if fresh is None:
        return None
    read, written = first_count(raw.get("cacheReadInputTokenCount")), first_count(raw.get("cacheWriteInputTokenCount"))
    return Usage(fresh + (read or 0) + (written or 0), first_count(raw.get("outputTokenCount")), read, written, raw=raw)


def join_stream(events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
    """The events as one response body of the family, and whether the stream said that it was over."""
    chunks, failure, metrics = list[dict[str, Any]](), dict[str, Any](), dict[str, Any]()
    for event in events:
        chunk = _unwrapped(as_object(parse_json(event.data)))
        metrics = as_object(chunk.get(METRICS)) or metrics
        kind = next((each for each in chunk if each.endswith("Exception")), "")
        if error := as_object(chunk.get("error")):
            failure = error
        elif kind:
            failure = {"type": kind, "message": as_object(chunk[kind]).get("message")}
        else:
            chunks.append(chunk)
    body, ended = _joined(chunks)
    body |= {METRICS: metrics} if metrics else {}
    return body | ({"error": failure} if failure else {}), ended


def _unwrapped(chunk: dict[str, Any]) -> dict[str, Any]:
    """The family's event inside a frame, or inside what botocore made of one: ``{"chunk": {"bytes": ...}}``."""
    wrapped = as_text(chunk.get("bytes")) or as_text(as_object(chunk.get("chunk")).get("bytes"))
    if wrapped is None:
        return chunk
    try:
        return as_object(parse_json(base64.b64decode(wrapped)))
    except (binascii.Error, ValueError):
        return as_object(parse_json(wrapped))


def _joined(chunks: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    first = next(iter(chunks), {})
    if any(key in first for key in ("messageStart", "contentBlockStart", "contentBlockDelta")):
        return bedrock_converse.join_stream(_events(chunks))
    if isinstance(first.get("type"), str) and "completion" not in first:
        return anthropic_messages.join_stream(_events(chunks))
    if "event_type" in first:
        return cohere_v1_chat.join_stream(_events(chunks))
    if any("delta" in each for each in as_objects(first.get("choices"))):
        return openai_chat.join_stream(_events(chunks))
    return bedrock_families.join_chunks(chunks)


def _events(chunks: list[dict[str, Any]]) -> Iterable[Event]:
    return (Event("", json.dumps(chunk)) for chunk in chunks)


# --- writing -------------------------------------------------------------------------------------


def write_path(call: Call) -> str:
    return f"/model/{quoted(call.request_model or '')}/invoke{'-with-response-stream' if call.stream else ''}"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as its model's family takes it."""
    model = (call.request_model or "").lower()
    if call.operation != "chat":
        return bedrock_families.write_request(call)
    if "claude" in model:
        body = {"anthropic_version": "bedrock-2023-05-31"} | anthropic_messages.write_request(call)
    elif "nova" in model:
        body = {"schemaVersion": "messages-v1"} | bedrock_converse.write_request(call)
    elif "cohere" in model:
        body = cohere_v1_chat.write_request(call)
    else:
        body = openai_chat.write_request(call)
    return {key: value for key, value in body.items() if key not in ("model", "stream")}
