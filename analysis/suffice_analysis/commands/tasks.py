"""``suffice tasks``: the tasks with share, interval and grade; and which call belongs to which, as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from suffice.errors import SufficeError
from suffice_analysis.commands import task_decisions
from suffice_analysis.grounds import kind_words
from suffice_analysis.projects import missing_words
from suffice_analysis.replay.outcomes import MEASURE
from suffice_analysis.report.wording import share_words
from suffice_analysis.unsettled import is_unsettled
from suffice_store import open_store
from suffice_store.console import (
    DbOption,
    JsonOption,
    ProjectOption,
    ServerOption,
    err,
    format_count,
    format_share,
    format_usd,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.store import Store

app = typer.Typer(add_completion=False)
COLUMNS = ("task", "kind", "calls", "no human", "paid", "of cost", "expected share", "grade", "verdict")
DROPPED = ("no human", "kind", "grade", "of cost")  # on a narrow terminal, one after the other
NAME_WIDTH = 40  # that a name needs at least
_LEFT_OUT = ("recogniser", "analysis_id")


@app.command()
def tasks(
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
    assignments: Annotated[
        Path | None, typer.Option(help="Also write external_id,call_id,task_id of every call to this CSV file.")
    ] = None,
    router: Annotated[
        Path | None, typer.Option(help="Also write what recognises the tasks, without a word of text, to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the tasks of the last analysis. With none yet it says so and still ends with 0.

    suffice tasks rename|ignore|pin|merge|split|decide TASK: decide about one (each with --help).
    """
    with open_store(db, server=server, create=False) as store:
        rows = store.read("tasks", project=project).to_pylist()
        if router is not None:
            size = export_router(store, project, router)
            err().print(f"{len(rows):,} tasks, {size:,} bytes written to {router}", markup=False, soft_wrap=True)
        if assignments is not None:
            count = write_assignments(store, project, assignments)
            err().print(f"{count:,} calls written to {assignments}", markup=False, soft_wrap=True)
        slices = read_slices(store, project) if as_json else {}
        paired = read_paired_rows(store, project) if as_json else {}
        missing = None if rows else missing_words(store, project)
    if as_json:
        kept = [{k: v for k, v in row.items() if k not in _LEFT_OUT} for row in rows]
        print_json(
            [
                row | {name: of.get(row["task_id"], []) for name, of in (("slices", slices), ("paired", paired))}
                for row in kept
            ]
        )
        return
    if not rows:
        nothing = "No tasks yet: record calls (suffice.init()) or 'suffice import FILE', then 'suffice analyze'."
        out().print(nothing if missing is None else f"No tasks: {missing}.", markup=False, soft_wrap=True)
        return
    cells = [
        [
            row["name"] + (" (ignored)" if row["ignored"] else ""),
            kind_words(row["kind"]),
            format_count(row["calls"]),
            "–" if row["hci_no_calls"] is None else format_share(row["hci_no_calls"] / max(1, row["calls"])),
            format_usd(row["paid_usd"]),
            format_share(row["share_cost"]),
            _share(row),
            row["grade"] or "–",
            "not settled"
            if is_unsettled(row)
            else row["verdict"],  # tested; the page and the report say on which side of its bar
        ]
        for row in rows
    ]
    columns, cells = fit(COLUMNS, cells, out().width)
    print_table(columns, cells, right=("calls", "paid", "of cost", "no human"), wide="task")
    out().print(hci_sentence(rows), markup=False, soft_wrap=True)


def hci_sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    """How much of the tasks' traffic talks to a human, does not, or does not tell."""
    told = [row for row in rows if row.get("hci_no_calls") is not None]
    calls = sum(row["calls"] for row in told)
    if not calls:
        return "Whether calls talk to a human is not known: analyse again."
    yes, no = (sum(row[name] for row in told) / calls for name in ("hci_yes_calls", "hci_no_calls"))
    shown = [format_share(no), format_share(yes)]
    rest = 100 - sum(
        float(each.removesuffix(" %").lstrip("<")) for each in shown
    )  # as shown, so that a reader arrives at 100
    return f"Of the calls {shown[0]} talk to no human, {shown[1]} do, of {format_share(max(0.0, rest / 100))} it is not known."


def export_router(store: Store, project: str, path: Path) -> int:
    """Write the router of the last analysis (see ``discovery.router``). Returns its bytes."""
    from suffice_analysis.discovery.router import write_router  # clustering comes along: only where it is asked for

    kept = ("slice_id", "name", "conditions", "verdict")
    slices = {task: [{k: row[k] for k in kept} for row in own] for task, own in read_slices(store, project).items()}
    rows = store.read("tasks", project=project).to_pylist()
    tasks = {
        row["task_id"]: {
            "name": row["name"],
            "verdict": row["verdict"],
            "recogniser": json.loads(row["recogniser"]),
            "slices": slices.get(row["task_id"], []),
        }
        for row in rows
    }
    return write_router(path, tasks, project=project, analysis_id=rows[0]["analysis_id"] if rows else None)


def read_paired_rows(store: Store, project: str) -> dict[str, list[dict[str, Any]]]:
    """By task the paired differences in accuracy, where outcomes of replayed calls are known."""
    kept = ("candidate", "mode", "value", "low", "high", "level", "n", "method")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in store.read("estimates", project=project, measure=MEASURE).to_pylist():
        one = {k: row[k] for k in kept} | {"non_inferior": row["proven"], "details": json.loads(row["details"])}
        found.setdefault(row["task_id"], []).append(one)
    return found


def read_slices(store: Store, project: str) -> dict[str, list[dict[str, Any]]]:
    """By task its slices, the largest first, with what is said of each."""
    slices: dict[str, list[dict[str, Any]]] = {}
    for row in store.read("slices", project=project).to_pylist():
        parsed = {name: json.loads(row[name] or "[]") for name in ("conditions", "evidence")}
        slices.setdefault(row["task_id"], []).append(
            {k: v for k, v in (row | parsed).items() if k not in ("project", "analysis_id", "task_id")}
        )
    return slices


def fit(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], list[list[str]]]:
    """The columns that leave a name its room in ``width`` characters, and their cells."""
    kept = list(columns)
    for dropped in DROPPED:
        if _width(kept, columns, rows) <= width:
            break
        kept.remove(dropped)
    places = [columns.index(name) for name in kept]
    return kept, [[row[place] for place in places] for row in rows]


def _width(kept: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    others = [columns.index(name) for name in kept[1:]]
    return NAME_WIDTH + sum(2 + max([len(columns[i]), *(len(row[i]) for row in rows)]) for i in others)


def _share(row: dict[str, object]) -> str:
    if row["replaceability_low"] is None:
        return "–"
    names = ("replaceability", "replaceability_low", "replaceability_high")
    estimate = dict(zip(("value", "low", "high"), (row[name] for name in names), strict=True))
    return share_words(estimate, int(str(row["calls"])))


def write_assignments(store: Store, project: str, path: Path) -> int:
    """Write the CSV; the external id is empty where a call has none. Returns the number of calls."""
    rows: pa.Table = store.read("assignments", project=project).select(["external_id", "call_id", "task_id"])
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(rows.column_names)
            for batch in rows.to_batches():
                columns = [["" if v is None else v for v in column.to_pylist()] for column in batch.columns]
                writer.writerows(zip(*columns, strict=True))
    except OSError as error:
        raise SufficeError(f"can't write {path}: {error.strerror}") from None
    return int(rows.num_rows)


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    if argv and argv[0] in task_decisions.WORDS:
        return task_decisions.main(argv)
    return run_app(app, argv, "suffice tasks")
