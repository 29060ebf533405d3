"""An Ask in the words of each vendor's client, and the client's object back as an Answer."""

from __future__ import annotations

import json
from typing import Any

from suffice_demo.tasks.base import Answer, Ask, Json, ToolCall, Turn


def spell_openai(ask: Ask) -> Json:
    """Arguments of ``chat.completions.create``."""
    system: list[Json] = [{"role": "system", "content": ask.system}] if ask.system else []
    messages = system + [message for turn in ask.turns for message in _openai_messages(turn)]
    arguments: Json = {"model": ask.model, "messages": messages, "max_completion_tokens": ask.max_tokens}
    if ask.temperature is not None:
        arguments["temperature"] = ask.temperature
    if ask.tools:
        arguments["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in ask.tools
        ]
    if ask.response_schema:
        schema = {"name": "facts", "strict": True, "schema": ask.response_schema}
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments


def _openai_messages(turn: Turn) -> list[Json]:
    if turn.results:
        return [{"role": "tool", "tool_call_id": call_id, "content": text} for call_id, text in turn.results]
    message: Json = {"role": turn.role, "content": turn.text}
    if turn.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for call in turn.tool_calls
        ]
    return [message]


def read_openai(completion: Any) -> Answer:
    """From a ``ChatCompletion``."""
    message = completion.choices[0].message
    calls = tuple(
        ToolCall(call.function.name, json.loads(call.function.arguments), call.id) for call in message.tool_calls or ()
    )
    return Answer(message.content or "", calls)


def spell_anthropic(ask: Ask) -> Json:
    """Arguments of ``messages.create``. A run of several steps marks what it will send again for the cache."""
    messages = [_anthropic_message(turn) for turn in ask.turns]
    arguments: Json = {"model": ask.model, "messages": messages, "max_tokens": ask.max_tokens}
    if ask.system:
        block: Json = {"type": "text", "text": ask.system}
        arguments["system"] = [block | {"cache_control": {"type": "ephemeral"}}] if ask.tools else ask.system
    if ask.tools:
        arguments["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in ask.tools
        ]
        last = messages[-1]
        if isinstance(last["content"], list):
            last["content"][-1]["cache_control"] = {"type": "ephemeral"}
    return arguments


def _anthropic_message(turn: Turn) -> Json:
    if turn.results:
        blocks = [{"type": "tool_result", "tool_use_id": call_id, "content": text} for call_id, text in turn.results]
        return {"role": "user", "content": blocks}
    if not turn.tool_calls:
        return {"role": turn.role, "content": turn.text}
    content: list[Json] = [{"type": "text", "text": turn.text}] if turn.text else []
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in turn.tool_calls
    ]
    return {"role": "assistant", "content": content}


def read_anthropic(message: Any) -> Answer:
    """From a ``Message``."""
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = tuple(ToolCall(block.name, block.input, block.id) for block in message.content if block.type == "tool_use")
    return Answer(text, calls)
