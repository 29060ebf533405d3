"""``suffice prices update|terms|reconcile``: what costs rest on, from files that the user gives. Nothing is fetched unasked."""

from __future__ import annotations

import csv
import io
import json
import time
import urllib.error
import urllib.request
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from suffice.errors import SufficeError
from suffice_store.console import (
    DEFAULT_PROJECT,
    UNKNOWN,
    DbOption,
    JsonOption,
    ProjectOption,
    ServerOption,
    format_count,
    format_usd,
    out,
    print_json,
    print_table,
)
from suffice_store.contracts import read_terms
from suffice_store.invoices import read_invoice
from suffice_store.opening import open_store
from suffice_store.price_lists import merge_lists
from suffice_store.prices_file import EPOCH, USD_COLUMNS
from suffice_store.reconciling import Difference, reconcile

MAX_BYTES = 64 * 1024 * 1024
TIMEOUT_S = 30
DIFFERENCES_SHOWN = 20


def update_prices(
    source: Annotated[
        str, typer.Argument(metavar="FILE|URL", help="A list of prices: CSV as shipped, or litellm's JSON.")
    ],
    valid_from: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="For prices that name no day. Default: today, so history keeps its own."),
    ] = None,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """Take a newer price list. Your own prices win over it, it over the shipped ones. The same list again adds nothing."""
    prices = parse_price_list(_content(source), source, valid_from or time.strftime("%Y-%m-%d", time.gmtime()))
    with open_store(db, server=server) as store:
        answer = store.command("add_prices", project=project, prices=prices)
    if as_json:
        print_json(answer)
    else:
        out().print(f"{answer['added']:,} prices added, {answer['known']:,} known already", markup=False)


def set_terms(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="TOML with [[contract]] and [[service]].")],
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """State your contracts (discount, commitment, credits) and who owns which service. The file as it is now counts."""
    stated = read_terms(file)
    with open_store(db, server=server) as store:
        answer = store.command("set_terms", project=project, source=file.name, **stated)
    if as_json:
        print_json(answer)
    else:
        ended = f", {answer['ended']} ended" if answer["ended"] else ""
        out().print(f"{answer['contracts']} contracts{ended}, {answer['services']} services", markup=False)


def reconcile_invoice(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Usage or cost CSV of OpenAI's or Anthropic's console.")],
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """Set your provider's own count beside the recorded calls, by day and model. It is kept and shown on Quality."""
    rows = read_invoice(file)
    if not rows:
        raise SufficeError(f"{file} has no row with an amount")
    with open_store(db, server=server) as store:
        told = [{**asdict(row), "usd": None if row.usd is None else str(row.usd)} for row in rows]
        store.command("record_invoice", project=project, source=file.name, rows=told)
        ours = store.read("daily", project=project, environment="all").to_pylist()
    found = reconcile([asdict(row) for row in rows], ours)
    if as_json:
        days = [{**asdict(row), "difference_usd": row.difference_usd} for row in found.rows]
        print_json({"their_usd": found.their_usd, "our_usd": found.our_usd, "days": days})
        return
    shown = sorted(found.rows, key=lambda row: -abs(row.difference_usd or Decimal(0)))[:DIFFERENCES_SHOWN]
    head = ("day", "model", "theirs", "ours", "difference", "their tokens", "our tokens")
    print_table(
        head, [_line(row) for row in sorted(shown, key=lambda row: (row.day, row.model))], right=head[2:], wide="model"
    )
    if len(shown) < len(found.rows):
        out().print(f"the {len(shown)} largest of {len(found.rows)} days and models; --json has all", markup=False)
    if found.their_usd is not None:
        out().print(f"{format_usd(found.their_usd)} billed, {format_usd(found.our_usd)} counted", markup=False)


def parse_price_list(text: str, source: str, valid_from: str) -> list[dict[str, Any]]:
    """Prices as the command ``add_prices`` takes them. Raises SufficeError for what is neither kind of list."""
    if text.lstrip()[:1] == "{":
        try:
            rows = merge_lists(iter([("", valid_from, json.loads(text))]))
        except (ValueError, AttributeError, TypeError):
            raise SufficeError(f"{source} is no price list in litellm's JSON shape") from None
    else:
        rows = list(csv.DictReader(io.StringIO(text)))
        needed = {"model", "input_usd_per_mtok", "output_usd_per_mtok"}
        if not rows or not needed <= set(rows[0]):
            raise SufficeError(f"{source} is no price list: it needs the columns {', '.join(sorted(needed))}")
    prices = []
    for number, row in enumerate(rows, 2):
        try:
            context_from = int(row.get("context_from_tokens") or 0)
        except ValueError:
            raise SufficeError(f"{source}, line {number}: 'context_from_tokens' is no number") from None
        usd = {name: None if row.get(name) in (None, "") else str(row[name]) for name in USD_COLUMNS}
        place = {"model": row["model"], "provider": row.get("provider") or "", "tier": row.get("tier") or "standard"}
        start = row.get("valid_from") or valid_from
        prices.append({**place, "context_from_tokens": context_from, "valid_from": start, **usd, "source": source})
    return prices


def _content(source: str) -> str:
    try:
        if source.startswith(("https://", "http://")):
            with urllib.request.urlopen(source, timeout=TIMEOUT_S) as answer:  # noqa: S310 (http and https only)
                data: bytes = answer.read(MAX_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SufficeError(f"{source} is larger than {MAX_BYTES >> 20} MiB")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SufficeError(f"{source} is no text in UTF-8") from None
    except (OSError, ValueError) as error:  # urllib's errors are OSErrors
        reason = error.reason if isinstance(error, urllib.error.URLError) else getattr(error, "strerror", None) or error
        raise SufficeError(f"{source} can't be read: {reason}") from None


def _line(row: Difference) -> tuple[str, ...]:
    day = (EPOCH + timedelta(days=row.day)).isoformat()
    money = [
        format_usd(each) if each is not None else UNKNOWN for each in (row.their_usd, row.our_usd, row.difference_usd)
    ]
    return (day, row.model, *money, _tokens(row, "their"), _tokens(row, "our"))


def _tokens(row: Difference, side: str) -> str:
    counts = [getattr(row, f"{side}_{part}_tokens") for part in ("input", "output")]
    return UNKNOWN if all(count is None for count in counts) else format_count(sum(count or 0 for count in counts))
