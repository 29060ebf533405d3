"""What the two engines spell differently. Everything else of a read is plain SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

CLICKHOUSE = "clickhousedb"
IN_A_LIST = 2_000  # values of a statement: of 32 characters each, far under ClickHouse's 256 KiB of query text


def in_parts(values: Iterable[str]) -> Iterator[list[str]]:
    """Values for ``in_``, each once, so many that any engine takes them."""
    ordered = sorted(set(values))
    for first in range(0, len(ordered), IN_A_LIST):
        yield ordered[first : first + IN_A_LIST]


class matches(FunctionElement[bool]):  # noqa: N801 (it reads as a function)
    """Whether a text matches a regular expression: ``matches(text, pattern)``."""

    type = sa.Boolean()
    inherit_cache = True


class contains_text(FunctionElement[bool]):  # noqa: N801
    """Whether a text contains another, in any case: ``contains_text(text, other)``."""

    type = sa.Boolean()
    inherit_cache = False  # on DuckDB the text goes in escaped


class starts_with(FunctionElement[bool]):  # noqa: N801
    """Whether a text starts with another: ``starts_with(text, other)``."""

    type = sa.Boolean()
    inherit_cache = True


class each_of(FunctionElement[str]):  # noqa: N801
    """A row for each element of an array of strings: ``each_of(array)``."""

    type = sa.String()
    inherit_cache = True


class next_one(FunctionElement[int]):  # noqa: N801
    """``lead`` that is null at the end also where the column can't be: ``next_one(column).over(...)``."""

    type = sa.BigInteger()
    inherit_cache = True


class byte_length(FunctionElement[int]):  # noqa: N801
    """Bytes of a text (UTF-8) or of a binary value: ``byte_length(column)``."""

    type = sa.BigInteger()
    inherit_cache = True


class first_match(FunctionElement[str]):  # noqa: N801
    """What the one group of a regular expression matches first: ``first_match(text, pattern)``; empty where nothing does."""

    type = sa.String()
    inherit_cache = True


@compiles(first_match)
def _first_match(element: first_match, compiler: Any, **options: Any) -> str:
    return f"regexp_extract({_arguments(element, compiler, options)}, 1)"


@compiles(first_match, CLICKHOUSE)
def _first_match_clickhouse(element: first_match, compiler: Any, **options: Any) -> str:
    return f"extract({_arguments(element, compiler, options)})"


@compiles(byte_length)
def _byte_length(element: byte_length, compiler: Any, **options: Any) -> str:
    (column,) = element.clauses
    name = "octet_length" if isinstance(column.type, sa.LargeBinary) else "strlen"
    return f"{name}({_arguments(element, compiler, options)})"


@compiles(byte_length, CLICKHOUSE)
def _byte_length_clickhouse(element: byte_length, compiler: Any, **options: Any) -> str:
    return f"length({_arguments(element, compiler, options)})"


@compiles(matches)
def _matches(element: matches, compiler: Any, **options: Any) -> str:
    return f"regexp_matches({_arguments(element, compiler, options)})"


@compiles(matches, CLICKHOUSE)
def _matches_clickhouse(element: matches, compiler: Any, **options: Any) -> str:
    return f"match({_arguments(element, compiler, options)})"


@compiles(contains_text)
def _contains_text(element: contains_text, compiler: Any, **options: Any) -> str:
    text, other = element.clauses
    return str(compiler.process(text.icontains(other.value, autoescape=True), **options))


@compiles(contains_text, CLICKHOUSE)
def _contains_text_clickhouse(element: contains_text, compiler: Any, **options: Any) -> str:
    return f"(positionCaseInsensitiveUTF8({_arguments(element, compiler, options)}) > 0)"


@compiles(starts_with)
def _starts_with(element: starts_with, compiler: Any, **options: Any) -> str:
    return f"starts_with({_arguments(element, compiler, options)})"


@compiles(starts_with, CLICKHOUSE)
def _starts_with_clickhouse(element: starts_with, compiler: Any, **options: Any) -> str:
    return f"startsWith({_arguments(element, compiler, options)})"


@compiles(each_of)
def _each_of(element: each_of, compiler: Any, **options: Any) -> str:
    return f"unnest({_arguments(element, compiler, options)})"


@compiles(each_of, CLICKHOUSE)
def _each_of_clickhouse(element: each_of, compiler: Any, **options: Any) -> str:
    return f"arrayJoin({_arguments(element, compiler, options)})"


@compiles(next_one)
def _next_one(element: next_one, compiler: Any, **options: Any) -> str:
    return f"lead({_arguments(element, compiler, options)})"


@compiles(next_one, CLICKHOUSE)
def _next_one_clickhouse(element: next_one, compiler: Any, **options: Any) -> str:
    return f"lead(toNullable({_arguments(element, compiler, options)}))"


def _arguments(element: FunctionElement[Any], compiler: Any, options: dict[str, Any]) -> str:
    return ", ".join(compiler.process(each, **options) for each in element.clauses)
