"""One contract over all judges: right answers written differently pass, near misses fail, and nothing makes them raise."""

from __future__ import annotations

import json

import pytest
from analysis.judges.pairs import LABELS, PAIRS
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice_analysis.judges import JUDGES, judge_answer
from suffice_analysis.judges.frame import Frame, learn_frame
from suffice_analysis.judges.said import Said, ToolUse, parse_said

FRAME = Frame(labels=frozenset(LABELS), dialect="postgres")
EXPECTED = {True: "pass", False: "fail", None: "unjudged"}
WEIRD = [
    Said(""),
    Said("\x00" * 10),
    Said("{" * 3000),
    Said("`" * 9),
    Said("((((" * 500),
    Said("", (ToolUse("", None),)),
    Said("9" * 5000),
]


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_labelled_pairs(number: int) -> None:
    name, recorded, answered, good = PAIRS[number]
    judgement = judge_answer(recorded, answered, FRAME)
    assert (judgement.judge, judgement.verdict) == (name, EXPECTED[good]), judgement


def test_every_judge_has_both_kinds_of_pairs() -> None:
    for judge in JUDGES:
        assert {good for name, _, _, good in PAIRS if name == judge.NAME} >= {True, False}


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_an_answer_is_as_good_as_itself(number: int) -> None:
    recorded = PAIRS[number][1]
    judgement = judge_answer(recorded, recorded, FRAME)
    assert (judgement.verdict, judgement.score, judgement.failure) == ("pass", 1.0, None)


def test_only_failures_have_a_kind() -> None:
    for _, recorded, answered, _ in PAIRS:
        judgement = judge_answer(recorded, answered, FRAME)
        assert (judgement.failure is None) == (judgement.verdict != "fail")
        assert 0 <= judgement.score <= 1
        assert len(judgement.remark) <= 300


@pytest.mark.parametrize("place", range(len(WEIRD)))
def test_nothing_makes_a_judge_raise(place: int) -> None:
    for _, recorded, _, _ in PAIRS:
        judge_answer(recorded, WEIRD[place], FRAME)
        judge_answer(WEIRD[place], recorded, FRAME)


@settings(max_examples=60, deadline=None)
@given(recorded=st.text(max_size=80), answered=st.text(max_size=80))
def test_any_two_texts_get_a_verdict(recorded: str, answered: str) -> None:
    assert judge_answer(Said(recorded), Said(answered), Frame()).verdict in ("pass", "fail", "unjudged")


def test_format_failures_are_told_apart_from_wrong_answers() -> None:
    kinds = {
        text: judge_answer(Said('{"a": 1}'), Said(text), FRAME).failure for text in ('{"a": 2}', "a is 1", "", "I'm sorry, I can't help with that.")
    }  # fmt: skip
    assert list(kinds.values()) == ["wrong", "format", "format", "refusal"]


def test_where_a_response_format_is_asked_for_only_strict_json_counts() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    frame = learn_frame([Said('{"a": 1}')] * 5, json.dumps({"type": "json_schema", "json_schema": {"schema": schema}}))
    fenced = Said('```json\n{"a": 1}\n```')
    assert judge_answer(Said('{"a": 1}'), fenced, frame).failure == "format"
    assert judge_answer(Said('{"a": 1}'), fenced, Frame()).verdict == "pass"
    assert judge_answer(Said('{"a": 1}'), Said("{}"), frame).failure == "format"


def test_a_field_of_prose_is_the_text_judges() -> None:
    said = "the parcel was left with a neighbour and the customer wants it brought to the door again tomorrow"
    frame = learn_frame([Said(json.dumps({"id": 1, "summary": said}))] * 5)
    assert frame.prose == {"summary"}
    recorded = Said(json.dumps({"id": 1, "summary": said}))
    close = Said(json.dumps({"id": 1, "summary": said.replace("wants", "wanted")}))
    other = Said(
        json.dumps({"id": 1, "summary": "nothing was said about any of this, it is all quite fine as it stands"})
    )
    assert judge_answer(recorded, close, frame).verdict == "pass"
    assert judge_answer(recorded, other, frame).verdict == "fail"


def test_the_closed_set_is_learnt_from_recorded_answers() -> None:
    frame = learn_frame([Said(each) for each in ("Yes", "no", "yes", "No.", "yes")])
    assert frame.labels == {"yes", "no"}
    assert learn_frame([Said(f"text number {i}") for i in range(9)]).labels == frozenset()


def test_hashed_answers_are_never_judged_but_by_their_whole() -> None:
    hashed = parse_said([{"parts": [{"type": "hashed", "digest": "ab"}]}])
    assert judge_answer(hashed, Said("billing"), FRAME).verdict == "unjudged"


def test_an_app_that_reads_what_is_no_json_reads_the_fields() -> None:
    broken = '{"reasoning": "he said "yes"", "answer": "7"}'
    frame = learn_frame([Said(broken), Said('{"answer": "8"}')])
    assert frame.lenient
    assert judge_answer(Said('{"answer": "7"}'), Said(broken), frame).verdict == "pass"
    assert judge_answer(Said('{"answer": "8"}'), Said(broken), frame).failure == "wrong"


def test_a_field_that_holds_a_program_is_read_as_one() -> None:
    """The text judge reads words: a changed operator is none."""
    frame = Frame(prose=frozenset({"program"}))
    program = "def total(rows):\n    result = 0\n    for row in rows:\n        result = result + row.amount\n    return result"

    def verdict(other: str) -> str:
        one, two = (Said(json.dumps({"file": "a.py", "program": text})) for text in (program, other))
        return judge_answer(one, two, frame).verdict

    assert verdict(program.replace("result + row", "result - row")) == "fail"
    assert verdict(program.replace("result + row.amount", "sum([result, row.amount])")) == "unjudged"
    assert verdict(program.replace("    return", "    # the sum\n    return")) == "pass"
    assert verdict(program.replace("for row in rows:", "for row in rows")) == "fail"
