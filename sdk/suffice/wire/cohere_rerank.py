"""Cohere rerank, both versions: https://docs.cohere.com/reference/rerank, also Jina's and Voyage's.

The query is the user's message, the documents are one that follows. The order found is not kept, its length is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call
from suffice.wire.cohere_usage import cohere_usage, error_of
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text
from suffice.wire.openai_usage import chat_usage
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of, text_parts
from suffice.wire.streams import last_object
from suffice.wire.written import json_text

NAME = "cohere.rerank"
PROVIDER = "cohere"
PATH_ENDINGS = ("/rerank",)
STREAMS = False
CHATS = False
join_stream = last_object

_READ_ELSEWHERE = frozenset({"model", "query", "documents"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return (
        path.endswith(PATH_ENDINGS) and isinstance(body.get("query"), str) and isinstance(body.get("documents"), list)
    )


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """What was asked: model, query, documents."""
    documents = [
        text_parts(json_text(each.get("text", each) if isinstance(each, dict) else each))
        for each in as_list(body.get("documents"))
    ]
    return Call(
        wire_format=NAME,
        operation="rerank",
        provider=PROVIDER,
        request_model=as_text(body.get("model")),
        input_messages=[
            {"role": "user", "parts": text_parts(as_text(body.get("query")) or "")},
            {"role": "user", "parts": [part for parts in documents for part in parts]},
        ],
        parameters=kept_parameters(body, {}, _READ_ELSEWHERE),
    )


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call: how many came back, what was billed, error."""
    call.response_id = as_text(body.get("id"))
    call.response_model = as_text(body.get("model"))
    results = as_objects(body.get("results")) or as_objects(body.get("data"))
    if results:
        call.output_messages.append({"role": "assistant", "parts": [{"type": "ranking", "count": len(results)}]})
    call.usage = cohere_usage(as_object(body.get("meta")), embeds=True) or chat_usage(body)
    call.completeness = "complete" if results else "partial"
    note_failure(call, error_of(body))


def write_path(call: Call) -> str:
    return "/v2/rerank"


def write_request(call: Call) -> dict[str, Any]:
    """The call's request as a body of this format."""
    body: dict[str, Any] = {"model": call.request_model} if call.request_model else {}
    messages = call.request_messages()
    documents = [part for each in messages[1:] for part in each["parts"] if part["type"] == "text"]
    body["query"] = text_of(messages[0]["parts"]) if messages else ""
    body["documents"] = [part["content"] for part in documents]
    return body | written_parameters(call.parameters, {})
