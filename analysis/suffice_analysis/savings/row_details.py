"""``details`` of a row of ``savings``: JSON as it is stored, an object before that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def details_of(row: Row) -> dict[str, Any]:
    """The row's details; empty for a row of an older analysis."""
    found = row.get("details") or "{}"
    return dict(found) if isinstance(found, Mapping) else dict(json.loads(found))
