"""The vendors' own clients, used the four ways an app uses them."""

from __future__ import annotations

from typing import Any

import anthropic
import openai

MESSAGES: list[Any] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüß Gott from Ulm"}]
OPENAI_TOOL: Any = {
    "type": "function",
    "function": {"name": "weather", "description": "today's", "parameters": {"type": "object", "properties": {}}},
}
ANTHROPIC_TOOL: Any = {
    "name": "weather",
    "description": "today's",
    "input_schema": {"type": "object", "properties": {}},
}
HOW = ["sync", "async", "sync stream", "async stream"]


async def ask_openai(url: str, how: str, **request: Any) -> str:
    """The text, or the tool's arguments, as the app gets them."""
    arguments = {"model": "gpt-test", "messages": MESSAGES, "temperature": 0.5} | request
    if how.endswith("stream"):
        arguments |= {"stream": True, "stream_options": {"include_usage": True}}
    if how.startswith("sync"):
        with openai.OpenAI(base_url=f"{url}/v1", api_key="sk-test-abcdefgh") as client:
            answer = client.chat.completions.create(**arguments)
            if not how.endswith("stream"):
                return said(answer.choices[0].message)
            return "".join(piece(chunk) for chunk in answer)
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-test-abcdefgh") as client:
        answer = await client.chat.completions.create(**arguments)
        if not how.endswith("stream"):
            return said(answer.choices[0].message)
        return "".join([piece(chunk) async for chunk in answer])


def said(message: Any) -> str:
    return message.content or message.tool_calls[0].function.arguments


def piece(chunk: Any) -> str:
    if not chunk.choices:
        return ""
    delta = chunk.choices[0].delta
    return (delta.content or "") + "".join(call.function.arguments for call in delta.tool_calls or ())


async def ask_anthropic(url: str, how: str, **request: Any) -> list[Any]:
    """The answer's blocks as the app gets them."""
    arguments = {
        "model": "claude-test",
        "max_tokens": 100,
        "system": "Be brief.",
        "messages": MESSAGES[1:],
    } | request
    if how.startswith("sync"):
        with anthropic.Anthropic(base_url=url, api_key="sk-ant-abcdefgh") as client:
            if not how.endswith("stream"):
                return blocks(client.messages.create(**arguments))
            with client.messages.stream(**arguments) as stream:
                return blocks(stream.get_final_message())
    async with anthropic.AsyncAnthropic(base_url=url, api_key="sk-ant-abcdefgh") as client:
        if not how.endswith("stream"):
            return blocks(await client.messages.create(**arguments))
        async with client.messages.stream(**arguments) as stream:
            return blocks(await stream.get_final_message())


def blocks(message: Any) -> list[Any]:
    return [block.text if block.type == "text" else (block.name, block.input) for block in message.content]
