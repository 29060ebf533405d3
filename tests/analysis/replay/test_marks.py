"""A person's mark goes before the judge's verdict, and measures the judge."""

from __future__ import annotations

from typing import Any

from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.replay.marks import Agreement, judge_agreement, with_marks


def replay(name: str, verdict: str, **more: Any) -> dict[str, Any]:
    given = {
        "call_id": name,
        "replay_call_id": f"r-{name}",
        "verdict": verdict,
        "failure": None,
        "judge": "text",
        "score": 1.0,
    }
    return given | more


def mark(name: str, ok: bool, verdict: str = "pass", judge: str | None = "text") -> dict[str, Any]:
    return {"replay_call_id": f"r-{name}", "ok": ok, "verdict": verdict, "judge": judge}


def test_a_mark_goes_before_the_verdict_and_decides_what_no_judge_could() -> None:
    rows = [
        replay("a", "pass"), replay("b", "fail", failure="format", score=0.0), replay("c", "unjudged", judge=None), replay("d", "fail"),
        replay("e", "sent", replay_call_id=None),
    ]  # fmt: skip
    marked = with_marks(rows, [mark("a", False), mark("b", True), mark("c", True), mark("nobody", True)])
    said = [(row["verdict"], row["judge"], row["failure"], row["score"]) for row in marked]
    assert said == [
        ("fail", "person", "wrong", 0.0),
        ("pass", "person", None, 1.0),
        ("pass", "person", None, 1.0),
        ("fail", "text", None, 1.0),
        ("sent", "text", None, 1.0),
    ]
    assert rows[0]["verdict"] == "pass"  # those given are left as they are


def test_an_answer_that_never_came_has_no_mark() -> None:
    (row,) = with_marks([replay("a", "unavailable", failure="timeout")], [mark("a", True)])
    assert (row["verdict"], row["failure"]) == ("unavailable", "timeout")


def test_a_judge_is_as_good_as_its_agreement_with_people() -> None:
    marks = [
        *(mark(str(n), True) for n in range(8)), mark("w", False), mark("x", False, "fail"),
        mark("l", True, "pass", "label"), mark("u", True, "unjudged", None),
    ]  # fmt: skip
    assert judge_agreement(marks) == [
        Agreement("text", 9, 10, *clopper_pearson_interval(9, 10)),
        Agreement("label", 1, 1, *clopper_pearson_interval(1, 1)),
    ]
    assert judge_agreement([]) == []
