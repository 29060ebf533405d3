"""Token counts as a provider would bill them: input, of it cached and newly cached, output, of it reasoning.

Four characters to a token is the usual rule of thumb for English; tests hold it to be the same in both
formats. Caching follows the vendors' rules (OpenAI: automatic, from 1,024 tokens, in steps of 128; Anthropic: up
to the request's ``cache_control`` marks, from 1,024 tokens) in the steady state of a service that runs all day: what an
earlier call must have sent (constant part, history) is warm, except now and then. So it needs no memory
and does not depend on the order in which calls arrive.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random

from suffice_demo.tasks.base import Answer, Ask, Turn

CHARS_PER_TOKEN = 4
MESSAGE_TOKENS = 4  # role and separators
CACHE_FROM_TOKENS = 1024
CACHE_STEP_TOKENS = 128
COLD_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class Billed:
    """``input_tokens`` includes both kinds of cached ones; ``output_tokens`` includes reasoning."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    warm_tokens: int  # of the input: sent before, at its beginning


def count_tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)


def bill(seen: Ask, said: Answer, content: str) -> Billed:
    """What the call costs in tokens."""
    constant = count_tokens(seen.system) + sum(
        count_tokens(tool.name + tool.description + json.dumps(tool.parameters)) for tool in seen.tools
    )
    if seen.response_schema:
        constant += count_tokens(json.dumps(seen.response_schema))
    turns = [_turn_tokens(turn) for turn in seen.turns]
    answered = max((n for n, turn in enumerate(seen.turns) if turn.role == "assistant"), default=-1)
    warm = constant + sum(turns[: answered + 1])
    if Random(f"cold/{content}").random() < COLD_SHARE:
        warm = 0
    spoken = count_tokens(said.text) + sum(
        count_tokens(call.name + json.dumps(call.arguments)) + 8 for call in said.tool_calls
    )
    return Billed(constant + sum(turns), max(1, spoken) + said.reasoning_tokens, said.reasoning_tokens, warm)


def _turn_tokens(turn: Turn) -> int:
    calls = sum(count_tokens(call.name + json.dumps(call.arguments)) for call in turn.tool_calls)
    return MESSAGE_TOKENS + count_tokens(turn.text) + calls + sum(count_tokens(text) for _, text in turn.results)
