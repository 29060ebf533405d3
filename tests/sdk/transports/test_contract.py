"""What every transport keeps to: the app gets the same bytes and the same errors, each call is recorded once."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from typing import Any

import pytest
from sdk.local_servers import Server, Sink
from sdk.transports.drivers import BODY, DRIVERS, PATH, STREAMED, Driver, driver

import suffice
from suffice import announce, context, transports

ENCODINGS = ["gzip"] + [
    name for name, codec in (("br", "brotli"), ("zstd", "backports"), ("zstd", "zstandard")) if find_spec(codec)
]
ENCODINGS = list(dict.fromkeys(ENCODINGS))


@pytest.fixture(params=DRIVERS)
def through(request: pytest.FixtureRequest) -> Driver:
    return driver(request.param)


async def closed(client: Any) -> None:
    """Close a client of whichever library."""
    close = getattr(client, "aclose", None) or getattr(client, "close", None) or client.clear
    waiting = close()
    if waiting is not None:
        await waiting


def nameless(error: BaseException) -> str:
    """An exception's text without addresses of objects."""
    return re.sub(r"0x[0-9a-f]+", "0x", str(error))


def the_call(sink: Sink, expected: int = 1) -> dict[str, Any]:
    assert suffice.flush() == (expected, 0, 0)
    assert len(sink.calls) == expected
    return sink.calls[-1]["attributes"]  # type: ignore[no-any-return]


async def test_a_plain_answer(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    bare = await through.post(provider.url + PATH, BODY)
    record()
    assert await through.post(provider.url + PATH, BODY) == bare
    given = the_call(sink)
    assert (given["suffice.completeness"], given["gen_ai.usage.input_tokens"]) == ("complete", 41)
    assert "drivers.py" in given["suffice.call_site"]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_a_packed_answer(encoding: str, through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    if encoding == "zstd" and through.library == "httpx" and not find_spec("zstandard"):
        pytest.skip("httpx reads Zstandard only with the package zstandard, and so do we")
    bare = await through.post(provider.url + PATH, BODY | {"model": f"{encoding}-m"})
    record()
    assert await through.post(provider.url + PATH, BODY | {"model": f"{encoding}-m"}) == bare
    given = the_call(sink)
    assert (given["suffice.completeness"], given["gen_ai.usage.input_tokens"]) == ("complete", 41)


@pytest.mark.parametrize("model", ["m", *(f"{encoding}-m" for encoding in ENCODINGS)])
async def test_a_stream(model: str, through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    bare = await through.stream(provider.url + PATH, STREAMED | {"model": model})
    record()
    assert await through.stream(provider.url + PATH, STREAMED | {"model": model}) == bare
    given = the_call(sink)
    assert given["suffice.completeness"] == "complete"
    assert given["gen_ai.usage.output_tokens"] == 7
    assert given["gen_ai.response.time_to_first_chunk"] > 0


async def test_a_stream_left_early(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    record()
    await through.stream(provider.url + PATH, STREAMED | {"model": "stall-m"}, stop_after=1)
    given = the_call(sink)
    assert given["suffice.completeness"] == "partial"
    assert given["gen_ai.request.model"] == "stall-m"


async def test_a_stream_that_is_closed_at_its_last_word(
    through: Driver, provider: Server, sink: Sink, record: Any
) -> None:
    """openai, cohere, mistral, together and litellm stop at ``[DONE]``: the content says whether all is there."""
    events = (await through.stream(provider.url + PATH, STREAMED)).count(b"data: ")
    record()
    await through.stream(provider.url + PATH, STREAMED, stop_after=events)
    assert the_call(sink)["suffice.completeness"] == "complete"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_stream_nobody_reads(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    record()
    response, client = await through.open(provider.url + PATH, STREAMED)
    await closed(client)
    del response, client
    gc.collect()
    assert the_call(sink)["suffice.completeness"] == "partial"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_nothing_of_the_app_is_kept_alive(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    """What the garbage collector takes without us it takes with us: also of a call that failed."""

    async def left(url: str, body: dict[str, Any]) -> list[bool]:
        references: list[weakref.ref[Any]] = []
        response, client = await through.open(url, body)
        references += [weakref.ref(response), weakref.ref(client)]
        await closed(client)
        del response, client
        gc.collect()
        return [reference() is not None for reference in references]

    bare = await left(provider.url + PATH, STREAMED)
    record()
    assert await left(provider.url + PATH, STREAMED) == bare == [False, False]
    the_call(sink)


async def test_an_exception_is_let_go(through: Driver, sink: Sink, record: Any) -> None:
    """Its traceback pins frames, and with them clients: held, it was seen to change what an app does."""
    record()

    async def failed() -> weakref.ref[Exception]:
        try:
            await through.post("http://127.0.0.1:1" + PATH, BODY)
        except Exception as error:
            return weakref.ref(error)
        raise AssertionError("nobody listens on port 1")

    reference = await failed()
    gc.collect()
    assert reference() is None
    the_call(sink)


@pytest.mark.parametrize("packing", ["", *(f"{encoding}-" for encoding in ENCODINGS)])
async def test_a_cut_stream_raises_the_same(
    packing: str, through: Driver, provider: Server, sink: Sink, record: Any
) -> None:
    body = STREAMED | {"model": f"{packing}cut-m"}
    with pytest.raises(Exception) as bare:  # noqa: PT011
        await through.stream(provider.url + PATH, body)
    record()
    with pytest.raises(bare.type) as recorded:
        await through.stream(provider.url + PATH, body)
    assert nameless(recorded.value) == nameless(bare.value)
    given = the_call(sink)
    assert (given["suffice.completeness"], given["error.type"]) == ("error", through.cut)
    if not packing:  # half a packed stream holds too little; test_decoding.py reads truncated ones
        assert "You said" in given["gen_ai.output.messages"]


async def test_a_redirect_is_one_call(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert b"You said" in await through.post(provider.url + "/moved" + PATH, BODY)
    given = the_call(sink)
    assert (given["http.response.status_code"], given["suffice.completeness"]) == (200, "complete")


async def test_a_refused_call_keeps_its_answer(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    body = BODY | {"model": "refuse-m"}
    bare = await through.post(provider.url + PATH, body)
    record()
    assert await through.post(provider.url + PATH, body) == bare
    given = the_call(sink)
    assert (given["http.response.status_code"], given["error.type"]) == (400, "invalid_request_error")
    assert given["suffice.error.message"] == "bad key sk-proj-[masked]"


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_timeout_raises_the_same(
    streamed: bool, through: Driver, provider: Server, sink: Sink, record: Any
) -> None:
    async def ask() -> bytes:
        if streamed:
            return await through.stream(provider.url + PATH, STREAMED | {"model": "stall-m"}, timeout=0.4)
        return await through.post(provider.url + PATH, BODY | {"model": "mute-m"}, timeout=0.4)

    with pytest.raises(Exception) as bare:  # noqa: PT011
        await ask()
    record()
    with pytest.raises(bare.type) as recorded:
        await ask()
    assert nameless(recorded.value) == nameless(bare.value)
    given = the_call(sink)
    assert given["suffice.completeness"] == "error"
    assert "Timeout" in given["error.type"] or "MaxRetry" in given["error.type"]


async def test_a_retry_is_a_further_attempt_of_the_same_call(
    through: Driver, provider: Server, sink: Sink, record: Any
) -> None:
    """Also of a client that doesn't number its tries: it failed, and the same was asked again."""
    record()
    provider.refused.clear()  # type: ignore[attr-defined]
    for _ in range(3):  # refused, answered; the third is a call of its own
        await through.post(provider.url + PATH, BODY | {"model": "retry-m"})
    the_call(sink, 3)
    first, second, third = sorted(sink.calls, key=lambda call: call["started_ns"])
    numbers = [call["attributes"]["suffice.attempt"] for call in (first, second, third)]
    links = [call["attributes"].get("suffice.retry_of") for call in (first, second, third)]
    assert numbers == [1, 2, 1]
    assert links == [None, [f"{first['trace_id']}:{first['span_id']}"], None]


@pytest.mark.parametrize("name", [name for name in DRIVERS if name.endswith("sync") and "async" not in name])
def test_threads_do_not_mix(name: str, provider: Server, sink: Sink, record: Any) -> None:
    record()
    through = driver(name)

    def ask(number: int) -> list[bytes]:
        body = STREAMED | {"messages": [{"role": "user", "content": f"thread-{number}"}]}
        return [asyncio.run(through.stream(provider.url + PATH, body)) for _ in range(3)]

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(ask, range(6)))
    assert all(f" thread-{number}".encode() in each for number, group in enumerate(answers) for each in group)
    assert suffice.flush() == (18, 0, 0)
    said = Counter(json.loads(call["attributes"]["gen_ai.output.messages"])[0]["parts"][0]["content"] for call in sink.calls)  # fmt: skip
    assert said == {f"You said: thread-{number}": 3 for number in range(6)}


async def test_no_answer_raises_the_same(through: Driver, sink: Sink, record: Any) -> None:
    nowhere = "http://127.0.0.1:1" + PATH
    with pytest.raises(Exception) as bare:  # noqa: PT011
        await through.post(nowhere, BODY)
    record()
    with pytest.raises(bare.type) as recorded:
        await through.post(nowhere, BODY)
    assert nameless(recorded.value) == nameless(bare.value)
    given = the_call(sink)
    assert (given["suffice.completeness"], given["error.type"]) == ("error", bare.type.__name__)


@pytest.mark.parametrize("name", [name for name in DRIVERS if name.endswith("async")])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_cancelled_call(streamed: bool, name: str, provider: Server, sink: Sink, record: Any) -> None:
    through = driver(name)
    record()
    stream, post = STREAMED | {"model": "stall-m"}, BODY | {"model": "mute-m"}
    asking = through.stream(provider.url + PATH, stream) if streamed else through.post(provider.url + PATH, post)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asking, 0.4)
    given = the_call(sink)
    assert (given["suffice.completeness"], given["error.type"]) == ("error", "CancelledError")


async def test_other_requests_pass(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    record()
    await through.post(provider.url + "/v1/embeddings-of-something", BODY)
    assert suffice.flush() == (0, 0, 0)


@pytest.mark.parametrize("hook", ["begin", "submit"])
async def test_a_failing_hook_is_logged_once_and_passes(
    hook: str, through: Driver, provider: Server, record: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    record()
    monkeypatch.setattr(announce, "_logged", set())
    if hook == "begin":
        monkeypatch.setattr(context.recorder, "begin", lambda *_: 1 / 0)
    else:
        monkeypatch.setattr("suffice.capture.Capture.held_bytes", lambda _: 1 / 0)
    with caplog.at_level(logging.WARNING, "suffice"):
        for _ in range(2):
            assert b"You said" in await through.post(provider.url + PATH, BODY)
            assert b"said" in await through.stream(provider.url + PATH, STREAMED)
    seams = 2 if hook == "begin" and through.library == "requests" else 1  # what requests lets pass, urllib3 tries
    assert [each.levelname for each in caplog.records] == ["WARNING"] * seams


async def test_a_format_that_fails_costs_the_call_and_is_counted(
    through: Driver, provider: Server, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    record()
    monkeypatch.setattr("suffice.finishing.parse_exchange", lambda _: 1 / 0)
    assert b"You said" in await through.post(provider.url + PATH, BODY)
    assert suffice.flush() == (0, 1, 0)


async def test_after_shutdown_nothing_is_recorded_until_init(
    through: Driver, provider: Server, sink: Sink, record: Any
) -> None:
    record()
    suffice.shutdown()
    assert transports.patched() == ()
    await through.post(provider.url + PATH, BODY)
    record()
    record()
    await through.post(provider.url + PATH, BODY)
    the_call(sink)


async def test_a_wrapper_above_ours_stays(
    through: Driver, provider: Server, sink: Sink, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Sentry's: it wrapped us, so taking ours off would take its own off too."""
    record()
    owner, method = getattr(through.module, through.seam[0]), through.seam[1]  # type: ignore[attr-defined]
    ours, seen = getattr(owner, method), []

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(1)
        return ours(self, *args, **kwargs)

    monkeypatch.setattr(owner, method, theirs)
    suffice.shutdown()
    assert getattr(owner, method) is theirs
    await through.post(provider.url + PATH, BODY)
    record()
    await through.post(provider.url + PATH, BODY)
    assert seen == [1, 1]
    the_call(sink)  # once, not twice
    suffice.shutdown()
    monkeypatch.undo()
