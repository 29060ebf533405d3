"""The proxy grade recovers a known predictability, gives chance on shuffled answers, and never leaks between runs."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import pytest
from analysis.made_tasks import SHAPES, above_chance, made_task, with_shuffled_answers

from suffice_analysis.proxy import Predictability, _nearest, answer_values, predictability, split_by_run
from suffice_analysis.sampling import SampledCall

WORDS = [f"word{i}" for i in range(300)]
ANIMALS = [f"animal{i}" for i in range(8)]


def call(number: int, asked: str, said: str, *, run: str | None = None, tool: str | None = None) -> SampledCall:
    part = (
        {"type": "text", "content": said}
        if tool is None
        else {"type": "tool_call", "name": tool, "arguments": json.loads(said)}
    )
    return SampledCall(
        call_id=f"{number:08d}",
        run=run or f"run{number}",
        started_ns=None,
        messages=2,
        turns=0,
        last_role="user",
        instructions="Say.",
        asked=asked,
        request=f"Say.\n{asked}",
        answer={"role": "assistant", "parts": [part]},
        said=said,
        form="label",
        action="answer:label",
        images=False,
    )


def sample(answer: Callable[[random.Random, str], str], n: int = 400, seed: int = 1) -> list[SampledCall]:
    rng = random.Random(seed)
    calls = []
    for i in range(n):
        animal = rng.choice(ANIMALS)
        calls.append(call(i, f"the {animal} {animal} {' '.join(rng.choices(WORDS, k=5))}", answer(rng, animal)))
    return calls


@pytest.mark.parametrize("known", [0.0, 0.5, 0.9])
def test_it_recovers_a_known_predictability(known: float) -> None:
    # A share `known` of the answers follows from the request, the rest is drawn from many others.
    found = predictability(
        sample(lambda rng, animal: animal if rng.random() < known else f"x{rng.randrange(10**9)}"), seed=0
    )
    assert found is not None
    # A lookup needs both its neighbour's answer and the truth to follow the rule.
    assert found.agreement == pytest.approx(known * known, abs=0.08)
    assert found.low - 0.02 <= found.skill <= found.high + 0.02


def test_shuffled_answers_give_chance() -> None:
    truth = sample(lambda rng, animal: animal)
    answers = [c.said for c in truth]
    random.Random(3).shuffle(answers)
    found = predictability([call(i, c.asked, a) for i, (c, a) in enumerate(zip(truth, answers, strict=True))], seed=0)
    assert found is not None
    assert found.agreement == pytest.approx(1 / len(ANIMALS), abs=0.08)
    assert found.skill < 0.1


def test_a_majority_answer_is_no_skill() -> None:
    found = predictability(sample(lambda rng, _: "yes" if rng.random() < 0.95 else "no"), seed=0)
    assert found is not None
    assert found.agreement > 0.8
    assert found.skill < 0.2


def test_values_that_stand_at_a_known_place_are_copied() -> None:
    rng = random.Random(2)
    calls = []
    for i in range(200):
        order = str(rng.randrange(10**6, 10**7))
        asked = f"{' '.join(rng.choices(WORDS, k=6))} order number: {order}. thanks"
        calls.append(call(i, asked, json.dumps({"order": order})))
    found = predictability(calls, seed=0)
    assert found is not None
    assert (found.agreement, found.chance, found.skill) == (1.0, 0.0, 1.0)


def test_few_calls_say_nothing() -> None:
    assert predictability([], seed=0) is None
    assert predictability(sample(lambda _, animal: animal, n=50), seed=0) is None
    one_run = [call(i, "a b c", "x", run="run0") for i in range(200)]
    assert predictability(one_run, seed=0) is None


def test_the_split_never_parts_a_run() -> None:
    calls = [call(i, "a", "b", run=f"run{i // 7}") for i in range(210)]
    history, held_out = split_by_run(calls, seed=0)
    assert {c.run for c in history}.isdisjoint({c.run for c in held_out})
    assert len(history) + len(held_out) == 210
    assert abs(len(history) - len(held_out)) <= 14


def test_an_answer_is_the_values_it_holds() -> None:
    assert answer_values(call(0, "", '{"a": {"b": "X  y"}, "c": [1, null]}')) == {
        ".a.b": "x y",
        ".c[0]": "1",
        ".c[1]": "null",
    }
    assert answer_values(call(0, "", '```json\n{"a": 1}\n```')) == {".a": "1"}
    assert answer_values(call(0, "", "Billing ")) == {"": "billing"}
    assert answer_values(call(0, "", '{"city": "Oslo"}', tool="find")) == {"tool0": "find", "tool0.city": "oslo"}


def test_the_same_seed_gives_the_same_figures() -> None:
    calls = sample(lambda rng, animal: animal if rng.random() < 0.7 else "other")
    first, second = predictability(calls, seed=4), predictability(calls, seed=4)
    assert isinstance(first, Predictability)
    assert first == second


def test_the_nearest_request_shares_the_rarest_words() -> None:
    texts = ["where is my parcel", "refund the broken lamp", "is my invoice right", ""]
    history = [call(i, text, "x") for i, text in enumerate(texts)]
    asked = ["the lamp came broken", "my parcel, where", "my invoice: is it right?", "", "☃ 三"]
    assert _nearest(history, [call(9, text, "x") for text in asked])[:3] == [1, 0, 2]
    assert _nearest(history, history)[:3] == [0, 1, 2]


@pytest.mark.parametrize("known", [0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_what_is_known_of_a_made_task_lies_within_the_interval(shape: str, known: float) -> None:
    """Of 5 tasks made with this share at least 3 (at 90 % each, all but one in a hundred times), on average without bias."""
    found = [predictability(made_task(shape, known, calls=400, seed=seed), seed=seed) for seed in range(5)]
    skill = above_chance(shape, known)
    assert sum(p is not None and p.low - 1e-9 <= skill <= p.high + 1e-9 for p in found) >= 3
    assert sum(p.skill for p in found if p is not None) / 5 == pytest.approx(skill, abs=0.04)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_shuffled_control_of_a_made_task_gives_chance(shape: str) -> None:
    calls = with_shuffled_answers(made_task(shape, 0.9, calls=400, seed=3), seed=3)
    found = predictability(calls, seed=3)
    assert found is not None
    assert found.agreement == pytest.approx(0.9 * 0.9 / 4 if shape == "label" else 0.0, abs=0.08)
    assert found.agreement == pytest.approx(found.chance, abs=0.08)
    assert found.low == 0.0


def paragraphs(follows: bool, seed: int = 4) -> list[SampledCall]:
    """Free text: a sentence of its own for each animal where it ``follows``, else any; and some words that nobody foretells."""
    rng = random.Random(seed)
    about = [" ".join(rng.choices(WORDS, k=25)) for _ in ANIMALS]

    def said(rng: random.Random, animal: str) -> str:
        which = ANIMALS.index(animal) if follows else rng.randrange(len(ANIMALS))
        return f"{about[which]} {' '.join(rng.choices(WORDS, k=10))}"

    return sample(said)


def test_free_text_that_follows_in_part_is_told_by_its_bytes() -> None:
    found = predictability(paragraphs(follows=True), seed=0)
    assert found is not None
    assert found.skill == 0.0  # no answer comes twice
    assert 0.3 < found.compressed < 0.8
    for unrelated in (paragraphs(follows=False), with_shuffled_answers(paragraphs(follows=True), seed=1)):
        control = predictability(unrelated, seed=0)
        assert control is not None
        assert control.compressed < 0.06
