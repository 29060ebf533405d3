"""A provider's own count, from the CSV its console exports: OpenAI's usage and costs, Anthropic's usage and cost.

Recognised by their columns (as exported in 2026):
- OpenAI usage: ``start_time``, ``model``, ``num_model_requests``, ``input_tokens`` (with cached), ``output_tokens``
- OpenAI costs: ``start_time``, ``amount_value``, ``amount_currency``, ``line_item`` ("gpt-4o-2024-08-06, input")
- Anthropic usage: ``usage_date_utc``, ``model_version``, ``usage_input_tokens_no_cache``, ..., ``usage_output_tokens``
- Anthropic cost: ``usage_date_utc``, ``model`` ("Claude Sonnet 4.5"), ``token_type``, ``cost_usd``
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from suffice.errors import SufficeError
from suffice_store.prices_file import EPOCH

Cells = Mapping[str, str]


@dataclass(slots=True)
class InvoiceRow:
    """What the provider says of a day and a model (``""``: not by model). ``kind``: usage (tokens) or cost (money)."""

    provider: str
    kind: str
    day: int
    model: str
    requests: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    usd: Decimal | None = None


def read_invoice(path: Path) -> list[InvoiceRow]:
    """The file's rows, added up by day and model. Raises SufficeError naming the line that can't be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parse_invoice(file, str(path))
    except OSError as error:
        raise SufficeError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SufficeError(f"{path} is no text in UTF-8") from None


def parse_invoice(lines: Iterable[str], name: str) -> list[InvoiceRow]:
    """See ``read_invoice``; ``name`` is what errors call the file."""
    rows = csv.DictReader(lines)
    try:
        header = {each.strip() for each in rows.fieldnames or ()}
        read = next((read for columns, read in _FORMATS if columns <= header), None)
        if read is None:
            raise SufficeError(
                f"{name} is no usage or cost export of OpenAI or Anthropic that is known: its columns are "
                f"{', '.join(sorted(header))[:200] or 'none'}"
            )
        added: dict[tuple[str, str, int, str], InvoiceRow] = {}
        for cells in rows:
            try:
                row = read({key.strip(): (cell or "").strip() for key, cell in cells.items() if isinstance(key, str)})
            except (ValueError, InvalidOperation, KeyError, OverflowError):
                raise SufficeError(f"{name}, line {rows.line_num}: not a row of such an export") from None
            if row is not None:
                key = (row.provider, row.kind, row.day, row.model)
                added[key] = _sum(added[key], row) if key in added else row
    except csv.Error as error:
        raise SufficeError(f"{name}, line {rows.line_num}: {error}") from None
    return [added[key] for key in sorted(added)]


def _openai_usage(cells: Cells) -> InvoiceRow | None:
    if not cells["input_tokens"] and not cells["output_tokens"]:
        return None  # a day without requests
    return InvoiceRow(
        "openai",
        "usage",
        _bucket_day(cells),
        cells.get("model", ""),
        requests=_count(cells.get("num_model_requests", "")),
        input_tokens=_count(cells["input_tokens"]),
        output_tokens=_count(cells["output_tokens"]),
        cache_read_tokens=_count(cells.get("input_cached_tokens", "")),
    )


def _openai_costs(cells: Cells) -> InvoiceRow | None:
    if not cells["amount_value"]:
        return None
    if cells.get("amount_currency", "usd").lower() not in ("usd", ""):
        raise ValueError("only USD")
    model = cells.get("line_item", "").partition(",")[0].strip()
    return InvoiceRow("openai", "cost", _bucket_day(cells), model, usd=_usd(cells["amount_value"]))


def _anthropic_usage(cells: Cells) -> InvoiceRow:
    fresh = _count(cells["usage_input_tokens_no_cache"]) or 0
    written = sum(_count(cells.get(f"usage_input_tokens_cache_write_{ttl}", "")) or 0 for ttl in ("5m", "1h"))
    read = _count(cells.get("usage_input_tokens_cache_read", "")) or 0
    return InvoiceRow(
        "anthropic",
        "usage",
        _day(cells["usage_date_utc"]),
        cells["model_version"],
        input_tokens=fresh + written + read,
        output_tokens=_count(cells["usage_output_tokens"]),
        cache_read_tokens=read,
    )


def _anthropic_cost(cells: Cells) -> InvoiceRow:
    return InvoiceRow("anthropic", "cost", _day(cells["usage_date_utc"]), cells["model"], usd=_usd(cells["cost_usd"]))


_FORMATS: tuple[tuple[set[str], Callable[[Cells], InvoiceRow | None]], ...] = (
    ({"start_time", "amount_value"}, _openai_costs),
    ({"start_time", "input_tokens", "output_tokens"}, _openai_usage),
    ({"usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens"}, _anthropic_usage),
    ({"usage_date_utc", "model", "cost_usd"}, _anthropic_cost),
)


def _sum(one: InvoiceRow, other: InvoiceRow) -> InvoiceRow:
    def plus(a: Any, b: Any) -> Any:
        return b if a is None else a if b is None else a + b

    sums = {name: plus(getattr(one, name), getattr(other, name)) for name in _SUMMED}
    return InvoiceRow(one.provider, one.kind, one.day, one.model, **sums)


_SUMMED = ("requests", "input_tokens", "output_tokens", "cache_read_tokens", "usd")


def _bucket_day(cells: Cells) -> int:
    return _day(cells["start_time_iso"][:10]) if cells.get("start_time_iso") else _day(cells["start_time"])


def _day(text: str) -> int:
    """Days since 1970-01-01 of an ISO date or of Unix seconds."""
    if text.isdigit():
        return (datetime.fromtimestamp(int(text), UTC).date() - EPOCH).days
    return (date.fromisoformat(text[:10]) - EPOCH).days


def _count(text: str) -> int | None:
    if not text:
        return None
    number = Decimal(text)
    if number != number.to_integral_value() or not 0 <= number < 2**62:
        raise ValueError(text)
    return int(number)


def _usd(text: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or abs(amount) > 10**12:
        raise ValueError(text)
    return amount.quantize(Decimal("1e-12"))
