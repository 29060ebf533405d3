"""What a user may split a task by: parts, each a list of conditions on what is visible in a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.errors import SufficeError

CATEGORIES = ("last", "script", "tools")
NUMBERS = ("step", "chars")
MOST_PARTS, MOST_CONDITIONS = 50, 10


def check_parts(value: Any) -> None:
    """Raises SufficeError for what is no list of parts: ``[[{"feature": "last", "is": "tool:search"}], ...]``."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_PARTS:
        raise SufficeError(f"'value' must be a list of 1 to {MOST_PARTS} parts to split a task (null takes it back)")
    for part in value:
        if not isinstance(part, list) or not 0 < len(part) <= MOST_CONDITIONS:
            raise SufficeError(f"each part must be a list of 1 to {MOST_CONDITIONS} conditions")
        for condition in part:
            _check_condition(condition)


def _check_condition(condition: Any) -> None:
    if isinstance(condition, Mapping):
        keys, feature = set(condition), condition.get("feature")
        if feature in CATEGORIES and keys == {"feature", "is"} and isinstance(condition["is"], str):
            return
        if feature in CATEGORIES and keys == {"feature", "not_in"} and _texts(condition["not_in"]):
            return
        if (
            feature in NUMBERS
            and keys == {"feature", "from", "below"}
            and _range(condition["from"], condition["below"])
        ):
            return
    raise SufficeError(
        f"a condition must be {{feature, is}} or {{feature, not_in}} of {', '.join(CATEGORIES)}, "
        f"or {{feature, from, below}} of {', '.join(NUMBERS)}, not {str(condition)[:100]}"
    )


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _range(low: Any, below: Any) -> bool:
    whole = [each for each in (low, below) if each is not None]
    return low is not None and all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in whole)
