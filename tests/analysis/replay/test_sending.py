"""One request, over real connections: what a server does to them is told apart from what the model says."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator

import pytest
from analysis.replay.endpoint import serving

from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange
from suffice_analysis.replay import sending
from suffice_analysis.replay.candidates import Candidate

ANSWER = json.dumps(
    {
        "id": "a", "object": "chat.completion", "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
    }
).encode()  # fmt: skip


class Closing:
    """Answers the first request of each connection, promises to keep it, and closes it when the next one comes, unanswered."""

    def __init__(self, whole: bool = True) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"
        self.whole = whole
        self.requests = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                if self._request(connection):
                    body = ANSWER if self.whole else ANSWER[:20]
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(ANSWER)}\r\n\r\n"
                    connection.sendall(head.encode() + body)
                if self.whole:
                    self._request(connection)

    def _request(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(65536)):
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.requests += 1
        return True


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Closing]:
    monkeypatch.setattr(sending, "FIRST_WAIT_S", 0.01)
    server = Closing()
    yield server
    server.listener.close()


def test_a_host_that_lets_no_connection_in_fails_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A firewall that drops: until now each call was a timeout, which counts as a wrong answer."""
    monkeypatch.setattr(sending, "FIRST_WAIT_S", 0.001)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as held:
        address = full.getsockname()
        for _ in range(2):  # its queue: nothing more gets in
            waiting = held.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        candidate = Candidate(model="m", url=f"http://127.0.0.1:{address[1]}/v1", timeout_s=0.2)
        sender = sending.Sender(candidate)
        sent = sent_by(sender)
        sender.close()
        why = sending.why_unreachable(candidate)
    assert (sent.failure, sent.attempts) == ("unavailable", sending.ATTEMPTS)
    assert why == f"nothing answers at {candidate.url} (no connection in 0.2 s)"


def test_who_answers_anything_is_there() -> None:
    with serving(lambda body, _: 404) as endpoint:
        assert sending.why_unreachable(Candidate(model="m", url=endpoint.url)) is None
        assert endpoint.requests == []


def sent_by(sender: sending.Sender) -> sending.Sent:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "well?"}]}).encode()
    recorded = parse_exchange(
        Exchange(
            "POST", "http://x/v1/chat/completions", request_body=body, status=200, response_headers={"content-type": "application/json"},
            response_body=ANSWER, streamed=False, started_ns=1, ended_ns=2,
        )
    )  # fmt: skip
    assert recorded is not None
    return sender.send(recorded)


def test_a_kept_connection_that_is_closed_unanswered_is_asked_again(closing: Closing) -> None:
    with contextlib.closing(sending.Sender(Candidate("m", closing.url))) as sender:
        answers = [sent_by(sender) for _ in range(4)]
    assert [each.failure for each in answers] == [None] * 4
    assert [each.attempts for each in answers] == [1, 2, 2, 2]
    assert closing.requests == 7  # each but the first was begun twice, and answered once


def test_an_answer_that_breaks_off_is_cut_and_not_asked_again() -> None:
    server = Closing(whole=False)
    with contextlib.closing(sending.Sender(Candidate("m", server.url))) as sender:
        broken = sent_by(sender)
    server.listener.close()
    assert (broken.failure, broken.attempts) == ("cut", 1)
    assert broken.remark.startswith("the answer broke off")
