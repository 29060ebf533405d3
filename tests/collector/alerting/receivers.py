"""Whoever gets alerts, for real: a webhook server that answers as told, and a mail server of thirty lines."""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar


class Hook(ThreadingHTTPServer):
    """``got``: (path, headers, body) of each request; ``statuses``: of the next answers, then 204."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        hook: Hook = self.server  # type: ignore[assignment]
        body = self.rfile.read(int(self.headers["content-length"]))
        hook.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status = hook.statuses.pop(0) if hook.statuses else 204
        self.send_response(status)
        if hook.location:
            self.send_header("Location", hook.location)
        said = b"" if status == 204 else b"not now\nand more"
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None: ...


class Mailbox(socketserver.ThreadingTCPServer):
    """``mails``: (sender, recipients, text) of each; ``logins``: what AUTH PLAIN brought; ``refuse``: recipients it won't have."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[tuple[str, list[str], str]] = []
        self.logins: list[str] = []
        self.refuse: set[str] = set()
        self.encrypted: list[bool] = []
        self.context = None
        if certificate:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(*map(str, certificate))

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.BaseRequestHandler):
    request: socket.socket

    def handle(self) -> None:
        box: Mailbox = self.server  # type: ignore[assignment]
        self._say("220 box")
        sender, to, encrypted = "", [], False
        while line := self._line():
            word = line[:4].upper()
            if word == "EHLO":
                more = ["250-STARTTLS"] if box.context and not encrypted else []
                self._say("250-box", *more, "250 AUTH PLAIN")
            elif word == "STAR" and box.context:
                self._say("220 go")
                try:
                    self.request, encrypted = box.context.wrap_socket(self.request, server_side=True), True
                except ssl.SSLError:  # our certificate was not liked
                    return
            elif word == "AUTH":
                box.logins.append(line.split()[2])
                self._say("235 in")
            elif word == "MAIL":
                sender, to = line[10:].split(">")[0].lstrip("<"), []
                self._say("250 ok")
            elif word == "RCPT":
                who = line[8:].split(">")[0].lstrip("<")
                to.append(who)
                self._say("550 nobody" if who in box.refuse else "250 ok")
            elif word == "DATA":
                self._say("354 go")
                text = []
                while (part := self._line()) != ".":
                    text.append(part)
                box.mails.append((sender, to, "\n".join(text)))
                box.encrypted.append(encrypted)
                self._say("250 kept")
            elif word == "QUIT":
                self._say("221 bye")
                self.request.close()
                return
            else:
                self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self.request.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _line(self) -> str:
        line = b""
        while not line.endswith(b"\r\n"):
            if not (byte := self.request.recv(1)):
                return ""
            line += byte
        return line.decode()[:-2]


Server = TypeVar("Server", bound=socketserver.BaseServer)


@contextmanager
def receiving(server: Server) -> Iterator[Server]:
    """The server, answering in a thread until the end of the block."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
