"""Dated figures, each with its source. Refresh a file, not the code.

A user's own figures stand in a folder that ``SUFFICE_FIGURES`` names, in files of the same names and columns: a row with
the same key replaces ours (cells left empty keep our figure), any other is added. So a price, a GPU, a throughput, a model or an assumption is
changed without touching what is installed.
"""

from __future__ import annotations

import csv
import os
from functools import cache
from hashlib import blake2b
from importlib import resources
from pathlib import Path

from suffice.errors import SufficeError

FOLDER = "SUFFICE_FIGURES"
KEYS: dict[str, tuple[str, ...]] = {
    "assumptions.csv": ("name",),
    "gpu_prices.csv": ("gpu",),
    "throughputs.csv": ("model", "gpu", "input_tokens", "output_tokens"),
    "slm_catalog.csv": ("model",),
    "slm_scores.csv": ("model", "benchmark", "version", "mode"),
    "small_tiers.csv": ("provider",),
}
_TEXTS = frozenset(
    {"name", "unit", "source", "date", "gpu", "provider", "model", "engine", "condition", "license", "commercial", "tools",
     "vision", "languages", "release", "price_source", "score_source", "unverified", "benchmark", "version", "mode", "run_by"}
)  # fmt: skip
Row = dict[str, str]


def rows(name: str) -> tuple[Row, ...]:
    """The rows of ``name`` (a CSV file of this folder), cells as text, the user's own over them. Raises SufficeError."""
    return _rows(name, folder() if name in KEYS else "")


def folder() -> str:
    """The folder with the user's own figures; empty where there is none."""
    return os.environ.get(FOLDER, "")


def own_figures() -> str:
    """What the user changed, as 16 hex digits; empty where nothing is."""
    if not folder():
        return ""
    digest = blake2b(digest_size=8)
    for name in sorted(KEYS):
        for row in _own_rows(name, folder(), tuple(_shipped(name)[0])):
            digest.update(repr((name, row)).encode())
    return digest.hexdigest()


@cache
def _rows(name: str, folder: str) -> tuple[Row, ...]:
    shipped = _shipped(name)
    if not folder:
        return shipped
    merged = {_key(name, row): row for row in shipped}
    for row in _own_rows(name, folder, tuple(shipped[0])):
        key = _key(name, row)
        given = {column: cell for column, cell in row.items() if cell != ""}
        merged[key] = merged.get(key, dict.fromkeys(shipped[0], "")) | given
    return tuple(merged.values())


@cache
def _shipped(name: str) -> tuple[Row, ...]:
    text = resources.files(__name__).joinpath(name).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _own_rows(name: str, folder: str, columns: tuple[str, ...]) -> list[Row]:
    path = Path(folder) / name
    if not Path(folder).is_dir():
        raise SufficeError(f"{FOLDER} names {folder}, which is no folder")
    if not path.exists():
        return []
    try:
        found = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SufficeError(f"{path} can't be read as CSV: {error}") from None
    for number, row in enumerate(found, 2):
        unknown = [str(column) for column in row if column not in columns]
        if unknown:
            raise SufficeError(f"{path}: there is no column '{unknown[0]}'; there are {', '.join(columns)}")
        if missing := [column for column in KEYS[name] if not row.get(column)]:
            raise SufficeError(f"{path}, line {number}: '{missing[0]}' is empty")
        for column, cell in row.items():
            if cell and column not in _TEXTS:
                _check_number(cell, f"{path}, line {number}: '{column}'")
    return found


def _check_number(cell: str, what: str) -> None:
    try:
        number = float(cell)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise SufficeError(f"{what} must be a number from 0, not '{cell}'")


def _key(name: str, row: Row) -> tuple[str, ...]:
    return tuple(row[column] for column in KEYS[name])
