"""Gemini embedContent and batchEmbedContents, and Vertex's ``:predict`` where it embeds: https://ai.google.dev/api/embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call, Message, Usage
from suffice.wire.embedding import embedding_message, vector_length
from suffice.wire.failure import note_failure
from suffice.wire.gemini_generate_content import PROVIDER as PROVIDER
from suffice.wire.gemini_generate_content import parse_parts
from suffice.wire.lenient import as_object, as_objects, first_count
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of, text_parts
from suffice.wire.paths import model_before_action, quoted
from suffice.wire.streams import last_object

NAME = "gemini.embed"
PATH_ENDINGS = (":embedContent", ":batchEmbedContents", ":predict")
STREAMS = False
CHATS = False
join_stream = last_object

_READ_ELSEWHERE = frozenset({"model", "content", "requests", "instances", "parameters"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    if not path.endswith(PATH_ENDINGS):
        return False
    if path.endswith(":predict"):
        instances = as_objects(body.get("instances"))
        return bool(instances) and all(isinstance(each.get("content"), str) for each in instances)
    return isinstance(body.get("content"), dict) or isinstance(body.get("requests"), list)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model and texts, one message each. The settings are those of the first."""
    asked = as_objects(body.get("requests")) or as_objects(body.get("instances")) or [dict(body)]
    return Call(
        wire_format=NAME,
        operation="embeddings",
        provider=PROVIDER,
        request_model=model_before_action(path),
        input_messages=[_message(each) for each in asked],
        parameters=kept_parameters(asked[0] | as_object(body.get("parameters")), {}, _READ_ELSEWHERE),
    )


def _message(asked: Mapping[str, Any]) -> Message:
    content = asked.get("content")
    parts = text_parts(content) if isinstance(content, str) else parse_parts(as_object(content).get("parts") or [])
    return {"role": "user", "parts": parts}


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: how many vectors, usage, error."""
    vectors = as_objects(body.get("embeddings")) or as_objects([body.get("embedding")])
    predictions = [as_object(each.get("embeddings")) for each in as_objects(body.get("predictions"))]
    vectors = vectors or predictions
    if vectors:
        call.output_messages.append(embedding_message(len(vectors), vector_length(vectors[0].get("values"))))
    usage = as_object(body.get("usageMetadata"))
    counts = [first_count(as_object(each.get("statistics")).get("token_count")) for each in predictions]
    if (stated := first_count(usage.get("promptTokenCount"))) is not None:
        call.usage = Usage(stated, 0, raw=usage)
    elif counts and None not in counts:
        raw = {"statistics": [as_object(each.get("statistics")) for each in predictions]}
        call.usage = Usage(sum(count or 0 for count in counts), 0, raw=raw)
    call.completeness = "complete" if vectors else "partial"
    note_failure(call, body)


def write_path(call: Call) -> str:
    return f"/v1beta/models/{quoted(call.request_model or '')}:batchEmbedContents"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a batch, which one text may be too."""
    settings = {"model": f"models/{call.request_model or ''}"} | written_parameters(call.parameters, {})
    texts = [text_of(each["parts"]) for each in call.request_messages()]
    return {"requests": [{"content": {"parts": [{"text": text}] if text else []}} | settings for text in texts]}
