"""What a replay says, as rows: the failures in words."""

from __future__ import annotations

from analysis.replay.test_results import result

from suffice_analysis.judges.judgement import FAILURES
from suffice_analysis.replay.result_rows import evidence_row


def test_failures_are_told_in_words_the_most_often_first() -> None:
    said = evidence_row(result("refuted", "format", "wrong", "wrong", "refusal"))["sentence"]
    assert "What was worse: 2 wrong in content, 1 not in form, 1 refused." in said
    assert set(FAILURES) == {"wrong", "format", "refusal"}
    assert "worse" not in evidence_row(result("refuted"))["sentence"]
