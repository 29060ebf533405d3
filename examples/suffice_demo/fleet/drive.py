"""Runs an agent: each run works through a workflow's duties on one matter, one dialogue each.

A dialogue is a generator that yields what to ask and takes the answer, so that the blocking and the
awaiting agents share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from random import Random

import suffice
from suffice_demo.fleet.agents import Agent, Duty, runs_of
from suffice_demo.fleet.speak import AsyncSpeaker, SyncSpeaker
from suffice_demo.tasks import TASKS
from suffice_demo.tasks.base import Answer, Ask, Turn

Spoken = Callable[[], None]  # told after each call


@dataclass(frozen=True, slots=True)
class Job:
    """One run to do: ``matter`` seeds its content, so that all its duties see the same ticket."""

    workflow: str
    matter: str
    duties: tuple[Duty, ...]


def jobs_of(agent: Agent, seed: int, calls: int) -> list[Job]:
    """All runs of an agent in a day's random order; the same for the same seed."""
    jobs = []
    for workflow in agent.workflows:
        counts = [runs_of(duty, calls) for duty in workflow.duties]
        for run in range(max(counts)):
            duties = tuple(duty for duty, count in zip(workflow.duties, counts, strict=True) if run < count)
            jobs.append(Job(workflow.name, f"{seed}/{workflow.name}/{run}", duties))
    Random(f"{seed}/{agent.name}").shuffle(jobs)
    return jobs


def dialogue(duty: Duty, matter: str) -> Generator[Ask, Answer, Answer]:
    """What is asked, step by step; returns the last answer."""
    task = TASKS[duty.task]
    names, weights = zip(*duty.models, strict=True)
    model = Random(f"{matter}/model").choices(names, weights)[0]
    ask = replace(task.ask(Random(matter)), model=model)
    follow_up = Random(f"{matter}/follow")
    while True:
        said = yield ask
        turn = task.follow(ask, said, follow_up)
        if turn is None:
            return said
        ask = replace(ask, turns=(*ask.turns, Turn("assistant", said.text, said.tool_calls), turn))


def work_blocking(agent: Agent, jobs: list[Job], provider: str, spoken: Spoken) -> None:
    """All jobs, on as many threads as the agent works at once."""
    speaker = SyncSpeaker(provider)

    def work(job: Job) -> None:
        with suffice.run(job.workflow):
            for duty in job.duties:
                with _named(duty):
                    steps = dialogue(duty, job.matter)
                    ask = next(steps)
                    while True:
                        said = speaker.speak(duty, ask)
                        spoken()
                        try:
                            ask = steps.send(said)
                        except StopIteration:
                            break
            judge(job)

    with ThreadPoolExecutor(agent.concurrency) as threads:
        for done in [threads.submit(work, job) for job in jobs]:
            done.result()
    speaker.close()


async def work_awaiting(agent: Agent, jobs: list[Job], provider: str, spoken: Spoken) -> None:
    """All jobs, on as many asyncio workers as the agent works at once."""
    speaker = AsyncSpeaker(provider)
    waiting = iter(jobs)

    async def work(job: Job) -> None:
        async with suffice.run(job.workflow):
            for duty in job.duties:
                with _named(duty):
                    steps = dialogue(duty, job.matter)
                    ask = next(steps)
                    while True:
                        said = await speaker.speak(duty, ask)
                        spoken()
                        try:
                            ask = steps.send(said)
                        except StopIteration:
                            break
            judge(job)

    async def worker() -> None:
        for job in waiting:
            await work(job)

    async with asyncio.TaskGroup() as workers:
        for _ in range(agent.concurrency):
            workers.create_task(worker())
    await speaker.close()


def judge(job: Job) -> None:
    """What Brambleway learns about some runs: a ticket was reopened, a customer gave stars."""
    chance = Random(f"{job.matter}/judge")
    first = job.duties[0].task
    if first == "triage_ticket" and chance.random() < 0.5:
        reopened = chance.random() < 0.06
        suffice.outcome(ok=not reopened, label="reopened" if reopened else "closed")
    elif first in ("chat_customer", "rebook_trip") and chance.random() < 0.4:
        stars = chance.choices((1, 2, 3, 4, 5), (2, 3, 8, 30, 57))[0]
        suffice.outcome(ok=stars >= 3, score=stars / 5, label=f"{stars} stars")


def _named(duty: Duty) -> AbstractContextManager[object]:
    return suffice.task(duty.task) if duty.named else nullcontext()
