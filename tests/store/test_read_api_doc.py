"""docs/read-api.md is the contract: its tables and the registries say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from suffice_store.changes import COMMANDS
from suffice_store.reads import READS
from suffice_store.reads.registry import FILTERS
from suffice_store.tables import metadata

DOC = (Path(__file__).parents[2] / "docs" / "read-api.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of the table whose first heading is ``heading``."""
    lines = DOC[DOC.index(f"| {heading} |") :].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> list[str]:
    """The names in a cell, without what stands in brackets."""
    plain = re.sub(r"\([^()]*\)", "", cell).replace("one row:", "").replace("`", "")
    return [word.strip() for word in plain.split(",") if word.strip()]


DOCUMENTED = {name.strip("` "): (cells[1], cells[2]) for cells in table("read") for name in cells[0].split(",")}


def test_the_same_reads() -> None:
    assert sorted(DOCUMENTED) == sorted(READS)


@pytest.mark.parametrize("name", sorted(READS))
def test_the_same_parameters(name: str) -> None:
    listed: list[str] = []
    for word in words(DOCUMENTED[name][0]):
        listed += [parameter.name for parameter in FILTERS] if word == "filters" else [word]
    assert ["project", *listed] == [parameter.name for parameter in READS[name].parameters]


@pytest.mark.parametrize("name", sorted(READS))
def test_the_same_columns(name: str) -> None:
    cell = DOCUMENTED[name][1]
    own = {column.name for column in metadata.tables[name].c} - {"project"} if name in metadata.tables else None
    if cell.startswith(("the table's", "latest per task")):
        expected = [column.name for column in metadata.tables[name].c if column.name != "project" or name == "prices"]
    elif name == "analyses":
        expected = [column.name for column in metadata.tables["analysis_runs"].c if column.name != "project"]
    elif name in ("tasks", "task"):
        added = words(DOCUMENTED["tasks"][1].split("applied, and ")[1])
        expected = [*(column.name for column in metadata.tables["tasks"].c if column.name != "project"), *added]
    elif name == "call":
        table_columns = [column.name for column in metadata.tables["calls"].c if column.name != "project"]
        expected = [*table_columns, *words(cell.split("and ", 1)[1])]
    elif cell.startswith("as `calls`"):
        more = ["previous_call_id"] if "previous_call_id" in cell else []
        expected = [*words(DOCUMENTED["calls"][1]), *more]
    else:
        expected = words(cell.split(":", 1)[1] if "latest per target" in cell else cell)
    assert expected == list(READS[name].columns)
    assert own is None or cell


def test_the_same_commands() -> None:
    documented = {cells[0].strip("`"): words(cells[1]) for cells in table("command")}
    assert sorted(documented) == sorted(COMMANDS)
    del documented["publish_analysis"]  # "the columns of analysis_runs"
    assert documented == {name: list(COMMANDS[name].arguments) for name in documented}
    runs = [column.name for column in metadata.tables["analysis_runs"].c if column.name != "project"]
    assert list(COMMANDS["publish_analysis"].arguments) == runs
