"""What a role sees of a read: no text, masked text, or all of it. Here and not in a page, so that nobody gets round it.

What is text is decided by exclusion: a column is shown to everybody only if it is listed as plain (an id, a name of a
thing, a measure in words), so that a column somebody adds is hidden until somebody thought about it.
"""

# ruff: noqa: SIM905  (a list of words reads as one)

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from suffice_collector.identity import Identity, RefusedError
from suffice_collector.masking import masked_text, masked_value

PLAIN_COLUMNS = frozenset(
    """
    project call_id external_id trace_id span_id parent_span_id run_id run_name service environment agent_name task_name
    conversation_id call_site server_address operation provider wire_format request_model response_model response_id model
    service_tier error_type finish_reason completeness usage_source usage_raw input_hashes output_hashes chain_before
    chain_after toolset_hash source dialect message_hash role direction task_id shown_task_name action duplicate_of
    duplicate_rule rule previous_call_id point_id target target_id analysis_id basis data_hash suffice_version name name_source
    kind answer_form hci hci_rule services models verdict verdict_reason levers example_call_ids example_call_id grade
    sentence measure candidate mode method alternative note assumptions quality_grade key dimension value table_name tier
    source_date decision_id decided_by key_id scopes email recorded_by journal campaign_id replay_call_id variant design status
    reason cluster stratum failure judge host slice_id conditions change other_ids chosen_by evidence alert_id subject title channel state window
    """.split()
)
ADMIN_READS = frozenset({"keys", "members", "retention", "dead_letters", "text_sizes"})
SHARED_READS = frozenset({"prices"})  # rows of no project are the catalogue
EXPORTS = frozenset(
    {"analysis_calls", "analysis_messages", "toolsets", "replay_calls"}
)  # everything of a project at once


def has_text(columns: tuple[str, ...]) -> bool:
    """Whether a read may tell what was said."""
    return not TEXT_COLUMNS.isdisjoint(columns)


# Of the columns that are not plain, those that hold what was said: reading them goes into the audit log.
TEXT_COLUMNS = frozenset(
    "request_preview answer_preview content tools template example error_message attributes parameters recogniser remark".split()
)


def check_read(identity: Identity, name: str, parameters: Mapping[str, Any], columns: tuple[str, ...]) -> None:
    """Raises RefusedError where the role may not make this read at all."""
    if name in ADMIN_READS and not identity.may("admin"):
        raise RefusedError(403, f"read '{name}' needs scope admin")
    if identity.role is None:
        raise RefusedError(403, "this key reads nothing: it needs scope read")
    if parameters.get("search") and not identity.sees("analyst"):
        raise RefusedError(403, "role reader sees no text and can't search in it: ask for role analyst")
    if parameters.get("user") and not identity.sees("analyst"):  # else asking tells who there is
        raise RefusedError(403, "role reader sees no users and can't filter by one: ask for role analyst")
    if identity.role == "auditor" and has_text(columns) and not identity.reason:
        raise RefusedError(403, "an auditor sees unmasked text and says why: send the reason as X-Suffice-Reason")


def shown(rows: pa.Table, identity: Identity, name: str = "") -> pa.Table:
    """The rows as this identity may see them: of its project, and with text hidden or masked."""
    if identity.project is not None and "project" in rows.column_names:
        whose = (identity.project, "") if name in SHARED_READS else (identity.project,)
        mask = [project in whose for project in rows.column("project").to_pylist()]
        rows = rows.filter(pa.array(mask, pa.bool_()))
    if identity.sees("auditor"):
        return rows
    for index, field in enumerate(rows.schema):
        if field.name not in PLAIN_COLUMNS and _may_hold_text(field.type):
            rows = rows.set_column(index, field, _hidden(rows.column(index), identity))
    return rows


def _may_hold_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_nested(kind)
    )


def _hidden(column: pa.ChunkedArray, identity: Identity) -> pa.Array:
    if not identity.sees("analyst") or not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return pa.nulls(len(column), column.type)
    return pa.array([None if text is None else _masked(text) for text in column.to_pylist()], column.type)


def _masked(text: str) -> str:
    """Inside JSON each text is masked by itself, so that the JSON stays whole."""
    if text[:1] in "{[":
        try:
            value = json.loads(text)
        except ValueError:
            return masked_text(text)
        return json.dumps(masked_value(value), ensure_ascii=False)
    return masked_text(text)
