"""The report as CSV: one line per task, and one, with no task_id, for all together."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from suffice_analysis.next_steps import NextStep, StepsSum, add_up
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.decisions import worth_doing
from suffice_analysis.report.model import Report
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, Row, is_wide, quality_grade_words
from suffice_analysis.unsettled import is_unsettled, unsettled_sentence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TASK = ("task_id", "name", "kind", "hci", "answer_form", "calls", "input_tokens", "output_tokens", "unpriced_calls")
_QUALITY = ("quality", "quality_low", "quality_high", "quality_grade")
_WRONG = ("extra_wrong", "extra_wrong_low", "extra_wrong_high")
_ALTERNATIVE = ("model", "saving_usd", "saving_low_usd", "saving_high_usd", "marginal_usd", *_QUALITY, *_WRONG)
_ONCE = ("one_off_usd", "one_off_low_usd", "one_off_high_usd", "payback_days", "back_from_calls")
_BACK = ("payback_days_low", "payback_days_high", "back_from_calls_low", "back_from_calls_high")  # of a single task
HEADER = (
    *_TASK,
    "paid_usd",
    "verdict",
    "share",
    "share_low",
    "share_high",
    "grade",
    "basis",
    "basis_paid_usd",
    *(f"{name}_{column}" for name in ALTERNATIVE_NAMES for column in _ALTERNATIVE),
    "simulated",
    "decision",
    *_ONCE,
    *_BACK,
    "in_total",
    "unsettled",
)


def render_csv(report: Report) -> str:
    """Header, a line per task, then the total. Amounts are rounded to a millionth, as in the JSON."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    steps = {step.task_id: step for step in report.next_steps}
    for task in report.tasks:
        lead = [task.row[name] for name in _TASK]
        writer.writerow(
            map(
                _cell,
                [
                    *(*lead, task.paid_usd, task.row["verdict"], *_share(task.share)),
                    *(
                        *_money(report, task.alternatives),
                        *_decided(steps.get(task.row["task_id"])),
                        *_counts(task.row),
                    ),
                ],
            )
        )
    a = report.analysis
    lead = ["", "all calls", "", "", "", a["calls"], report.overview.get("input_tokens")]
    lead += [report.overview.get("output_tokens"), report.overview.get("unpriced_calls")]
    shares = _share(report.shares.get("expected_share_calls"))
    together = _decided(add_up(worth_doing(report.next_steps), report.totals))
    writer.writerow(
        map(_cell, [*lead, report.paid_usd, "", *shares, *_money(report, report.totals), *together, "", ""])
    )
    return out.getvalue()


def _counts(row: Row) -> tuple[str, str]:
    """Whether the last line's savings count it, as far as each pays; what a test that settled nothing said."""
    counts = row["verdict"] != "stays" and row["calls"] >= CLAIM_CALLS and not row.get("ignored")
    return "yes" if counts else "no", unsettled_sentence(row) if is_unsettled(row) else ""


def _share(estimate: Row | None) -> list[Any]:
    """No value where the interval is too wide for one: the ends alone, as everywhere."""
    if estimate is None:
        return [None] * 4
    value = None if estimate["value"] is None or is_wide(estimate) else estimate["value"]
    return [value, *(estimate[name] for name in ("low", "high", "grade"))]


def _money(report: Report, alternatives: Sequence[Row]) -> list[Any]:
    by_name = {a["alternative"]: a for a in alternatives}
    paid = alternatives[0]["paid_usd"] if alternatives else None
    cells: list[Any] = [report.analysis["basis"], paid]
    for name in ALTERNATIVE_NAMES:
        cells += [_told(by_name.get(name, {}), column) for column in _ALTERNATIVE]
    return [*cells, "yes" if report.simulated else "no"]


def _told(row: Row, column: str) -> Any:
    """As of a share: no value of a quality whose interval is too wide for one; what it is known by in words."""
    if column == "quality_grade" and row:
        return quality_grade_words(row)
    ends = {"low": row.get("quality_low"), "high": row.get("quality_high")}
    if column == "quality" and None not in ends.values() and is_wide(ends):
        return None
    return row.get(column)


def _decided(step: NextStep | StepsSum | None) -> list[Any]:
    """What is to be decided, of the tasks among the next steps and, in the last line, of those worth doing together."""
    if step is None:
        return [None] * (1 + len(_ONCE) + len(_BACK))
    decision = step.decision if isinstance(step, NextStep) else None
    return [decision, *(getattr(step, name) for name in _ONCE), *(getattr(step, name, None) for name in _BACK)]


def _cell(value: Any) -> Any:
    """Numbers rounded; a text that a spreadsheet would run as a formula gets an apostrophe first."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value
