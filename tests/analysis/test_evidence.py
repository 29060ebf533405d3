"""The evidence of a task's own history says in plain words what was seen, on how many calls, and what that is worth."""

from __future__ import annotations

from dataclasses import replace

from suffice_analysis.evidence import observed
from suffice_analysis.proxy import Predictability

PROXY = Predictability(0.7, 0.1, 0.667, 0.56, 0.75, 280, 400, 0.8, 5, True)


def test_what_was_seen_on_how_many_calls_and_why_it_speaks_for_a_small_model() -> None:
    assert observed(PROXY) == (
        "400 recorded answers were hidden and each guessed from the task's other calls, without any model. 70 % of the guesses were "
        "right in whole, 10 % by chance: 67 % (56–75 %) beyond it. What so plain a rule gets right, a small model can be expected to "
        "learn."
    )


def test_few_right_guesses_are_no_sign_at_all() -> None:
    said = observed(replace(PROXY, agreement=0.01, chance=0.0, skill=0.01, low=0.0, high=0.03))
    assert "can be expected to learn" not in said
    assert said.endswith("no sign for a small model, and none against it: an answer in other words can be as good.")


def test_free_text_that_follows_from_the_request_is_told_without_a_word_of_bytes() -> None:
    said = observed(replace(PROXY, agreement=0.0, chance=0.0, skill=0.0, low=0.0, high=0.01, compressed=0.44))
    assert "44 % less of an answer's text is new than beside any other (100 looked at)" in said
    assert "bytes" not in said
    assert "none against it" not in said
    assert "(60 looked at)" in observed(replace(PROXY, n=60, compressed=0.3))


def test_what_free_text_hardly_follows_from_is_not_told() -> None:
    assert "Alike requests" not in observed(replace(PROXY, compressed=0.04))
