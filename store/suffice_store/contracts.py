"""What the user agreed with a provider, from a TOML file: the effective price beside the list price, and what is owed.

[[contract]]
name = "openai-2026"
provider = "openai"          # as calls name it
model = "gpt-4o*"            # optional: else every model
discount = 0.15              # share of the list price
commitment_usd = 50000       # to be spent from valid_from to valid_to
credits_usd = 2000           # spent before money is
valid_from = 2026-01-01
valid_to = 2026-12-31        # the last day

[[service]]
name = "checkout-agent"
environment = "production"   # for services that state none themselves, as all of these
team = "payments"
owner = "ada@example.com"
cost_centre = "CC-104"
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from suffice.errors import SufficeError
from suffice_store.prices_file import EPOCH

Row = Mapping[str, Any]

_CONTRACT = {"name", "provider", "model", "discount", "commitment_usd", "credits_usd", "valid_from", "valid_to"}
_SERVICE = {"name", "environment", "team", "owner", "cost_centre"}
MAX_USD = Decimal(10) ** 12


def read_terms(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The file's ``contracts`` and ``services`` as the command ``set_terms`` takes them. Raises SufficeError."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise SufficeError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SufficeError(f"{path} is no text in UTF-8") from None
    return parse_terms(text, str(path))


def parse_terms(text: str, name: str) -> dict[str, list[dict[str, Any]]]:
    """See ``read_terms``; ``name`` is what errors call the file. Amounts become texts, days ISO dates."""
    try:
        stated = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise SufficeError(f"{name} is not TOML: {str(error).splitlines()[0]}") from None
    unknown = sorted(set(stated) - {"contract", "service"})
    if unknown:
        raise SufficeError(f"{name}: there is no '{unknown[0]}'; a file of terms has [[contract]] and [[service]]")
    return {
        "contracts": [
            _plain(each, _CONTRACT, f"{name}, contract {n}") for n, each in _numbered(stated, "contract", name)
        ],
        "services": [_plain(each, _SERVICE, f"{name}, service {n}") for n, each in _numbered(stated, "service", name)],
    }


def contract_row(contract: Row) -> dict[str, Any]:
    """The columns of ``contracts`` of one contract as stated. Raises SufficeError saying what is wrong."""
    name, provider = contract.get("name"), contract.get("provider")
    if not isinstance(name, str) or not name or not isinstance(provider, str) or not provider:
        raise SufficeError("a contract needs a 'name' and a 'provider' (as calls name it: openai, anthropic, ...)")
    discount = _decimal(contract.get("discount") or 0, f"'discount' of {name}")
    if not 0 <= discount < 1:
        raise SufficeError(f"'discount' of {name} must be a share from 0 to under 1, not {discount}")
    start, end = _day(contract.get("valid_from"), name), _day(contract.get("valid_to"), name)
    if start is not None and end is not None and end < start:
        raise SufficeError(f"{name} ends before it begins")
    amounts = {
        key: None if contract.get(key) is None else _decimal(contract[key], f"'{key}' of {name}")
        for key in ("commitment_usd", "credits_usd")
    }
    for key, amount in amounts.items():
        if amount is not None and not 0 <= amount <= MAX_USD:
            raise SufficeError(f"'{key}' of {name} must be USD from 0, not {amount}")
    if amounts["commitment_usd"] is not None and (start is None or end is None):
        raise SufficeError(f"{name} has a commitment, so it needs 'valid_from' and 'valid_to'")
    return {
        "name": name,
        "provider": provider,
        "model": contract.get("model") or "",
        "discount": discount.quantize(Decimal("1e-6")),
        **amounts,
        "valid_from_day": start or 0,
        "valid_to_day": end,
    }


@dataclass(frozen=True, slots=True)
class Effective:
    """What a contract's calls cost. All in USD; the list amount is what ``paid_usd`` says elsewhere."""

    name: str
    provider: str
    discount: Decimal
    list_usd: Decimal
    effective_usd: Decimal  # after the discount
    credits_used_usd: Decimal
    to_pay_usd: Decimal  # after the credits
    commitment_usd: Decimal | None
    committed_left_usd: Decimal | None  # of the commitment, not spent yet
    expected_usd: Decimal | None  # effective spend by the contract's end at the pace so far; None = no pace yet
    valid_to_day: int | None

    @property
    def shortfall_usd(self) -> Decimal | None:
        """What will have to be paid for nothing at this pace; 0 where the commitment is met."""
        if self.commitment_usd is None or self.expected_usd is None:
            return None
        return max(Decimal(0), self.commitment_usd - self.expected_usd)


def effective_costs(contracts: Iterable[Row], daily: Iterable[Row], today: int) -> list[Effective]:
    """``contracts``: the read of that name; ``daily``: our days by provider and model; ``today`` in days since 1970.

    A call falls under the first contract that fits, the one for a model before the one for every model.
    """
    ordered = _ordered(contracts)
    listed: dict[str, Decimal] = {row["name"]: Decimal(0) for row in ordered}
    for day in daily:
        if day["paid_usd"] is None:
            continue
        row = covering(ordered, day["provider"], day["model"], day["day"])
        if row is not None:
            listed[row["name"]] += day["paid_usd"]
    return [_effective(row, listed[row["name"]], today) for row in sorted(ordered, key=lambda row: str(row["name"]))]


def _effective(row: Row, list_usd: Decimal, today: int) -> Effective:
    effective = list_usd * (1 - row["discount"])
    used = min(row["credits_usd"] or Decimal(0), effective)
    commitment, end = row["commitment_usd"], row["valid_to_day"]
    left = None if commitment is None else max(Decimal(0), commitment - effective)
    expected = None
    if end is not None and row["valid_from_day"]:
        passed = min(today, end) - row["valid_from_day"] + 1
        whole = end - row["valid_from_day"] + 1
        expected = effective * whole / passed if passed > 0 else None
    return Effective(
        row["name"], row["provider"], row["discount"], list_usd, effective, used, effective - used,
        commitment, left, expected, end,
    )  # fmt: skip


def covering(contracts: Iterable[Row], provider: str, model: str, day: int) -> Row | None:
    """The contract that a call of ``model`` at ``provider`` on that day falls under; None where none fits."""
    return next((each for each in _ordered(contracts) if _covers(each, provider, model, day)), None)


def _ordered(contracts: Iterable[Row]) -> list[Row]:
    return sorted(contracts, key=lambda row: (row["model"] == "", -len(row["model"]), row["name"]))


def _covers(contract: Row, provider: str, model: str, day: int) -> bool:
    wanted = contract["model"]
    fits = wanted in ("", model) or (wanted.endswith("*") and model.startswith(wanted[:-1]))
    ends = contract["valid_to_day"]
    within = contract["valid_from_day"] <= day and (ends is None or day <= ends)
    return bool(contract["provider"] == provider and fits and within)


def _numbered(stated: Row, key: str, name: str) -> list[tuple[int, Row]]:
    entries = stated.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise SufficeError(f"{name}: write [[{key}]], with two brackets")
    return list(enumerate(entries, 1))


def _plain(entry: Row, known: set[str], where: str) -> dict[str, Any]:
    unknown = sorted(set(entry) - known)
    if unknown:
        raise SufficeError(f"{where}: there is no '{unknown[0]}'; there are {', '.join(sorted(known))}")
    return {key: value if isinstance(value, str) else _as_text(value, where, key) for key, value in entry.items()}


def _as_text(value: Any, where: str, key: str) -> str:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, bool) or not isinstance(value, int | Decimal | date):
        raise SufficeError(f"{where}: '{key}' must be a text, a number or a date")
    return value.isoformat() if isinstance(value, date) else str(value)


def _decimal(value: Any, what: str) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise SufficeError(f"{what} must be a number, not '{value}'")
    return number


def _day(value: Any, name: str) -> int | None:
    if value in (None, ""):
        return None
    try:
        return (date.fromisoformat(str(value)) - EPOCH).days
    except ValueError:
        raise SufficeError(f"{name}: '{value}' is no date like 2026-11-23") from None
