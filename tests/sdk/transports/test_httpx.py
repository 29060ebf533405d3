"""What is special about httpx and httpx2: streams that know more than bytes, mocks, clients in clients."""

from __future__ import annotations

import inspect
import json
import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
from sdk.local_servers import Server, Sink, openai_answer
from sdk.transports.drivers import BODY, PATH

import suffice
from suffice.capture import MAX_BODY_BYTES

http: Any = import_module(os.environ.get("TESTED_HTTPX") or ("httpx2" if find_spec("httpx2") else "httpx"))


def mock(body: bytes = b"{}", **headers: str) -> Any:
    return http.Client(transport=http.MockTransport(lambda _: http.Response(200, content=body, headers=headers)))


def test_the_wrapper_looks_like_what_it_wraps(record: Any) -> None:
    signature, name = inspect.signature(http.Client.send), http.Client.send.__qualname__
    record()
    assert inspect.signature(http.Client.send) == signature
    assert http.Client.send.__qualname__ == name
    assert inspect.iscoroutinefunction(http.AsyncClient.send)


def test_elapsed_is_still_known(provider: Server, record: Any) -> None:
    record()
    with http.Client() as client:
        with client.stream("POST", provider.url + PATH, json=BODY) as response:
            response.read()
        assert response.elapsed.total_seconds() > 0


def test_a_client_made_before_init_is_recorded(provider: Server, sink: Sink, record: Any) -> None:
    with http.Client() as client:
        record()
        client.post(provider.url + PATH, json=BODY)
    assert suffice.flush() == (1, 0, 0)


def test_a_client_inside_a_client_is_one_call(provider: Server, sink: Sink, record: Any) -> None:
    inner = http.Client()

    class Through(http.BaseTransport):
        def handle_request(self, request: Any) -> Any:
            answer = inner.post(str(request.url), content=request.read(), headers={"content-type": "application/json"})
            return http.Response(answer.status_code, content=answer.content)

    record()
    with inner, http.Client(transport=Through()) as client:
        client.post(provider.url + PATH, json=BODY)
        client.post(provider.url + PATH, json=BODY)
    assert suffice.flush() == (2, 0, 0)


def test_a_protocol_switch_is_no_call(record: Any) -> None:
    record()
    transport = http.MockTransport(lambda _: http.Response(101))
    with http.Client(transport=transport) as client:
        client.post("http://x" + PATH, json=BODY)
    assert suffice.flush() == (0, 0, 0)


def test_a_body_that_is_sent_in_pieces_still_passes(provider: Server, record: Any) -> None:
    record()
    data = json.dumps(BODY).encode()
    headers = {"content-length": str(len(data))}
    with http.Client() as client:
        answer = client.post(provider.url + PATH, content=iter([data[:5], data[5:]]), headers=headers)
    assert answer.json()["object"] == "chat.completion"
    suffice.flush()


def test_nothing_of_the_app_is_kept_alive(provider: Server, record: Any) -> None:
    import gc
    import weakref

    record()
    client = http.Client()
    response = client.post(provider.url + PATH, json=BODY)
    references = [weakref.ref(client), weakref.ref(response), weakref.ref(response.request)]
    client.close()
    del client, response
    gc.collect()
    assert [reference() for reference in references] == [None, None, None]


def test_a_huge_stream_is_passed_on_whole_and_kept_in_part(
    sink: Sink, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suffice.capture.MAX_BODY_BYTES", 100)
    assert MAX_BODY_BYTES == 16 * 1024 * 1024
    events = "".join(openai_answer(BODY | {"model": "m"})[1]).encode()

    class Pieces(http.SyncByteStream):
        def __iter__(self) -> Any:
            for start in range(0, len(events), 64):
                yield events[start : start + 64]

    record()
    transport = http.MockTransport(
        lambda _: http.Response(200, stream=Pieces(), headers={"content-type": "text/event-stream"})
    )
    with http.Client(transport=transport) as client, client.stream("POST", "http://x" + PATH, json=BODY) as response:
        assert b"".join(response.iter_bytes()) == events
    assert suffice.flush() == (1, 0, 0)
    assert sink.calls[0]["attributes"]["suffice.completeness"] == "partial"


def test_credentials_never_leave(sink: Sink, record: Any) -> None:
    record()
    secret = "sk-proj-abcdefghijklmnop"
    body, _ = openai_answer(BODY)
    with mock(json.dumps(body).encode(), **{"content-type": "application/json", "set-cookie": secret}) as client:
        client.post(
            f"http://user:{secret}@x{PATH}?key={secret}",
            json=BODY,
            headers={"authorization": f"Bearer {secret}", "x-api-key": secret, "x-new": secret},
        )
    assert suffice.flush() == (1, 0, 0)
    assert secret not in json.dumps(sink.spans)


def test_metrics_mode_sends_no_text(provider: Server, sink: Sink, record: Any) -> None:
    record(capture="metrics")
    secret = "a text nobody may see"
    request = {
        "model": "m",
        "messages": [{"role": "user", "content": secret}],
        "stop": [secret],
        "user": secret,
        "temperature": 0.25,
        "metadata": {"note": secret},
        "tools": [{"type": "function", "function": {"name": "f", "description": secret, "parameters": {}}}],
        "response_format": {"type": "json_schema", "json_schema": {"name": secret, "schema": {}}},
    }
    http.post(provider.url + PATH, json=request)
    assert suffice.flush() == (1, 0, 0)
    assert secret not in json.dumps(sink.spans)
    given = sink.calls[0]["attributes"]
    assert given["gen_ai.usage.input_tokens"] == 41
    assert given["gen_ai.request.temperature"] == 0.25
    assert json.loads(given["suffice.parameters"]) == {"temperature": 0.25}
    assert not any(name.endswith(("messages", "definitions", "instructions")) for name in given)
