"""The real openai client gets from the simulator what it would get from the API."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import openai
import pytest

from suffice_demo.fleet.spell import spell_openai
from suffice_demo.provider import openai_chat
from suffice_demo.provider.faults import Fault, draw_fault
from suffice_demo.provider.usage import Billed
from suffice_demo.tasks import TASKS
from suffice_demo.tasks.base import Answer, Ask, Tool, ToolCall, Turn, say
from suffice_demo.tasks.choose_tool import SYSTEM as TOOL_SYSTEM
from suffice_demo.tasks.choose_tool import TOOLS
from suffice_demo.tasks.triage import SYSTEM as TRIAGE_SYSTEM

TICKET = "Ticket:\nHello,\n\nMy card was charged twice for order BW-123456, EUR 20.00 each time.\n\nThanks,\nMei Chen"


def triage(model: str = "gpt-6.1-sol") -> dict[str, Any]:
    return spell_openai(Ask(TRIAGE_SYSTEM, (Turn("user", TICKET),), model=model))


def use_tools(message: str) -> dict[str, Any]:
    return spell_openai(Ask(TOOL_SYSTEM, (Turn("user", message),), TOOLS, model="gpt-6.1-sol"))


def test_plain_answer(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(**triage())
    choice = completion.choices[0]
    assert (choice.message.content, choice.message.role, choice.finish_reason) == ("billing", "assistant", "stop")
    assert (completion.model, completion.object) == ("gpt-6.1-sol", "chat.completion")
    assert completion.id.startswith("chatcmpl-")
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 2
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + 2


def test_an_alias_is_answered_by_its_snapshot(openai_client: openai.OpenAI) -> None:
    assert openai_client.chat.completions.create(**triage("gpt-5.4-mini")).model == "gpt-5.4-mini-2026-03-17"


def test_ids_differ_though_the_answers_are_the_same(openai_client: openai.OpenAI) -> None:
    first, second = (openai_client.chat.completions.create(**triage()) for _ in range(2))
    assert first.choices == second.choices
    assert first.usage == second.usage
    assert first.id != second.id


def test_stream_with_usage(openai_client: openai.OpenAI) -> None:
    message = "Who founded Brambleway?"
    whole = openai_client.chat.completions.create(**use_tools(message))
    with openai_client.chat.completions.create(
        **use_tools(message), stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == whole.choices[0].message.content
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert [c.usage for c in chunks if c.usage] == [whole.usage]
    assert chunks[-1].choices == []
    assert len({c.id for c in chunks}) == 1


def test_stream_without_usage_states_none(openai_client: openai.OpenAI) -> None:
    with openai_client.chat.completions.create(**triage(), stream=True) as stream:
        chunks = list(stream)
    assert all(chunk.usage is None for chunk in chunks)
    assert all(chunk.choices for chunk in chunks)


def test_tool_call(openai_client: openai.OpenAI) -> None:
    choice = openai_client.chat.completions.create(**use_tools("please cancel BW-424242")).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    calls = choice.message.tool_calls
    assert calls is not None
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls if call.type == "function"] == [
        ("cancel_order", {"order_number": "BW-424242"})
    ]


def test_streamed_tool_call_is_put_together_by_the_client(openai_client: openai.OpenAI) -> None:
    with openai_client.chat.completions.stream(**use_tools("please cancel BW-424242")) as stream:
        final = stream.get_final_completion()
    calls = final.choices[0].message.tool_calls
    assert calls is not None
    assert (calls[0].function.name, calls[0].function.arguments) == ("cancel_order", '{"order_number":"BW-424242"}')


def test_json_schema_is_kept(openai_client: openai.OpenAI) -> None:
    email = "<email>\nPlease refund order BW-123456: I was charged EUR 20.00 regardless.\n\nThanks,\nMei Chen\n</email>"
    task = TASKS["extract_order"]
    sample = task.ask(Random("any"))
    arguments = spell_openai(
        Ask(sample.system, (Turn("user", email),), (), sample.response_schema, model="gpt-6.1-sol")
    )
    content = openai_client.chat.completions.create(**arguments).choices[0].message.content
    facts = json.loads(content or "")
    assert sample.response_schema is not None
    assert list(facts) == sample.response_schema["required"]
    assert (facts["order_number"], facts["amounts"], facts["customer_name"]) == ("BW-123456", ["EUR 20.00"], "Mei Chen")


async def test_async_client(provider: str) -> None:
    async with openai.AsyncOpenAI(base_url=f"{provider}/v1", api_key="any") as client:
        completion = await client.chat.completions.create(**triage())
        assert completion.choices[0].message.content == "billing"
        async with await client.chat.completions.create(**triage(), stream=True) as stream:
            texts = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(texts) == "billing"


def _message_with_fault(status: int) -> str:
    return next(
        text
        for text in (f"please cancel BW-{number}" for number in range(100_000, 110_000))
        if (fault := draw_fault(7, text, 0, "gpt-6.1-sol")) and fault.status == status
    )


@pytest.mark.parametrize(("status", "error"), [(429, openai.RateLimitError), (500, openai.InternalServerError)])
def test_a_fault_is_the_clients_own_error_and_a_retry_succeeds(
    openai_client: openai.OpenAI, status: int, error: type[openai.APIStatusError]
) -> None:
    arguments = use_tools(_message_with_fault(status))
    with pytest.raises(error) as refused:
        openai_client.with_options(max_retries=0).chat.completions.create(**arguments)
    assert refused.value.status_code == status
    assert refused.value.response.headers["retry-after-ms"] == "40"
    assert openai_client.chat.completions.create(**arguments).choices[0].finish_reason == "tool_calls"


def test_without_a_key_it_is_401(provider: str) -> None:
    no_key = {"authorization": ""}
    with (
        openai.OpenAI(base_url=f"{provider}/v1", api_key="x", default_headers=no_key) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.chat.completions.create(**triage())


def test_a_body_that_is_no_request_is_400(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        openai_client.chat.completions.create(model="gpt-6.1-sol", messages=None)  # type: ignore[call-overload]


def test_what_is_spelled_is_read_back() -> None:
    turns = (
        Turn("user", "hello"),
        Turn("assistant", "", (ToolCall("look", {"at": 1}, "call_1"),)),
        Turn("user", results=(("call_1", '{"found": 2}'),)),
    )
    asked = Ask("be kind", turns, (Tool("look", "Looks", {"type": "object"}),), {"type": "object"}, model="m")
    assert openai_chat.parse_request(spell_openai(asked)) == asked


def test_system_and_developer_messages_are_the_system_text() -> None:
    body = {"model": "m", "messages": [{"role": "developer", "content": [{"type": "text", "text": "be kind"}]}]}
    assert openai_chat.parse_request(body) == Ask("be kind", (), model="m")


def test_cached_tokens_come_in_steps_from_1024() -> None:
    def cached(warm: int) -> int:
        answer = openai_chat.render_answer(1, 0, {"model": "m"}, Answer("ok"), Billed(5000, 1, 0, warm))
        tokens: int = answer["usage"]["prompt_tokens_details"]["cached_tokens"]
        return tokens

    assert [cached(warm) for warm in (0, 1023, 1024, 1151, 1152, 4999)] == [0, 0, 1024, 1024, 1152, 4992]


def test_faults_are_worded_as_the_api_does() -> None:
    assert openai_chat.render_fault(Fault(429, "slow down")) == {
        "error": {"message": "slow down", "type": "requests", "param": None, "code": "rate_limit_exceeded"}
    }
    assert openai_chat.render_fault(Fault(500, "sorry"))["error"]["type"] == "server_error"


def test_an_unknown_request_is_answered_all_the_same(openai_client: openai.OpenAI) -> None:
    completion = openai_client.chat.completions.create(**spell_openai(say("", "What is 2+2?", model="gpt-6.1-sol")))
    assert "simulated" in (completion.choices[0].message.content or "")
