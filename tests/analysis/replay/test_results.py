"""What a replay says of a task, in a sentence: how many, how sure, and what of it is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from analysis.cases import make_result

from suffice_analysis.replay.results import Result


def result(status: Any, *failures: str) -> Result:
    rows = [
        {"failure": kind, "verdict": "fail", "cost_usd": None, "latency_ms": None, "call_id": str(place)}
        for place, kind in enumerate(failures)
    ]
    return replace(make_result("house-8b", None), status=status, rows=rows)


@pytest.mark.parametrize(
    ("status", "ends"),
    [
        ("proven", "; proven: at least the 95 % that is asked."),
        ("refuted", "; less than the 95 % that is asked."),
        ("open", "; open whether it is the 95 % that is asked."),
    ],
)
def test_the_share_is_told_with_what_is_asked(status: str, ends: str) -> None:
    assert result(status).sentence() == f"house-8b answered 360 of 400 as well as recorded (88–92 %){ends}"


def test_an_interval_widened_for_runs_says_so_and_is_not_called_exact() -> None:
    """300 answers with a design effect of 1.36 count as 300 / 1.36 = 221."""
    plain = result("proven")
    assert plain.method == "exact (Clopper-Pearson) interval of a number of calls set before"
    counts = replace(plain.counts, passed=295, failed=5, design_effect=1.36, clusters=152)
    alike = replace(plain, counts=counts)
    assert alike.method == (
        "Clopper-Pearson interval of a number of calls set before, widened by: answers of one run counted as alike (design effect "
        "1.36: 300 answers as 221)"
    )
    assert "(88–92 %, as 221 independent answers, for those of one run go together)" in alike.sentence()
