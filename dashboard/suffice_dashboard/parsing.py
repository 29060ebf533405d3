"""JSON columns of the store, read without surprises."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: object) -> Any:
    """The value, or {} for nothing or something broken."""
    try:
        return json.loads(text) if isinstance(text, str) and text else {}
    except ValueError:
        return {}


def parse_list(text: str | None) -> list[str]:
    """A JSON list of texts; [] for anything else."""
    value = parse_json(text)
    return [str(each) for each in value] if isinstance(value, list) else []
