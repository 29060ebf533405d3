"""The sheets that are read: page one, the tasks, their evidence, method and caveats."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from suffice_analysis.grounds import kind_words
from suffice_analysis.replaceability import DRAWS
from suffice_analysis.report.bridge import NONE
from suffice_analysis.report.caveats import caveats, left_out_words
from suffice_analysis.report.choice import choice_sentences
from suffice_analysis.report.model import Report, TaskPart
from suffice_analysis.report.replayed import caveat
from suffice_analysis.report.sheets.book import Book
from suffice_analysis.report.sheets.savings import SHEET as SAVINGS
from suffice_analysis.report.sheets.savings import total_cell
from suffice_analysis.report.sheets.workings import Line, cells
from suffice_analysis.report.steps import effort_sentence, next_steps, sum_sentence
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, GRADE_WORDS, HOW_TO_TEST, TERMS, is_wide, verdict_words
from suffice_analysis.savings.recommend import TESTED

METHOD_WIDTH = 72  # with the widest font that stands in for a missing one it is one page still
LINE_CHARACTERS = 120  # of a merged line of page one
_COLUMNS = ((2, "costs today"), (3, "would cost"), (4, "saves"), (11, "more wrong, not caught"), (12, "spent once"))
TASK_HEADS = (
    "task", "task id", "verdict", "kind", "calls", "paid, as recorded", "costs", "expected share", "low", "high", "known", "n",
    "named first", "saves", "as analysed: low", "as analysed: high", "more wrong, not caught", "why",
)  # fmt: skip
TASK_WIDTHS = (40, 14, 20, 22, 10, 13, 13, 11, 9, 9, 9, 9, 26, 13, 13, 13, 13, 60)
EVIDENCE_HEADS = ("task", "task id", "what was seen", "known", "n", "source")


def write_summary(book: Book, report: Report) -> None:
    """Page one: what was spent, what could be small, what to do next, the totals as they stand, a place to sign."""
    sheet = book.sheet("Summary", (30, 16, 16, 16, 22, 16), landscape=False)
    book.text(sheet, 0, 0, "What small models could take over", "title")
    row = 1
    if report.simulated:
        book.text(sheet, row, 0, "Simulated data. No real traffic is in this report.", "mark")
        row += 1
    period = f"Calls of {report.period_words}. " if report.period_words else ""
    row = _long(book, sheet, row, f"{period}{caveat(report)}", "note") + 1
    for sentence in [*report.headlines, *(report.bridge.sentences if report.bridge else [NONE])]:
        row = _long(book, sheet, row, sentence)
    book.text(sheet, row + 1, 0, f"As the assumptions stand now, {report.priced_basis_words}", "section")
    row += 2
    book.heads(sheet, row, ["alternative", *(head for _, head in _COLUMNS)], numbers=range(1, 6), whole_sheet=False)
    for place, total in enumerate(report.totals):
        row += 1
        book.text(sheet, row, 0, ALTERNATIVE_NAMES[total["alternative"]])
        keys = ("paid_usd", "projected_usd", "saving_usd", "extra_wrong", "one_off_usd")
        for column, ((there, _), key) in enumerate(zip(_COLUMNS, keys, strict=True), 1):
            style = "number" if key == "extra_wrong" else "usd"
            if total["paid_usd"] is None:
                book.text(sheet, row, column, "unpriced", "plain")
                continue
            book.formula(sheet, row, column, f"={total_cell(place, there)}", style, total[key])
    book.text(sheet, row + 2, 0, "Next", "section")
    row += 3
    for number, step in enumerate(next_steps(report), 1):
        row = _long(book, sheet, row, f"{number}. {step}")
    for sentence in (sum_sentence(report), effort_sentence(report), HOW_TO_TEST, TERMS):
        if sentence:
            row = _long(book, sheet, row, sentence, "note")
    book.text(sheet, row + 1, 0, "Read and agreed (name, date):", "plain")
    sheet.merge_range(row + 1, 1, row + 1, 4, "", book.styles["head"])
    _long(book, sheet, row + 3, _origin(report), "note")


def write_tasks(book: Book, report: Report, found: Sequence[Line]) -> None:
    """One line per task, to be sorted and searched; its saving follows the assumptions wherever it is sorted to."""
    sheet = book.sheet("Tasks", TASK_WIDTHS, pages=2)
    book.text(
        sheet,
        0,
        0,
        f"Tasks: amounts are {report.task_basis_words}, paid is as recorded{', by estimated tokens' if report.mostly_estimated else ''}.{left_out_words(report)}",
        "section",
    )
    book.heads(sheet, 2, TASK_HEADS, numbers=(4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 16))
    sheet.set_row(2, 32)
    sheet.freeze_panes(3, 1)
    for row, task in enumerate(report.tasks, 3):
        _task(book, sheet, row, task, len(found))
    if report.tasks:
        sheet.autofilter(2, 0, 2 + len(report.tasks), len(TASK_HEADS) - 1)


def _task(book: Book, sheet: Worksheet, row: int, task: TaskPart, count: int) -> None:
    share, best, r = task.share, task.best, task.row
    values = (
        r["name"],
        r["task_id"],
        verdict_words(r),
        kind_words(r["kind"]),
        r["calls"],
        task.paid_usd,
        task.basis_usd,
    )
    for column, value in enumerate(values):
        style = "usd" if column in (5, 6) else "count" if column == 4 else "text" if column == 0 else "plain"
        book.value(sheet, row, column, value, style)
    if share is not None and share["value"] is not None:
        for column, key in ((7, "value"), (8, "low"), (9, "high")):
            if key == "value" and is_wide(share):  # too wide for one number: the ends alone
                continue
            book.value(sheet, row, column, share[key], "share")
        book.value(sheet, row, 11, share["n"], "count")
    if share is not None:
        book.value(sheet, row, 10, GRADE_WORDS[share["grade"]], "plain")
    book.text(sheet, row, 17, r["verdict_reason"], "beside")
    book.height(sheet, row, ((r["verdict_reason"], TASK_WIDTHS[17]), (r["name"], TASK_WIDTHS[0])))
    refuted = r["verdict"] == "stays" and share is not None and share["grade"] in TESTED
    if best is None or refuted:
        book.text(sheet, row, 12, "–", "beside")
        return
    book.text(sheet, row, 12, ALTERNATIVE_NAMES[best["alternative"]], "beside")
    this = f"{cells('task_id', count)},{xl_rowcol_to_cell(row, 1)},{cells('alternative', count)},{xl_rowcol_to_cell(row, 12)}"
    book.formula(sheet, row, 13, f"=SUMIFS({cells('saves', count)},{this})", "usd", best["saving_usd"])
    book.value(sheet, row, 14, best["saving_low_usd"], "usd")
    book.value(sheet, row, 15, best["saving_high_usd"], "usd")
    book.formula(sheet, row, 16, f"=SUMIFS({cells('silent', count)},{this})", "number", best["extra_wrong"])


def write_evidence(book: Book, report: Report) -> None:
    """Every observation that an estimate rests on."""
    sheet = book.sheet("Evidence", (36, 14, 90, 14, 9, 50))
    book.heads(sheet, 0, EVIDENCE_HEADS, numbers=(4,))
    sheet.freeze_panes(1, 1)
    row = 0
    for task in report.tasks:
        for piece in task.evidence:
            row += 1
            book.text(sheet, row, 0, task.row["name"])
            book.text(sheet, row, 1, task.row["task_id"], "plain")
            book.text(sheet, row, 2, piece["sentence"])
            book.text(sheet, row, 3, GRADE_WORDS[piece["grade"]], "plain")
            book.value(sheet, row, 4, piece.get("n"), "count")
            book.text(sheet, row, 5, piece["source"], "beside")
            book.height(sheet, row, ((task.row["name"], 36), (piece["sentence"], 90), (piece["source"], 50)))
    if row:
        sheet.autofilter(0, 0, row, len(EVIDENCE_HEADS) - 1)


def write_method(book: Book, report: Report) -> None:
    """How to read the file, how far to trust it, what to know before acting."""
    sheet = book.sheet("Method and caveats", (METHOD_WIDTH,), landscape=False)
    how = (
        f"{SAVINGS} sums the lines of Workings that may move and pay. A line's formula reads the yellow cells of Assumptions by name.",
        f"Intervals are the 5th and 95th percentile of {DRAWS:,} simulated outcomes, by the analysis: they stand as analysed and follow no cell.",
        "Formulas, sources and validation: docs/statistics.md and docs/savings.md of suffice.",
        TERMS,
    )
    row = 0
    trust = [s.replace("**", "") for s in report.trust]
    parts: tuple[tuple[str, Sequence[str]], ...] = (
        ("Method", how),
        ("Which alternative is named first, and why", choice_sentences(report)),
        ("How far to trust the costs", trust),
        ("Caveats", caveats(report)),
        *((f"{ALTERNATIVE_NAMES[name]}: beside the money", lines) for name, lines in report.beside_the_money),
        ("Origin", [_origin(report)]),
    )
    for title, sentences in parts:
        book.text(sheet, row, 0, title, "section")
        for row, sentence in enumerate(sentences, row + 1):  # noqa: B020
            book.text(sheet, row, 0, sentence)
            book.height(sheet, row, ((sentence, METHOD_WIDTH),))
        row += 2


def _origin(report: Report) -> str:
    a = report.analysis
    return (
        f"{report.span_words}. Data {a['data_hash']}, "
        f"analysis {a['analysis_id']}, seed {a['seed']}, suffice {a['suffice_version']}."
    )


def _long(book: Book, sheet: Worksheet, row: int, text: str, style: str = "text") -> int:
    """A sentence over the whole page, high enough to be read: a merged cell grows by itself nowhere."""
    sheet.merge_range(row, 0, row, 5, "", book.styles[style])
    book.text(sheet, row, 0, text, style)
    sheet.set_row(row, 15.5 * max(1, -(-len(text) // LINE_CHARACTERS)))
    return row + 1
