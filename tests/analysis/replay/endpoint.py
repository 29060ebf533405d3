"""A real HTTP endpoint on loopback that speaks OpenAI chat completions and answers as a test's function says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | int | dict[str, Any] | None  # a text, a status, a whole message, or a cut stream


class Endpoint:
    """``requests`` are the bodies it was sent, in the order they came."""

    def __init__(self, answer: Callable[[dict[str, Any], int], Answer], model: str = "tiny-1") -> None:
        self.requests: list[dict[str, Any]] = []
        self.model = model
        self._answer = answer
        self._lock = threading.Lock()
        self.url = ""

    def reply(self, handler: BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        with self._lock:
            self.requests.append(body)
        said = self._answer(body, int(handler.headers.get("x-stainless-retry-count") or 0))
        if isinstance(said, int):
            self._send(handler, said, {"error": {"message": f"status {said}", "type": "test"}})
            return
        if said is None:
            handler.send_response(200)
            handler.send_header("content-type", "application/json")
            handler.send_header("content-length", "1000")
            handler.end_headers()
            handler.wfile.write(b'{"choices": [')
            handler.close_connection = True
            return
        message = {"role": "assistant", "content": said} if isinstance(said, str) else said
        self._send(
            handler,
            200,
            {
                "id": "c", "object": "chat.completion", "model": self.model,
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            },
        )  # fmt: skip

    @staticmethod
    def _send(handler: BaseHTTPRequestHandler, status: int, value: Any) -> None:
        written = json.dumps(value).encode()
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(written)))
        if status == 429:
            handler.send_header("retry-after-ms", "1")
        handler.end_headers()
        handler.wfile.write(written)


@contextmanager
def serving(answer: Callable[[dict[str, Any], int], Answer], model: str = "tiny-1") -> Iterator[Endpoint]:
    """An endpoint while the block runs; its ``url`` ends in /v1."""
    endpoint = Endpoint(answer, model)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            endpoint.reply(self)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
