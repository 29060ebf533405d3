"""Two real HTTP servers for these tests: a provider that speaks both wire formats, and a collector's ingest.

They are not simulations of behaviour: the provider answers from what it was asked, so that a test can say
what must come out; the sink decodes what was really sent.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any
    timeout = 20

    def log_message(self, *args: Any) -> None:
        pass

    def body(self) -> bytes:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        return gzip.decompress(data) if self.headers.get("content-encoding") == "gzip" else data

    def answer(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def answer_json(self, status: int, value: Any, **headers: str) -> None:
        self.answer(status, json.dumps(value).encode(), "application/json", **headers)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are part of the tests


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


# --- the provider ---------------------------------------------------------------------------------


class ProviderHandler(Handler):
    """The model's name says how to behave: ``gzip-``, ``br-``, ``zstd-`` (how it is packed), ``retry-`` (one 503
    first), ``cut-`` (breaks off; also packed: ``gzip-cut-``), ``stall-`` (goes silent after the first piece),
    ``mute-`` (before it), ``refuse-``, ``slow-``. A path under ``/moved`` is redirected (307)."""

    def do_POST(self) -> None:
        raw = self.body()
        path = urlsplit(self.path).path
        self.server.requests.append({"path": self.path, "headers": dict(self.headers), "body": raw})
        request = json.loads(raw)
        model = request["model"]
        if path.startswith("/moved/"):
            self.answer(307, b"", "text/plain", Location=self.server.url + path.removeprefix("/moved"))
            return
        if model.startswith("mute-"):
            self.server.release.wait(20)
        if model.startswith("retry-") and model not in self.server.refused:
            self.server.refused.add(model)
            self.answer_json(503, {"error": {"message": "overloaded", "type": "overloaded_error"}}, retry_after="0")
            return
        if model.startswith("refuse-"):
            self.answer_json(
                400, {"error": {"message": "bad key sk-proj-abcdef123456", "type": "invalid_request_error"}}
            )
            return
        if model.startswith("slow-"):
            time.sleep(2)
        speak = openai_answer if path.endswith("/chat/completions") else anthropic_answer
        body, events = speak(request)
        packing = next((each for each in PACKINGS if model.startswith(f"{each}-")), None)
        if request.get("stream"):
            self.stream(events, model, packing)
            return
        data = json.dumps(body).encode()
        packed = {"Content_Encoding": packing} if packing else {}
        self.answer(200, PACKINGS[packing](data) if packing else data, "application/json", **packed)

    def stream(self, events: list[str], model: str, packing: str | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        if packing:
            self.send_header("Content-Encoding", packing)
        self.end_headers()
        pieces = [event.encode() for event in events]
        if packing:
            data = PACKINGS[packing](b"".join(pieces))
            pieces = [data[: len(data) // 2], data[len(data) // 2 :]]
        if "cut-" in model:
            pieces = pieces[: len(pieces) // 2]
        for number, piece in enumerate(pieces):
            if number == 1 and model.startswith("stall-"):
                self.server.release.wait(20)
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            self.wfile.flush()
            if model.startswith("slow-"):
                time.sleep(0.3)
        if "cut-" in model:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n\r\n")


def _pack_br(data: bytes) -> bytes:
    return import_module("brotli").compress(data)  # type: ignore[no-any-return]


def _pack_zstd(data: bytes) -> bytes:
    name = next(each for each in ("compression.zstd", "backports.zstd", "zstandard") if find_spec(each.split(".")[0]))
    return import_module(name).compress(data)  # type: ignore[no-any-return]


PACKINGS: dict[str, Any] = {"gzip": gzip.compress, "br": _pack_br, "zstd": _pack_zstd}


def openai_answer(request: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """As api.openai.com would, with an answer made from the last message. A tool is called if one is offered."""
    text = f"You said: {request['messages'][-1]['content']}"
    usage = {
        "prompt_tokens": 40 + len(request["messages"]),
        "completion_tokens": 7,
        "total_tokens": 47 + len(request["messages"]),
        "prompt_tokens_details": {"cached_tokens": 32, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 0},
    }
    message: dict[str, Any] = {"role": "assistant", "content": text}
    finish = "stop"
    if request.get("tools"):
        name = request["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": '{"city": "Ulm"}'}}
        message, finish = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
    base = {"id": "chatcmpl-1", "created": 1, "model": request["model"] + "-2026-01-01", "service_tier": "default"}
    body = base | {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if request.get("tools"):
        first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [first]})
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for part in ('{"city"', ': "Ulm"}')]
    else:
        deltas += [{"content": word} for word in text.split(" ")[:1] + [f" {w}" for w in text.split(" ")[1:]]]
    chunk = base | {"object": "chat.completion.chunk"}
    chunks = [chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append(chunk | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if (request.get("stream_options") or {}).get("include_usage"):
        chunks.append(chunk | {"choices": [], "usage": usage})
    return body, [f"data: {json.dumps(each)}\n\n" for each in chunks] + ["data: [DONE]\n\n"]


def anthropic_answer(request: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """As api.anthropic.com would."""
    content = request["messages"][-1]["content"]
    text = f"You said: {content if isinstance(content, str) else content[-1]['text']}"
    usage = {
        "input_tokens": 11,
        "cache_read_input_tokens": 20,
        "cache_creation_input_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 0},
        "output_tokens": 9,
        "service_tier": "standard",
    }
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}]
    reason = "end_turn"
    if request.get("tools"):
        name = request["tools"][0]["name"]
        blocks.append({"type": "tool_use", "id": "toolu_1", "name": name, "input": {"city": "Ulm"}})
        reason = "tool_use"
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request["model"] + "-20260101",
        "content": blocks,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage,
    }
    events: list[tuple[str, dict[str, Any]]] = [
        (
            "message_start",
            {"message": body | {"content": [], "stop_reason": None, "usage": usage | {"output_tokens": 1}}},
        )
    ]
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            events.append(("content_block_start", {"index": index, "content_block": {"type": "text", "text": ""}}))
            for word in text.split(" ")[:1] + [f" {w}" for w in text.split(" ")[1:]]:
                delta = {"type": "text_delta", "text": word}
                events.append(("content_block_delta", {"index": index, "delta": delta}))
        else:
            events.append(("content_block_start", {"index": index, "content_block": block | {"input": {}}}))
            for part in ('{"city": ', '"Ulm"}'):
                delta = {"type": "input_json_delta", "partial_json": part}
                events.append(("content_block_delta", {"index": index, "delta": delta}))
        events.append(("content_block_stop", {"index": index}))
    ending = {"delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 9}}
    events += [("message_delta", ending), ("message_stop", {})]
    return body, [f"event: {name}\ndata: {json.dumps({'type': name} | data)}\n\n" for name, data in events]


def provider_server() -> Server:
    server = Server(("127.0.0.1", 0), ProviderHandler)
    server.requests = []  # type: ignore[attr-defined]
    server.refused = set()  # type: ignore[attr-defined]
    server.release = threading.Event()  # type: ignore[attr-defined]
    return server


# --- the collector's ingest -----------------------------------------------------------------------


class SinkHandler(Handler):
    def do_GET(self) -> None:
        sink: Sink = self.server
        if self.path == "/healthz":
            self.answer_json(200, sink.health)
        elif self.path.startswith("/api/v1/read/call?"):
            sink.asked.append({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
            self.answer_json(200, {"columns": ["paid_usd"], "rows": sink.cost_rows})
        else:
            self.answer_json(404, {"error": "no such path"})

    def do_POST(self) -> None:
        sink: Sink = self.server
        body = self.body()
        sink.posts.append({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}})
        status, rejected = sink.statuses.pop(0) if sink.statuses else (200, 0)
        if len(body) > sink.max_bytes:
            status = 413
        if status == 0:  # break off
            self.close_connection = True
            return
        time.sleep(sink.takes_s)
        if status == -1:  # hang
            sink.release.wait(20)
            status = 200
        if status == 200:
            answer = ExportTraceServiceResponse()
            if rejected:
                answer.partial_success.rejected_spans = rejected
                answer.partial_success.error_message = "no"
            sink.store(body)
            self.answer(200, answer.SerializeToString(), "application/x-protobuf")
        else:
            self.answer(status, b"", "application/x-protobuf")


class Sink(Server):
    """Decoded spans in ``spans``. ``statuses`` holds (status, rejected spans) for the next posts; then all is stored."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), SinkHandler)
        self.health: dict[str, Any] = {"service": "suffice", "dashboard_url": "http://127.0.0.1:8501"}
        self.statuses: list[tuple[int, int]] = []
        self.spans: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.cost_rows: list[list[Any]] = [["0.000123"]]
        self.release = threading.Event()
        self.takes_s = 0.0  # for one request
        self.connections: list[Any] = []
        self.max_bytes = 64 * 1024 * 1024

    def close_connections(self) -> None:
        """Hang up on everybody, as servers and load balancers do to the idle."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)

    def store(self, body: bytes) -> None:
        self.spans += decode_spans(body)

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [span for span in self.spans if "suffice.wire_format" in span["attributes"]]


def decode_spans(body: bytes) -> list[dict[str, Any]]:
    """An export request's spans as plain values; JSON attributes stay text."""
    spans = []
    for resource_spans in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = {each.key: plain(each.value) for each in resource_spans.resource.attributes}
        for scope_spans in resource_spans.scope_spans:
            spans += [
                {
                    "name": span.name,
                    "kind": span.kind,
                    "trace_id": span.trace_id.hex(),
                    "span_id": span.span_id.hex(),
                    "parent_span_id": span.parent_span_id.hex(),
                    "started_ns": span.start_time_unix_nano,
                    "ended_ns": span.end_time_unix_nano,
                    "status": (span.status.code, span.status.message),
                    "attributes": {each.key: plain(each.value) for each in span.attributes},
                    "resource": resource,
                    "scope": scope_spans.scope.name,
                }
                for span in scope_spans.spans
            ]
    return spans


def plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None
