"""The fleet's tasks: told apart by their markers, varied, the same for the same seed, answered from the request."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from suffice_demo import company
from suffice_demo.tasks import TASKS, recognise
from suffice_demo.tasks.base import Ask, ToolCall, Turn, say
from suffice_demo.tasks.extract import read_facts
from suffice_demo.tasks.translate import TEMPLATE

KEYS = list(TASKS)


def constant_part(ask: Ask) -> str:
    return f"{ask.system}\n{ask.turns[0].text}"


def test_fifteen_tasks_of_differing_kind() -> None:
    assert len(TASKS) == 15
    assert all(key == task.key for key, task in TASKS.items())


@pytest.mark.parametrize("key", KEYS)
def test_exactly_its_own_marker_stands_in_a_request(key: str) -> None:
    for number in range(50):
        text = constant_part(TASKS[key].ask(Random(number)))
        assert [each.key for each in TASKS.values() if each.marker in text] == [key]
    assert recognise(text) is TASKS[key]


def test_what_is_no_task_is_recognised_as_none() -> None:
    assert recognise("What is the capital of France?") is None


@pytest.mark.parametrize("key", KEYS)
def test_the_seed_decides_and_texts_vary(key: str) -> None:
    asks = [TASKS[key].ask(Random(f"{number}")) for number in range(200)]
    assert asks == [TASKS[key].ask(Random(f"{number}")) for number in range(200)]
    assert len({ask.last_user_text for ask in asks}) > 100
    assert not any(re.search(r"\{\w+\}", ask.last_user_text) for ask in asks if "```" not in ask.last_user_text)


@pytest.mark.parametrize("key", KEYS)
def test_lengths_vary(key: str) -> None:
    lengths = sorted(len(TASKS[key].ask(Random(f"{number}")).last_user_text) for number in range(200))
    assert lengths[180] > 1.2 * lengths[20]


@pytest.mark.parametrize("key", KEYS)
def test_every_request_gets_an_answer_with_something_in_it(key: str) -> None:
    for number in range(100):
        ask = TASKS[key].ask(Random(number))
        said = TASKS[key].answer(ask, Random(number))
        assert said.text or said.tool_calls
        assert not re.search(r"\{\w+\}", said.text)
        assert {call.name for call in said.tool_calls} <= {tool.name for tool in ask.tools}


def ticket_about(category: str, number: int) -> str:
    said = company.slots(Random(number))
    return " ".join(sentence.format(**said) for sentence in company.ISSUES[category])


@pytest.mark.parametrize("category", list(company.ISSUES))
def test_a_ticket_of_one_issue_is_sorted_there(category: str) -> None:
    ask = say("", f"Ticket:\n{ticket_about(category, 3)}")
    assert TASKS["triage_ticket"].answer(ask, Random(0)).text == category


def test_triage_finds_what_the_ticket_is_about_nearly_always() -> None:
    """The simulated frontier model is good, not perfect: nine in ten single issues come back as written."""
    right = total = 0
    for category, sentences in company.ISSUES.items():
        for sentence in sentences:
            for number in range(10):
                text = sentence.format(**company.slots(Random(number)))
                right += company.likely_category(text) == category
                total += 1
    assert right / total > 0.9


def test_route_is_json_with_a_known_queue() -> None:
    for number in range(100):
        ask = TASKS["route_intent"].ask(Random(number))
        said = json.loads(TASKS["route_intent"].answer(ask, Random(0)).text)
        assert set(said) == {"queue", "escalate"}
        assert said["queue"] in ask.system


def test_facts_are_copied_from_the_email() -> None:
    email = (
        "Hello,\n\nOur booking AB2CD3 on 4 March and order BW-654321 (EUR 20.50, paid 2026-05-01) concern the "
        "Tarn 2 tent from Lisbon. What do you need from me?\n\nThanks,\nMei Chen"
    )
    assert read_facts(email) == {
        "customer_name": "Mei Chen",
        "order_number": "BW-654321",
        "booking_code": "AB2CD3",
        "product": "Tarn 2 tent",
        "amounts": ["EUR 20.50"],
        "dates": ["4 March", "2026-05-01"],
        "city": "Lisbon",
        "asks_for_reply": True,
    }


def test_facts_that_are_not_there_are_null() -> None:
    assert read_facts("Hello") == {
        "customer_name": None,
        "order_number": None,
        "booking_code": None,
        "product": None,
        "amounts": [],
        "dates": [],
        "city": None,
        "asks_for_reply": False,
    }


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("where is my order BW-111111?", ToolCall("track_order", {"order_number": "BW-111111"})),
        ("please cancel BW-111111, I found it cheaper", ToolCall("cancel_order", {"order_number": "BW-111111"})),
        (
            "I want to send back BW-111111, the Heath thermos does not fit",
            ToolCall("start_return", {"order_number": "BW-111111", "reason": "size"}),
        ),
        (
            "is the Heath thermos in Oslo?",
            ToolCall("check_stock", {"product": "Heath thermos", "city": "Oslo"}),
        ),
        ("how long is the shop in Oslo open today", ToolCall("opening_hours", {"city": "Oslo"})),
        ("what dates are there for the Faroe ridge walk", ToolCall("list_departures", {"trip": "Faroe ridge walk"})),
        ("Could you show me my booking AB2CD3?", ToolCall("get_booking", {"booking_code": "AB2CD3"})),
    ],
)
def test_the_tool_that_serves_the_message_is_called(message: str, call: ToolCall) -> None:
    assert TASKS["choose_tool"].answer(say("", message), Random(0)).tool_calls == (call,)


def test_no_tool_is_called_where_none_fits() -> None:
    assert TASKS["choose_tool"].answer(say("", "Who founded Brambleway?"), Random(0)).tool_calls == ()


def play(key: str, seed: int) -> tuple[list[str], str]:
    """A whole run without a provider: the tools called in order, and the last text."""
    task, chance = TASKS[key], Random(f"follow/{seed}")
    ask, called = task.ask(Random(seed)), []
    for _ in range(12):
        said = task.answer(ask, Random(seed))
        calls = tuple(replace(call, id=f"c{number}") for number, call in enumerate(said.tool_calls))
        called += [call.name for call in calls]
        turn = task.follow(ask, replace(said, tool_calls=calls), chance)
        if turn is None:
            return called, said.text
        ask = replace(ask, turns=(*ask.turns, Turn("assistant", said.text, calls), turn))
    raise AssertionError("the run does not end")


def test_the_tool_agent_takes_three_to_six_steps_and_ends_with_words() -> None:
    runs = [play("rebook_trip", seed) for seed in range(80)]
    assert {tuple(called[:2]) for called, _ in runs} == {("find_booking", "search_departures")}
    assert {len(called) + 1 for called, _ in runs} == {4, 5}
    assert all(text for _, text in runs)
    assert {called[-1] for called, _ in runs} == {"join_waiting_list", "quote_change", "rebook"}


def test_a_conversation_has_one_to_five_turns() -> None:
    task = TASKS["chat_customer"]
    lengths = set()
    for seed in range(80):
        ask, chance = task.ask(Random(seed)), Random(f"follow/{seed}")
        while (turn := task.follow(ask, task.answer(ask, Random(seed)), chance)) is not None:
            ask = replace(ask, turns=(*ask.turns, Turn("assistant", "I see."), turn))
        lengths.add(sum(turn.role == "user" for turn in ask.turns))
    assert lengths == {1, 2, 3, 4, 5}


def test_translation_translates_every_phrase_with_its_facts() -> None:
    message = "Your order BW-111111 left our warehouse on 4 March. We have refunded EUR 20.50 to your card."
    said = TASKS["translate_message"].answer(say("", TEMPLATE.format(code="de-DE", message=message)), Random(0))
    assert said.text == (
        "Ihre Bestellung BW-111111 hat unser Lager am 4 March verlassen. Wir haben EUR 20.50 auf Ihre Karte erstattet."
    )


def test_a_written_test_module_is_python() -> None:
    for number in range(30):
        ask = TASKS["write_tests"].ask(Random(number))
        code = TASKS["write_tests"].answer(ask, Random(0)).text.removeprefix("```python\n").removesuffix("\n```")
        compile(code, "test_module.py", "exec")


def test_a_review_names_each_planted_fault_once() -> None:
    diff = "Purpose: x\n\n```diff\n+++ b/shop/a.py\n+def f(a, found=[]):\n+    return found\n+\n+def g(x):\n+    return open(x)\n```"
    said = TASKS["review_diff"].answer(say("", diff), Random(0)).text
    assert said.count("shop/a.py:f - ") == 1
    assert said.endswith("VERDICT: comment")


def statement(question: str) -> str:
    said: Any = TASKS["write_sql"].answer(say("", question), Random(0))
    text: str = said.text
    return text.removeprefix("```sql\n").removesuffix("\n```")


def test_sql_follows_the_question() -> None:
    assert statement("Show revenue per city in 2025 only the top 5 without customers from Oslo.") == (
        "SELECT c.city, ROUND(SUM(o.total_eur), 2) AS value\n"
        "FROM orders o\n"
        "JOIN customers c USING (customer_id)\n"
        "WHERE o.status <> 'cancelled'\n"
        "  AND o.ordered_at >= '2025-01-01' AND o.ordered_at < '2026-01-01'\n"
        "  AND c.city <> 'Oslo'\n"
        "GROUP BY c.city\n"
        "ORDER BY value DESC, c.city\n"
        "LIMIT 5;"
    )
