"""Names: short, distinct, said by the app or the template itself."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice_analysis.discovery.naming import NAME_CHARS, Nameable, name_tasks


def name(template: str, **more: object) -> str:
    return name_tasks([Nameable(template=template, calls=10, **more)])[0][0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("You are a senior engineer. Review the change for bugs.", "Senior engineer: review the change for bugs"),
        ("You are a helpful assistant. Summarise the transcript below: …", "Summarise the transcript below"),
        ("Translate to French: …", "Translate to French"),
        ("# Airline Agent Policy\n\nThe current time is …", "Airline Agent Policy"),
        ("## context\n…\n## instruction\nPlease write a test plan for the module", "Write a test plan for the module"),
        ("As a retail agent, you can help users cancel or change orders.", "Retail agent: help users cancel or change orders"),
        ("Given \"Find the first name\", we go on.\nClassify the ticket that follows: …", "Classify the ticket that follows"),
        ("You are given a letter. Extract the sender and the date.", "Extract the sender and the date"),
        ("请把下面的客户留言分类：…", "请把下面的客户留言分类："),
        ("[system]\nDecide which department a ticket belongs to.\n\n[user]\n…", "Decide which department a ticket belongs to"),
    ],
)  # fmt: skip
def test_from_the_template(template: str, expected: str) -> None:
    assert name(template) == expected


def test_the_app_knows_best_if_it_named_most_calls() -> None:
    tasks = [
        Nameable(app_names=Counter({"triage": 8}), calls=10, template="Decide which queue a ticket belongs to."),
        Nameable(app_names=Counter({"rare": 2}), calls=10, template="Extract the sender and the date."),
    ]
    assert name_tasks(tasks) == [("triage", "app"), ("Extract the sender and the date", "template")]


def test_equal_templates_are_told_apart_by_a_tool_or_the_answer() -> None:
    template = "You are the agent of an airline"
    tasks = [
        Nameable(template=template, calls=9, tools=("search_flights",)),
        Nameable(template=template, calls=8, tools=("refund",)),
        Nameable(template=template, calls=7, answer_form="json"),
        Nameable(template=template, calls=6),
    ]
    assert [name for name, _ in name_tasks(tasks)] == [
        "Agent of an airline",
        "You are the agent of an airline",
        "Agent of an airline · JSON",
        "Agent of an airline · 2",
    ]


def test_what_has_no_template_says_so() -> None:
    assert name("…", is_open=True) == "Open requests (no common template)"
    assert name("…", is_open=True, tools=("search",)) == "Open requests with tools"
    assert name("…", operation="embeddings") == "Embeddings"
    assert name("Summarize: …", is_open=True) == "Summarize"
    assert name("") == "Calls without text"


def test_an_app_name_of_two_tasks_is_told_apart_by_the_template() -> None:
    tasks = [
        Nameable(app_names=Counter({"pull-request": 9}), calls=9, template="Review the change for wrong behaviour."),
        Nameable(app_names=Counter({"pull-request": 8}), calls=8, template="Write tests for the function.", answer_form="code"),
        Nameable(app_names=Counter({"pull-request": 7}), calls=7, template="…", answer_form="long_text"),
        Nameable(app_names=Counter({"pull-request": 6}), calls=6, template="…", tools=("open_ticket",)),
    ]  # fmt: skip
    assert [name for name, _ in name_tasks(tasks)] == [
        "pull-request",
        "pull-request: write tests for the function",
        "pull-request: requests without common words",
        "pull-request · open ticket",
    ]


def test_one_instruction_in_two_tasks_is_told_apart_by_what_is_its_own() -> None:
    template = 'Fill in the form below.\n{"Language": "…"}\n'
    tasks = [
        Nameable(template=template, calls=9, answer_form="json"),
        Nameable(template=template + '{"Product goals": ["…"]}', calls=8, answer_form="json"),
        Nameable(template=template + "Think of the other team first.", calls=7, answer_form="json"),
    ]
    assert [name for name, _ in name_tasks(tasks)] == [
        "Fill in the form below",
        "Fill in the form below · Product goals",
        "Fill in the form below · Think of the other team first",
    ]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("You are an engineer. Your goal is to help users\nAlice: the manager", "Engineer: help users"),
        ("You are a …, your goal is ….\n# Data Structure\n…", "Data Structure"),
        ("## nodes: <node>: <type>\nPlease use the same language", "Use the same language"),
        ("Write code for 'Current Task' alone", "Write code for 'Current Task' alone"),
        ("\n", "Calls without text"),
        ("42", "42"),
        ("Hm", "Hm"),
    ],
)
def test_what_reads_badly_is_left_out(template: str, expected: str) -> None:
    assert name(template) == expected


def test_a_shared_instruction_says_less_than_an_own_one() -> None:
    shared = "Please use the same language as the user. Respond in the language of the user."
    tasks = [
        Nameable(template=f"{shared} Classify the ticket by its topic.", calls=5),
        Nameable(template=f"{shared} Draft an answer for the ticket.", calls=4),
    ]
    assert [name for name, _ in name_tasks(tasks)] == [
        "Classify the ticket by its topic",
        "Draft an answer for the ticket",
    ]


def test_nothing_to_name() -> None:
    assert name_tasks([]) == []


@given(st.lists(st.text(max_size=120), max_size=8))
def test_names_are_short_and_distinct(templates: list[str]) -> None:
    names = [name for name, _ in name_tasks([Nameable(template=text, calls=3) for text in templates])]
    assert len({each.casefold() for each in names}) == len(templates)
    assert all(0 < len(each) <= NAME_CHARS for each in names)
