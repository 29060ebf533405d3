"""What a page of calls shows beside its columns: task names as users gave them, the texts behind the hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from suffice_store.reads.functions import in_parts
from suffice_store.reads.registry import Arguments
from suffice_store.reads.sources import analysis_of, assigned
from suffice_store.tables import decisions, messages, tasks

CALL_COLUMNS = (
    "call_id", "external_id", "started_ns", "service", "provider", "model", "task_id", "task_name", "run_id", "step",
    "action", "input_tokens", "output_tokens", "usage_source", "paid_usd", "latency_ms", "time_to_first_token_ms",
    "status_code", "error_type", "finish_reason", "completeness", "call_site", "request_preview", "answer_preview",
)  # fmt: skip

PREVIEW_CHARS = 200


def add_previews(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """``input_hashes`` and ``output_hashes`` become the start of the last request message and of the answer."""
    asked: list[str | None] = [hashes[-1] if hashes else None for hashes in rows.column("input_hashes").to_pylist()]
    answered: list[str | None] = [hashes[0] if hashes else None for hashes in rows.column("output_hashes").to_pylist()]
    wanted = {key for key in (*asked, *answered) if key}
    contents = read_messages(connection, arguments["project"], wanted, rows.column("received_ns").to_pylist())
    previews = {key: preview(content) for key, (_, content) in contents.items()}
    rows = rows.drop_columns(["input_hashes", "output_hashes", "received_ns"])
    for name, hashes in (("request_preview", asked), ("answer_preview", answered)):
        rows = rows.append_column(name, pa.array([previews.get(key or "") for key in hashes], pa.string()))
    extra = [name for name in rows.column_names if name not in CALL_COLUMNS]
    return rows.select([*CALL_COLUMNS, *extra])


def conversation_rows(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """One row for each message of a call, in order: what was asked, then what was answered."""
    asked = rows.column("input_hashes").to_pylist()[0] if rows.num_rows else []
    answered = rows.column("output_hashes").to_pylist()[0] if rows.num_rows else []
    received = rows.column("received_ns").to_pylist()
    contents = read_messages(connection, arguments["project"], {*asked, *answered}, received)
    hashes = [*asked, *answered]
    return pa.table(
        {
            "position": pa.array(range(len(hashes)), pa.int32()),
            "direction": pa.array(["request"] * len(asked) + ["answer"] * len(answered), pa.string()),
            "message_hash": pa.array(hashes, pa.string()),
            "role": pa.array([contents.get(key, (None, None))[0] for key in hashes], pa.string()),
            "content": pa.array([contents.get(key, (None, None))[1] for key in hashes], pa.string()),
        }
    )


def add_tasks(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """``task_id`` and ``action`` by ``call_id``, and an empty ``task_name``; for few rows.

    An analysis writes its calls in the order of their ids, so that some are found without reading the others.
    """
    found: dict[str, tuple[str | None, str | None]] = {}
    task = assigned(arguments)
    for part in in_parts(rows.column("call_id").to_pylist()):
        statement = sa.select(task.c.call_id, task.c.task_id, task.c.action).where(task.c.call_id.in_(part))
        found |= {call_id: (task_id, action) for call_id, task_id, action in connection.execute(statement)}
    tasks_and_actions = [found.get(call_id, (None, None)) for call_id in rows.column("call_id").to_pylist()]
    for place, name in enumerate(("task_id", "action")):
        rows = rows.append_column(name, pa.array([each[place] for each in tasks_and_actions], pa.string()))
    return rows.append_column("task_name", pa.nulls(rows.num_rows, pa.string()))


def show_task_names(connection: sa.Connection, arguments: Arguments, rows: pa.Table) -> pa.Table:
    """Fill ``task_name`` (or ``shown_task_name``) by ``task_id``, as the analysis or a user named the task."""
    column = "shown_task_name" if "shown_task_name" in rows.column_names else "task_name"
    names = task_names(connection, arguments)
    shown = pa.array([names.get(task) for task in rows.column("task_id").to_pylist()], pa.string())
    return rows.set_column(rows.column_names.index(column), column, shown)


def task_names(connection: sa.Connection, arguments: Arguments) -> dict[str, str]:
    """task_id -> name, a user's before the analysis's."""
    found = connection.execute(
        sa.select(tasks.c.task_id, tasks.c.name).where(
            tasks.c.project == arguments["project"], tasks.c.analysis_id == analysis_of(arguments)
        )
    )
    return {**{row.task_id: row.name for row in found}, **decided(connection, arguments["project"], "rename")}


def decided(connection: sa.Connection, project: str, kind: str) -> dict[str, Any]:
    """task_id -> the latest decision of this kind. They are few: to rank them in SQL takes longer to plan than to read them."""
    keys = ("task_id", "kind", "recorded_ns")
    others = [column.nulls_first() for column in decisions.c if column.name not in keys]  # the last one holds
    asked = sa.select(decisions.c.task_id, decisions.c.value).where(
        decisions.c.project == project, decisions.c.kind == kind
    )
    found = {
        task: json.loads(value) for task, value in connection.execute(asked.order_by(decisions.c.recorded_ns, *others))
    }
    return {task: value for task, value in found.items() if value is not None}


def read_messages(
    connection: sa.Connection, project: str, hashes: Iterable[str], received_ns: Iterable[int]
) -> dict[str, tuple[str, str]]:
    """message_hash -> (role, content). One whose text is not stored is left out.

    ``received_ns`` are of the calls that refer to them: most texts came with their call, and rows that came together
    lie together. Only what is not found there is looked for among all the hashes (60 ms for two million).
    """
    found: dict[str, tuple[str, str]] = {}
    text = messages.c
    for within in ((text.received_ns.in_(sorted(set(received_ns))),), ()):
        for part in in_parts(set(hashes) - set(found)):
            chosen = (text.message_hash.in_(part), text.project == project, *within)
            rows = connection.execute(sa.select(text.message_hash, text.role, text.content).where(*chosen))
            found |= {key: (role, content) for key, role, content in rows}
    return found


def preview(content: str) -> str:
    """The first ``PREVIEW_CHARS`` characters of what a message says, on one line."""
    words: list[str] = []
    for part in json.loads(content).get("parts") or ():
        kind = part.get("type")
        if kind in ("text", "refusal"):
            words.append(str(part.get("content") or ""))
        elif kind == "tool_call":
            words.append(f"{part.get('name')}({json.dumps(part.get('arguments'), ensure_ascii=False)})")
        elif kind == "tool_call_response":
            response = part.get("response")
            words.append(response if isinstance(response, str) else json.dumps(response, ensure_ascii=False))
        elif kind == "hashed":
            words.append(f"[hashed {part.get('of')}, {part.get('chars')} characters]")
        else:
            words.append(f"[{part.get('modality') or kind}]")
        if sum(map(len, words)) > 4 * PREVIEW_CHARS:
            break
    line = " ".join(" ".join(words)[: 8 * PREVIEW_CHARS].split())
    return line if len(line) <= PREVIEW_CHARS else line[: PREVIEW_CHARS - 1] + "…"


def ordered(rows: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    """``rows`` with exactly ``columns``."""
    return rows.select(list(columns))


def nanoseconds_to_iso(column: pa.ChunkedArray, unit: str) -> pa.Array:
    """Unix nanoseconds as ISO text in UTC, to the day or the minute; null becomes ""."""
    form = "%Y-%m-%d" if unit == "day" else "%Y-%m-%dT%H:%MZ"
    seconds = pc.divide(column, 10**9).cast(pa.timestamp("s"))
    return pc.fill_null(pc.strftime(seconds, format=form), "")
