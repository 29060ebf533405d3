"""The report as JSON: a stable schema, ``suffice.report/1`` (docs/report.md). Amounts are rounded to a millionth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from suffice_analysis.next_steps import add_up
from suffice_analysis.report import parts
from suffice_analysis.report.caveats import assumptions, caveats
from suffice_analysis.report.choice import ORDER, RULE, why
from suffice_analysis.report.decisions import worth_doing
from suffice_analysis.report.model import Report, TaskPart
from suffice_analysis.report.steps import effort_sentence, next_steps
from suffice_analysis.report.tested import Tested

SCHEMA = "suffice.report/1"
_PARSED = ("services", "models", "levers", "example_call_ids", "details", "assumptions", "parameters")
_LEFT_OUT = ("analysis_id", "recogniser")


def render_json(report: Report) -> str:
    """One JSON document, keys in a fixed order."""
    return json.dumps(document(report), ensure_ascii=False, indent=2) + "\n"


def document(report: Report) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "schema": SCHEMA,
        "project": report.project,
        "generated_ns": report.generated_ns,
        "analysis": _plain(report.analysis, keep=("analysis_id",)),
        "basis": report.analysis["basis"],
        "simulated": report.simulated,
        "headlines": report.headlines,
        "next_steps": next_steps(report),
        "steps": [asdict(step) | {"decision": step.decision} for step in report.next_steps],
        "steps_sum": None
        if (total := add_up(worth_doing(report.next_steps), report.totals)) is None
        else asdict(total),
        "choice": {"order": ORDER, "rule": RULE, "why": why(report)},
        "effort": effort_sentence(report),
        "bridge": None if report.bridge is None else asdict(report.bridge),
        "coverage": _plain(report.overview),
        "unpriced_models": [_plain(r) for r in report.unpriced_models],
        "parts": parts.as_json(report),
        "shares": {measure: _plain(row) for measure, row in sorted(report.shares.items())},
        "savings": [_plain(row) for row in report.totals],
        "beside_the_money": dict(report.beside_the_money),
        "tasks": [_task(task) for task in report.tasks],
        "stays": [{"task_id": t.row["task_id"], "why": t.row["verdict_reason"]} for t in report.staying],
        "assumptions": assumptions(report),
        "caveats": caveats(report),
    }


def _task(task: TaskPart) -> dict[str, Any]:
    return {
        **_plain(task.row),
        "estimate": None if task.share is None else _plain(task.share),
        "evidence": [_plain(r) for r in task.evidence],
        "actions": [_plain(r) for r in task.actions],
        "alternatives": [_plain(r) for r in task.alternatives],
        "slices": [_plain(r) for r in task.slices],
        "tested": None if task.tested is None else _tested(task.tested),
    }


def _tested(tested: Tested) -> dict[str, Any]:
    return {
        "status": tested.status,
        "candidate": tested.row["candidate"],
        "mode": tested.row["mode"],
        "examples": [asdict(each) for each in tested.examples],
        "why_no_examples": tested.why_none,
    }


def _plain(row: Mapping[str, Any], keep: tuple[str, ...] = ()) -> dict[str, Any]:
    return {k: _value(k, v) for k, v in row.items() if k not in _LEFT_OUT or k in keep}


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return round(float(value), 6)
    if isinstance(value, float):
        return round(value, 6)
    if key in _PARSED and isinstance(value, str):
        return json.loads(value)
    return value
