"""OpenAI embeddings: https://platform.openai.com/docs/api-reference/embeddings, also Azure's, Mistral's, Voyage's, vLLM's.

The vectors are not kept: the answer says how many came and of how many dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call
from suffice.wire.embedding import embedding_message, vector_length
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_objects, as_text, first_count
from suffice.wire.openai_completions import prompt_messages
from suffice.wire.openai_usage import chat_usage
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of
from suffice.wire.paths import deployment_of
from suffice.wire.streams import last_object

NAME = "openai.embeddings"
PROVIDER = "openai"
PATH_ENDINGS = ("/embeddings",)
STREAMS = False
CHATS = False
join_stream = last_object

_READ_ELSEWHERE = frozenset({"model", "input"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return path.endswith(PATH_ENDINGS) and isinstance(body.get("input"), str | list) and "prompt" not in body


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model and texts, one message each."""
    return Call(
        wire_format=NAME,
        operation="embeddings",
        provider=PROVIDER,
        request_model=as_text(body.get("model")) or deployment_of(path),
        input_messages=prompt_messages(body.get("input")),
        parameters=kept_parameters(body, {}, _READ_ELSEWHERE),
    )


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: how many vectors, usage, error."""
    call.response_model = as_text(body.get("model"))
    call.response_id = as_text(body.get("id"))
    data = as_objects(body.get("data"))
    if data:
        call.output_messages.append(embedding_message(len(data), vector_length(data[0].get("embedding"))))
    call.usage = chat_usage(body)
    if call.usage is not None:
        if call.usage.input_tokens is None:  # Voyage states the total alone
            call.usage.input_tokens = first_count((call.usage.raw or {}).get("total_tokens"))
        call.usage.output_tokens = call.usage.output_tokens or 0  # vectors are no tokens
    call.completeness = "complete" if data else "partial"
    note_failure(call, body)


def write_path(call: Call) -> str:
    return "/v1/embeddings"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    body["input"] = [text_of(each["parts"]) for each in call.request_messages()]
    return body | written_parameters(call.parameters, {})
