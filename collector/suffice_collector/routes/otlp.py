"""OTLP/HTTP: 200 means that everything accepted is on disk.

Senders retry 503 (and 429, 502, 504) and drop what is answered with anything else, so a busy store, a full disk
and a bug of ours are all 503.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from suffice_collector.bodies import (
    JSON,
    PROTOBUF,
    BodyTooLargeError,
    export_error,
    export_response,
    media_type,
)
from suffice_collector.collector import Collector
from suffice_collector.ingest import BusyError, now_entry
from suffice_collector.journal import JournalUnavailableError
from suffice_collector.metrics import REJECTED, SPANS
from suffice_collector.otlp_values import MalformedBodyError
from suffice_collector.routes.shared import collector_of, identity_of, refuse_announced, too_large
from suffice_collector.signals import SIGNALS, Signal
from suffice_collector.slow import CLOSE, SlowBodyError, read_steadily

log = logging.getLogger("suffice.collector")

RETRY_AFTER_S = "1"


def routes() -> list[Route]:
    return [Route(signal.path, _receiver(signal), methods=["POST"]) for signal in SIGNALS]


def _receiver(signal: Signal) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        return await post_export(request, signal)

    return receive


async def post_export(request: Request, signal: Signal) -> Response:
    """One export request of any signal."""
    collector = collector_of(request)
    content_type = media_type(request.headers.get("content-type"))
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if content_type not in (JSON, PROTOBUF):
        return export_error(content_type, 415, f"send {PROTOBUF} or {JSON}, not '{content_type[:100]}'")
    if encoding not in ("identity", "gzip"):
        return export_error(content_type, 415, f"send the body as it is or gzip, not '{encoding[:100]}'")
    try:
        body = await _read_reserved(request, collector)
        project = identity_of(request).project or ""
        entry = now_entry(body, json=content_type == JSON, gzip=encoding == "gzip", signal=signal, project=project)
        accepted = await collector.ingest.accept(entry)
    except BodyTooLargeError as reason:
        return export_error(content_type, 413, str(reason))
    except MalformedBodyError as reason:
        return export_error(content_type, 400, str(reason))
    except SlowBodyError as reason:
        return export_error(content_type, 408, str(reason), CLOSE)
    except (BusyError, JournalUnavailableError) as reason:
        return export_error(content_type, 503, str(reason), {"Retry-After": RETRY_AFTER_S})
    except ClientDisconnect:
        raise
    except Exception:  # a bug of ours; senders drop what is answered with 500, so they are asked to keep it
        log.exception("a request could not be taken")
        return export_error(content_type, 503, "the collector failed; see its log", {"Retry-After": RETRY_AFTER_S})
    collector.metrics.add(SPANS, accepted.count)
    collector.metrics.add(REJECTED, accepted.rejected)
    return export_response(content_type, accepted.rejected, accepted.reason, signal)


async def _read_reserved(request: Request, collector: Collector) -> bytes:
    """The body, its bytes counted against the backlog as they come. Raises BodyTooLargeError, BusyError, SlowBodyError."""
    refuse_announced(request, collector.max_body_bytes)
    pieces: list[bytes] = []
    size = 0

    def take(piece: bytes) -> None:
        nonlocal size
        collector.ingest.reserve(len(piece))
        size += len(piece)
        pieces.append(piece)
        if size > collector.max_body_bytes:
            raise too_large(collector.max_body_bytes)

    collector.ingest.reserve(0)  # a full backlog is said before the body is taken
    try:
        await read_steadily(request, take)
    except BaseException:
        collector.ingest.release(size)
        raise
    return b"".join(pieces)
