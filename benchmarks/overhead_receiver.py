"""A collector's ingest in a process of its own: takes everything, and says how many spans came.

Bodies are kept and decoded when somebody asks, so that decoding takes no processor from what is being timed.
"""

from __future__ import annotations

import gzip
import http.server
import json
import sys
import threading
from typing import Any

bodies: list[bytes] = []
lock = threading.Lock()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path != "/count":
            self._answer(b'{"service": "suffice"}')
            return
        with lock:
            taken = bodies[:]
            bodies.clear()
        self._answer(json.dumps({"calls": sum(map(_calls_in, taken)), "bytes": sum(map(len, taken))}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path.endswith("/v1/traces"):
            with lock:
                bodies.append(body)
        self._answer(b"", "application/x-protobuf")

    def _answer(self, body: bytes, content_type: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


def _calls_in(body: bytes) -> int:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest.FromString(body)
    return sum(len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans)


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    print(server.server_address[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()  # ends with its parent
    server.serve_forever()
