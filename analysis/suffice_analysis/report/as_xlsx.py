"""The report as a workbook whose totals are formulas: a reader changes an assumption and the totals follow.

At rest each formula gives what the report says; ``tests/analysis/report/test_xlsx.py`` works every one of them out.
"""

from __future__ import annotations

from suffice_analysis.report.model import Report
from suffice_analysis.report.sheets.assumptions import write_assumptions
from suffice_analysis.report.sheets.book import Book
from suffice_analysis.report.sheets.pages import write_evidence, write_method, write_summary, write_tasks
from suffice_analysis.report.sheets.savings import write_savings
from suffice_analysis.report.sheets.workings import lines, write_workings


def render_xlsx(report: Report) -> bytes:
    """Summary, Assumptions, Tasks, Savings, Workings, Evidence, Method and caveats. Raises SufficeError for an older analysis."""
    found = lines(report)
    book = Book("What small models could take over")
    write_summary(book, report)
    write_assumptions(book, report)
    write_tasks(book, report, found)
    write_savings(book, report, found)
    write_workings(book, found, report.basis_words)
    write_evidence(book, report)
    write_method(book, report)
    return book.close()
