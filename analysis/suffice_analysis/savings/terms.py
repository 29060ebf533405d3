"""What the user's contracts mean for savings: the price really paid, and what of a saving is owed anyway.

The store counts at list price. A contract's discount makes the effective price of a call of its provider, model and day. A commitment
is owed whether used or not: until its last day only what is spent above it can be saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from suffice_store.contracts import Effective, covering, effective_costs
from suffice_store.store import Store

Row = Mapping[str, Any]
NS_PER_DAY = 86_400_000_000_000
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Floor:
    """A commitment not yet spent. ``headroom``: share of the coming spend under the contract that lies above it."""

    name: str
    until: date
    days_left: int
    headroom: float


@dataclass(frozen=True, slots=True)
class Terms:
    """The contracts of a project on one day."""

    contracts: Sequence[Row] = ()
    floors: Mapping[str, Floor] = field(default_factory=dict)
    today: int = 0  # days since 1970

    def factor(self, provider: str, model: str, day: int | None = None) -> float:
        """What is left of the list price of such a call; 1 without a contract."""
        found = covering(self.contracts, provider, model, self.today if day is None else day)
        return 1.0 if found is None else float(1 - found["discount"])

    def floor(self, provider: str, model: str) -> Floor | None:
        """The commitment that such calls are spent under today."""
        found = covering(self.contracts, provider, model, self.today)
        return None if found is None else self.floors.get(found["name"])

    def effective_usd(self, calls: Any) -> float:
        """What the calls (``provider``, ``model``, ``started_ns``, ``paid_usd``) really cost; unpriced ones count nothing."""
        columns = (calls[name].to_pylist() for name in ("provider", "model", "started_ns", "paid_usd"))
        total = Decimal(0)
        factors: dict[tuple[Any, Any, int], float] = {}
        for provider, model, started, paid in zip(*columns, strict=True):
            if paid is None:
                continue
            key = (provider, model, self.today if started is None else started // NS_PER_DAY)
            if key not in factors:
                factors[key] = self.factor(*key)
            total += paid if factors[key] == 1.0 else paid * Decimal(str(factors[key]))
        return float(total)


def read_terms(store: Store, project: str, today: int) -> Terms:
    """The contracts of ``project`` and how far their commitments are spent."""
    contracts = store.read("contracts", project=project).to_pylist()
    if not contracts:
        return Terms(today=today)
    daily = store.read("daily", project=project, environment="all").to_pylist()
    floors = {each.name: floor for each in effective_costs(contracts, daily, today) if (floor := _floor(each, today))}
    return Terms(contracts, floors, today)


def _floor(contract: Effective, today: int) -> Floor | None:
    left, end = contract.committed_left_usd, contract.valid_to_day
    if not left or end is None or end < today:
        return None
    coming = (contract.expected_usd or Decimal(0)) - contract.effective_usd
    headroom = float(max(Decimal(0), coming - left) / coming) if coming > 0 else 0.0
    return Floor(contract.name, EPOCH + timedelta(days=end), end - today + 1, headroom)
