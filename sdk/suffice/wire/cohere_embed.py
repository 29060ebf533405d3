"""Cohere embed, both versions: https://docs.cohere.com/reference/embed. The vectors are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.blobs import uri_part
from suffice.wire.call import Call, Message
from suffice.wire.cohere_usage import cohere_usage, error_of
from suffice.wire.embedding import embedding_message, vector_length
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text
from suffice.wire.openai_chat import parse_message
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of, text_parts
from suffice.wire.streams import last_object

NAME = "cohere.embed"
PROVIDER = "cohere"
PATH_ENDINGS = ("/v1/embed", "/v2/embed")
STREAMS = False
CHATS = False
join_stream = last_object

_READ_ELSEWHERE = frozenset({"model", "texts", "images", "inputs"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and any(isinstance(body.get(key), list) for key in ("texts", "images", "inputs"))


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model and what to embed, one message each."""
    return Call(
        wire_format=NAME,
        operation="embeddings",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        input_messages=_messages(body),
        parameters=kept_parameters(body, {}, _READ_ELSEWHERE),
    )


def _messages(body: Mapping[str, Any]) -> list[Message]:
    texts = [text_parts(each) for each in as_list(body.get("texts")) if isinstance(each, str)]
    images = [[uri_part(each, "image")] for each in as_list(body.get("images")) if isinstance(each, str)]
    mixed = [parse_message({"role": "user"} | each)["parts"] for each in as_objects(body.get("inputs"))]
    return [{"role": "user", "parts": parts} for parts in [*texts, *images, *mixed]]


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: how many vectors, usage, error."""
    call.response_id = as_text(body.get("id"))
    found = body.get("embeddings")
    vectors = found if isinstance(found, list) else next((each for each in as_object(found).values()), None)
    if isinstance(vectors, list) and vectors:
        call.output_messages.append(embedding_message(len(vectors), vector_length(vectors[0])))
    call.usage = cohere_usage(as_object(body.get("meta")), embeds=True)
    call.completeness = "complete" if call.output_messages else "partial"
    note_failure(call, error_of(body))


def write_path(call: Call) -> str:
    return "/v2/embed"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format: its texts."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    body["texts"] = [text_of(each["parts"]) for each in call.request_messages()]
    return body | written_parameters(call.parameters, {})
