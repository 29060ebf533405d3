"""The provider's HTTP side: one Starlette app, the same few steps for both wire formats.

Latency is scaled down some fifty times, keeping its shape (a base by model, then by output token), because
several thousand calls have to fit into less than a minute.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from types import ModuleType

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from suffice_demo.provider import anthropic_messages, openai_chat
from suffice_demo.provider.faults import RETRY_AFTER_MS, Fault, draw_fault
from suffice_demo.provider.model import SMALL_MODEL, SimulatedModels, content_of
from suffice_demo.provider.usage import bill

FIRST_TOKEN_MS = 6.0
TOKEN_MS = 0.06
PIECES_AT_ONCE = 8  # stream events written together: as under load, and cheaper


def make_app(seed: int) -> Starlette:
    """The provider as an ASGI app; ``seed`` decides every answer and every fault."""
    models = SimulatedModels(seed)
    numbers = itertools.count(seed << 32)
    return Starlette(
        routes=[
            Route(openai_chat.PATH, _endpoint(openai_chat, models, numbers), methods=["POST"]),
            Route(anthropic_messages.PATH, _endpoint(anthropic_messages, models, numbers), methods=["POST"]),
        ]
    )


def _endpoint(wire: ModuleType, models: SimulatedModels, numbers: itertools.count[int]) -> Callable[..., object]:
    async def endpoint(request: Request) -> Response:
        number = next(numbers)
        if not (request.headers.get("authorization") or request.headers.get("x-api-key")):
            return _refuse(wire, Fault(401, "No API key was given."))
        try:
            body = orjson.loads(await request.body())
            seen = wire.parse_request(body)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _refuse(wire, Fault(400, f"The request cannot be read: {error!r}"))
        content = content_of(seen)
        attempt = int(request.headers.get("x-stainless-retry-count") or 0)
        fault = draw_fault(models.seed, content, attempt, seen.model)
        if fault:
            return _refuse(wire, fault)
        said = models.answer(seen)
        billed = bill(seen, said, content)
        speed = 0.3 if seen.model == SMALL_MODEL or "mini" in seen.model else 1.0
        wait_ms = FIRST_TOKEN_MS * speed, TOKEN_MS * speed * billed.output_tokens
        now = int(time.time())
        headers = {"x-request-id" if wire is openai_chat else "request-id": f"req_{number:x}"}
        if not body.get("stream"):
            await asyncio.sleep(sum(wait_ms) / 1000)
            written = orjson.dumps(wire.render_answer(number, now, body, said, billed))
            return Response(written, media_type="application/json", headers=headers)
        chunks = list(wire.render_chunks(number, now, body, said, billed))
        return StreamingResponse(_paced(chunks, *wait_ms), media_type="text/event-stream", headers=headers)

    return endpoint


async def _paced(chunks: list[bytes], first_ms: float, rest_ms: float) -> AsyncIterator[bytes]:
    await asyncio.sleep(first_ms / 1000)
    starts = range(0, len(chunks), PIECES_AT_ONCE)
    for start in starts:
        yield b"".join(chunks[start : start + PIECES_AT_ONCE])
        await asyncio.sleep(rest_ms / 1000 / len(starts))


def _refuse(wire: ModuleType, fault: Fault) -> Response:
    headers = {"retry-after-ms": str(RETRY_AFTER_MS)} if fault.status >= 429 else {}
    return Response(orjson.dumps(wire.render_fault(fault)), fault.status, headers, "application/json")
