"""A task of the fleet: what an agent asks, and how the simulated model answers from the request alone.

``ask`` runs in the agent's process, ``answer`` in the provider's. They share no memory: everything the
answer needs has to be found in the request, as for a real model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tool:
    """One function offered to the model; ``parameters`` is a JSON schema."""

    name: str
    description: str
    parameters: Json


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants ``name`` called. ``id`` is the vendor's; the simulator fills it in."""

    name: str
    arguments: Json
    id: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message, whatever the vendor. ``results`` maps a tool call's id to what the tool said."""

    role: str  # user, assistant
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    results: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A request before a client has spelled it: system text, turns, tools, the form asked for."""

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    response_schema: Json | None = None
    max_tokens: int = 1024
    temperature: float | None = None
    model: str = ""

    @property
    def last_user_text(self) -> str:
        return next((turn.text for turn in reversed(self.turns) if turn.role == "user" and turn.text), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says: text, tool calls, or both; and the hidden reasoning it bills."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning_tokens: int = 0


def say(system: str, user: str, **more: Any) -> Ask:
    """A request of one user turn."""
    return Ask(system, (Turn("user", user),), **more)


def no_more(_ask: Ask, _answer: Answer, _rng: Random) -> Turn | None:
    """A single-turn task: nothing follows the answer."""
    return None


def json_object(properties: Mapping[str, Json], required: list[str] | None = None) -> Json:
    """A strict JSON schema of an object."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class Task:
    """``marker`` is a phrase of the constant part of each request, by which the simulator tells the tasks apart."""

    key: str
    marker: str
    ask: Callable[[Random], Ask]
    answer: Callable[[Ask, Random], Answer]
    follow: Callable[[Ask, Answer, Random], Turn | None] = field(default=no_more)
