"""Whom calls are for: nested, over awaits and executors, over services, and read back from the collector."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import httpx2
from opentelemetry import baggage, context
from sdk.local_servers import Server, Sink
from sdk.stored import KEY, keyed_collector, read_calls

import suffice
from suffice.about import About, as_tags, current_about
from suffice.privacy.pseudonyms import PSEUDONYM

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
NAMES = ("user.id", "gen_ai.conversation.id", "gen_ai.agent.name", "suffice.tags")


def ask(provider: Server) -> None:
    httpx2.post(f"{provider.url}/v1/chat/completions", json=BODY).raise_for_status()


def said(sink: Sink) -> list[Any]:
    suffice.flush()
    calls = sorted(sink.calls, key=lambda call: call["started_ns"])
    return [tuple(call["attributes"].get(name) for name in NAMES) for call in calls]


def test_it_nests_with_runs_and_without(provider: Server, sink: Sink, record: Any) -> None:
    record()
    with suffice.using(user="u1", session="s1", tags={"team": "billing", "tier": 2}):
        ask(provider)
        with suffice.run("planner", tags={"tier": 3}), suffice.using(user="u2", agent="helper"):
            ask(provider)
        with suffice.run("planner", user="u3"):
            ask(provider)
    ask(provider)
    assert said(sink) == [
        ("u1", "s1", None, '{"team":"billing","tier":2}'),
        ("u2", "s1", "helper", '{"team":"billing","tier":3}'),
        ("u3", "s1", "planner", '{"team":"billing","tier":2}'),
        (None, None, None, None),
    ]
    run_spans = [span["attributes"] for span in sink.spans if span["name"] == "invoke_agent planner"]
    assert [each["suffice.tags"] for each in run_spans] == [
        '{"team":"billing","tier":3}',
        '{"team":"billing","tier":2}',
    ]


def test_tags_are_bounded() -> None:
    assert dict(as_tags({"a": "x" * 999, "n": None, "o": [1], "b": True})) == {"a": "x" * 256, "o": "[1]", "b": True}
    assert len(as_tags({str(i): i for i in range(99)})) == 32
    assert as_tags(None) == {}


async def test_concurrent_tasks_do_not_mix() -> None:
    @suffice.using(session="s")
    async def work(user: str) -> list[About]:
        with suffice.using(user=user):
            await asyncio.sleep(0)
            inside = [current_about(), await asyncio.to_thread(current_about)]
            await asyncio.sleep(0)
            return [*inside, current_about()]

    for user, seen in zip("abc", await asyncio.gather(*map(work, "abc")), strict=True):
        assert seen == [About(user, "s")] * 3
    assert current_about() == About()


def test_executors_start_outside_unless_they_are_given_the_context() -> None:
    with suffice.using(user="u"), ThreadPoolExecutor(2) as pool:
        assert pool.submit(current_about).result() == About()
        assert [pool.submit(copy_context().run, current_about).result() for _ in range(3)] == [About("u")] * 3


def test_baggage_comes_in_and_what_is_said_here_goes_before(provider: Server, sink: Sink, record: Any) -> None:
    record()
    carried = {"user.id": "u9", "session.id": "s9", "suffice.tag.team": "sales", "suffice.run.id": "r9", "suffice.task": "t9", "other": "x"}  # fmt: skip
    given = context.Context()
    for name, value in carried.items():
        given = baggage.set_baggage(name, value, given)
    token = context.attach(given)
    try:
        ask(provider)
        with suffice.run("inner", user="u1"):
            ask(provider)
    finally:
        context.detach(token)
    assert said(sink) == [("u9", "s9", None, '{"team":"sales"}'), ("u1", "s9", "inner", '{"team":"sales"}')]
    first, second = (call["attributes"] for call in sorted(sink.calls, key=lambda call: call["started_ns"]))
    assert (first["suffice.run.id"], first["suffice.task"]) == ("r9", "t9")
    assert second["suffice.run.id"] != "r9"
    assert "other" not in first


def test_headers_join_the_calls_of_another_service(provider: Server, sink: Sink, record: Any) -> None:
    record()
    assert suffice.headers() == {}
    with suffice.run("caller", user="u1", tags={"a b": "ü,="}) as caller, suffice.task("t"):
        sent = suffice.headers()
    assert set(sent) == {"traceparent", "baggage"}
    with suffice.run("callee", headers={name.title(): value for name, value in sent.items()}):
        ask(provider)
    with suffice.run("broken", headers={"traceparent": "nonsense", "baggage": "=;=,,x"}):
        ask(provider)
    assert said(sink) == [("u1", None, "callee", '{"a b":"ü,="}'), (None, None, "broken", None)]
    calls = sorted(sink.calls, key=lambda call: call["started_ns"])
    assert caller.id == calls[0]["trace_id"] != calls[1]["trace_id"]


def test_headers_go_through_the_gate(record: Any) -> None:
    record(capture="hashed", secret="s")
    with suffice.run("caller", user="bob@example.com", tags={"for": "bob@example.com"}):
        sent = suffice.headers()
    assert "bob" not in sent["baggage"]
    assert suffice.flush().dropped == 0
    from urllib.parse import unquote

    assert len(PSEUDONYM.findall(unquote(sent["baggage"]))) == 2


def test_all_of_it_comes_out_of_the_read_api(provider: Server, tmp_path: Path) -> None:
    found = {}
    with keyed_collector(tmp_path) as collector:
        for capture in ("full", "hashed"):
            where = {"project": capture, "secret": "s", "key": KEY}
            suffice.init(f"http://127.0.0.1:{collector.port}", "tests", capture, quiet=True, **where)
            with suffice.run("planner", user="u1", session="s1", tags={"team": "billing", "tier": 2}):
                ask(provider)
            assert suffice.flush(30) == (1, 0, 0)
            (found[capture],) = read_calls(collector, capture)
    for call in found.values():
        assert [call[name] for name in ("agent_name", "run_name", "step")] == ["planner", "planner", 1]
    full, hashed = ((call["user_id"], call["conversation_id"], json.loads(call["tags"])) for call in found.values())
    assert full == ("u1", "s1", {"team": "billing", "tier": 2})
    assert hashed[2]["tier"] == 2
    assert all(PSEUDONYM.fullmatch(each) for each in (*hashed[:2], hashed[2]["team"]))
