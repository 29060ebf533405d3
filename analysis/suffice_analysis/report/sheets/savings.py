"""The sheet of savings: the four alternatives over all traffic, summed by formulas over the workings; the GPUs they would share."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from suffice_analysis.report.model import Report
from suffice_analysis.report.sheets.assumptions import fleet
from suffice_analysis.report.sheets.book import Book
from suffice_analysis.report.sheets.workings import Line, cells, counts, set_up_usd
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, Row
from suffice_analysis.savings.assumptions import HOURS_PER_MONTH

SHEET = "Savings"
FIRST = 4
HEADS = (
    "alternative", "model", "costs today", "would cost", "saves", "beyond the best before", "as analysed: saves", "as analysed: low",
    "as analysed: high", "tasks that move", "more wrong answers, caught", "more wrong answers, not caught", "spent once",
    "pays back after",
)  # fmt: skip
WIDTHS = (30, 26, *([14] * 12))
_SAVES, _NOT_CAUGHT, _ONCE = 4, 11, 12


def write_savings(book: Book, report: Report, found: Sequence[Line]) -> None:
    """Totals, the fleet, and the picture of them."""
    sheet = book.sheet(SHEET, WIDTHS)
    book.text(sheet, 0, 0, f"Savings {report.basis_words}", "title")
    words = (
        "Beside each other, never added up: they exclude each other. The intervals are as analysed; everything else follows the "
        "yellow cells of Assumptions."
    )
    sheet.merge_range(1, 0, 1, 11, words, book.styles["note"])
    book.heads(sheet, FIRST - 1, HEADS)
    sheet.set_row(FIRST - 1, 46)
    sheet.freeze_panes(FIRST, 1)
    for number, total in enumerate(report.totals):
        _total(book, sheet, FIRST + number, report, total, found)
    _fleet(book, sheet, FIRST + len(report.totals) + 1, report, found)
    if report.paid_usd is not None:
        _picture(book, sheet, len(report.totals), report.basis_words)


def total_cell(place: int, column: int) -> str:
    """A cell of a total, for a formula on another sheet."""
    return f"{SHEET}!{xl_rowcol_to_cell(FIRST + place, column, True, True)}"


def _total(book: Book, sheet: Worksheet, row: int, report: Report, total: Row, found: Sequence[Line]) -> None:
    name, count = total["alternative"], len(found)
    words = ALTERNATIVE_NAMES[name]
    at = {column: xl_rowcol_to_cell(row, column) for column in range(len(HEADS))}
    book.text(sheet, row, 0, words, "plain")
    book.text(sheet, row, 1, total["model"], "plain")
    if total["paid_usd"] is None:
        book.text(sheet, row, 2, total["note"], "plain")
        return

    def summed(key: str) -> str:
        return f'SUMIFS({cells(key, count)},{cells("alternative", count)},"{words}",{cells("counts", count)},1)'

    once = total["one_off_usd"] or 0.0
    hours = f"+IF({at[9]}>0,self_host_hours*engineer_usd_per_hour,0)" if name == "self_hosted_slm" else ""
    saves = total["saving_usd"]
    book.formula(sheet, row, 2, f"={total['paid_usd']!r}*volume*today_price", "usd", total["paid_usd"])
    book.formula(sheet, row, 3, f"={at[2]}-{at[4]}", "usd", total["projected_usd"])
    book.formula(sheet, row, 4, f"={summed('saves')}", "usd", saves)
    before = f"MAX(0,{at[4]}-MAX(0,{xl_rowcol_to_cell(FIRST, 4, True)}:{xl_rowcol_to_cell(row - 1, 4)}))"
    book.formula(sheet, row, 5, f"=MAX(0,{at[4]})" if row == FIRST else f"={before}", "usd", total["marginal_usd"])
    for column, key in ((6, "saving_usd"), (7, "saving_low_usd"), (8, "saving_high_usd")):
        book.value(sheet, row, column, total[key], "usd")
    moved = [line for line in found if line.name == name and counts(line)]
    book.formula(sheet, row, 9, f"={summed('counts')}", "count", len(moved))
    if name == "caching_batch":
        book.text(sheet, row, 10, "same model: none", "plain")
    else:
        book.formula(sheet, row, 10, f"={summed('caught')}", "number", total["caught"] if moved else 0.0)
        book.formula(sheet, row, _NOT_CAUGHT, f"={summed('silent')}", "number", total["extra_wrong"] if moved else 0.0)
    book.formula(sheet, row, _ONCE, f"={summed('once_usd')}{hours}", "usd", once)
    _payback(book, sheet, row, report, (at[4], at[_ONCE]), (saves, once))


def _payback(
    book: Book, sheet: Worksheet, row: int, report: Report, at: tuple[str, str], now: tuple[float, float]
) -> None:
    """Months, or calls: at today's prices. The report's days count falling prices and commitments too."""
    monthly = report.analysis["basis"] == "month"
    times, unit = ("", "months") if monthly else ("*1000", "calls")
    saves, once = now
    value = "–" if saves <= 0 else f"{once / saves * (1 if monthly else 1000):,.0f} {unit}"
    formula = f'=IF({at[0]}>0,TEXT({at[1]}/{at[0]}{times},"#,##0")&" {unit}","–")'
    sheet.write_formula(row, 13, formula, book.styles["plain"], value)


def _fleet(book: Book, sheet: Worksheet, row: int, report: Report, found: Sequence[Line]) -> None:
    gpu = fleet(report)
    if gpu is None:
        return
    count, monthly = len(found), report.analysis["basis"] == "month"
    sized = [line for line in found if line.given.get("on_gpu")]
    seconds = sum(line.details["gpu"]["busy_seconds"] for line in sized)
    monthly = monthly and seconds > 0
    busy = f"fleet_seconds/3600/{HOURS_PER_MONTH}"
    utilisation = gpu["utilisation"]
    upkeep = next((line.details["parts"]["upkeep"] / line.details["gpu"]["busy_seconds"] for line in sized), 0.0)
    set_up = next((set_up_usd(line.row) for line in sized), 0.0)
    rows: list[tuple[str, str, str, str, float]] = [
        ("busy GPU seconds", "fleet_seconds", f"=SUMIFS({cells('gpu_seconds', count)},{cells('on_gpu', count)},1)", "number", seconds),
        ("GPUs", "fleet_gpus", f"=MAX(1,ROUNDUP({busy}*MAX(1,peak_factor)-0.000000001,0))" if monthly else "=1", "count", gpu["replicas"]),
        ("their utilisation", "fleet_utilisation", f"=IF(fleet_seconds>0,{busy}/fleet_gpus,assumed_utilisation)" if monthly else "=assumed_utilisation", "share", utilisation),
        ("USD of a busy second", "gpu_usd_per_second", "=gpu_usd_per_hour*(1+gpu_overhead)/3600/fleet_utilisation", "number", gpu["usd_per_hour"] / 3600 / utilisation),
        ("USD of upkeep of a busy second", "upkeep_usd_per_second", "=IF(fleet_seconds>0,self_host_upkeep_hours*engineer_usd_per_hour/fleet_seconds,0)" if monthly else "=0", "number", upkeep),
        ("USD to set them up, once", "fleet_set_up_usd", "=self_host_hours*engineer_usd_per_hour", "usd", set_up),
    ]  # fmt: skip
    book.text(sheet, row, 0, "One's own GPUs, shared by all tasks that may move", "section")
    for number, (words, name, formula, style, now) in enumerate(rows, row + 1):
        book.text(sheet, number, 0, words, "plain")
        book.formula(sheet, number, 2, formula, style, now)
        book.name(name, SHEET, number, 2)


def _picture(book: Book, sheet: Worksheet, count: int, basis_words: str) -> None:
    chart = book.workbook.add_chart({"type": "bar"})
    last = FIRST + count - 1
    series = {
        "name": f"saves {basis_words}",
        "categories": [SHEET, FIRST, 0, last, 0],
        "values": [SHEET, FIRST, _SAVES, last, _SAVES],
        "fill": {"color": "#2460CF"},
        "gap": 60,
    }
    chart.add_series(series)
    chart.set_title({"name": f"Saves {basis_words}, USD", "name_font": {"size": 12, "bold": True}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 10}, "label_position": "low"})
    chart.set_x_axis({"num_format": "$#,##0.##", "major_gridlines": {"visible": True, "line": {"color": "#D5DCE5"}}})
    chart.set_size({"width": 820, "height": 280})
    sheet.insert_chart(FIRST + count + 9, 0, chart, {"description": f"Saving of each alternative {basis_words}"})
