"""The bodies of Bedrock's older models, which complete a prompt, and of its embedding models.

Titan, Llama, Mistral, Cohere Command, AI21 Jurassic and Claude 2 differ in names only, so they are tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.call import Call, Message, Usage
from suffice.wire.embedding import embedding_message, vector_length
from suffice.wire.failure import note_failure
from suffice.wire.lenient import as_list, as_object, as_objects, as_text, first_count
from suffice.wire.openai_usage import chat_usage
from suffice.wire.parameters import kept_parameters, written_parameters
from suffice.wire.parts import text_of, text_parts
from suffice.wire.paths import bedrock_model

_DEFAULT_NAMES = {"topP": "top_p", "stop": "stop_sequences"}
_NAMES = {  # part of the model's name -> its words for the conventions'
    "titan": {"maxTokenCount": "max_tokens", "topP": "top_p", "stopSequences": "stop_sequences"},
    "llama": {"max_gen_len": "max_tokens"},
    "claude": {"max_tokens_to_sample": "max_tokens"},
    "j2": {"maxTokens": "max_tokens", "topP": "top_p", "stopSequences": "stop_sequences"},
    "cohere": {"p": "top_p", "k": "top_k"},
}
_FINISH_REASONS = {
    "finish": "stop",
    "complete": "stop",
    "endoftext": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "content_filtered": "content_filter",
    "error_toxic": "content_filter",
}
_GUARDRAIL = "amazon-bedrock-guardrailAction"
_READ_ELSEWHERE = frozenset({"prompt", "inputText", "texts", "inputs", "images", "taskType", "textGenerationConfig"})


def matches(path: str, body: Mapping[str, Any]) -> bool:
    return (
        isinstance(body.get("prompt"), str)
        or isinstance(body.get("inputText"), str)
        or isinstance(body.get("texts"), list)
        or isinstance(_nova_text(body), str)
    )


def _nova_text(body: Mapping[str, Any]) -> Any:
    return as_object(as_object(body.get("singleEmbeddingParams")).get("text")).get("value")


def _names_for(model: str | None) -> dict[str, str]:
    return next((names for part, names in _NAMES.items() if part in (model or "").lower()), _DEFAULT_NAMES)


def parse_request(body: Mapping[str, Any], path: str = "") -> Call:
    """A prompt as a user's message; texts to embed as one message each."""
    model = bedrock_model(path)
    texts = body.get("texts") if isinstance(body.get("texts"), list) else [body.get("prompt") or body.get("inputText")]
    embeds = "texts" in body or _nova_text(body) is not None or "embed" in (model or "")
    if _nova_text(body) is not None:
        texts = [_nova_text(body)]
    settings = {**body, **as_object(body.get("textGenerationConfig"))}
    return Call(
        wire_format="bedrock.invoke",
        operation="embeddings" if embeds else "text_completion",
        provider="aws.bedrock",
        request_model=model,
        input_messages=[{"role": "user", "parts": text_parts(as_text(text) or "")} for text in as_list(texts)],
        parameters=kept_parameters(settings, _names_for(model), _READ_ELSEWHERE),
    )


# --- the answer ----------------------------------------------------------------------------------


def answers(body: Mapping[str, Any]) -> bool:
    return bool(_texts(body)) or _vectors(body) is not None


def parse_response(call: Call, body: Mapping[str, Any]) -> None:
    """Put the answer into the call, whatever the family calls it."""
    vectors = _vectors(body)
    if vectors is not None:
        call.output_messages.append(embedding_message(len(vectors), vector_length(vectors[0]) if vectors else None))
    for text, reason in _texts(body):
        message: Message = {"role": "assistant", "parts": text_parts(text)}
        if reason:
            message["finish_reason"] = _FINISH_REASONS.get(reason.lower(), reason.lower())
            call.finish_reasons.append(message["finish_reason"])
        call.output_messages.append(message)
    call.response_id = as_text(body.get("id")) or call.response_id
    call.usage = _usage(body, is_embedding=vectors is not None)
    call.completeness = "complete" if call.output_messages else "partial"
    note_failure(call, body)


def _texts(body: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """The answers with how they ended, from each family's names."""
    for key in ("generation", "completion", "outputText"):  # Llama, Claude 2, Titan's stream
        if isinstance(text := body.get(key), str):
            reason = as_text(body.get("stop_reason")) or as_text(body.get("completionReason"))
            is_blocked = body.get(_GUARDRAIL) == "INTERVENED" and "totalOutputTextTokenCount" in body
            return [(text, reason or ("CONTENT_FILTERED" if is_blocked else None))]
    found: list[tuple[str, str | None]] = []
    for key in ("results", "outputs", "generations", "choices", "completions"):
        for each in as_objects(body.get(key)):
            inner = as_object(each.get("data")) or each  # AI21 wraps the text
            text = inner.get("outputText", inner.get("text"))
            reason = each.get("completionReason") or each.get("stop_reason") or each.get("finish_reason")
            reason = reason or as_object(each.get("finishReason")).get("reason")
            if isinstance(text, str):
                found.append((text, as_text(reason)))
    return found


def _vectors(body: Mapping[str, Any]) -> list[Any] | None:
    found = body.get("embeddings")
    if isinstance(found, dict):  # Cohere, by type
        found = next(iter(found.values()), None)
    if isinstance(found, list):
        return [each.get("embedding") if isinstance(each, dict) else each for each in found]
    return [body["embedding"]] if isinstance(body.get("embedding"), list) else None


def _usage(body: Mapping[str, Any], *, is_embedding: bool) -> Usage | None:
    if usage := chat_usage(body):
        return usage
    results = as_objects(body.get("results"))
    counts = [first_count(each.get("tokenCount")) for each in results]
    output = first_count(body.get("generation_token_count"), body.get("totalOutputTextTokenCount"))
    if output is None and counts and None not in counts:
        output = sum(count or 0 for count in counts)
    given = first_count(body.get("prompt_token_count"), body.get("inputTextTokenCount"))
    if given is None and output is None:
        return None
    named = ("prompt_token_count", "generation_token_count", "inputTextTokenCount", "totalOutputTextTokenCount")
    raw = {key: body[key] for key in named if key in body} | ({"tokenCount": counts} if results else {})
    return Usage(given, 0 if is_embedding else output, raw=raw)


def join_chunks(chunks: list[dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """A stream's chunks: the pieces of text joined under the family's name, everything else as it came last."""
    body: dict[str, Any] = {}
    ended = False
    for chunk in chunks:
        texts = _texts(chunk)
        before = _texts(body)
        body |= {k: v for k, v in chunk.items() if v is not None and k not in ("outputs", "generations", "choices")}
        if texts:
            reason = texts[0][1] or (before[0][1] if before else None)
            ended = ended or reason is not None
            body["outputText"] = (before[0][0] if before else "") + texts[0][0]
            body["completionReason"] = reason
            body.pop("generation", None)
            body.pop("completion", None)
            body.pop("stop_reason", None)
    return body, ended


# --- writing -------------------------------------------------------------------------------------


def write_request(call: Call) -> dict[str, Any]:
    """A prompt, or texts to embed, as the model's family takes them."""
    model = (call.request_model or "").lower()
    texts = [text_of(each["parts"]) for each in call.request_messages()]
    written = written_parameters(call.parameters, _names_for(model))
    first = texts[0] if texts else ""
    if call.operation == "embeddings" and "cohere" in model:
        return {"texts": texts} | written
    if call.operation == "embeddings" and "nova" in model:
        return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {"text": {"value": first}}} | written
    if "titan" in model and call.operation == "embeddings":
        return {"inputText": first} | written
    if "titan" in model:
        return {"inputText": first} | ({"textGenerationConfig": written} if written else {})
    return {"prompt": first} | written
