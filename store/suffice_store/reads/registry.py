"""What a named read is: its parameters, its columns, the statement, and what is added to the rows afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.environments import PRODUCTION

Arguments = Mapping[str, Any]
Kind = Literal["text", "integer", "flag", "choice"]

MAX_TEXT = 10_000  # characters of a parameter
MAX_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a read. Over HTTP every value is a string, so that strings are read as their kind."""

    name: str
    kind: Kind = "text"
    default: Any = None
    required: bool = False
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = MAX_INTEGER

    def parse(self, value: Any) -> Any:
        """``value`` as the parameter's kind. Raises SufficeError saying what it may be."""
        if value is None:
            if self.required:
                raise SufficeError(f"parameter '{self.name}' is needed")
            return self.default
        match self.kind:
            case "integer":
                return self._integer(value)
            case "flag":
                return self._flag(value)
            case "choice":
                if value not in self.choices:
                    raise SufficeError(f"'{self.name}' must be one of {', '.join(self.choices)}, not '{value}'")
                return value
            case "text":
                if not isinstance(value, str) or len(value) > MAX_TEXT:
                    raise SufficeError(f"'{self.name}' must be a text of at most {MAX_TEXT:,} characters")
                return value

    def _integer(self, value: Any) -> int:
        try:
            number = int(value) if not isinstance(value, (bool, float)) else None
        except (TypeError, ValueError):
            number = None
        if number is None:
            raise SufficeError(f"'{self.name}' must be a whole number, not '{value}'")
        if not self.low <= number <= self.high:
            raise SufficeError(f"'{self.name}' must be from {self.low:,} to {self.high:,}, not {number:,}")
        return number

    def _flag(self, value: Any) -> bool:
        flag = {True: True, False: False, "true": True, "1": True, "false": False, "0": False}.get(
            value.lower() if isinstance(value, str) else value
        )
        if flag is None:
            raise SufficeError(f"'{self.name}' must be true or false, not '{value}'")
        return flag


def unchanged(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """Nothing is added to the rows."""
    return rows


@dataclass(frozen=True, slots=True)
class Read:
    """A named read. ``finish`` works row by row, so that it may be given the result in batches; ``whole``: it is given all.

    ``adds_up``: made of ``addends`` alone, so that it may be asked of sums. ``priced``: asks what calls cost.
    ``hours``: of a page of the newest calls, how many each hour holds, so that only the last ones are looked at.
    ``only_values``: texts that stand in the statement as values and decide nothing else of it, so that it is built once for all (5 ms).
    """

    name: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    query: Callable[[Arguments], sa.Select[Any]]
    finish: Callable[[sa.Connection, Arguments, pa.Table], pa.Table] = unchanged
    adds_up: bool = False
    priced: bool = False
    whole: bool = False
    hours: Callable[[Arguments], sa.Select[Any] | None] | None = None
    only_values: tuple[str, ...] = ()

    def bind(self, given: Mapping[str, Any]) -> Arguments:
        """Every parameter with its value. Raises SufficeError for one that this read does not have."""
        names = [parameter.name for parameter in self.parameters]
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise SufficeError(f"read '{self.name}' has no parameter '{unknown[0]}'; it has {', '.join(names)}")
        return {parameter.name: parameter.parse(given.get(parameter.name)) for parameter in self.parameters}


PROJECT = Parameter("project", default="default")
FILTERS = (
    Parameter("since_ns", "integer"),
    Parameter("until_ns", "integer"),
    Parameter("service"),
    Parameter("model"),
    Parameter("user"),
    Parameter("team"),
    Parameter("task_id"),
    Parameter("environment", default=PRODUCTION),
)
ANALYSIS = Parameter("analysis_id")
LIMIT = Parameter("limit", "integer", default=100, low=1, high=10_000)
OFFSET = Parameter("offset", "integer", default=0, high=10_000_000)
