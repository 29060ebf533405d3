"""Validators learnt from recorded answers of each form: those pass, what is out of form does not, the file says the same."""

from __future__ import annotations

import json

import pytest

from suffice.errors import SufficeError
from suffice_analysis.judges.frame import learn_frame
from suffice_analysis.judges.said import Said, ToolUse
from suffice_analysis.plan.validator import Validator, learn_validator, parse_validator

LOOK_UP = {
    "name": "look_up",
    "parameters": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
}
LABELS = [Said(word) for word in ("billing", "shipping", "returns") * 10]
ORDERS = [Said(json.dumps({"order": str(n), "total": n})) for n in range(30)]
CALLS = [Said("", (ToolUse("look_up", {"id": str(n)}),)) for n in range(30)]
QUERIES = [Said(f"SELECT name FROM users WHERE id = {n}") for n in range(30)]
TEXTS = [
    Said(
        f"Thank you for writing about order {n}. We have sent it today and it will be with you soon. Ask again at any time."
    )
    for n in range(30)
]
NUMBERS = [Said(str(n * 7.5)) for n in range(70, 130)]
FORMS = {"label": LABELS, "json": ORDERS, "tool_call": CALLS, "sql": QUERIES, "text": TEXTS, "number": NUMBERS}


def validator(answers: list[Said], tools: list[list[dict[str, object]]] | None = None) -> Validator:
    return learn_validator(answers, learn_frame(answers), tools if tools is not None else [[LOOK_UP]])


@pytest.mark.parametrize("form", FORMS)
def test_recorded_answers_pass_and_nothing_and_a_refusal_do_not(form: str) -> None:
    learnt = validator(FORMS[form])
    assert [learnt.problem(each) for each in FORMS[form]] == [None] * len(FORMS[form])
    assert learnt.problem(Said("")) == "empty"
    assert learnt.problem(Said("I'm sorry, but I can't help with that.")) == "a refusal"
    assert parse_validator(json.dumps(learnt.as_json())) == learnt
    assert learnt.sees_content == (form != "text")


@pytest.mark.parametrize(
    ("form", "answer", "said"),
    [
        ("label", Said("refunds"), "no label of the set"),
        ("label", Said("It could be billing or shipping"), "no label of the set"),
        ("json", Said("The order is 7."), "no JSON"),
        ("json", Said('```json\n{"order": "7", "total": 7}\n```'), "no JSON"),
        ("json", Said('{"order": "7"}'), "total is missing"),
        ("json", Said('{"order": 7, "total": 7}'), "order is integer, not string"),
        ("tool_call", Said("I would look it up."), "no tool was called"),
        ("tool_call", Said("", (ToolUse("look_down", {}),)), "an unknown tool 'look_down'"),
        ("tool_call", Said("", (ToolUse("look_up", {}),)), "look_up: id is missing"),
        ("tool_call", Said("", (ToolUse("look_up", "{broken"),)), "look_up: it is string, not object"),
        ("sql", Said("SELECT name FROM"), "no SQL that parses"),
        ("number", Said("about seven"), "no number"),
        ("text", Said("word " * 400), "longer than"),
        ("text", Said("", (ToolUse("look_up", {"id": "1"}),)), "a tool call where none is expected"),
    ],
)  # fmt: skip
def test_what_is_out_of_form_is_sent_back(form: str, answer: Said, said: str) -> None:
    assert (validator(FORMS[form]).problem(answer) or "").startswith(said)


def test_labels_are_read_as_the_judge_reads_them() -> None:
    assert validator(LABELS).problem(Said("**Billing**.")) is None
    assert validator(LABELS).problem(Said("Category: returns")) is None


def test_fenced_json_passes_where_the_recorded_answers_were_fenced() -> None:
    fenced = [Said(f"```json\n{each.text}\n```") for each in ORDERS]
    assert validator(fenced).problem(ORDERS[0]) is None
    assert validator(fenced).problem(fenced[1]) is None


def test_a_task_of_calls_and_texts_takes_both() -> None:
    learnt = validator([*CALLS, *TEXTS])
    assert learnt.forms >= {"tool_call"}
    assert learnt.problem(TEXTS[0]) is None
    assert learnt.problem(CALLS[0]) is None


def test_arguments_are_learnt_where_no_definition_is_stored() -> None:
    assert (
        validator(CALLS, []).problem(Said("", (ToolUse("look_up", {"id": 1}),))) == "look_up: id is integer, not string"
    )


def test_no_answer_no_validator() -> None:
    with pytest.raises(SufficeError, match="no whole recorded answer"):
        learn_validator([], learn_frame([]))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "suffice-validator", "version": 2}', "3"])
def test_another_file_is_no_validator(text: str) -> None:
    with pytest.raises(SufficeError, match="no validator of version 1"):
        parse_validator(text)
