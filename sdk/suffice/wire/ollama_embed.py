"""Ollama embed, and embeddings before it: https://docs.ollama.com/api/embed. The vectors are not kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call
from suffice.wire.embedding import embedding_message, vector_length
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_text
from suffice.wire.ollama_common import ollama_usage, read_parameters, write_parameters
from suffice.wire.openai_completions import prompt_messages
from suffice.wire.parts import text_of
from suffice.wire.streams import last_object

NAME = "ollama.embed"
PROVIDER = "ollama"
PATH_ENDINGS = ("/api/embed", "/api/embeddings")
STREAMS = False
CHATS = False
join_stream = last_object

_READ_ELSEWHERE = frozenset({"model", "input", "prompt", "options", "keep_alive"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    given = body.get("prompt" if path.endswith("/api/embeddings") else "input")
    return path.endswith(PATH_ENDINGS) and isinstance(given, str | list) and isinstance(body.get("model"), str)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model and texts, one message each."""
    return Call(
        wire_format=NAME,
        operation="embeddings",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        input_messages=prompt_messages(body.get("input", body.get("prompt"))),
        parameters=read_parameters(body, _READ_ELSEWHERE),
    )


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: how many vectors, usage, error."""
    call.response_model = as_text(body.get("model"))
    found = body.get("embeddings", [body["embedding"]] if isinstance(body.get("embedding"), list) else None)
    if isinstance(found, list) and found:
        call.output_messages.append(embedding_message(len(found), vector_length(found[0])))
    call.usage = ollama_usage(body)
    if call.usage is not None:
        call.usage.output_tokens = 0
    call.completeness = "complete" if call.output_messages else "partial"
    note_failure(call, body)


def write_path(call: Call) -> str:
    return "/api/embed"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format."""
    texts = [text_of(each["parts"]) for each in call.request_messages()]
    return {"model": call.request_model or "", "input": texts} | write_parameters(call.parameters)
