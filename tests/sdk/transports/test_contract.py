"""What every transport keeps to: the app gets the same bytes and the same errors, each call is recorded once."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import Any

import pytest
from sdk.local_servers import Server, Sink
from sdk.transports.drivers import BODY, DRIVERS, PATH, Driver, driver

import suffice
from suffice import announce, context, transports

STREAMED = BODY | {"stream": True, "stream_options": {"include_usage": True}}


@pytest.fixture(params=DRIVERS)
def through(request: pytest.FixtureRequest) -> Driver:
    return driver(request.param)


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


@pytest.mark.parametrize("model", ["m", "gzip-m"])
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
    await through.stream(provider.url + PATH, STREAMED | {"model": "slow-m"}, stop_after=1)
    given = the_call(sink)
    assert given["suffice.completeness"] == "partial"
    assert given["gen_ai.request.model"] == "slow-m"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_stream_nobody_reads(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    record()
    await through.abandon(provider.url + PATH, STREAMED)
    gc.collect()
    assert the_call(sink)["suffice.completeness"] == "partial"


async def test_a_cut_stream_raises_the_same(through: Driver, provider: Server, sink: Sink, record: Any) -> None:
    with pytest.raises(Exception) as bare:  # noqa: PT011
        await through.stream(provider.url + PATH, STREAMED | {"model": "cut-m"})
    record()
    with pytest.raises(bare.type) as recorded:
        await through.stream(provider.url + PATH, STREAMED | {"model": "cut-m"})
    assert str(recorded.value) == str(bare.value)
    given = the_call(sink)
    assert (given["suffice.completeness"], given["error.type"]) == ("error", bare.type.__name__)


async def test_no_answer_raises_the_same(through: Driver, sink: Sink, record: Any) -> None:
    nowhere = "http://127.0.0.1:1" + PATH
    with pytest.raises(Exception) as bare:  # noqa: PT011
        await through.post(nowhere, BODY)
    record()
    with pytest.raises(bare.type) as recorded:
        await through.post(nowhere, BODY)
    assert str(recorded.value) == str(bare.value)
    given = the_call(sink)
    assert (given["suffice.completeness"], given["error.type"]) == ("error", "ConnectError")


@pytest.mark.parametrize("name", [name for name in DRIVERS if name.endswith("async")])
@pytest.mark.parametrize("streamed", [False, True])
async def test_a_cancelled_call(streamed: bool, name: str, provider: Server, sink: Sink, record: Any) -> None:
    through = driver(name)
    record()
    body = STREAMED | {"model": "slow-m"}
    asking = through.stream(provider.url + PATH, body) if streamed else through.post(provider.url + PATH, body)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asking, 2.2 if streamed else 0.3)
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
    assert [each.levelname for each in caplog.records] == ["WARNING"]


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
    client = through.module.AsyncClient if "Async" in type(through).__name__ else through.module.Client  # type: ignore[attr-defined]
    ours, seen = client.send, []

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(1)
        return ours(self, *args, **kwargs)

    monkeypatch.setattr(client, "send", theirs)
    suffice.shutdown()
    assert client.send is theirs
    await through.post(provider.url + PATH, BODY)
    record()
    await through.post(provider.url + PATH, BODY)
    assert seen == [1, 1]
    the_call(sink)  # once, not twice
    suffice.shutdown()
    monkeypatch.undo()
