"""What is special about urllib3's answers: they are files, and the bytes may be taken packed or unpacked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from sdk.local_servers import Server, Sink
from sdk.transports.drivers import BODY, JSON, PATH, STREAMED

import suffice

urllib3 = pytest.importorskip("urllib3")


def repeated(read: Callable[[], Any]) -> bytes:
    got = b""
    while data := read():
        got += data
    return got


def into(response: Any) -> bytes:
    got, place = b"", bytearray(64)
    while count := response.readinto(place):
        got += place[:count]
    return got


WAYS: dict[str, Callable[[Any], Any]] = {
    "data": lambda response: response.data,
    "read": lambda response: response.read(),
    "read(50)": lambda response: repeated(lambda: response.read(50)),
    "read packed": lambda response: response.read(decode_content=False),
    "read1": lambda response: repeated(lambda: response.read1(50)),
    "readinto": into,
    "stream": lambda response: b"".join(response.stream(50)),
    "stream unpacked": lambda response: b"".join(response.stream(50, decode_content=True)),
    "lines": lambda response: b"".join(response),
    "text file": lambda response: io.TextIOWrapper(response, "utf-8").read(),
}


ONE_BODY_ONLY = ("read1", "lines", "text file")  # in chunks, or packed, urllib3 itself can't do these


@pytest.mark.parametrize(
    ("way", "streamed", "model"),
    [
        (way, streamed, model)
        for way in WAYS
        for streamed in (False, True)
        for model in ("m", "gzip-m")
        if way not in ONE_BODY_ONLY or (not streamed and model == "m")
    ],
)
def test_every_way_of_reading_gives_the_same(
    way: str, streamed: bool, model: str, provider: Server, sink: Sink, record: Any
) -> None:
    body = json.dumps((STREAMED if streamed else BODY) | {"model": model})

    def ask() -> Any:
        with urllib3.PoolManager() as pool:
            response = pool.request("POST", provider.url + PATH, body=body, headers=JSON, preload_content=False)
            return WAYS[way](response)

    bare = ask()
    record()
    got = ask()
    if model == "m" or "packed" not in way:  # a packed body's header holds its time
        assert got == bare
    assert suffice.flush() == (1, 0, 0)
    given = sink.calls[0]["attributes"]
    assert (given["suffice.completeness"], given["gen_ai.usage.output_tokens"]) == ("complete", 7)


def test_the_answer_stays_what_it_was(provider: Server, record: Any) -> None:
    record()
    with urllib3.PoolManager() as pool:
        response = pool.request("POST", provider.url + PATH, body=json.dumps(BODY), headers=JSON, preload_content=False)
        assert isinstance(response, urllib3.HTTPResponse)
        assert type(response).__name__ == "HTTPResponse"
        assert response.json()["object"] == "chat.completion"
        response.release_conn()


def test_a_pool_without_a_manager(provider: Server, sink: Sink, record: Any) -> None:
    record()
    host, port = provider.server_address[:2]
    with urllib3.HTTPConnectionPool(host, port) as pool:
        pool.urlopen("POST", PATH, json.dumps(BODY), JSON)  # by place, as botocore's predecessors did
    assert suffice.flush() == (1, 0, 0)
    assert sink.calls[0]["attributes"]["server.port"] == port


def test_requests_raw_file(provider: Server, sink: Sink, record: Any) -> None:
    requests = pytest.importorskip("requests")
    record()
    got = requests.post(provider.url + PATH, json=BODY, stream=True).raw.read()  # of a temporary: nothing else holds it
    assert json.loads(got)["object"] == "chat.completion"
    assert suffice.flush() == (1, 0, 0)
    assert sink.calls[0]["attributes"]["suffice.completeness"] == "complete"


def test_an_adapter_of_the_apps_own(sink: Sink, record: Any) -> None:
    """Its raw answer may be any file."""
    requests = pytest.importorskip("requests")
    data = b'{"object": "chat.completion", "model": "m-1", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}]}'

    class Adapter(requests.adapters.BaseAdapter):  # type: ignore[misc]
        def send(self, request: Any, **kwargs: Any) -> Any:
            response = requests.Response()
            response.status_code, response.raw, response.url = 200, io.BytesIO(data), request.url
            response.request = request
            return response

        def close(self) -> None:
            pass

    record()
    with requests.Session() as session:
        session.mount("local://", Adapter())
        response = session.post("local://x" + PATH, json=BODY, stream=True)
        assert b"".join(response.iter_content(10)) == data
    assert suffice.flush() == (1, 0, 0)
    assert sink.calls[0]["attributes"]["gen_ai.response.model"] == "m-1"


def test_an_upload_in_pieces_passes(provider: Server, record: Any) -> None:
    record()
    data = json.dumps(BODY).encode()
    with urllib3.PoolManager() as pool:
        given = {"body": iter([data[:9], data[9:]]), "headers": JSON | {"content-length": str(len(data))}}
        assert pool.request("POST", provider.url + PATH, **given).json()["object"] == "chat.completion"
    assert suffice.flush()[1:] == (0, 0)
