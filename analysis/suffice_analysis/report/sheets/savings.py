"""The sheet of savings: the four alternatives over all traffic, summed by formulas over the workings; the GPUs they would share."""

from __future__ import annotations

import json
from collections.abc import Sequence

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from suffice_analysis.report.decisions import NEVER
from suffice_analysis.report.model import Report
from suffice_analysis.report.sheets.assumptions import fleet
from suffice_analysis.report.sheets.book import Book
from suffice_analysis.report.sheets.workings import Line, cells, counts, on_gpu, set_up_usd
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, Row
from suffice_analysis.savings.assumptions import DAYS_PER_MONTH, DAYS_PER_YEAR, HOURS_PER_MONTH
from suffice_analysis.savings.effort import YEARS, pays_from_calls
from suffice_analysis.savings.own_gpus import SELF_HOSTED, own_gpus
from suffice_analysis.savings.payback import IN_DAYS, LONGEST_DAYS, months_words, payback_days

SHEET = "Savings"
FIRST = 4
HEADS = (
    "alternative", "model", "costs today", "would cost", "saves", "beyond the best before", "as analysed: saves", "as analysed: low",
    "as analysed: high", "tasks that move", "more wrong answers, caught", "more wrong answers, not caught", "spent once",
    "pays back after",
)  # fmt: skip
FROM_CALLS = f"back within {YEARS} from, calls a month"  # in place of the last, where nothing is known of a month
WIDTHS = (30, 28, *([14] * 11), 20)
_SAVES, _NOT_CAUGHT, _ONCE = 4, 11, 12


def write_savings(book: Book, report: Report, found: Sequence[Line]) -> None:
    """Totals, the fleet, and the picture of them."""
    sheet = book.sheet(SHEET, WIDTHS)
    book.text(sheet, 0, 0, f"Savings {report.priced_basis_words}", "title")
    words = (
        "Beside each other, never added up: of a task one can be chosen. The intervals are as analysed; everything else follows the "
        "yellow cells of Assumptions. What a commitment holds is not in the last column."
    )
    sheet.merge_range(1, 0, 1, 11, words, book.styles["note"])
    monthly = report.analysis["basis"] == "month"
    book.heads(sheet, FIRST - 1, HEADS if monthly else (*HEADS[:-1], FROM_CALLS), numbers=range(2, len(HEADS)))
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
    book.formula(sheet, row, 5, f"=MAX(0,{summed('beyond')})", "usd", total["marginal_usd"])
    for column, key in ((6, "saving_usd"), (7, "saving_low_usd"), (8, "saving_high_usd")):
        book.value(sheet, row, column, total[key], "usd")
    moved = [line for line in found if line.name == name and counts(line)]
    book.formula(sheet, row, 9, f"={summed('counts')}", "count", len(moved))
    if name == "caching_batch":
        book.text(sheet, row, 10, "none", "right")
    else:
        book.formula(sheet, row, 10, f"={summed('caught')}", "number", total["caught"] if moved else 0.0)
        book.formula(sheet, row, _NOT_CAUGHT, f"={summed('silent')}", "number", total["extra_wrong"] if moved else 0.0)
    book.formula(sheet, row, _ONCE, f"={summed('once_usd')}{hours}", "usd", once)
    _payback(book, sheet, row, total, (at[4], at[_ONCE]), (summed("gpu_seconds"), summed("gpu_usd")))


def _on_own_gpus(needs: str, saves: str, seconds: str, usd: str) -> tuple[str, str]:
    """Times the basis a month, and whether ever, as ``savings/own_gpus.py``: whole GPUs and their upkeep."""
    one, margin = f"(gpu_usd_per_hour*(1+gpu_overhead)*{HOURS_PER_MONTH})", f"({saves}+{usd})"
    fixed = f"({needs}+self_host_upkeep_hours*engineer_usd_per_hour)"
    full = f"({margin}*3600*{HOURS_PER_MONTH}*assumed_utilisation/{seconds}-{one})"
    gpus = f"MAX(1,ROUNDUP(({fixed}+{one})/{full}-0.000000001,0))"
    return f"({fixed}+{gpus}*{one})/{margin}", f"AND({saves}>0,{full}>0)"


def _payback(book: Book, sheet: Worksheet, row: int, total: Row, at: tuple[str, str], gpu: tuple[str, str]) -> None:
    """Days or months while all prices fall (``savings/payback.py``), or from how many calls of all traffic a month on within five
    years. Commitments are not counted: the report says what they hold."""
    saves, once = total["saving_usd"], total["one_off_usd"] or 0.0
    stated = {each["name"]: each["value"] for each in json.loads(total["assumptions"])}
    k = f"(-LN(1-MIN(MAX(price_fall_per_year,0.000001),0.99))/{DAYS_PER_YEAR})"
    if total["basis"] != "month":
        calls = pays_from_calls(total, 1000.0)
        value = "–" if calls is None else f"{calls:,.0f}"
        needs = f"{at[1]}*{k}/(1-EXP(-{k}*{LONGEST_DAYS}))*{DAYS_PER_MONTH}"
        times, ever = f"({needs})/{at[0]}", f"{at[0]}>0"
        if total["alternative"] == SELF_HOSTED:
            if own_gpus(total) is None:
                book.text(sheet, row, 13, value, "right")
                return
            times, ever = _on_own_gpus(needs, at[0], *gpu)
        sheet.write_formula(row, 13, f'=IF({ever},TEXT({times}*1000,"#,##0"),"–")', book.styles["right"], value)
        return
    found = float(payback_days(once, saves / DAYS_PER_MONTH, stated["price_fall_per_year"]))
    value = "–" if saves <= 0 else NEVER if found > LONGEST_DAYS else months_words(found)
    share = f"{k}*{at[1]}*{DAYS_PER_MONTH}/{at[0]}"
    days = f"-LN(1-MIN({share},0.999999999999))/{k}"
    ever = f'IF(OR({share}>=1,{days}>{LONGEST_DAYS}),"{NEVER}",IF({days}<{IN_DAYS},TEXT({days},"#,##0")&" days",TEXT({days}/{DAYS_PER_MONTH},"#,##0")&" months"))'
    sheet.write_formula(row, 13, f'=IF({at[0]}>0,{ever},"–")', book.styles["right"], value)


def _fleet(book: Book, sheet: Worksheet, row: int, report: Report, found: Sequence[Line]) -> None:
    gpu = fleet(report)
    if gpu is None:
        return
    count, monthly = len(found), report.analysis["basis"] == "month"
    sized = [line for line in found if on_gpu(line)]
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
