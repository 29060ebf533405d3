"""The sheet of assumptions: each an input cell with a name, its range, its unit, its source and its date."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from suffice_analysis.report.caveats import assumptions
from suffice_analysis.report.model import Report
from suffice_analysis.report.sheets.book import Book
from suffice_analysis.report.wording import Row
from suffice_analysis.savings.assumption_words import name_words

SHEET = "Assumptions"
HEADS = ("assumption", "value", "low", "high", "unit", "source", "date", "name in formulas")
WIDTHS = (34, 14, 11, 11, 52, 60, 12, 26)
# What only scenarios change; 1 is as recorded.
LEVELS = (
    ("volume", "calls, times today's"),
    ("today_price", "today's models' prices, times today's"),
    ("other_prices", "small models' prices, times today's"),
)
# Found by the analysis or read from a table that holds for this sheet's values alone: told, and in no formula.
_NO_INPUT = re.compile(r"utilisation|gpus|usd_per_1000_calls_at_.*|break_even_requests_per_hour|cached_today|cache_minimum_tokens|cache_lifetime_s|batch_discount|gpu_memory_share|bytes_per_parameter|left_out_once_.*")  # fmt: skip
_DATE = re.compile(r"^(.*) \((\d{4}(?:-\d\d){0,2})\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Input:
    """One value that formulas read by its name."""

    name: str
    value: float
    unit: str
    source: str
    low: float | None = None
    high: float | None = None


def inputs(report: Report) -> list[Input]:
    """Every value that a formula reads, those of the fleet of GPUs with them."""
    found = [Input(name, 1.0, unit, "a scenario: 1 is as recorded") for name, unit in LEVELS]
    stated = [row for row in assumptions(report) if not _NO_INPUT.fullmatch(row["name"])]
    found += [Input(r["name"], r["value"], r["unit"], r["source"], r.get("low"), r.get("high")) for r in stated]
    gpu = fleet(report)
    names = {each.name for each in found}
    if gpu is not None:
        peaks = "of the recorded minutes: the one that 95 % of the calls don't exceed, over the mean"
        found.append(Input("peak_factor", gpu["peak_factor"], "times the mean load", peaks))
        if "assumed_utilisation" not in names:
            unit = "of the GPUs' capacity, used only where no traffic is timed"
            found.append(Input("assumed_utilisation", gpu["utilisation"], unit, "the analysis"))
    return found


def fleet(report: Report) -> Row | None:
    """The GPUs of self-hosting, as the analysis sized them; None where nothing is put on one's own."""
    for row in report.totals:
        gpu: Row | None = json.loads(row.get("details") or "{}").get("gpu")
        if gpu is not None:
            return gpu
    return next(
        (
            json.loads(row["details"])["gpu"]
            for task in report.tasks
            for row in task.alternatives
            if "gpu" in json.loads(row.get("details") or "{}")
        ),
        None,
    )


def write_assumptions(book: Book, report: Report) -> None:
    """Inputs first, yellow; then what is told and moves nothing."""
    sheet = book.sheet(SHEET, WIDTHS)
    book.text(sheet, 0, 0, "Assumptions", "title")
    note = (
        "Change a yellow cell: Summary, Tasks, Savings and Workings follow. The intervals do not: they were simulated with the ranges "
        "of these values, by the analysis."
    )
    sheet.merge_range(1, 0, 1, 6, note, book.styles["note"])
    sheet.set_row(1, 30)
    book.heads(sheet, 3, HEADS, numbers=(1, 2, 3))
    sheet.freeze_panes(4, 1)
    row = 4
    for each in inputs(report):
        source, date = split_date(each.source)
        book.text(sheet, row, 0, name_words(each.name))
        book.value(sheet, row, 1, each.value, "input")
        for column, value in ((2, each.low), (3, each.high)):
            book.value(sheet, row, column, value, "number")
        for column, text in ((4, each.unit), (5, source), (6, date), (7, each.name)):
            book.text(sheet, row, column, text, "beside")
        book.name(each.name, SHEET, row, 1)
        book.height(sheet, row, ((each.unit, WIDTHS[4]), (source, WIDTHS[5])))
        row += 1
    row += 1
    book.text(sheet, row, 0, "Told, and in no formula", "section")
    for told in (r for r in assumptions(report) if _NO_INPUT.fullmatch(r["name"])):
        row += 1
        source, date = split_date(told["source"])
        book.text(sheet, row, 0, told["words"])
        for column, value in ((1, told["value"]), (2, told.get("low")), (3, told.get("high"))):
            book.value(sheet, row, column, value, "number")
        for column, text in ((4, told["unit"]), (5, source), (6, date)):
            book.text(sheet, row, column, text, "beside")
        book.height(sheet, row, ((told["words"], WIDTHS[0]), (told["unit"], WIDTHS[4]), (source, WIDTHS[5])))


def split_date(source: str) -> tuple[str, str]:
    """``judgement (2026-11)`` -> ``judgement``, ``2026-11``."""
    found = _DATE.match(source)
    return (found[1], found[2]) if found else (source, "")
