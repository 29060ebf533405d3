"""500 made secrets, in every place a call has, through the real SDK: none is in the bytes that leave, nor in the spool."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from sdk.local_servers import Handler, Server, Sink, serving
from sdk.privacy.made_secrets import Secret, made_secrets, sentence

import suffice

PER_CALL = 10


class EchoHandler(Handler):
    """Answers with what the model's ``say`` field holds: whole, in pieces of three characters, or as an error."""

    def do_POST(self) -> None:
        request = json.loads(self.body())
        say, act = request["metadata"]["say"], request["metadata"]["act"]
        if request["model"] == "refuse":
            self.answer_json(400, {"error": {"message": f"Invalid value: {say}", "type": "invalid_request_error"}})
            return
        call = {"id": "call_9", "type": "function", "function": {"name": "find", "arguments": json.dumps({"who": act})}}
        base = {"id": "chatcmpl-1", "created": 1, "model": "m"}
        if not request.get("stream"):
            message = {"role": "assistant", "content": say, "tool_calls": [call]}
            choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
            self.answer_json(200, base | {"object": "chat.completion", "choices": [choice]})
            return
        deltas: list[Any] = [{"content": say[i : i + 3]} for i in range(0, len(say), 3)]
        arguments = call["function"]["arguments"]  # type: ignore[index]
        deltas.append({"tool_calls": [{"index": 0, **call, "function": {"name": "find", "arguments": ""}}]})
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": arguments[i : i + 5]}}]} for i in range(0, len(arguments), 5)]  # fmt: skip
        chunks = [base | {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": d}]} for d in deltas]
        events = "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + "data: [DONE]\n\n"
        self.answer(200, events.encode(), "text/event-stream")


class RawSink(Sink):
    """Keeps what came as it came."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[bytes] = []

    def store(self, body: bytes) -> None:
        self.raw.append(body)
        super().store(body)


@pytest.fixture
def echo() -> Iterator[Server]:
    with serving(Server(("127.0.0.1", 0), EchoHandler)) as server:
        yield server


def ask(client: httpx2.Client, echo: Server, secrets: list[Secret], number: int, chance: random.Random) -> None:
    """One call, each secret in another place."""
    system, user, args, result, described, url, say, act, person, tag = (sentence(each, chance) for each in secrets)
    history = [
        {"role": "system", "content": f"You help. {system}"},
        {"role": "user", "content": [{"type": "text", "text": f"Hello. {user}"}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "find", "arguments": json.dumps({"q": args, "deep": [{"k": args}]})}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"rows": [result]})},
        {"role": "user", "name": "u", "content": f"And now? {user}"},
    ]  # fmt: skip
    tools = [{"type": "function", "function": {"name": "find", "description": described, "parameters": {"type": "object", "properties": {"who": {"type": "string", "description": described, "enum": [described]}}}}}]  # fmt: skip
    body = {
        "model": "refuse" if number % 5 == 4 else "m",
        "messages": history,
        "tools": tools,
        "stop": [tag[:30]] if number % 3 == 0 else None,
        "metadata": {"say": say, "act": act},
        "user": person,
        "stream": number % 2 == 1,
    }
    inside = f"/v1/{quote(url)}/chat/completions?who={quote(url)}" if number % 3 == 1 else "/v1/chat/completions"
    with suffice.run(f"agent of {tag}", user=person, session=person), suffice.task(f"task {tag}"):
        client.post(f"{echo.url}{inside}", json=body, headers={"Authorization": f"Bearer {secrets[0].hidden}"})
        suffice.outcome(ok=True, label=f"said {say}")


def ask_all(echo: Server) -> list[Secret]:
    secrets, chance = made_secrets(), random.Random(1)
    with httpx2.Client() as client:
        for number in range(len(secrets) // PER_CALL):
            ask(client, echo, secrets[number * PER_CALL : (number + 1) * PER_CALL], number, chance)
    return secrets


def leaked(secrets: list[Secret], data: bytes) -> list[Secret]:
    """Those that the bytes hold, as they are or in another spelling: escaped, quoted, without gaps."""
    text = data.decode("utf-8", "replace").lower()
    dense = re.sub(r"[ \-]", "", text)
    found = []
    for each in secrets:
        hidden = each.hidden.lower()
        spellings = {hidden, json.dumps(hidden)[1:-1], quote(hidden)}
        if any(spelling in text for spelling in spellings) or re.sub(r"[ \-]", "", hidden) in dense:
            found.append(each)
    return found


@pytest.mark.parametrize("mode", ["masked", "hashed", "metrics"])
def test_no_secret_leaves_the_process(mode: str, echo: Server) -> None:
    with serving(RawSink()) as sink:
        suffice.init(sink.url, "tests", mode, secret="s", quiet=True)
        secrets = ask_all(echo)
        delivered, dropped, pending = suffice.flush(60)
        suffice.shutdown()
        data = b"".join(sink.raw)
    assert {call["attributes"]["suffice.capture"] for call in sink.calls} == {mode}
    assert len(secrets) == 500
    assert (delivered, dropped, pending) == (50, 0, 0)
    assert leaked(secrets, data) == []
    if mode == "masked":
        assert (
            len(set(re.findall(rb"<(?:email|phone|card|iban|ip):[a-z]{8}>", data))) >= 330
        )  # they came, under other names


def test_no_secret_waits_in_the_spool(echo: Server, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    suffice.init("http://127.0.0.1:9", "tests", "masked", secret="s", quiet=True, spool=folder)
    secrets = ask_all(echo)
    suffice.shutdown()
    files = [path for path in folder.rglob("*") if path.is_file()]
    data = b"".join(path.read_bytes() for path in files)
    assert sum(int(path.stem.rsplit("-", 1)[1]) for path in files if path.suffix == ".otlp") == 50
    assert leaked(secrets, data) == []


def test_full_keeps_what_is_personal_but_no_key(echo: Server) -> None:
    with serving(RawSink()) as sink:
        suffice.init(sink.url, "tests", "full", quiet=True)
        secrets = ask_all(echo)
        suffice.flush(60)
        suffice.shutdown()
        data = b"".join(sink.raw)
    found = leaked(secrets, data)
    assert [each for each in found if each.kind == "key"] == []
    assert len(found) > 320  # the search finds them where they are
