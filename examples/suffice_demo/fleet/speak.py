"""The real ``openai`` and ``anthropic`` clients, pointed at the simulated provider: one function a call.

Each agent uses them as an app would; nothing here knows that it is recorded.
"""

from __future__ import annotations

from typing import Any

import anthropic
import openai

from suffice_demo.fleet.agents import Duty
from suffice_demo.fleet.spell import read_anthropic, read_openai, spell_anthropic, spell_openai
from suffice_demo.tasks.base import Answer, Ask, Json

_KEY = "simulated"  # the provider asks for one and takes any


class SyncSpeaker:
    """Both vendors' blocking clients. Thread-safe, as they are."""

    def __init__(self, provider: str) -> None:
        self._openai = openai.OpenAI(base_url=f"{provider}/v1", api_key=_KEY)
        self._anthropic = anthropic.Anthropic(base_url=provider, api_key=_KEY)

    def speak(self, duty: Duty, ask: Ask) -> Answer:
        """One call, retried by the client where the provider is busy."""
        if duty.vendor == "openai":
            completions = self._openai.chat.completions
            if not duty.stream:
                return read_openai(completions.create(**spell_openai(ask)))
            stream: Any = completions.create(**spell_openai(ask), **_streamed(duty))
            return Answer("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))
        if not duty.stream:
            return read_anthropic(self._anthropic.messages.create(**spell_anthropic(ask)))
        with self._anthropic.messages.stream(**spell_anthropic(ask)) as events:
            return read_anthropic(events.get_final_message())

    def close(self) -> None:
        self._openai.close()
        self._anthropic.close()


class AsyncSpeaker:
    """The same with the awaitable clients."""

    def __init__(self, provider: str) -> None:
        self._openai = openai.AsyncOpenAI(base_url=f"{provider}/v1", api_key=_KEY)
        self._anthropic = anthropic.AsyncAnthropic(base_url=provider, api_key=_KEY)

    async def speak(self, duty: Duty, ask: Ask) -> Answer:
        """One call, retried by the client where the provider is busy."""
        if duty.vendor == "openai":
            completions = self._openai.chat.completions
            if not duty.stream:
                return read_openai(await completions.create(**spell_openai(ask)))
            stream: Any = await completions.create(**spell_openai(ask), **_streamed(duty))
            return Answer("".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]))
        if not duty.stream:
            return read_anthropic(await self._anthropic.messages.create(**spell_anthropic(ask)))
        async with self._anthropic.messages.stream(**spell_anthropic(ask)) as events:
            return read_anthropic(await events.get_final_message())

    async def close(self) -> None:
        await self._openai.close()
        await self._anthropic.close()


def _streamed(duty: Duty) -> Json:
    return {"stream": True} | ({"stream_options": {"include_usage": True}} if duty.stream_usage else {})
