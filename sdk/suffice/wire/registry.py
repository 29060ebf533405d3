"""The wire formats, and the way from an exchange to a call.

A format is a module with the fixed names of :class:`WireFormat`; adding one is writing that file,
putting it into ``FORMATS`` and its fixtures beside the others (the contract suite runs over all).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from suffice.wire import (
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere_embed,
    cohere_generate,
    cohere_rerank,
    cohere_v1_chat,
    cohere_v2_chat,
    gemini_embed,
    gemini_generate_content,
    ollama_chat,
    ollama_embed,
    ollama_generate,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_responses,
)
from suffice.wire.call import Call
from suffice.wire.exchange import Exchange
from suffice.wire.lenient import as_object, has_surrogates, parse_json, without_lone_surrogates
from suffice.wire.providers import provider_of
from suffice.wire.sse import Event
from suffice.wire.streams import stream_events
from suffice.wire.tokens import fill_usage
from suffice.wire.usage_headers import usage_in_headers


class WireFormat(Protocol):
    """Pure functions over parsed JSON. They never raise: what they can't read they leave out."""

    @property
    def NAME(self) -> str:  # noqa: N802
        """ "openai.chat": what ``suffice.wire_format`` says."""

    @property
    def PROVIDER(self) -> str:  # noqa: N802
        """``gen_ai.provider.name`` where the address shows no other."""

    @property
    def PATH_ENDINGS(self) -> tuple[str, ...]:  # noqa: N802
        """What the path of a URL may end in."""

    @property
    def STREAMS(self) -> bool:  # noqa: N802
        """Whether an answer may come in pieces."""

    @property
    def CHATS(self) -> bool:  # noqa: N802
        """Whether it takes a conversation, so that a call of another format can be written in it."""

    def matches(self, path: str, body: Mapping[str, Any]) -> bool:
        """Whether a POST of this body to this path is a call of this format. Never by host."""

    def parse_request(self, body: Mapping[str, Any], path: str = "") -> Call:
        """What was asked. Some formats name the model, or ask for a stream, in the path."""

    def parse_response(self, call: Call, body: Mapping[str, Any]) -> None:
        """Put the answer into the call; ``completeness`` says whether there was one."""

    def join_stream(self, events: Iterable[Event]) -> tuple[dict[str, Any], bool]:
        """A stream's events as the body that ``parse_response`` reads, and whether its content says it is over."""

    def write_request(self, call: Call) -> dict[str, Any]:
        """A request body that ``parse_request`` reads back as the same call."""

    def write_path(self, call: Call) -> str:
        """The path such a body is posted to, from the server's root."""


FORMATS: tuple[WireFormat, ...] = (
    openai_chat,
    openai_responses,
    openai_completions,
    openai_embeddings,
    anthropic_messages,
    gemini_generate_content,
    gemini_embed,
    bedrock_converse,
    bedrock_invoke,
    cohere_v2_chat,
    cohere_v1_chat,
    cohere_generate,
    cohere_embed,
    cohere_rerank,
    ollama_chat,
    ollama_generate,
    ollama_embed,
)
_METHODS = ("POST", "post")  # aiohttp hands over what the app wrote
_ENDINGS = tuple(ending for each in FORMATS for ending in each.PATH_ENDINGS)


def recognise(method: str, url: str) -> bool:
    """Whether the exchange may be an LLM call, by method and path alone: the transports' hot path (< 1 µs)."""
    return method in _METHODS and path_of(url).endswith(_ENDINGS)


def path_of(url: str) -> str:
    """The URL up to its query, without a slash at the end: enough to look at how the path ends."""
    return url.partition("?")[0].partition("#")[0].rstrip("/")


def parse_exchange(exchange: Exchange) -> Call | None:
    """The call an exchange was, or None if it was none. Never raises."""
    if not recognise(exchange.method, exchange.url):
        return None
    request = as_object(_parsed(exchange.request_body))
    path = path_of(exchange.url)
    wire_format = next((each for each in FORMATS if each.matches(path, request)), None)
    if wire_format is None or _answers_something_else(exchange):
        return None
    call = wire_format.parse_request(request, path)
    call.provider = provider_of(exchange.url, wire_format.PROVIDER)
    call.status_code = exchange.status
    _read_answer(wire_format, call, exchange)
    call.usage = call.usage or usage_in_headers(exchange.response_headers)
    fill_usage(call)
    return call


def _read_answer(wire_format: WireFormat, call: Call, exchange: Exchange) -> None:
    events = stream_events(exchange.response_body, exchange.response_headers.get("content-type", ""))
    if events is not None:
        body, ended = wire_format.join_stream(events)
        if has_surrogates(exchange.response_body):
            body = without_lone_surrogates(body)
    else:
        body = as_object(_parsed(exchange.response_body))
        ended = True
    wire_format.parse_response(call, body)
    if not ended and call.completeness == "complete":
        call.completeness = "partial"
    if exchange.status is not None and exchange.status >= 400:
        call.completeness = "error"
        call.error_type = call.error_type or str(exchange.status)
    elif exchange.error_type and call.completeness != "complete":  # an exception after the last word changes nothing
        call.completeness = "error"
        call.error_type = call.error_type or exchange.error_type
        call.error_message = call.error_message or exchange.error_message
    if call.completeness == "error":
        call.error_type = call.error_type or "_OTHER"  # the conventions' word for one that has no name


def _parsed(body: bytes) -> Any:
    value = parse_json(body)
    return without_lone_surrogates(value) if has_surrogates(body) else value


def _answers_something_else(exchange: Exchange) -> bool:
    """A good status and a body that is no API's: a page or plain text at a path that only looks like one."""
    if exchange.status != 200 or not exchange.response_body:
        return False
    content_type = exchange.response_headers.get("content-type", "")
    if "json" in content_type or "event-stream" in content_type or "eventstream" in content_type:
        return False
    start = exchange.response_body.lstrip()[:1]
    return start != b"{" and stream_events(exchange.response_body, "") is None
