"""Our count beside the provider's, by day and model: what each says, and the difference. Exact, nothing rounded.

Names differ: a console writes "Claude Sonnet 4.5" where the API says ``claude-sonnet-4-5-20250929``. They are compared
by their words, without what dates a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]

_WORDS = re.compile(r"[a-z]+|[0-9]+")
_DATED = re.compile(r"[-@ :]?(latest|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})$")


@dataclass(slots=True)
class Difference:
    """A day of a model at a provider. None: that side says nothing of it."""

    provider: str
    day: int  # since 1970-01-01 UTC
    model: str
    their_usd: Decimal | None = None
    our_usd: Decimal | None = None
    their_input_tokens: int | None = None
    our_input_tokens: int | None = None
    their_output_tokens: int | None = None
    our_output_tokens: int | None = None
    their_requests: int | None = None
    our_calls: int | None = None
    our_unpriced_calls: int = 0

    @property
    def difference_usd(self) -> Decimal | None:
        """Theirs less ours; a side that has nothing counts as nothing where the other has an amount."""
        if self.their_usd is None:
            return None
        return self.their_usd - (self.our_usd or Decimal(0))


@dataclass(slots=True)
class Reconciliation:
    """All days that the provider's files cover."""

    rows: list[Difference] = field(default_factory=list)

    @property
    def their_usd(self) -> Decimal | None:
        return _sum(row.their_usd for row in self.rows)

    @property
    def our_usd(self) -> Decimal | None:
        """Ours on the days whose money the provider states."""
        days = {(row.provider, row.day) for row in self.rows if row.their_usd is not None}
        return _sum(row.our_usd for row in self.rows if (row.provider, row.day) in days)

    def tokens(self, side: str) -> int | None:
        """Input and output of ``their`` or ``our`` side, on the days whose tokens the provider states."""
        days = {(row.provider, row.day) for row in self.rows if row.their_input_tokens is not None}
        counts = [
            getattr(row, f"{side}_{part}_tokens")
            for row in self.rows
            if (row.provider, row.day) in days
            for part in ("input", "output")
        ]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    def by_day(self) -> list[tuple[int, Decimal | None, Decimal | None]]:
        """(day, theirs, ours) in USD."""
        days = sorted({row.day for row in self.rows})
        return [
            (
                day,
                _sum(row.their_usd for row in self.rows if row.day == day),
                _sum(row.our_usd for row in self.rows if row.day == day),
            )
            for day in days
        ]


def reconcile(theirs: Iterable[Row], ours: Iterable[Row]) -> Reconciliation:
    """``theirs``: rows of the read ``invoices``; ``ours``: of the read ``daily``, of every environment."""
    theirs = list(theirs)
    covered = {(row["provider"], row["day"]) for row in theirs}
    whole = {  # days that a file tells without models can only be compared whole
        (row["provider"], row["day"]) for row in theirs if not row["model"] and row["kind"] == "cost"
    }
    found: dict[tuple[str, int, str], Difference] = {}

    def place(row: Row) -> Difference:
        where = (row["provider"], row["day"])
        key = (*where, "" if where in whole else model_key(row["model"]))
        name = "every model" if where in whole else row["model"] or "no model"
        return found.setdefault(key, Difference(row["provider"], row["day"], name))

    for row in theirs:
        at = place(row)
        at.their_usd = _plus(at.their_usd, row["usd"])
        at.their_requests = _plus(at.their_requests, row["requests"])
        at.their_input_tokens = _plus(at.their_input_tokens, row["input_tokens"])
        at.their_output_tokens = _plus(at.their_output_tokens, row["output_tokens"])
    for row in ours:
        if (row["provider"], row["day"]) not in covered:
            continue
        at = place(row)
        at.our_usd = _plus(at.our_usd, row["paid_usd"])
        at.our_calls = _plus(at.our_calls, row["calls"])
        at.our_input_tokens = _plus(at.our_input_tokens, row["input_tokens"])
        at.our_output_tokens = _plus(at.our_output_tokens, row["output_tokens"])
        at.our_unpriced_calls += row["unpriced_calls"]
    return Reconciliation(sorted(found.values(), key=lambda row: (row.provider, row.day, row.model)))


def model_key(model: str) -> str:
    """A model's words and numbers, in one order, without a snapshot's date."""
    name = model.lower().strip().rpartition("/")[2]
    while (shorter := _DATED.sub("", name)) != name:
        name = shorter
    return " ".join(sorted(_WORDS.findall(name)))


def _plus(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else one + other


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
