"""Reads a workbook's file and works its formulas out: what a spreadsheet does, in the few functions that reports use.

It knows nothing of the writer: cells, names and formulas come from the XML. LibreOffice is asked the same where it is installed.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"]|\"\")*\")|(?P<range>(?:\w+!)?\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?)(?![\w(])"
    r"|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|<>|[-+*/(),=<>&]))"
)
Place = tuple[str, int, int]


@dataclass
class Workbook:
    """Values and formulas by sheet, row and column (from 1)."""

    values: dict[Place, Any] = field(default_factory=dict)
    formulas: dict[Place, str] = field(default_factory=dict)
    names: dict[str, Place] = field(default_factory=dict)
    sheets: list[str] = field(default_factory=list)
    worked_out: dict[Place, Any] = field(default_factory=dict)

    def work_out(self, place: Place) -> Any:
        """What a cell shows after recalculation."""
        if place not in self.formulas:
            return self.values.get(place)
        if place not in self.worked_out:
            self.worked_out[place] = Parser(self, place[0], self.formulas[place]).result()
        return self.worked_out[place]

    def change(self, name: str, value: float) -> None:
        """Type another value into a named cell."""
        self.values[self.names[name]] = value
        self.worked_out.clear()

    def column(self, sheet: str, head: str, head_row: int) -> int:
        """The column under a head."""
        return next(c for (s, r, c), v in self.values.items() if (s, r) == (sheet, head_row) and v == head)

    def rows(self, sheet: str, head_row: int) -> list[dict[str, Any]]:
        """The lines under the heads, worked out, down to the first without a first cell."""
        heads = {c: v for (s, r, c), v in self.values.items() if (s, r) == (sheet, head_row)}
        found, row = [], head_row + 1
        while self.values.get((sheet, row, 1)) is not None:
            found.append({head: self.work_out((sheet, row, column)) for column, head in heads.items()})
            row += 1
        return found


def read_workbook(file: bytes) -> Workbook:
    """Every cell of an .xlsx."""
    book = Workbook()
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        shared = [
            "".join(t.text or "" for t in each.iter(f"{MAIN}t"))
            for each in ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))
        ]
        outline = ElementTree.fromstring(parts.read("xl/workbook.xml"))
        book.sheets = [each.attrib["name"] for each in outline.iter(f"{MAIN}sheet")]
        for each in outline.iter(f"{MAIN}definedName"):
            sheet, _, cell = (each.text or "").partition("!")
            if ":" not in cell and "_xlnm" not in each.attrib["name"]:
                book.names[each.attrib["name"]] = (sheet.strip("'"), *place_of(cell))
        for number, sheet in enumerate(book.sheets, 1):
            for cell in ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{number}.xml")).iter(f"{MAIN}c"):
                place = (sheet, *place_of(cell.attrib["r"]))
                formula, value = cell.find(f"{MAIN}f"), cell.find(f"{MAIN}v")
                if formula is not None:
                    book.formulas[place] = formula.text or ""
                if value is not None:
                    text, kind = value.text or "", cell.attrib.get("t")
                    book.values[place] = shared[int(text)] if kind == "s" else text if kind == "str" else float(text)
    return book


def place_of(cell: str) -> tuple[int, int]:
    """``$B$7`` -> (7, 2)."""
    letters, digits = re.fullmatch(r"\$?([A-Z]+)\$?(\d+)", cell).groups()  # type: ignore[union-attr]
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return int(digits), column


def _sumifs(values: list[Any], *conditions: Any) -> float:
    pairs = list(zip(conditions[::2], conditions[1::2], strict=True))
    return sum(
        v
        for place, v in enumerate(values)
        if isinstance(v, float) and all(cells[place] == want for cells, want in pairs)
    )


def _flat(values: tuple[Any, ...]) -> list[float]:
    return [x for v in values for x in (v if isinstance(v, list) else [v]) if isinstance(x, (int, float))]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "SUMIFS": _sumifs,
    "MIN": lambda *v: min(_flat(v)),
    "MAX": lambda *v: max(_flat(v)),
    "IF": lambda test, yes, no: yes if test else no,
    "AND": lambda *v: all(v),
    "OR": lambda *v: any(v),
    "EXP": math.exp,
    "LN": lambda value: math.log(value) if value > 0 else math.nan,  # both sides of an IF are worked out here
    "ROUNDUP": lambda value, digits: math.ceil(value * 10**digits) / 10**digits,
    "TEXT": lambda value, form: f"{value:,.0f}",
}


class Parser:
    """One formula, from left to right; comparison, then text, sum, product, sign."""

    def __init__(self, book: Workbook, sheet: str, formula: str) -> None:
        self.book, self.sheet = book, sheet
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(formula.rstrip()):
            found = _TOKEN.match(formula, place)
            assert found is not None, f"can't read {formula!r} at {place}"
            assert found.lastgroup is not None
            self.tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self.at = 0

    def result(self) -> Any:
        value = self.compare()
        assert self.at == len(self.tokens), self.tokens[self.at :]
        return 0.0 if value is None else value  # of an empty cell

    def take(self, *signs: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in [("sign", s) for s in signs]:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def compare(self) -> Any:
        left = self.joined()
        while sign := self.take("=", "<", ">", "<=", ">=", "<>"):
            right = self.joined()
            left = {"=": left == right, "<>": left != right}[sign] if sign in ("=", "<>") else (
                {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[sign])  # fmt: skip
        return left

    def joined(self) -> Any:
        left = self.sum()
        while self.take("&"):
            left = f"{left}{self.sum()}"
        return left

    def sum(self) -> Any:
        left = self.product()
        while sign := self.take("+", "-"):
            right = self.product()
            left = (left or 0.0) + (right or 0.0) * (1 if sign == "+" else -1)
        return left

    def product(self) -> Any:
        left = self.signed()
        while sign := self.take("*", "/"):
            right = self.signed() or 0.0
            left = (left or 0.0) * (right if sign == "*" else 1 / right if right else math.nan)
        return left

    def signed(self) -> Any:
        if self.take("-"):
            return -self.signed()
        return self.one()

    def one(self) -> Any:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "range":
            return self.range(text)
        if kind == "name" and self.take("("):
            return self.call(text)
        if kind == "name":
            return self.book.work_out(self.book.names[text])
        assert (kind, text) == ("sign", "("), text
        value = self.compare()
        assert self.take(")")
        return value

    def call(self, name: str) -> Any:
        given = [] if self.take(")") else [self.compare()]
        while given and self.take(","):
            given.append(self.compare())
        if given:
            assert self.take(")")
        return FUNCTIONS[name](*given)

    def range(self, text: str) -> Any:
        sheet, _, cells = text.rpartition("!")
        first, _, last = cells.partition(":")
        (top, left), (bottom, right) = place_of(first), place_of(last or first)
        found = [
            self.book.work_out((sheet or self.sheet, row, column))
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]
        return found if last else found[0]
