"""Reads of what analyses wrote: tasks with users' decisions over them, estimates, savings, the map."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.reads.previews import decided
from suffice_store.reads.registry import ANALYSIS, PROJECT, Arguments, Parameter, Read
from suffice_store.reads.sources import analysis_of, latest
from suffice_store.tables import (
    actions,
    analysis_runs,
    assignments,
    calls,
    decisions,
    estimates,
    evidence,
    map_points,
    savings,
    tasks,
)
from suffice_store.tables_tasks import slices, task_changes

TASK_ID = Parameter("task_id")
EARLIER_TASKS = 2_000  # of analyses before the last that are still known: their recognisers take about 20 MB
GRADES = ("prior", "proxy", "replay", "live")  # from the weakest

_ADDED = (
    "ignored", "share_calls", "share_tokens", "share_cost", "replaceability", "replaceability_low",
    "replaceability_high", "grade", "proven", "bar", "evidence_n",
)  # fmt: skip


def _columns(table: sa.Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.c if column.name != "project")


def _of_analysis(table: sa.Table, arguments: Arguments) -> sa.Select[Any]:
    """The table's rows of one analysis, of one task if it is named."""
    statement = sa.select(*(table.c[name] for name in _columns(table))).where(
        table.c.project == arguments["project"], table.c.analysis_id == analysis_of(arguments)
    )
    if arguments.get("task_id") is not None:
        statement = statement.where(table.c.task_id == arguments["task_id"])
    return statement


def _headline(arguments: Arguments) -> sa.Subquery:
    """One replaceability of each task: a proven one, else of the best grade, else for any SLM, else the first by name."""
    rank = sa.case(*((estimates.c.grade == grade, place) for place, grade in enumerate(GRADES)), else_=-1)
    place = sa.func.row_number().over(
        partition_by=estimates.c.task_id,
        order_by=[
            sa.case((estimates.c.proven, 1), else_=0).desc(),
            rank.desc(),
            sa.case((estimates.c.candidate == "any SLM", 1), else_=0).desc(),
            estimates.c.candidate,
            estimates.c.mode,
        ],
    )
    ranked = (
        sa.select(estimates, place.label("place"))
        .where(
            estimates.c.project == arguments["project"],
            estimates.c.analysis_id == analysis_of(arguments),
            estimates.c.measure == "replaceability",
        )
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.place == 1).subquery("headline")


def _tasks(arguments: Arguments) -> sa.Select[Any]:
    base = _of_analysis(tasks, {**arguments, "task_id": None}).subquery("base")
    headline = _headline(arguments)
    run_calls = (
        sa.select(sa.func.max(analysis_runs.c.calls))
        .where(
            analysis_runs.c.project == arguments["project"],
            analysis_runs.c.analysis_id == analysis_of(arguments),
        )
        .scalar_subquery()
    )

    def share(part: sa.ColumnElement[Any], whole: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        return sa.cast(part, sa.Double) / sa.func.nullif(sa.cast(whole, sa.Double), 0.0, type_=sa.Double)

    tokens = base.c.input_tokens + base.c.output_tokens
    rows = (
        sa.select(
            base,
            sa.literal(False).label("ignored"),
            share(base.c.calls, sa.func.coalesce(run_calls, sa.func.sum(base.c.calls).over())).label("share_calls"),
            share(tokens, sa.func.sum(tokens).over()).label("share_tokens"),
            share(base.c.paid_usd, sa.func.sum(base.c.paid_usd).over()).label("share_cost"),
            headline.c.value.label("replaceability"),
            headline.c.low.label("replaceability_low"),
            headline.c.high.label("replaceability_high"),
            headline.c.grade.label("grade"),
            headline.c.proven.label("proven"),
            headline.c.bar.label("bar"),
            headline.c.n.label("evidence_n"),
        )
        .select_from(base.outerjoin(headline, headline.c.task_id == base.c.task_id))
        .subquery("shown")
    )
    statement = sa.select(rows)
    if arguments.get("task_id") is not None:
        statement = statement.where(rows.c.task_id == arguments["task_id"])
    return statement.order_by(rows.c.calls.desc(), rows.c.task_id)


def _apply_decisions(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """Users' renames and ignores over the analysis's own words."""
    renamed = decided(connection, arguments["project"], "rename")
    ignored = decided(connection, arguments["project"], "ignore")
    ids = rows.column("task_id").to_pylist()
    names = rows.column("name").to_pylist()
    sources = rows.column("name_source").to_pylist()
    changed = {
        "name": pa.array([renamed.get(task, name) for task, name in zip(ids, names, strict=True)], pa.string()),
        "name_source": pa.array(
            ["user" if task in renamed else source for task, source in zip(ids, sources, strict=True)], pa.string()
        ),
        "ignored": pa.array([bool(ignored.get(task, False)) for task in ids], pa.bool_()),
    }
    for name, column in changed.items():
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _analyses(arguments: Arguments) -> sa.Select[Any]:
    return (
        sa.select(*(analysis_runs.c[name] for name in _columns(analysis_runs)))
        .where(analysis_runs.c.project == arguments["project"])
        .order_by(analysis_runs.c.published_ns.desc(), analysis_runs.c.analysis_id.desc())
    )


def _evidence(arguments: Arguments) -> sa.Select[Any]:
    return _of_analysis(evidence, arguments).order_by(evidence.c.task_id, evidence.c.grade, evidence.c.kind)


def _actions(arguments: Arguments) -> sa.Select[Any]:
    return _of_analysis(actions, arguments).order_by(actions.c.task_id, actions.c.calls.desc(), actions.c.action)


def _map_points(arguments: Arguments) -> sa.Select[Any]:
    return _of_analysis(map_points, arguments).order_by(map_points.c.task_id, map_points.c.point_id)


def _estimates(arguments: Arguments) -> sa.Select[Any]:
    statement = _of_analysis(estimates, arguments)
    if arguments["measure"] is not None:
        statement = statement.where(estimates.c.measure == arguments["measure"])
    return statement.order_by(estimates.c.task_id, estimates.c.measure, estimates.c.candidate, estimates.c.mode)


def _savings(arguments: Arguments) -> sa.Select[Any]:
    return _of_analysis(savings, arguments).order_by(savings.c.task_id, savings.c.position, savings.c.model)


def _slices(arguments: Arguments) -> sa.Select[Any]:
    return _of_analysis(slices, arguments).order_by(slices.c.task_id, slices.c.calls.desc(), slices.c.slice_id)


def _task_changes(arguments: Arguments) -> sa.Select[Any]:
    order = (task_changes.c.calls.desc(), task_changes.c.change, task_changes.c.task_id)
    return _of_analysis(task_changes, {**arguments, "task_id": None}).order_by(*order)


def _known_tasks(arguments: Arguments) -> sa.Select[Any]:
    """Each task as the last analysis that had it knew it: an analysis of one service must not make the others strangers.

    All of the last analysis; of earlier ones those that a user decided about and those seen last, ``EARLIER_TASKS`` in all, so that
    what is read does not grow with every analysis.
    """
    project = arguments["project"]
    place = sa.func.row_number().over(
        partition_by=tasks.c.task_id, order_by=[analysis_runs.c.published_ns.desc(), tasks.c.analysis_id.desc()]
    )
    newest = (tasks.c.analysis_id == analysis_of({"project": project})).label("latest")
    published = tasks.join(
        analysis_runs,
        sa.and_(analysis_runs.c.analysis_id == tasks.c.analysis_id, analysis_runs.c.project == tasks.c.project),
    )
    columns = (tasks.c.task_id, tasks.c.name, tasks.c.recogniser, newest, tasks.c.calls, place.label("place"))
    ranked = (
        sa.select(*columns, analysis_runs.c.published_ns)
        .select_from(published)
        .where(tasks.c.project == project)
        .subquery("ranked")
    )
    about = sa.select(decisions.c.task_id).where(decisions.c.project == project)
    last_seen = sa.func.row_number().over(
        partition_by=ranked.c.latest,
        order_by=[
            sa.case((ranked.c.task_id.in_(about), 0), else_=1),
            ranked.c.published_ns.desc(),
            ranked.c.calls.desc(),
            ranked.c.task_id,
        ],
    )
    each = sa.select(ranked, last_seen.label("nth")).where(ranked.c.place == 1).subquery("each")
    return (
        sa.select(*(each.c[name] for name in ("task_id", "name", "recogniser", "latest")))
        .where(sa.or_(each.c.latest, each.c.nth <= EARLIER_TASKS))
        .order_by(each.c.latest.desc(), each.c.task_id)
    )


def _assignments(arguments: Arguments) -> sa.Select[Any]:
    return (
        sa.select(
            calls.c.external_id,
            assignments.c.call_id,
            assignments.c.task_id,
            assignments.c.point_id,
            assignments.c.action,
            assignments.c.slice_id,
            assignments.c.hci,
            assignments.c.hci_rule,
        )
        .select_from(
            assignments.outerjoin(
                calls, sa.and_(calls.c.call_id == assignments.c.call_id, calls.c.project == assignments.c.project)
            )
        )
        .where(assignments.c.project == arguments["project"], assignments.c.analysis_id == analysis_of(arguments))
        .order_by(assignments.c.call_id)
    )


def _decisions(arguments: Arguments) -> sa.Select[Any]:
    rows = latest(decisions, ("task_id", "kind"), arguments["project"])
    return sa.select(*(rows.c[name] for name in _columns(decisions))).order_by(rows.c.task_id, rows.c.kind)


_TASK_COLUMNS = (*_columns(tasks), *_ADDED)

READS = (
    Read("analyses", (PROJECT,), _columns(analysis_runs), _analyses),
    Read("tasks", (PROJECT, ANALYSIS), _TASK_COLUMNS, _tasks, _apply_decisions),
    Read(
        "task",
        (PROJECT, Parameter("task_id", required=True), ANALYSIS),
        _TASK_COLUMNS,
        _tasks,
        _apply_decisions,
    ),
    Read("actions", (PROJECT, TASK_ID, ANALYSIS), _columns(actions), _actions),
    Read("slices", (PROJECT, TASK_ID, ANALYSIS), _columns(slices), _slices),
    Read("task_changes", (PROJECT, ANALYSIS), _columns(task_changes), _task_changes),
    Read("known_tasks", (PROJECT,), ("task_id", "name", "recogniser", "latest"), _known_tasks),
    Read("evidence", (PROJECT, TASK_ID, ANALYSIS), _columns(evidence), _evidence),
    Read("map_points", (PROJECT, TASK_ID, ANALYSIS), _columns(map_points), _map_points),
    Read("estimates", (PROJECT, TASK_ID, Parameter("measure"), ANALYSIS), _columns(estimates), _estimates),
    Read("savings", (PROJECT, TASK_ID, ANALYSIS), _columns(savings), _savings),
    Read(
        "assignments",
        (PROJECT, ANALYSIS),
        ("external_id", "call_id", "task_id", "point_id", "action", "slice_id", "hci", "hci_rule"),
        _assignments,
    ),
    Read("decisions", (PROJECT,), _columns(decisions), _decisions),
)
