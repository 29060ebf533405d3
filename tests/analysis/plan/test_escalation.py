"""The trigger rate as it was measured: counts by hand, what never came whole is sent back, the endpoint's doing counts nowhere."""

from __future__ import annotations

from typing import Any

from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.judges.frame import learn_frame
from suffice_analysis.judges.said import Said
from suffice_analysis.plan.escalation import Share, measure_escalation, on_recorded
from suffice_analysis.plan.validator import learn_validator

ANSWERS = [Said(word) for word in ("billing", "shipping") * 10]
VALIDATOR = learn_validator(ANSWERS, learn_frame(ANSWERS))


def replay(number: int, verdict: str, failure: str | None = None) -> dict[str, Any]:
    return {"call_id": f"c{number}", "verdict": verdict, "failure": failure}


def test_what_is_caught_missed_and_needless() -> None:
    rows = [
        replay(0, "pass"), replay(1, "pass"), replay(2, "fail", "wrong"), replay(3, "fail", "format"),
        replay(4, "fail", "cut"), replay(5, "unavailable", "unavailable"), replay(6, "sent"), replay(7, "unjudged"),
    ]  # fmt: skip
    answers = {
        "c0": Said("billing"), "c1": Said("something that is no label of this task"), "c2": Said("shipping"),
        "c3": Said("I would say that this is hard to tell from here"), "c4": Said("billing"), "c7": Said("shipping"),
    }  # fmt: skip
    found = measure_escalation(VALIDATOR, rows, answers, Share(0, 0))
    assert found.triggered == Share(3, 6)
    assert found.caught == Share(2, 3)
    assert found.needless == Share(1, 2)
    assert found.left == Share(1, 3)
    assert found.reasons == {"no label of the set": 2, "no whole answer (cut)": 1}


def test_without_replays_it_says_that_nothing_was_measured() -> None:
    found = measure_escalation(VALIDATOR, [], {}, on_recorded(VALIDATOR, ANSWERS))
    assert found.triggered.words() == "not measured (n = 0)"
    assert found.triggered.value is None
    assert found.recorded == Share(0, 20)


def test_a_share_has_its_exact_interval() -> None:
    assert Share(12, 100).interval == clopper_pearson_interval(12, 100)
    assert Share(12, 100).words() == "12 % (7–19 %, 12 of 100)"
