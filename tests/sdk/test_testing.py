"""What an app's own tests use."""

from __future__ import annotations

import httpx2
from sdk.local_servers import Server, Sink

import suffice
from suffice import context
from suffice.testing import recorded_calls


def ask(provider: Server, text: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    httpx2.post(f"{provider.url}/v1/chat/completions", json=body)


def test_calls_are_seen_in_order(provider: Server) -> None:
    with recorded_calls() as calls:
        assert calls() == []
        with suffice.run("r", id="r1"):
            ask(provider, "one")
        ask(provider, "two")
        assert [call.get("suffice.run.id") for call in calls()] == ["r1", None]
        assert calls()[0]["gen_ai.response.finish_reasons"] == ["stop"]
        assert "two" in calls()[1]["gen_ai.input.messages"]


def test_metrics_mode(provider: Server) -> None:
    with recorded_calls(capture="metrics") as calls:
        ask(provider, "one")
    assert "gen_ai.input.messages" not in calls()[0]


def test_the_recorder_that_was_there_goes_on(provider: Server, sink: Sink, record: object) -> None:
    record()  # type: ignore[operator]
    before = context.recorder
    with recorded_calls() as calls:
        ask(provider, "inside")
    assert context.recorder is before
    ask(provider, "outside")
    assert suffice.flush() == (1, 0, 0)
    assert len(calls()) == 1
    assert len(sink.calls) == 1
