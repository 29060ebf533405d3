"""What a replay says, as rows of ``estimates`` and ``evidence``, grade ``replay``."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from suffice_analysis.estimate import BAR, LEVEL
from suffice_analysis.judges.judgement import FAILURES
from suffice_analysis.replay.results import Result
from suffice_store.console import format_ms, format_usd
from suffice_store.rounding import about

EXAMPLES, GOOD_EXAMPLES = 8, 2  # failures and passes named


def estimate_row(result: Result, seed: int, calls: int) -> dict[str, Any]:
    """The row of ``estimates`` of one result."""
    c = result.counts
    failures = Counter(row["failure"] for row in result.rows if row["failure"])
    details = {
        "calls": calls,
        "asked": len(result.rows),
        "claimed": c.judged > 0,
        "status": result.status,
        "reopened": result.reopened,
        "passed": c.passed,
        "failed": c.failed,
        "unjudged": c.unjudged,
        "unavailable": c.unavailable,
        "lost": c.lost,
        "format_failures": failures.get("format", 0),
        "failures": dict(sorted(failures.items())),
        "examples": [row["call_id"] for row in result.rows if row["verdict"] == "fail"][:EXAMPLES],
        "good_examples": [row["call_id"] for row in result.rows if row["verdict"] == "pass"][:GOOD_EXAMPLES],
        "judges": _judges(result),
        "design_effect": round(c.design_effect, 4),
        "clusters": c.clusters,
        "judge_marks": sum(e.marks for j in _judges(result) if result.errors and (e := result.errors.of(j))),
        "masked": sum(bool(row["masked"]) for row in result.rows),
        "usd_per_call": result.usd_per_call,
        "latency_p50_ms": result.latency_ms(0.5),
        "latency_p95_ms": result.latency_ms(0.95),
        "response_models": sorted({row["response_model"] for row in result.rows if row["response_model"]}),
        "needed": result.needed,
        "p_value": result.p_value,
        "agreement": result.agreement,
        "self_agreement": result.ceiling.value if result.ceiling else None,
    }
    return {
        "task_id": result.task_id,
        "measure": "replaceability",
        "candidate": result.candidate,
        "mode": result.variant,
        "grade": "replay",
        "value": result.value,
        "low": result.low,
        "high": result.high,
        "level": LEVEL,
        "n": c.n,
        "proven_low": result.low,
        "bar": result.bar,
        "proven": result.status == "proven",
        "method": result.method,
        "seed": seed,
        "details": json.dumps(details, sort_keys=True),
    }


def _judges(result: Result) -> list[str]:
    return sorted({row["judge"] for row in result.rows if row["judge"]})


def evidence_row(result: Result) -> dict[str, Any]:
    """The row of ``evidence`` of one result."""
    c = result.counts
    more = [
        f"{n:,} {FAILURES.get(kind, kind)}"
        for kind, n in Counter(r["failure"] for r in result.rows if r["failure"]).most_common(3)
    ]
    said = result.sentence()
    if more:
        said += f" What was worse: {', '.join(more)}."
    if result.reopened:
        said += f" Reopened: {result.reopened}; older answers are not counted."
    if (needed := result.needed) and result.status == "open":
        said += f" About {about(needed)} more answers would settle it."
    said += f" Measured: {format_usd(result.usd_per_call)} a call, {format_ms(result.latency_ms(0.5))} at the median."
    return {
        "task_id": result.task_id,
        "grade": "replay",
        "kind": f"replay:{result.candidate}:{result.variant}",
        "value": result.value,
        "low": result.low,
        "high": result.high,
        "n": c.n,
        "sentence": said,
        "source": "replayed calls, each stored with its answer; docs/replay.md",
        "details": json.dumps(
            {"status": result.status, "bar": BAR if result.bar is None else result.bar}, sort_keys=True
        ),
    }
