"""Finding: heads to tasks in the making.

Each round clusters a bounded sample of the heads that nobody recognises yet, so that cost grows with
the number of calls, not its square, and rare tasks are still found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from suffice_analysis.discovery.clusters import cluster_rows, split_by_contrast
from suffice_analysis.discovery.heads import Heads, Shape
from suffice_analysis.discovery.matching import match_heads
from suffice_analysis.discovery.reading import HeadReader
from suffice_analysis.discovery.recogniser import (
    SAME_TOOLS,
    make_recogniser,
    template_entry,
    tool_likeness,
)
from suffice_analysis.discovery.vocabulary import Vocabulary, learn_vocabulary

ROUND_HEADS = 20_000
ROUNDS = 6
STRENGTH = 3.7  # a template needs grams that are in 60 % of its heads and sum to this evenness
CONSTANT_SHARE = 0.6
CONSTANT_RUNS = 5  # a request without a system message that never varies is a task from here on
TEMPLATES_PER_TASK = 12
MANY_CALLS = 500
DYNAMIC_TOOLSETS = 12  # more toolsets than this for one text means that tools are chosen per call

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class TaskInMaking:
    """A task while it is being found: heads of each template, largest template first."""

    kind: str
    shape: Shape
    any_tools: bool
    entries: list[dict[str, Any]]
    fixed: Mapping[str, Any] | None = None  # a pinned task's recogniser

    def recogniser(self) -> Mapping[str, Any]:
        return self.fixed or make_recogniser(self.kind, self.shape, self.entries, any_tools=self.any_tools)


def find_tasks(
    heads: Heads, reader: HeadReader, tell: Progress, rest: npt.NDArray[np.int64], executor: Executor | None = None
) -> list[TaskInMaking]:
    """The tasks among the heads ``rest``."""
    tasks: list[TaskInMaking] = []
    for nth in range(ROUNDS):
        sample = rest[:: max(1, -(-len(rest) // ROUND_HEADS))]
        tell("finding templates", 0.1 + 0.6 * nth / ROUNDS)
        found = find_in(sample, heads, reader)
        tasks += found
        if len(sample) == len(rest) or not found:
            break
        matched, _, _ = match_heads([task.recogniser() for task in found], reader, rest, executor)
        rest = rest[matched < 0]
    return tasks


def groups_of(labels: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """The positions of each label from 0 on, ascending; labels under 0 are none."""
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.searchsorted(labels[order], np.arange(int(labels.max(initial=-1)) + 1)))[1:]


def find_in(sample: npt.NDArray[np.int64], heads: Heads, reader: HeadReader) -> list[TaskInMaking]:
    vocabulary = learn(sample, heads, reader)
    documents = reader.documents(sample)
    rows = vocabulary.rows(documents)
    free = documents.sizes() - np.diff(rows.indptr)
    told = np.flatnonzero(np.diff(rows.indptr) > 0)
    rows, sample, free = rows[told], sample[told], free[told]
    template_of, task_of = cluster_rows(rows)
    tasks: list[TaskInMaking] = []
    places = vocabulary.evenness * vocabulary.at_edge
    for members in groups_of(task_of):
        for shape, any_tools, same_shape in _by_shape(members, sample, heads):
            if not _comes_again(heads, sample[same_shape], reader):
                continue
            for within in split_by_contrast(rows[same_shape], places, STRENGTH, free[same_shape]):
                part = same_shape[within]
                if _comes_again(heads, sample[part], reader) and _has_template(rows[part], vocabulary):
                    entries = _entries(rows, part, template_of, vocabulary, shape)
                    tasks.append(TaskInMaking("template", shape, any_tools, entries))
    return tasks


def learn(sample: npt.NDArray[np.int64], heads: Heads, reader: HeadReader) -> Vocabulary:
    """What recurs over the runs of these heads."""
    runs_of: dict[str, list[npt.NDArray[np.int64]]] = {}
    for k in sample:
        runs = heads.head_runs[k]
        for message in set(heads.messages[k]):
            once = len(runs) == 1 and heads.calls[k] > 1 and reader.role(message) == "system"
            # a system message is template by its role, also where only one run was seen: count that run twice
            runs_of.setdefault(message, []).append(np.append(runs, -1 - runs[0]) if once else runs)
    messages = sorted(runs_of)
    return learn_vocabulary(messages, [_distinct(runs_of[m]) for m in messages], reader.grams)


def _distinct(runs: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """The distinct runs of several heads, ascending; those of one head are."""
    return (
        runs[0]
        if len(runs) == 1 and runs[0][-1] >= 0
        else np.sort(np.asarray(list(set(np.concatenate(runs).tolist()))))
    )


def _by_shape(
    members: npt.NDArray[np.int64], sample: npt.NDArray[np.int64], heads: Heads
) -> list[tuple[Shape, bool, npt.NDArray[np.int64]]]:
    """Parts of a text cluster that differ in operation, asked form or tools. Tools chosen per call do not split."""
    calls_of: dict[Shape, int] = {}
    for k in members:
        shape = heads.shape(sample[k])
        calls_of[shape] = calls_of.get(shape, 0) + int(heads.calls[sample[k]])
    ordered = sorted(calls_of, key=lambda s: (-calls_of[s], s.operation, s.form, sorted(s.tools)))
    leaders: list[Shape] = []
    leader_of: dict[Shape, int] = {}
    for shape in ordered:
        at = next((i for i, leader in enumerate(leaders) if _same_shape(leader, shape)), len(leaders))
        if at == len(leaders):
            leaders.append(shape)
        leader_of[shape] = at
    dynamic = len(leaders) > DYNAMIC_TOOLSETS
    groups: dict[Any, list[int]] = {}
    for k in members:
        shape = heads.shape(sample[k])
        leader = leaders[leader_of[shape]]
        groups.setdefault((leader.operation, leader.form) if dynamic else leader_of[shape], []).append(int(k))
    return [(leaders[leader_of[heads.shape(sample[part[0]])]], dynamic, np.asarray(part)) for part in groups.values()]


def _same_shape(one: Shape, other: Shape) -> bool:
    return (
        one.operation == other.operation
        and one.form == other.form
        and tool_likeness(one.tools, other.tools) >= SAME_TOOLS
    )


def _comes_again(heads: Heads, members: npt.NDArray[np.int64], reader: HeadReader) -> bool:
    """Two requests that differ are enough; one request word for word must come more often."""
    has_system = any(reader.role(message) == "system" for message in heads.messages[members[0]])
    times = int((heads.calls if has_system else heads.runs)[members].sum())
    return times >= (2 if len(members) > 1 or has_system else CONSTANT_RUNS)


def _has_template(rows: sparse.csr_matrix, vocabulary: Vocabulary) -> bool:
    shares = np.bincount(rows.indices, minlength=rows.shape[1]) / rows.shape[0]
    common = np.flatnonzero(shares >= CONSTANT_SHARE)
    return bool(vocabulary.evenness[common].sum() >= STRENGTH) if len(common) else False


def _entries(
    rows: sparse.csr_matrix,
    part: npt.NDArray[np.int64],
    template_of: npt.NDArray[np.int64],
    vocabulary: Vocabulary,
    shape: Shape,
) -> list[dict[str, Any]]:
    """The task's templates, those with most heads first."""
    labels, sizes = np.unique(template_of[part], return_counts=True)
    largest = labels[np.lexsort((labels, -sizes))][:TEMPLATES_PER_TASK]
    groups = [part[template_of[part] == label] for label in largest]
    entries = []
    for group in groups:
        shares = np.bincount(rows[group].indices, minlength=rows.shape[1]) / len(group)
        common = np.flatnonzero(shares >= 0.5)
        if not len(common):
            continue
        grams = vocabulary.grams[common]
        point_id = "p_" + _digest(np.sort(grams)[:64], shape)
        entries.append(template_entry(point_id, grams, vocabulary.weights[common], shares[common]))
    return entries


def drop_small(tasks: Sequence[TaskInMaking], task_of: npt.NDArray[np.int64], heads: Heads) -> list[TaskInMaking]:
    """Without tasks that too few calls came to: with many calls, two alike are chance, and clutter in a list."""
    calls = np.bincount(task_of + 1, weights=heads.calls, minlength=len(tasks) + 1)[1:]
    least = 3 if heads.calls.sum() >= MANY_CALLS else 2
    return [task for task, count in zip(tasks, calls, strict=True) if count >= least and task.fixed is None]


def add_open_tasks(tasks: list[TaskInMaking], task_of: npt.NDArray[np.int64], heads: Heads) -> None:
    """What no template takes: one open task for each shape."""
    rest = np.flatnonzero(task_of < 0)
    for shape, any_tools, part in _by_shape(rest, np.arange(len(heads)), heads):
        task_of[part] = len(tasks)
        tasks.append(TaskInMaking("open", shape, any_tools, []))


def _digest(grams: npt.NDArray[Any], shape: Shape) -> str:
    h = blake2b(grams.astype("<u8").tobytes(), digest_size=6)
    h.update("\0".join((shape.operation, shape.form, *sorted(shape.tools))).encode("utf-8", "surrogatepass"))
    return h.hexdigest()
