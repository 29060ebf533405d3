"""A workbook as the sheets write it: styles, texts that can never run, cells that show something before they are recalculated."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Container, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

LINE_POINTS, WIDER = 15.0, 1.15  # of a line; what a text takes over its characters, as words break
MOST_CHARACTERS = 32_000  # a cell holds 32,767
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BORDER = {"bottom": 1, "bottom_color": "#D5DCE5"}
USD = "[>=1000]$#,##0;[<1]$0.00####;$#,##0.00"  # as many digits as it takes to be read
STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 18},
    "section": {"bold": True, "font_size": 13},
    "text": {"text_wrap": True, "valign": "top"},
    "plain": {"valign": "top"},
    "beside": {"text_wrap": True, "valign": "top", "indent": 1},  # behind a number: its right edge is not to touch it
    "right": {"valign": "top", "align": "right"},
    "note": {"text_wrap": True, "valign": "top", "font_color": "#5A6675"},
    "head": {"bold": True, "text_wrap": True, "valign": "top", "bg_color": "#E8EDF4", **_BORDER},
    "head_right": {"bold": True, "text_wrap": True, "valign": "top", "align": "right", "bg_color": "#E8EDF4", **_BORDER},
    "mark": {"bold": True, "font_color": "#B3261E"},
    "usd": {"num_format": USD, "valign": "top"},
    "usd_total": {"num_format": USD, "bold": True, "valign": "top", "top": 1},
    "count": {"num_format": "#,##0", "valign": "top"},
    "number": {"num_format": "[>=100]#,##0;[<10]0.####;#,##0.0", "valign": "top"},
    "share": {"num_format": "0.0%", "valign": "top"},
    "input": {"num_format": "#,##0.######", "valign": "top", "bg_color": "#FFF6D6", "border": 1, "border_color": "#C9A227", "locked": False},
}  # fmt: skip


class Book:
    """A workbook in memory. Every text goes through :meth:`text`: what was recorded is shown, never run."""

    def __init__(self, title: str) -> None:
        self._bytes = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self.workbook = xlsxwriter.Workbook(self._bytes, options)
        self.workbook.set_properties({"title": title})
        self.workbook.set_calc_mode("auto")
        self.styles: dict[str, Format] = {name: self.workbook.add_format(style) for name, style in STYLES.items()}

    def sheet(self, name: str, widths: Sequence[float], *, landscape: bool = True, pages: int = 1) -> Worksheet:
        """A new sheet with columns of these widths, to be printed so many pages wide, its first columns on each."""
        sheet = self.workbook.add_worksheet(name)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        if landscape:
            sheet.set_landscape()
        sheet.fit_to_pages(pages, 0)
        if pages > 1:
            sheet.repeat_columns(0, 1)
        return sheet

    def name(self, name: str, sheet: str, row: int, column: int) -> None:
        """Give a cell a name that formulas use."""
        cell = xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
        self.workbook.define_name(name, f"='{sheet}'!{cell}")

    def text(self, sheet: Worksheet, row: int, column: int, text: object, style: str = "text") -> None:
        """A text as it is; a text that begins like a formula stays a text."""
        sheet.write_string(row, column, clean(text), self.styles[style])

    def value(self, sheet: Worksheet, row: int, column: int, value: object, style: str = "text") -> None:
        """A number as a number, unknown as an empty cell, anything else as text."""
        if value is None:
            sheet.write_blank(row, column, None, self.styles[style])
        elif isinstance(value, (int, float, Decimal)):
            sheet.write_number(row, column, float(value), self.styles[style])
        else:
            self.text(sheet, row, column, value, style)

    def formula(self, sheet: Worksheet, row: int, column: int, formula: str, style: str, now: float | None) -> None:
        """A formula and what it gives now, for whoever shows the file without working it out."""
        sheet.write_formula(row, column, formula, self.styles[style], 0 if now is None else now)

    def height(self, sheet: Worksheet, row: int, texts: Sequence[tuple[object, float]]) -> None:
        """Make a row high enough for its wrapped texts, each with its column's width: not every program does so by itself."""
        lines = max(1, *(math.ceil(len(clean(text)) * WIDER / width) for text, width in texts))
        sheet.set_row(row, LINE_POINTS * lines)

    def heads(
        self,
        sheet: Worksheet,
        row: int,
        heads: Sequence[str],
        numbers: Container[int] = (),
        *,
        whole_sheet: bool = True,
    ) -> None:
        """A line of column heads; those of ``numbers`` stand above them. Of a ``whole_sheet`` on every page that is printed."""
        for column, head in enumerate(heads):
            self.text(sheet, row, column, head, "head_right" if column in numbers else "head")
        if whole_sheet:
            sheet.repeat_rows(row)

    def close(self) -> bytes:
        """The file."""
        self.workbook.close()
        return self._bytes.getvalue()


def clean(text: object) -> str:
    """Without what a workbook can't hold."""
    shown = _NOT_IN_XML.sub("\ufffd", str(text)).encode("utf-8", "replace").decode()
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]} …"
