"""Runs and tasks nest, follow ``await``, and group their calls."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import httpx2
import pytest
from sdk.local_servers import Server, Sink

import suffice
from suffice.context import current_place, current_run
from suffice.wire.canonical import call_hash

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(provider: Server, retry: int = 0) -> None:
    headers = {"x-stainless-retry-count": str(retry)}
    httpx2.post(f"{provider.url}/v1/chat/completions", json=BODY, headers=headers).raise_for_status()


async def ask_async(provider: Server) -> None:
    async with httpx2.AsyncClient() as client:
        await client.post(f"{provider.url}/v1/chat/completions", json=BODY)


def names(sink: Sink) -> list[Any]:
    calls = sorted(sink.calls, key=lambda call: call["started_ns"])
    wanted = ("suffice.task", "suffice.run.name", "suffice.step")
    return [tuple(call["attributes"].get(name) for name in wanted) for call in calls]


def test_tasks_and_runs_nest(provider: Server, sink: Sink, record: Any) -> None:
    record()
    with suffice.task("outer"), suffice.run("agent", user="u1", session="s1") as outer:
        ask(provider)
        with suffice.task("inner"), suffice.run("sub") as sub:
            ask(provider)
        ask(provider)
    ask(provider)
    assert suffice.flush() == (4, 0, 0)
    assert names(sink) == [("outer", "agent", 1), ("inner", "sub", 1), ("outer", "agent", 2), (None, None, None)]
    spans = {span["name"]: span for span in sink.spans if span["name"].startswith("invoke_agent")}
    run_span, sub_span = spans["invoke_agent agent"], spans["invoke_agent sub"]
    assert run_span["attributes"] == {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "agent",
        "suffice.run.id": run_span["trace_id"],
        "suffice.run.name": "agent",
        "user.id": "u1",
        "gen_ai.conversation.id": "s1",
    }
    assert outer.id == run_span["trace_id"]
    assert sub.id == f"{sub_span['trace_id']}:{sub_span['span_id']}"
    assert sub_span["parent_span_id"] == run_span["span_id"]
    assert sub_span["attributes"]["user.id"] == "u1"
    calls = sorted(sink.calls, key=lambda call: call["started_ns"])
    assert [call["parent_span_id"] for call in calls] == [
        run_span["span_id"],
        sub_span["span_id"],
        run_span["span_id"],
        "",
    ]
    assert {call["trace_id"] for call in calls[:3]} == {run_span["trace_id"]}
    assert calls[3]["trace_id"] != run_span["trace_id"]


async def test_concurrent_runs_do_not_mix(provider: Server, sink: Sink, record: Any) -> None:
    record()

    @suffice.task("named")
    async def agent(name: str) -> None:
        async with suffice.run(name, id=f"id-{name}"):
            await ask_async(provider)
            await asyncio.sleep(0)
            await asyncio.create_task(ask_async(provider))

    await asyncio.gather(*(agent(name) for name in "abc"))
    assert suffice.flush() == (6, 0, 0)
    by_run: dict[str, list[Any]] = {}
    for call in sorted(sink.calls, key=lambda call: call["started_ns"]):
        given = call["attributes"]
        assert given["suffice.task"] == "named"
        by_run.setdefault(given["suffice.run.id"], []).append((given["suffice.step"], call["trace_id"]))
    assert set(by_run) == {"id-a", "id-b", "id-c"}
    assert all([step for step, _ in steps] == [1, 2] for steps in by_run.values())
    assert all(len({trace for _, trace in steps}) == 1 for steps in by_run.values())


def test_the_decorator_keeps_the_function() -> None:
    @suffice.task("t")
    def add(a: int, b: int = 1) -> int:
        """Adds."""
        assert current_place().task == "t"
        return a + b if a > 5 else add(a + 5, b)  # recursion: one object, entered twice

    @suffice.task("t")
    async def wait() -> str | None:
        return current_place().task

    assert add(1, b=3) == 9
    assert (add.__name__, add.__doc__) == ("add", "Adds.")
    assert asyncio.iscoroutinefunction(wait)
    assert asyncio.run(wait()) == "t"
    assert current_place().task is None
    with pytest.raises(TypeError, match="generator"):

        @suffice.task("t")
        def numbers() -> Any:
            yield 1


def test_threads_start_outside_of_runs() -> None:
    seen: list[Any] = []
    with suffice.run("r"):
        thread = threading.Thread(target=lambda: seen.append(current_run()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_a_run_that_fails_says_so_and_lets_the_error_pass(sink: Sink, record: Any) -> None:
    record()
    with pytest.raises(KeyError), suffice.run("r"):
        raise KeyError("x")
    suffice.flush()
    (span,) = sink.spans
    assert (span["status"][0], span["attributes"]["error.type"]) == (2, "KeyError")


def test_outcomes(provider: Server, sink: Sink, record: Any) -> None:
    record()
    with suffice.run("r", id="r1") as run:
        ask(provider)
        suffice.outcome(ok=True)
    suffice.outcome(score=0.5, label="late", run=run)
    suffice.flush()
    call_id = call_hash("default", sink.calls[0]["trace_id"], sink.calls[0]["span_id"])
    suffice.outcome(ok=False, call=call_id)
    suffice.flush()
    said = [span["attributes"] for span in sink.spans if span["name"] == "suffice.outcome"]
    assert said == [
        {"suffice.outcome.target": "run", "suffice.outcome.target_id": "r1", "suffice.outcome.ok": True},
        {
            "suffice.outcome.target": "run",
            "suffice.outcome.target_id": "r1",
            "suffice.outcome.score": 0.5,
            "suffice.outcome.label": "late",
        },
        {"suffice.outcome.target": "call", "suffice.outcome.target_id": call_id, "suffice.outcome.ok": False},
    ]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "give ok, score or label"),
        ({"ok": True}, "give run or call"),
        ({"ok": True, "run": "a", "call": "b"}, "one"),
    ],
)
def test_an_outcome_of_nothing_is_refused(arguments: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        suffice.outcome(**arguments)


def test_a_further_attempt_keeps_its_step(provider: Server, sink: Sink, record: Any) -> None:
    record()
    with suffice.run("r"):
        ask(provider)
        ask(provider, retry=1)
        ask(provider, retry=2)
        ask(provider)
    suffice.flush()
    assert [step for _, _, step in names(sink)] == [1, 1, 1, 2]


def test_a_host_span_is_the_parent_and_keeps_its_own(provider: Server, sink: Sink, record: Any) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import get_current_span

    record()
    host = TracerProvider(shutdown_on_exit=False).get_tracer("host")
    with host.start_as_current_span("request") as span:
        ask(provider)
        assert get_current_span() is span
        with suffice.run("r"), host.start_as_current_span("inside") as inside:
            assert inside.parent.span_id == span.get_span_context().span_id  # type: ignore[attr-defined]
            ask(provider)
    suffice.flush()
    host_trace = f"{span.get_span_context().trace_id:032x}"
    first, second = sorted(sink.calls, key=lambda call: call["started_ns"])
    assert first["trace_id"] == second["trace_id"] == host_trace
    assert first["parent_span_id"] == f"{span.get_span_context().span_id:016x}"
    (run_span,) = [each for each in sink.spans if each["name"] == "invoke_agent r"]
    assert second["parent_span_id"] == run_span["span_id"]
    assert run_span["parent_span_id"] == first["parent_span_id"]
