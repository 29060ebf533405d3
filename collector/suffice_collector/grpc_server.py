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
from suffice_collector.identity import Identity, RefusedError
from suffice_collector.ingest import BusyError, now_entry
from suffice_collector.journal import JournalUnavailableError
from suffice_collector.metrics import RECEIVED_BYTES, REJECTED, SPANS
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

    def __init__(
        self, collector: Collector, host: str, port: int, certificate: tuple[bytes, bytes] | None = None
    ) -> None:
        """``certificate`` is a private key and its chain, PEM. Raises SufficeError where the port is taken."""
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
            export = grpc.unary_unary_rpc_method_handler(_exporter(collector, signal))
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(signal.service, {"Export": export}),)
            )
        try:
            self.port = self._listen(host, port, certificate)
        except RuntimeError:  # taken since it was found free, as by a collector that starts beside this one
            self._pool.shutdown()
            with bind(host, port, option="--grpc-port"):  # tells who has it now
                pass
            raise SufficeError(
                f"port {port} was taken for a moment: start again, or choose another --grpc-port"
            ) from None
        self._server.start()

    def _listen(self, host: str, port: int, certificate: tuple[bytes, bytes] | None) -> int:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return int(
            self._server.add_insecure_port(where)
            if certificate is None
            else self._server.add_secure_port(where, grpc.ssl_server_credentials([certificate]))
        )

    @staticmethod
    def start(
        collector: Collector, host: str, port: int | None, certificate: tuple[bytes, bytes] | None
    ) -> GrpcServer | None:
        """On ``port``; None is the usual one, or none where somebody has it. Raises SufficeError."""
        try:
            started = GrpcServer(collector, host, DEFAULT_PORT if port is None else port, certificate)
        except SufficeError as taken:
            if port is not None:
                raise
            log.warning("no OTLP/gRPC: %s", taken)
            return None
        log.info("OTLP/gRPC on port %d", started.port)
        return started

    def close(self, grace_s: float) -> None:
        """Answers what is in flight, then stops listening."""
        self._server.stop(grace_s).wait()
        self._pool.shutdown()


def _exporter(collector: Collector, signal: Signal) -> _Handler:
    def export(body: bytes, context: grpc.ServicerContext) -> bytes:
        identity = _identify(collector, body, context)
        try:
            entry = now_entry(body, gzip=body.startswith(_GZIP), signal=signal, project=identity.project or "")
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
        collector.metrics.add(SPANS, accepted.count)
        collector.metrics.add(REJECTED, accepted.rejected)
        answer: bytes = answer_of(signal, accepted.rejected, accepted.reason).SerializeToString()
        return answer

    return export


def _identify(collector: Collector, body: bytes, context: Any) -> Identity:
    """Who sends; ends the call for whoever may not, or not now or not so much."""
    assert collector.keyring is not None
    try:
        identity = collector.keyring.identify({key: str(value) for key, value in context.invocation_metadata()})
    except RefusedError as refused:
        code = grpc.StatusCode.UNAUTHENTICATED if refused.status == 401 else grpc.StatusCode.PERMISSION_DENIED
        context.abort(code, str(refused))
    if not identity.may("ingest"):
        context.abort(grpc.StatusCode.PERMISSION_DENIED, "this key may not do that: it needs scope ingest")
    collector.metrics.add(RECEIVED_BYTES, len(body), key=identity.key.key_id if identity.key else "none")
    if (key := identity.key) is not None:
        if key.max_body_bytes is not None and len(body) > key.max_body_bytes:
            reason = f"this key may send {key.max_body_bytes} bytes at once; send smaller batches"
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, reason)
        if wait := collector.limits.begin(key):
            _come_back(context, f"this key has used up its limit; send again in {wait} s", wait)
        collector.limits.received(key, len(body))
    return identity


def _come_back(context: Any, reason: str, after_s: int = RETRY_AFTER_S) -> NoReturn:
    """UNAVAILABLE with RetryInfo: the sender keeps its data and knows when to try again."""
    detail = AnyMessage()
    detail.Pack(RetryInfo(retry_delay=Duration(seconds=after_s)))
    status = Status(code=grpc.StatusCode.UNAVAILABLE.value[0], message=reason, details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNAVAILABLE, reason)
    raise AssertionError("abort raises")
