"""Volumes and kinds of the fleet: enough of each task, unequal, by several models, vendors and clients."""

from __future__ import annotations

from collections import Counter

import pytest

from suffice_demo.fleet.agents import AGENTS, ALL_CALLS, ALL_DUTIES, Agent, Duty, runs_of
from suffice_demo.fleet.drive import dialogue, jobs_of
from suffice_demo.provider.model import SimulatedModels
from suffice_demo.tasks import TASKS
from suffice_demo.tasks.base import Answer, ToolCall


def calls_made(agent: Agent, seed: int, calls: int) -> Counter[str]:
    """The calls of an agent by task, played against the simulated models without a network."""
    made: Counter[str] = Counter()
    for job in jobs_of(agent, seed, calls):
        for duty in job.duties:
            steps = dialogue(duty, job.matter)
            ask = next(steps)
            while True:
                said = SimulatedModels(seed).answer(ask)
                calls_with_ids = tuple(
                    ToolCall(call.name, call.arguments, f"c{n}") for n, call in enumerate(said.tool_calls)
                )
                made[duty.task] += 1
                try:
                    ask = steps.send(Answer(said.text, calls_with_ids))
                except StopIteration:
                    break
    return made


@pytest.fixture(scope="module")
def made() -> Counter[str]:
    total: Counter[str] = Counter()
    for agent in AGENTS:
        total += calls_made(agent, 7, ALL_CALLS)
    return total


def test_each_task_has_enough_calls_for_a_percentage(made: Counter[str]) -> None:
    assert set(made) == set(TASKS)
    assert min(made.values()) >= 120


def test_several_thousand_calls_unequally_spread(made: Counter[str]) -> None:
    assert abs(sum(made.values()) - ALL_CALLS) < 0.05 * ALL_CALLS
    assert 4000 < ALL_CALLS < 10_000
    assert max(made.values()) > 5 * min(made.values())


def test_each_task_has_one_agent() -> None:
    assert Counter(duty.task for duty in ALL_DUTIES) == Counter(list(TASKS))


def test_the_clients_are_mixed() -> None:
    kinds = {
        (duty.vendor, duty.stream, agent.uses_async)
        for agent in AGENTS
        for workflow in agent.workflows
        for duty in workflow.duties
    }
    assert {vendor for vendor, _, _ in kinds} == {"openai", "anthropic"}
    for vendor in ("openai", "anthropic"):
        assert {stream for v, stream, _ in kinds if v == vendor} == {True, False}
        assert {uses_async for v, _, uses_async in kinds if v == vendor} == {True, False}
    assert any(duty.stream and not duty.stream_usage for duty in ALL_DUTIES)
    assert 0 < sum(duty.named for duty in ALL_DUTIES) < len(ALL_DUTIES)
    assert len({model for duty in ALL_DUTIES for model, _ in duty.models}) >= 4


def test_services_say_that_they_are_simulated() -> None:
    assert {agent.service for agent in AGENTS} == {f"simulated-{agent.name}" for agent in AGENTS}


def test_fewer_calls_keep_every_task() -> None:
    assert {duty.task for agent in AGENTS for job in jobs_of(agent, 7, 20) for duty in job.duties} == set(TASKS)


@pytest.mark.parametrize(("calls", "runs"), [(ALL_CALLS, 100), (ALL_CALLS * 2, 200), (1, 1)])
def test_runs_are_in_proportion(calls: int, runs: int) -> None:
    assert runs_of(Duty("plan_launch", 400, "openai", (("m", 1),), steps=4.0), calls) == runs


def test_jobs_depend_on_the_seed_only() -> None:
    agent = AGENTS[0]
    assert jobs_of(agent, 1, 300) == jobs_of(agent, 1, 300)
    assert jobs_of(agent, 1, 300) != jobs_of(agent, 2, 300)


def test_the_duties_of_a_run_see_the_same_ticket() -> None:
    job = next(job for job in jobs_of(AGENTS[0], 7, 300) if len(job.duties) == 3)
    triage, route, extract = (next(dialogue(duty, job.matter)).last_user_text for duty in job.duties)
    assert triage == f"Ticket:\n{route}"
    assert extract == f"<email>\n{route}\n</email>"
