"""What the app asked twice anyway: how often the baseline agreed with itself, without a replay.

Requests that come again are no random sample of a task's calls (retries, health checks, popular questions), so this is shown and
corrects nothing; a replay of the baseline does (``ceiling.py``). Of each repeated request the first two answers are compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.estimate import clopper_pearson_interval
from suffice_analysis.inputs import Inputs, parse_message
from suffice_analysis.judges import Said, judge_answer
from suffice_analysis.judges.frame import LEARN_FROM, learn_frame
from suffice_analysis.judges.said import parse_said
from suffice_store.console import format_interval, format_share

LEAST, MOST = 10, 400  # repeated requests of a task: fewer say nothing, more are not looked at
_KEY = ("input_hashes", "toolset_hash", "response_format", "parameters", "model")
Columns = Mapping[str, Sequence[Any]]


def repeat_rows(inputs: Inputs, groups: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    """Rows of ``evidence``, one a task that has repeats enough. ``groups``: task id -> indexes of its calls."""
    columns = {name: inputs.column(name) for name in (*_KEY, "output_hashes", "completeness")}
    found = [_row(inputs, columns, task_id, rows) for task_id, rows in groups.items()]
    return [each for each in found if each is not None]


def _row(inputs: Inputs, columns: Columns, task_id: str, rows: Sequence[int]) -> dict[str, Any] | None:
    answered = [i for i in rows if columns["output_hashes"][i] and columns["completeness"][i] == "complete"]
    same: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i in answered:
        same[tuple(map(str, (columns[name][i] for name in _KEY)))].append(i)
    pairs = [(each[0], each[1]) for each in same.values() if len(each) > 1][:MOST]
    if len(pairs) < LEAST:
        return None
    frame = learn_frame([_said(inputs, columns, i) for i in answered[:LEARN_FROM]])
    verdicts = [judge_answer(_said(inputs, columns, a), _said(inputs, columns, b), frame).verdict for a, b in pairs]
    agreed, n = verdicts.count("pass"), len(verdicts) - verdicts.count("unjudged")
    if n < LEAST:
        return None
    low, high = clopper_pearson_interval(agreed, n)
    return {
        "task_id": task_id, "grade": "proxy", "kind": "repeats", "value": agreed / n, "low": low, "high": high, "n": n,
        "sentence": f"Asked the same twice by the app, today's model agreed with itself in {format_share(agreed / n)} "
        f"({format_interval(low, high)}), n = {n:,}; such requests are no random sample, so nothing is corrected for it.",
        "source": "repeated requests in the recorded traffic; docs/statistics.md", "details": "{}",
    }  # fmt: skip


def _said(inputs: Inputs, columns: Columns, i: int) -> Said:
    return parse_said([parse_message(inputs.texts.get(columns["output_hashes"][i][0]))])
