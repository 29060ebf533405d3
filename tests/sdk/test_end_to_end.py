"""The whole way: real clients, the SDK, a real collector process; what went in comes out of the read API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from collector.processes import Process, wait_until
from sdk.asking import ANTHROPIC_TOOL, HOW, OPENAI_TOOL, ask_anthropic, ask_openai
from sdk.local_servers import Server
from sdk.stored import KEY, check_anthropic_call, check_openai_call, keyed_collector, read_calls

import suffice


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    with keyed_collector(tmp_path_factory.mktemp("collector")) as process:
        yield process


@pytest.fixture
def project(request: pytest.FixtureRequest, collector: Process) -> Iterator[str]:
    """Recording into the collector, into a project of the test's own."""
    name = request.node.name
    suffice.init(f"http://127.0.0.1:{collector.port}", "tests", key=KEY, project=name, quiet=True)
    yield name
    suffice.shutdown()


@pytest.mark.parametrize("how", HOW)
async def test_an_openai_call(how: str, provider: Server, collector: Process, project: str) -> None:
    answer = await ask_openai(provider.url, how, tools=[OPENAI_TOOL])
    assert suffice.flush(10) == (1, 0, 0)
    check_openai_call(collector, project, how, answer)


@pytest.mark.parametrize("how", HOW)
async def test_an_anthropic_call(how: str, provider: Server, collector: Process, project: str) -> None:
    answer = await ask_anthropic(provider.url, how, tools=[ANTHROPIC_TOOL])
    assert suffice.flush(10) == (1, 0, 0)
    check_anthropic_call(collector, project, how, answer)


async def test_a_retried_call_counts_once_and_its_failed_attempt_is_seen(
    provider: Server, collector: Process, project: str
) -> None:
    provider.refused.clear()  # type: ignore[attr-defined]
    await ask_openai(provider.url, "sync", model="retry-1")
    assert suffice.flush(10) == (2, 0, 0)
    wait_until(lambda: collector.rows("overview", project=project)[0]["retried_attempts"] == 1, "the failed attempt")
    (call,) = read_calls(collector, project)
    assert (call["attempt"], call["status_code"], call["completeness"]) == (2, 200, "complete")
    (overview,) = collector.rows("overview", project=project)
    counts = {name: overview[name] for name in ("calls", "retried_attempts", "duplicate_calls", "error_calls")}
    assert counts == {"calls": 1, "retried_attempts": 1, "duplicate_calls": 0, "error_calls": 0}
    attempts = collector.rows("attempts", project=project, call_id=call["call_id"])
    assert [(each["attempt"], each["status_code"]) for each in attempts] == [(1, 503), (2, 200)]
    assert attempts[1]["call_id"] == call["call_id"]


async def test_a_run_with_its_task_and_outcome(provider: Server, collector: Process, project: str) -> None:
    with suffice.run("triage", user="u1", session="s1") as run:
        for word in ("one", "two"):
            with suffice.task("classify"):
                await ask_openai(provider.url, "sync", messages=[{"role": "user", "content": word}])
        suffice.outcome(ok=True, label="solved")
    assert suffice.flush(10) == (2, 0, 0)
    calls = sorted(read_calls(collector, project, 2), key=lambda call: call["step"])
    assert [(call["run_id"], call["run_name"], call["step"], call["task_name"]) for call in calls] == [
        (run.id, "triage", 1, "classify"),
        (run.id, "triage", 2, "classify"),
    ]
    assert {(call["user_id"], call["conversation_id"], call["agent_name"]) for call in calls} == {
        ("u1", "s1", "triage")
    }
    (outcome,) = wait_until(lambda: collector.rows("outcomes", project=project), "the outcome", 10)
    assert (outcome["target"], outcome["target_id"], outcome["ok"], outcome["label"]) == ("run", run.id, True, "solved")


async def test_a_batch_that_is_delivered_twice_counts_once(provider: Server, collector: Process, project: str) -> None:
    """As after an acknowledgement that was lost."""
    from suffice import context

    await ask_openai(provider.url, "sync")
    recorder = context.recorder
    assert recorder is not None
    bodies: list[bytes] = []
    send = recorder.worker.deliverer.collector.post_spans

    def twice(body: bytes) -> Any:
        bodies.append(body)
        send(body)
        return send(body)

    recorder.worker.deliverer.collector.post_spans = twice  # type: ignore[method-assign]
    assert suffice.flush(10) == (1, 0, 0)
    read_calls(collector, project)
    assert len(bodies) == 1
    assert collector.rows("overview", project=project)[0]["calls"] == 1
