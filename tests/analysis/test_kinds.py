"""The rules that say what kind of work a task is and whether it talks to a person."""

from __future__ import annotations

import pytest

from suffice_analysis.kinds import Signs, dominant, talks_to_human, task_kind

JSON_ANSWER = """Please solve it by first reasoning and then giving your answer.
Present it in the following json format. Please show your final answer in the `answer` field, e.g. `"answer": "42"`."""


def signs(instructions: str, form: str = "short_text", **more: object) -> Signs:
    plain = Signs("chat", instructions, form, 0.0, 0.0, 1.0, 0.0)
    return plain._replace(**more)


@pytest.mark.parametrize(
    ("instructions", "form", "kind"),
    [
        ("Classify the ticket: billing, shipping or other.", "label", "classification"),
        ("Decide which agent handles the message and route it there.", "label", "routing"),
        ("Extract the order number and the total as JSON fields.", "json", "extraction"),
        ("Return the fields of the invoice as JSON.", "json", "extraction"),
        ("Fill in the following fields: name, city.", "json", "extraction"),
        (f"## Question:\n\nHow many eggs?\n\n{JSON_ANSWER}", "json", "question_answering"),
        (f"What does the Python function return for 7?\n\n{JSON_ANSWER}", "json", "code"),
        (JSON_ANSWER.partition("\n")[2], "json", "other"),
        ("Note a call of 12 minutes for the customer file.", "short_text", "other"),
        ("Write the minutes of the meeting.", "long_text", "summarising"),
        ("Summarize the following call in five sentences.", "long_text", "summarising"),
        ("Write one SQL query for the question.", "sql", "sql"),
        ("Review the diff and list the issues.", "long_text", "review"),
        ("Break the goal down into a plan of steps.", "long_text", "planning"),
        ("Rewrite the e-mail in a warmer tone.", "long_text", "rewriting"),
        ("Translate the message into French.", "short_text", "rewriting"),
        ("Write unit tests for the function.", "code", "code"),
        ("Answer the question, based on the context below.", "short_text", "question_answering"),
        ("Ahoy.", "mixed", "other"),
        ("", "sql", "sql"),
        ("", "label", "classification"),
    ],
)
def test_kind_is_read_from_words_and_form(instructions: str, form: str, kind: str) -> None:
    seen = signs(instructions, form)
    assert task_kind(seen, talks_to_human(seen)[0])[0] == kind


def test_answers_that_call_tools_are_tool_choice_whatever_the_words() -> None:
    assert task_kind(signs("Summarize.", "tool_call", tool_call_share=0.6), "no") == (
        "tool_choice",
        "60 % of the answers call a tool",
    )


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (("queue",), "routing"),
        (("escalate", "next_agent"), "routing"),
        (("customerIntent",), "routing"),
        (("category",), "classification"),
        (("topic", "queue"), "routing"),
        (("reagent",), "extraction"),
        ((), "extraction"),
    ],
)
def test_a_small_json_answer_that_chooses_is_no_extraction(fields: tuple[str, ...], kind: str) -> None:
    seen = signs("Extract the fields of the message as JSON.", "json", closed_fields=fields)
    assert task_kind(seen, "no")[0] == kind


def test_embeddings_are_no_language_work() -> None:
    seen = signs("", "short_text", operation="embeddings")
    assert talks_to_human(seen) == ("no", "embeddings are read by programs")
    assert task_kind(seen, "no") == ("embedding", "the calls ask for embeddings")


def test_free_text_to_a_person_is_conversation() -> None:
    seen = signs("You are the friendly voice of our shop. Talk with people about anything.", "long_text")
    assert talks_to_human(seen)[0] == "yes"
    assert task_kind(seen, "yes")[0] == "conversation"


@pytest.mark.parametrize(
    ("seen", "hci"),
    [
        (signs("Hello", "json"), "no"),
        (signs("Hello", "long_text", response_format_share=0.9), "no"),
        (signs("Hello", "long_text", user_last_share=0.1), "no"),
        (signs("Hello", "long_text", turns_p50=3.0), "yes"),
        (signs("Write the summary for the file of the customer.", "long_text"), "unknown"),
    ],
)
def test_who_reads_the_answer(seen: Signs, hci: str) -> None:
    assert talks_to_human(seen)[0] == hci


def test_the_dominant_form_needs_seventy_percent() -> None:
    assert dominant(["json"] * 7 + ["label"] * 3) == "json"
    assert dominant(["json"] * 5 + ["label"] * 5) == "mixed"
    assert dominant(["short_text"] * 5 + ["long_text"] * 5) == "long_text"
    assert dominant([]) == "mixed"
