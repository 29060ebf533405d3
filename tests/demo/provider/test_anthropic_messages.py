"""The real anthropic client gets from the simulator what it would get from the API."""

from __future__ import annotations

from typing import Any

import anthropic
import pytest

from suffice_demo.fleet.spell import read_anthropic, spell_anthropic
from suffice_demo.provider import anthropic_messages
from suffice_demo.provider.faults import Fault, draw_fault
from suffice_demo.provider.usage import Billed
from suffice_demo.tasks.base import Answer, Ask, Tool, ToolCall, Turn
from suffice_demo.tasks.chat import SYSTEM as CHAT_SYSTEM
from suffice_demo.tasks.rebook import SYSTEM as REBOOK_SYSTEM
from suffice_demo.tasks.rebook import TOOLS

WISH = Turn("user", "Booking ABC234: we would like to go later, not before 2026-05-01. Our knees hurt.")


def chat(text: str = "I walk near Oslo. What do I need?") -> dict[str, Any]:
    return spell_anthropic(Ask(CHAT_SYSTEM, (Turn("user", text),), model="claude-sonnet-5-5"))


def rebook(*turns: Turn) -> dict[str, Any]:
    return spell_anthropic(Ask(REBOOK_SYSTEM, (WISH, *turns), TOOLS, model="claude-sonnet-5-5"))


def test_plain_answer(anthropic_client: anthropic.Anthropic) -> None:
    message = anthropic_client.messages.create(**chat())
    assert (message.type, message.role, message.stop_reason) == ("message", "assistant", "end_turn")
    assert message.model == "claude-sonnet-5-5"
    assert message.id.startswith("msg_01")
    assert "Oslo" in read_anthropic(message).text
    assert message.usage.input_tokens > 80
    assert message.usage.cache_read_input_tokens == 0


def test_stream_is_the_same_message(anthropic_client: anthropic.Anthropic) -> None:
    whole = anthropic_client.messages.create(**chat())
    with anthropic_client.messages.stream(**chat()) as stream:
        texts = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(texts) > 3
    assert "".join(texts) == read_anthropic(whole).text
    assert (final.stop_reason, final.usage.output_tokens) == (whole.stop_reason, whole.usage.output_tokens)


def test_stream_events_come_in_the_apis_order(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.create(**rebook(), stream=True) as stream:
        kinds = [event.type for event in stream]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") >= 1


def test_tool_use_is_streamed_as_partial_json(anthropic_client: anthropic.Anthropic) -> None:
    with anthropic_client.messages.stream(**rebook()) as stream:
        said = read_anthropic(stream.get_final_message())
    assert [(call.name, call.arguments) for call in said.tool_calls] == [("find_booking", {"booking_code": "ABC234"})]
    assert said.tool_calls[0].id.startswith("toolu_01")


def test_the_agent_goes_on_with_what_the_tool_said(anthropic_client: anthropic.Anthropic) -> None:
    first = read_anthropic(anthropic_client.messages.create(**rebook()))
    found = '{"booking_code": "ABC234", "trip": "Pyrenees traverse", "people": 3}'
    told = Turn("user", results=((first.tool_calls[0].id, found),))
    message = anthropic_client.messages.create(**rebook(Turn("assistant", first.text, first.tool_calls), told))
    assert message.stop_reason == "tool_use"
    assert read_anthropic(message).tool_calls[0].arguments == {
        "trip": "Pyrenees traverse",
        "from_date": "2026-05-01",
        "places": 3,
    }
    usage = message.usage
    assert (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0) > 1000


async def test_async_client(provider: str) -> None:
    async with anthropic.AsyncAnthropic(base_url=provider, api_key="any") as client:
        message = await client.messages.create(**chat())
        async with client.messages.stream(**chat()) as stream:
            final = await stream.get_final_message()
    assert read_anthropic(final) == read_anthropic(message)


def _text_with_fault(status: int) -> str:
    return next(
        text
        for text in (f"I have {number} questions." for number in range(10_000))
        if (fault := draw_fault(7, text, 0, "claude-sonnet-5-5")) and fault.status == status
    )


@pytest.mark.parametrize(("status", "error"), [(429, anthropic.RateLimitError), (500, anthropic.InternalServerError)])
def test_a_fault_is_the_clients_own_error_and_a_retry_succeeds(
    anthropic_client: anthropic.Anthropic, status: int, error: type[anthropic.APIStatusError]
) -> None:
    arguments = chat(_text_with_fault(status))
    with pytest.raises(error):
        anthropic_client.with_options(max_retries=0).messages.create(**arguments)
    assert anthropic_client.messages.create(**arguments).stop_reason == "end_turn"


def test_a_request_without_max_tokens_is_400(anthropic_client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.BadRequestError):
        anthropic_client.post(
            "/v1/messages", body={"model": "m", "messages": [{"role": "user", "content": "hi"}]}, cast_to=object
        )


def test_what_is_spelled_is_read_back() -> None:
    turns = (
        Turn("user", "hello"),
        Turn("assistant", "I look.", (ToolCall("look", {"at": 1}, "toolu_1"),)),
        Turn("user", results=(("toolu_1", '{"found": 2}'),)),
    )
    asked = Ask("be kind", turns, (Tool("look", "Looks", {"type": "object"}),), model="m")
    assert anthropic_messages.parse_request(spell_anthropic(asked)) == asked


def usage_of(body: dict[str, Any], billed: Billed) -> tuple[int, int, int]:
    usage = anthropic_messages.render_answer(1, 0, body, Answer("ok"), billed)["usage"]
    return usage["input_tokens"], usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]


def test_input_tokens_leave_out_the_cached_ones() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    plain = {"role": "user", "content": "hi"}
    marked = {"role": "user", "content": [{"type": "text", "text": "hi", **mark}]}
    system = [{"type": "text", "text": "be kind", **mark}]
    billed = Billed(3000, 10, 0, 2000)
    assert usage_of({"model": "m", "messages": [plain]}, billed) == (3000, 0, 0)
    assert usage_of({"model": "m", "system": system, "messages": [plain]}, billed) == (1000, 2000, 0)
    assert usage_of({"model": "m", "system": system, "messages": [marked]}, billed) == (0, 2000, 1000)
    assert usage_of({"model": "m", "system": system, "messages": [marked]}, Billed(900, 10, 0, 800)) == (900, 0, 0)


def test_faults_are_worded_as_the_api_does() -> None:
    assert anthropic_messages.render_fault(Fault(429, "slow down")) == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "slow down"},
    }
