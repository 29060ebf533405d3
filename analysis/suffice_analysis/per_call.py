"""What is said of each call: its action, its slice, whether it talks to a human. And the rows that follow from it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from suffice_analysis import answers
from suffice_analysis.discovery.types import Discovery
from suffice_analysis.hci import Hci, calls_hci, persona_of
from suffice_analysis.inputs import Inputs, parse_message
from suffice_analysis.replay.results import Result
from suffice_analysis.report.wording import hci_words
from suffice_analysis.slices import Slice, find_slices, holds
from suffice_analysis.visible import Visible

Row = dict[str, Any]


@dataclass(frozen=True)
class PerCall:
    """Aligned with the calls, but for ``slices``: those of each task that has any."""

    actions: list[str | None]
    hci: list[Hci]
    slice_ids: list[str | None]
    slices: Mapping[str, list[Slice]] = field(default_factory=dict)


def read_per_call(
    inputs: Inputs,
    found: Discovery,
    groups: Mapping[str, Sequence[int]],
    visible: Visible,
    replayed: Mapping[str, Sequence[Result]] | None = None,
) -> PerCall:
    """``groups``: the calls of each task; ``visible``: what was visible in each call's request; ``replayed``: of each task."""
    actions = call_actions(inputs)
    columns: dict[str, Sequence[Any]] = {
        "operation": inputs.column("operation"),
        "response_format": inputs.column("response_format"),
        "action": actions,
        "last": visible.categories["last"].tolist(),
        "step": visible.numbers["step"].tolist(),
    }
    personas = {task_id: persona_of(task.template) for task_id, task in found.tasks.items()}
    runs = [run or call for run, call in zip(inputs.column("run_id"), inputs.column("call_id"), strict=True)]
    slice_ids = np.full(len(actions), None, dtype=object)
    slices: dict[str, list[Slice]] = {}
    place_of = {call: i for i, call in enumerate(inputs.column("call_id"))} if replayed else {}
    for task_id, members in groups.items():
        rows = np.asarray(members, dtype=np.int64)
        verdicts = _replay_verdicts(replayed.get(task_id, ()) if replayed else (), place_of)
        slices[task_id] = find_slices(task_id, rows, visible, actions, runs, verdicts)
        for each in slices[task_id]:
            slice_ids[rows[holds(each.conditions, visible, rows)]] = each.slice_id
    hci = calls_hci(columns, [personas.get(task_id or "") for task_id in found.task_ids])
    return PerCall(actions, hci, slice_ids.tolist(), slices)


def _replay_verdicts(results: Sequence[Result], place_of: Mapping[str, int]) -> dict[int, str]:
    """Pass or fail of each replayed call of a task, by the candidate and variant that answered most."""
    most = max(results, key=lambda r: (r.counts.judged, r.candidate, r.variant), default=None)
    rows = most.rows if most is not None else ()
    return {
        place_of[r["call_id"]]: r["verdict"]
        for r in rows
        if r["verdict"] in ("pass", "fail") and r["call_id"] in place_of
    }


def call_actions(inputs: Inputs) -> list[str | None]:
    """What the model did in each call; None where no answer is recorded. Each answer text is read once."""
    known: dict[str, str] = {}
    actions: list[str | None] = []
    for hashes in inputs.column("output_hashes"):
        if not hashes:
            actions.append(None)
            continue
        if hashes[0] not in known:
            known[hashes[0]] = answers.action([parse_message(inputs.texts.get(hashes[0]))])
        actions.append(known[hashes[0]])
    return actions


def hci_counts(per_call: PerCall, rows: Sequence[int]) -> Row:
    """How many of a task's calls talk to a human and how many do not; the rest is unknown."""
    words = Counter(per_call.hci[i].word for i in rows)
    return {"hci_yes_calls": words["yes"], "hci_no_calls": words["no"]}


def with_hci_counts(evidence: Row, counts: Row, calls: int) -> Row:
    """The evidence of who reads a task, with what holds call by call: ``no 99 %, unknown 1 %``. Any other as it is."""
    if evidence["kind"] != "hci":
        return evidence
    said = evidence["sentence"].removesuffix(".")
    return evidence | {"sentence": f"{said}; call by call: {hci_words({**counts, 'calls': calls})}."}


def action_rows(groups: Mapping[str, Sequence[int]], actions: Sequence[str | None], inputs: Inputs) -> list[Row]:
    """Rows of ``actions``."""
    call_ids = inputs.column("call_id")
    rows = []
    for task_id, members in groups.items():
        counts = Counter(a for i in members if (a := actions[i]) is not None)
        first: dict[str, str] = {}
        for i in members:
            if (action := actions[i]) is not None:
                first.setdefault(action, call_ids[i])
        for action, calls in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            rows.append({"task_id": task_id, "action": action, "calls": calls, "example_call_id": first[action]})
    return rows


def change_rows(found: Discovery) -> list[Row]:
    """Rows of ``task_changes``."""
    return [
        {
            "change": each.change,
            "task_id": each.task_id,
            "other_ids": json.dumps(each.other_ids),
            "calls": each.calls,
            "sentence": each.sentence,
        }
        for each in found.changes
    ]


def assignments(stamp: Mapping[str, str], inputs: Inputs, found: Discovery, per_call: PerCall) -> pa.Table:
    """The table ``assignments``, in the order of ids: the store finds some calls' tasks without reading all (40 ms a million)."""
    n = inputs.calls.num_rows
    rows = pa.table(
        {
            "project": pa.array([stamp["project"]] * n, pa.string()),
            "analysis_id": pa.array([stamp["analysis_id"]] * n, pa.string()),
            "call_id": inputs.calls["call_id"],
            "task_id": pa.array(found.task_ids, pa.string()),
            "point_id": pa.array(found.point_ids, pa.string()),
            "action": pa.array(per_call.actions, pa.string()),
            "slice_id": pa.array(per_call.slice_ids, pa.string()),
            "hci": pa.array([each.word for each in per_call.hci], pa.string()),
            "hci_rule": pa.array([each.rule for each in per_call.hci], pa.string()),
        }
    )
    return rows.sort_by("call_id")
