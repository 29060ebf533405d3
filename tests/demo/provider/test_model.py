"""Answers are decided by seed, model and content; the small model is right as often as the truth says."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from random import Random

import pytest

from suffice_demo.provider.model import SMALL_MODEL, SimulatedModels
from suffice_demo.provider.spoil import spoil
from suffice_demo.tasks import TASKS
from suffice_demo.truth import TRUE_SHARE

N = 400


def test_every_task_has_a_truth_and_no_other() -> None:
    assert set(TRUE_SHARE) == set(TASKS)
    assert all(0 < share < 1 for share in TRUE_SHARE.values())


@pytest.mark.parametrize("key", list(TASKS))
def test_the_same_request_gets_the_same_answer(key: str) -> None:
    ask = replace(TASKS[key].ask(Random("one")), model="gpt-6.1-sol")
    assert SimulatedModels(3).answer(ask) == SimulatedModels(3).answer(ask)


@pytest.mark.parametrize("key", list(TASKS))
def test_the_small_model_is_right_as_often_as_the_truth_says(key: str) -> None:
    """The three other digits of luck: |share - truth| < 4 standard errors, for a fixed seed."""
    models = SimulatedModels(11)
    right = distinct = 0
    seen = set()
    for number in range(N * 3):
        ask = TASKS[key].ask(Random(f"{key}/{number}"))
        if ask.last_user_text in seen:
            continue
        seen.add(ask.last_user_text)
        distinct += 1
        small = models.answer(replace(ask, model=SMALL_MODEL))
        small_good = TASKS[key].answer(ask, Random(f"11/{SMALL_MODEL}/{ask.last_user_text}"))
        right += replace(small, reasoning_tokens=0) == replace(small_good, reasoning_tokens=0)
        if distinct == N:
            break
    truth = TRUE_SHARE[key]
    assert abs(right / distinct - truth) < 4 * math.sqrt(truth * (1 - truth) / distinct)


@pytest.mark.parametrize("key", list(TASKS))
def test_a_spoiled_answer_differs_and_keeps_its_form(key: str) -> None:
    for number in range(50):
        ask = TASKS[key].ask(Random(f"spoil/{number}"))
        good = TASKS[key].answer(ask, Random(number))
        bad = spoil(ask, good, Random(number))
        assert bad != good
        if good.tool_calls:
            assert len(bad.tool_calls) == len(good.tool_calls)
        if good.text.startswith("{"):
            assert set(json.loads(bad.text)) == set(json.loads(good.text))


def test_another_seed_makes_another_model() -> None:
    asks = [replace(TASKS["plan_launch"].ask(Random(n)), model="claude-opus-5-5") for n in range(5)]
    assert [SimulatedModels(1).answer(ask) for ask in asks] != [SimulatedModels(2).answer(ask) for ask in asks]
