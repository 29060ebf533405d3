"""SQL by structure: layout, case, aliases and the order of conditions apart; another statement is wrong.

sqlglot parses both and writes them in one form. Two statements that return the same rows in another way count as different: that
would take the database.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any

import sqlglot
from sqlglot import exp

from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.said import Said

NAME = "sql"
_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what can't be parsed is our answer, not a log line


def fits(recorded: Said, frame: Frame) -> bool:
    """Whether the recorded answer is a statement."""
    return not recorded.hashed and recorded.form == "sql"


def judge(recorded: Said, given: Said, frame: Frame) -> Judgement:
    """By the one form that both are written in."""
    if given.calls:
        return failed(NAME, "wrong", f"it called {given.calls[0].name} where the recorded answer is SQL")
    wanted, found = statement(recorded.text), statement(given.text)
    if _spelled(wanted) == _spelled(found):
        return passed(NAME, "the same statement")
    a, b = one_form(wanted, frame.dialect), one_form(found, frame.dialect)
    if a is None:
        return unjudged(NAME, "the recorded statement can't be parsed")
    if b is None:
        return failed(NAME, "format", "no SQL that can be parsed")
    return (
        passed(NAME, "the same statement")
        if a == b
        else failed(NAME, "wrong", f"another statement: {found.strip()[:200]}")
    )


def statement(text: str) -> str:
    """The longest fenced block, else the text."""
    blocks = _FENCE.findall(text)
    return (max(blocks, key=len) if blocks else text).strip().rstrip(";").strip()


def _spelled(text: str) -> str:
    """In one line, and where nothing is quoted without its case: ``show tables`` is a raw command to sqlglot."""
    line = " ".join(text.split())
    return line if re.search("['\"`]", line) else line.casefold()


@lru_cache(maxsize=4096)
def one_form(text: str, dialect: str | None) -> tuple[str, ...] | None:
    """Every statement in one spelling; None where it is no SQL."""
    for tried in dict.fromkeys((dialect, "mysql", None)):
        try:
            parsed = [each for each in sqlglot.parse(text, read=tried) if each is not None]
        except (sqlglot.errors.SqlglotError, RecursionError):
            continue
        if parsed and not any(isinstance(each, exp.Command) and each.this is None for each in parsed):
            return tuple(_plain(each).sql(normalize_functions="upper", comments=False) for each in parsed)
    return None


def _plain(tree: Any) -> Any:
    """Names in lower case and unquoted, table aliases numbered, conditions sorted."""
    tree = tree.copy()
    for name in tree.find_all(exp.Identifier):
        name.set("this", str(name.this).lower())
        name.set("quoted", False)
    _number_aliases(tree)
    for join in tree.find_all(exp.Join):
        if str(join.args.get("kind") or "").upper() == "INNER":
            join.set("kind", None)
    for ordered in tree.find_all(exp.Ordered):
        if not ordered.args.get("desc"):
            ordered.set("desc", None)
        ordered.set("nulls_first", None)
    for both in (exp.And, exp.Or):
        for each in list(tree.find_all(both)):
            if not isinstance(each.parent, both):
                each.replace(_sorted(each, both)) if each.parent else None
    return tree


def _number_aliases(tree: Any) -> None:
    """``c``, ``cust`` and ``T1`` become the table's own name, where the table stands once."""
    tables = list(tree.find_all(exp.Table))
    names = [table.name for table in tables]
    renamed = {table.alias: table.name for table in tables if table.alias and names.count(table.name) == 1}
    for table in tables:
        if table.alias in renamed:
            table.set("alias", None)
    for column in tree.find_all(exp.Column):
        if column.table in renamed:
            column.set("table", exp.to_identifier(renamed[column.table]))


def _sorted(tree: Any, both: type[exp.Connector]) -> Any:
    conditions = sorted((each.copy() for each in tree.flatten()), key=lambda each: each.sql())
    joined: Any = conditions[0]
    for each in conditions[1:]:
        joined = both(this=joined, expression=each)
    return joined
