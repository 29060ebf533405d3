"""OTLP/gRPC: the same bodies by another door, on the same way to the journal.

The messages stay bytes: nothing is decoded here. gRPC's own inflating is switched off, because it has no limit;
bodies go on as they came, as over HTTP (500 MB of zeros are refused at 64 MB, the process grows by 2).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from suffice.errors import SufficeError
from suffice_collector.bodies import BodyTooLargeError, answer_of
from suffice_collector.collector import Collector
from suffice_collector.guard import key_matches
from suffice_collector.ingest import BusyError, now_entry
from suffice_collector.journal import JournalUnavailableError
from suffice_collector.otlp_values import MalformedBodyError
from suffice_collector.ports import bind
from suffice_collector.signals import SIGNALS, Signal

log = logging.getLogger("suffice.collector")

DEFAULT_PORT = 4317
HANDLERS = 8  # threads; one waits while its body is built and written
RETRY_AFTER_S = 1
_GZIP = b"\x1f\x8b"  # no export request begins like this: it would be field 3, of a wire type that doesn't exist
_Handler = Callable[[bytes, grpc.ServicerContext], bytes]


class GrpcServer:
    """Listens when made. ``port`` is the one in use (0 was "a free one")."""

    def __init__(self, collector: Collector, host: str, port: int, key: str | None) -> None:
        """Raises SufficeError where the port is taken."""
        with bind(host, port, option="--grpc-port") as free:
            port = free.getsockname()[1]
        self._pool = ThreadPoolExecutor(HANDLERS, thread_name_prefix="suffice-grpc")
        self._server = grpc.server(
            self._pool,
            options=[
                ("grpc.max_receive_message_length", collector.max_body_bytes),
                ("grpc.per_message_decompression", 0),
                ("grpc.so_reuseport", 0),  # two collectors on one port would share its traffic
            ],
        )
        for signal in SIGNALS:
            export = grpc.unary_unary_rpc_method_handler(_exporter(collector, signal, key))
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(signal.service, {"Export": export}),)
            )
        self.port: int = self._server.add_insecure_port(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        self._server.start()

    @staticmethod
    def start(collector: Collector, host: str, port: int | None, key: str | None) -> GrpcServer | None:
        """On ``port``; None is the usual one, or none where somebody has it. Raises SufficeError."""
        try:
            return GrpcServer(collector, host, DEFAULT_PORT if port is None else port, key)
        except SufficeError as taken:
            if port is not None:
                raise
            log.warning("no OTLP/gRPC: %s", str(taken).replace("--port", "--grpc-port"))
            return None

    def close(self, grace_s: float) -> None:
        """Answers what is in flight, then stops listening."""
        self._server.stop(grace_s).wait()
        self._pool.shutdown()


def _exporter(collector: Collector, signal: Signal, key: str | None) -> _Handler:
    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        given = dict(context.invocation_metadata())
        if key is not None and not key_matches(key, str(given.get("authorization", ""))):
            context.abort(
                grpc.StatusCode.UNAUTHENTICATED, "this collector needs its key: send 'authorization: Bearer KEY'"
            )
        try:
            entry = now_entry(body, gzip=body.startswith(_GZIP), signal=signal)
            accepted = collector.ingest.accept_blocking(entry)
        except BodyTooLargeError as reason:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(reason))
        except MalformedBodyError as reason:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(reason))
        except (BusyError, JournalUnavailableError) as reason:
            _come_back(context, str(reason))
        except Exception:  # a bug of ours: the sender keeps what it has
            log.exception("a request could not be taken")
            _come_back(context, "the collector failed; see its log")
        answer: bytes = answer_of(signal, accepted.rejected, accepted.reason).SerializeToString()
        return answer

    return export


def _come_back(context: Any, reason: str) -> NoReturn:
    """UNAVAILABLE with RetryInfo: the sender keeps its data and knows when to try again."""
    detail = AnyMessage()
    detail.Pack(RetryInfo(retry_delay=Duration(seconds=RETRY_AFTER_S)))
    status = Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message=reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNAVAILABLE, reason)
    raise AssertionError("abort raises")
