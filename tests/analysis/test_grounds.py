"""What speaks for and against a task, the strongest first, in phrases."""

from __future__ import annotations

from dataclasses import replace

from suffice_analysis.grounds import Grounds, find_grounds, kind_words
from suffice_analysis.prior import Prior, Sign
from suffice_analysis.proxy import Predictability

PROXY = Predictability(0.7, 0.1, 0.63, 0.6, 0.7, 70, 100, 0.8, 5, True)


def prior(published: float, *shifts: float) -> Prior:
    signs = [Sign("task_type", published, 0.0, "Published.", "test")]
    return Prior(0.0, 1.0, signs + [Sign("sign", None, s, f"A sign of {s}.", "test") for s in shifts])


def test_published_results_come_first_then_the_history_then_the_largest_sign() -> None:
    assert find_grounds("sql", prior(0.9, 0.2, -0.3, -0.6, -0.4), PROXY) == Grounds(
        [
            "published results of small models on SQL are good",
            "63 % of its answers can be told from its earlier calls without any model, beyond chance",
        ],
        ["a sign of -0.6", "a sign of -0.4"],
    )


def test_poor_results_and_what_the_paper_leaves_speak_against() -> None:
    assert find_grounds("tool_choice", prior(0.42), None) == Grounds(
        [], ["published results of small models on tool choice over several turns are poor"]
    )
    assert find_grounds("planning", prior(0.35), None) == Grounds(
        [],
        ["planning over many steps is what even the paper for small models leaves to the large one (arXiv 2506.02153)"],
    )


def test_what_is_neither_is_not_said() -> None:
    assert find_grounds("code", prior(0.6, 0.0), None) == Grounds()
    assert find_grounds("code", prior(0.6), replace(PROXY, skill=0.0)) == Grounds()
    assert kind_words("question_answering") == "question answering"
