"""Whether two JSON values mean the same: names and order of keys apart, numbers by value, texts by words."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from suffice_analysis.judges.mathematics import same_mathematics
from suffice_analysis.judges.said import bare

REASONING = re.compile(
    r"(?:^|_)(?:reason(?:ing)?|thoughts?|thinking|explanation|rationale|justification|scratchpad|analysis|chain_of_thought|comment)s?(?:$|_)",
    re.IGNORECASE,
)
_ORDERED = re.compile(r"(?:^|_)(?:steps?|plan|order|sequence|rank(?:ing|ed)?|path|route)(?:$|_)", re.IGNORECASE)
_LITERAL = frozenset("'\"[{(")
_LONGEST_LITERAL = 10_000
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[, ]\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MONEY = re.compile(
    r"^(?:[$€£¥]|eur|usd|gbp|chf)\s*|\s*(?:[$€£¥%]|eur|usd|gbp|chf|dollars?|euros?|percent)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two values differ. ``prose``: both are sentences, which only a text judge can compare."""

    path: str
    recorded: Any
    given: Any
    prose: bool = False

    def words(self) -> str:
        """For a person."""
        return f"{self.path or 'value'}: {_short(self.recorded)} became {_short(self.given)}"


def differences(recorded: Any, given: Any, prose: frozenset[str] = frozenset(), path: str = "") -> Iterator[Difference]:
    """Each place where they differ. Fields of reasoning are not looked at; null is the same as nothing there."""
    name = path.rsplit(".", 1)[-1].split("[")[0]
    if isinstance(recorded, Mapping) and isinstance(given, Mapping):
        for key in dict.fromkeys([*recorded, *given]):
            if not REASONING.search(_CAMEL.sub("_", str(key))):
                yield from differences(recorded.get(key), given.get(key), prose, f"{path}.{key}" if path else str(key))
    elif isinstance(recorded, list) and isinstance(given, list):
        yield from _list_differences(recorded, given, prose, path, ordered=bool(_ORDERED.search(name)))
    elif not same_scalar(recorded, given):
        is_prose = name in prose and isinstance(recorded, str) and isinstance(given, str) and bool(given.strip())
        yield Difference(path, recorded, given, is_prose)


def _list_differences(
    recorded: list[Any], given: list[Any], prose: frozenset[str], path: str, *, ordered: bool
) -> Iterator[Difference]:
    if len(recorded) != len(given):
        yield Difference(path, recorded, given)
        return
    found = [
        d
        for i, (a, b) in enumerate(zip(recorded, given, strict=True))
        for d in differences(a, b, prose, f"{path}[{i}]")
    ]
    if found and not ordered and _same_members(recorded, given, prose):
        return
    yield from found


def _same_members(recorded: list[Any], given: list[Any], prose: frozenset[str]) -> bool:
    left = list(given)
    for each in recorded:
        place = next((i for i, other in enumerate(left) if not any(differences(each, other, prose))), None)
        if place is None:
            return False
        del left[place]
    return True


def same_scalar(recorded: Any, given: Any) -> bool:
    """Numbers by value, truth by its word, texts without spelling, mathematics by what it means."""
    literal = _same_literal(recorded, given)
    if literal is not None:
        return literal
    if _nothing(recorded) or _nothing(given):
        return _nothing(recorded) and _nothing(given)
    if isinstance(recorded, bool) or isinstance(given, bool):
        return _truth(recorded) is not None and _truth(recorded) == _truth(given)
    if isinstance(recorded, (Mapping, list)) or isinstance(given, (Mapping, list)):
        alone = [v[0] if isinstance(v, list) and len(v) == 1 else v for v in (recorded, given)]
        return not any(isinstance(v, (Mapping, list)) for v in alone) and same_scalar(*alone)
    first, second = str(recorded), str(given)
    if bare(first) == bare(second):
        return _any_case(first) or first.strip("\"'`*. ") == second.strip("\"'`*. ")
    a, b = number_of(first), number_of(second)
    if a is not None and b is not None:
        return same_number(a, b)
    if a is not None and (result := _after_equals(second)) is not None:
        return same_number(a, result)
    return same_mathematics(first, second)


def _any_case(text: str) -> bool:
    """Whether its case says nothing: lower, upper or as words begin; ``usAr`` is meant as it stands."""
    return text == text.lower() or text == text.upper() or all(w[1:] == w[1:].lower() for w in text.split())


def _same_literal(recorded: Any, given: Any) -> bool | None:
    """Texts that are values as programs write them: ``'a'`` is ``a``, ``{'a': 1}`` is ``{"a": 1}``. None where neither is."""
    if not isinstance(recorded, str) or not isinstance(given, str) or recorded[:1] not in _LITERAL:
        return None
    wanted, found = _literal(recorded), _literal(given.strip())
    if isinstance(wanted, str):
        return wanted == (found if isinstance(found, str) else given)
    if wanted is None or found is None:
        return None
    return type(found) is type(wanted) and bool(found == wanted)


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text) if text[:1] in _LITERAL and len(text) < _LONGEST_LITERAL else None
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return None


def _after_equals(text: str) -> Decimal | None:
    """The result of a sum written out: ``2 * 5 + 4 = 14 apples``."""
    result = re.match(r"[^=]*=(?:[^=]*=)*\s*([-+$€£]*[\d,.]*\d)\s*[a-zA-Z ]{0,30}\.?$", text.strip())
    return number_of(result[1]) if result else None


def number_of(text: str) -> Decimal | None:
    """The number that a whole text is: ``$1,200.00``, ``18 %``, ``-3e2``."""
    plain = _MONEY.sub("", text.strip().strip("*`_ ."))
    plain = _MONEY.sub("", plain).strip()
    if not plain or not _NUMBER.fullmatch(plain) or not any(c.isdigit() for c in plain):
        return None
    try:
        value = Decimal(re.sub(r"(?<=\d)[, ](?=\d{3})", "", plain))
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value.adjusted()) < 300 else None


def same_number(recorded: Decimal, given: Decimal) -> bool:
    """Equal, or equal where one was rounded to at least one decimal that the other has."""
    if recorded == given or math.isclose(float(recorded), float(given), rel_tol=1e-9):
        return True
    places = min(_decimals(recorded), _decimals(given))
    return places >= 2 and abs(recorded - given) <= Decimal(5) * Decimal(10) ** -(places + 1)


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and normal_nothing(value)) or value in ([], {})


def normal_nothing(text: str) -> bool:
    """Whether a text says that there is nothing."""
    return text.strip().lower() in ("", "null")


def _truth(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "false": False, "no": False}.get(str(value).strip().lower())


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
