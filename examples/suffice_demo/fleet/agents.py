"""Who works at Brambleway: five agents, the tasks each does, with which model and client, and how often.

Volumes fall off about as Zipf's law says, from 900 to 125 in 5,000 calls, so that each task has enough for a
percentage. The clients are mixed on purpose: sync, async, streamed, with and without usage in the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Vendor = Literal["openai", "anthropic"]


@dataclass(frozen=True, slots=True)
class Duty:
    """One task of an agent. ``models`` maps a model to its weight; ``steps`` is the mean number of calls in a run."""

    task: str
    calls: int
    vendor: Vendor
    models: tuple[tuple[str, int], ...]
    stream: bool = False
    stream_usage: bool = True  # OpenAI only: ask for usage in the stream
    named: bool = False  # does the app say suffice.task(...)?
    steps: float = 1.0


@dataclass(frozen=True, slots=True)
class Workflow:
    """Duties done one after another on the same matter, in one run of this name; later ones not every time."""

    name: str
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Agent:
    """One service: what it does, how much of it at once, and with which kind of client."""

    name: str
    workflows: tuple[Workflow, ...]
    concurrency: int
    uses_async: bool

    @property
    def service(self) -> str:
        return f"simulated-{self.name}"


_BIG: Final = (("gpt-6.1-sol", 9), ("gpt-5.4-mini", 1))

AGENTS: Final = (
    Agent(
        "support-desk",
        (
            Workflow(
                "ticket-intake",
                (
                    Duty("triage_ticket", 900, "openai", _BIG, named=True),
                    Duty("route_intent", 700, "openai", (("gpt-6.1-sol", 1),)),
                    Duty("extract_order", 620, "openai", (("gpt-6.1-sol", 1),), named=True),
                ),
            ),
            Workflow("review-moderation", (Duty("moderate_review", 480, "openai", (("gpt-5.4-mini", 1),)),)),
        ),
        concurrency=6,
        uses_async=True,
    ),
    Agent(
        "trip-assistant",
        (
            Workflow("site-assistant", (Duty("choose_tool", 420, "openai", (("gpt-6.1-sol", 1),)),)),
            Workflow(
                "trip-rebooking", (Duty("rebook_trip", 400, "anthropic", (("claude-sonnet-5-5", 1),), steps=4.7),)
            ),
            Workflow(
                "web-chat",
                (Duty("chat_customer", 310, "anthropic", (("claude-sonnet-5-5", 1),), stream=True, steps=3.0),),
            ),
        ),
        concurrency=4,
        uses_async=False,
    ),
    Agent(
        "content-studio",
        (
            Workflow(
                "handbook-answers",
                (
                    Duty(
                        "answer_policy",
                        260,
                        "anthropic",
                        (("claude-sonnet-5-5", 4), ("claude-opus-5-5", 1)),
                        named=True,
                    ),
                ),
            ),
            Workflow(
                "email-polish",
                (Duty("rewrite_email", 210, "openai", (("gpt-6.1-sol", 1),), stream=True, stream_usage=False),),
            ),
            Workflow("message-translation", (Duty("translate_message", 190, "openai", (("gpt-5.4-mini", 1),)),)),
        ),
        concurrency=4,
        uses_async=True,
    ),
    Agent(
        "back-office",
        (
            Workflow("call-notes", (Duty("summarise_call", 170, "openai", (("gpt-6.1-sol", 1),), stream=True),)),
            Workflow("data-questions", (Duty("write_sql", 160, "openai", (("gpt-6.1-sol", 1),), named=True),)),
        ),
        concurrency=2,
        uses_async=False,
    ),
    Agent(
        "dev-helper",
        (
            Workflow(
                "pull-request",
                (
                    Duty("review_diff", 140, "anthropic", (("claude-opus-5-5", 1),), stream=True),
                    Duty("write_tests", 130, "anthropic", (("claude-sonnet-5-5", 1),)),
                ),
            ),
            Workflow(
                "launch-planning", (Duty("plan_launch", 125, "anthropic", (("claude-opus-5-5", 1),), named=True),)
            ),
        ),
        concurrency=3,
        uses_async=True,
    ),
)
ALL_DUTIES: Final = tuple(duty for agent in AGENTS for workflow in agent.workflows for duty in workflow.duties)
ALL_CALLS: Final = sum(duty.calls for duty in ALL_DUTIES)


def runs_of(duty: Duty, calls: int) -> int:
    """How many runs give about the duty's part of ``calls`` calls of the whole fleet; at least one."""
    return max(1, round(duty.calls * calls / ALL_CALLS / duty.steps))
