"""Discovery: from the requests of recorded calls to tasks.

    heads -> template grams -> near-equal rows are templates -> templates alike are tasks
          -> split by tools and asked form -> recognisers -> every head to its best recogniser
          -> what no template takes is an open task of its shape

Only requests are read: no id, trace, model, service or tag. Names the app gave are used to name, never
to group. What proves it: ``benchmarks/tasks.py`` and ``tests/analysis/discovery``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from suffice.wire.call import ToolDefinition
from suffice_analysis.answers import answer_form
from suffice_analysis.discovery.changes import find_changes
from suffice_analysis.discovery.finding import (
    CONSTANT_SHARE,
    Progress,
    TaskInMaking,
    add_open_tasks,
    drop_small,
    find_tasks,
    groups_of,
)
from suffice_analysis.discovery.heads import Heads, Shape, read_heads
from suffice_analysis.discovery.identity import keep_known_ids
from suffice_analysis.discovery.joining import join_tasks
from suffice_analysis.discovery.matching import match_heads
from suffice_analysis.discovery.naming import Nameable, name_tasks
from suffice_analysis.discovery.reading import HeadReader
from suffice_analysis.discovery.templates import render_template
from suffice_analysis.discovery.text import GramReader, in_sorted, message_parts
from suffice_analysis.discovery.types import Discovery, FoundTask, FoundTemplate, KnownTask, MessageText

SAMPLE_HEADS = 60  # of a template, to tell what is constant in it
SAMPLE_ANSWERS = 40  # of a task, to tell the form of its answers
EXAMPLE_CHARS = 200
MAP_DIMENSIONS = 64


def discover(
    calls: pa.Table,
    texts: Mapping[str, MessageText],
    toolsets: Mapping[str, Sequence[ToolDefinition]],
    *,
    seed: int = 0,
    known: Sequence[KnownTask] = (),
    merged: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    executor: Executor | None = None,
) -> Discovery:
    """The tasks of ``calls`` (the read ``analysis_calls``), aligned with its rows.

    ``texts`` maps message hash to role and canonical parts, ``toolsets`` toolset hash to definitions.
    ``known`` tasks of earlier analyses keep their ids where found again; ``merged`` maps the ids of tasks that a user
    merged to the id they are merged into. The same content gives the
    same tasks in any order of calls. ``seed`` fixes the projection behind the map; tasks do not depend on it. ``executor``:
    where texts are read and heads matched; the result is the same with and without.
    """
    tell = progress or (lambda stage, share: None)
    if calls.num_rows == 0:
        return Discovery([], [], {}, [], np.zeros((0, MAP_DIMENSIONS), dtype=np.float32))
    tell("reading requests", 0.0)
    heads = read_heads(calls, texts, toolsets)
    reader = HeadReader(heads, texts, executor)
    every = np.arange(len(heads))
    known = [
        task for task in known if "conditions" not in task.recogniser
    ]  # a part that a user split off is no template
    known_of, _, _ = match_heads([task.recogniser for task in known], reader, every, executor)
    pinned = [k for k, task in enumerate(known) if task.pinned]
    free = np.flatnonzero(~np.isin(known_of, pinned))
    making = [_pinned(known[k]) for k in pinned] + find_tasks(heads, reader, tell, free, executor)
    tell("assigning calls", 0.7)
    task_of, _, _ = match_heads([task.recogniser() for task in making], reader, every, executor)
    making = making[: len(pinned)] + drop_small(making, task_of, heads)
    task_of, template_of, point_ids = match_heads([task.recogniser() for task in making], reader, every, executor)
    for place, k in enumerate(pinned):
        template_of[(known_of == k) & (task_of != place)] = -1
        task_of[known_of == k] = place
    add_open_tasks(making, task_of, heads)
    used, task_of = np.unique(task_of, return_inverse=True)
    making = [making[t] for t in used]

    tell("naming tasks", 0.85)
    fresh = [fresh_id(task) for task in making]
    known_ids = [task.task_id for task in known]
    ids = keep_known_ids(fresh, task_of, known_ids, known_of, heads.calls)
    making, ids, task_of = join_tasks(making, ids, task_of, merged or {}, known_ids, known_of, heads.calls)
    point_of = _points(ids, task_of, template_of, point_ids)
    texts_of = _TemplateTexts(point_of, reader)
    templates = [texts_of.commonest(members) for members in groups_of(task_of)]
    names = name_tasks(_nameables(calls, texts, heads, task_of, making, templates))
    calls_of = np.bincount(task_of, weights=heads.calls).astype(int)
    tasks = {
        ids[t]: FoundTask(ids[t], *names[t], templates[t], making[t].recogniser(), int(calls_of[t]))
        for t in sorted(range(len(ids)), key=lambda t: (-calls_of[t], ids[t]))
    }
    points, vectors = _found_templates(texts_of, ids, task_of, reader, seed)
    tell("done", 1.0)
    changes = find_changes(ids, [name for name, _ in names], task_of, known, known_of, heads.calls)
    of_call = heads.of_call.tolist()
    task_ids = [ids[t] for t in task_of.tolist()]
    return Discovery([task_ids[h] for h in of_call], [point_of[h] for h in of_call], tasks, points, vectors, changes)


def _pinned(task: KnownTask) -> TaskInMaking:
    """A pinned task, to be found again as it is."""
    known = task.recogniser
    shape = Shape(known["operation"], frozenset(known["tools"] or ()), known["form"])
    return TaskInMaking(known["kind"], shape, known["tools"] is None, list(known["templates"]), fixed=known)


def fresh_id(task: TaskInMaking) -> str:
    """An id made from what the task is recognised by, so the same data give the same one."""
    h = blake2b(digest_size=6)
    tools = ("*",) if task.any_tools else sorted(task.shape.tools)
    for each in (task.kind, task.shape.operation, task.shape.form, *tools):
        h.update(each.encode("utf-8", "surrogatepass") + b"\0")
    if task.entries:
        h.update(task.entries[0]["grams"].encode())
    return "t_" + h.hexdigest()


def _points(
    ids: Sequence[str], task_of: npt.NDArray[np.int64], template_of: npt.NDArray[np.int64], point_ids: Sequence[str]
) -> list[str]:
    """The template of each head; an open task has one, its own."""
    return [
        point_ids[template] if template >= 0 else "p_" + ids[task].removeprefix("t_")
        for task, template in zip(task_of.tolist(), template_of.tolist(), strict=True)
    ]


class _TemplateTexts:
    """What is constant in templates, each read once."""

    def __init__(self, point_of: Sequence[str], reader: HeadReader) -> None:
        self.point_of = point_of
        self._reader = reader
        self._words = GramReader()
        self._known: dict[tuple[int, int, int], str] = {}

    def commonest(self, members: npt.NDArray[np.int64]) -> str:
        """The constant text of the commonest template among the heads."""
        count_of = Counter(self.point_of[h] for h in members.tolist()).most_common()
        most = min(point for point, count in count_of if count == count_of[0][1])
        return self.of([h for h in members.tolist() if self.point_of[h] == most])

    def of(self, own: Sequence[int]) -> str:
        """The constant text of heads of one template, on the one that shows most of it."""
        key = (own[0], own[-1], len(own))  # a task's commonest template is mostly its own
        if key not in self._known:
            sample = own[:: max(1, -(-len(own) // SAMPLE_HEADS))]
            documents = self._reader.documents(np.asarray(sample))
            grams, counts = np.unique(documents.grams, return_counts=True)
            constant = grams[counts >= max(CONSTANT_SHARE * len(sample), min(2, len(sample)))]
            document = np.repeat(np.arange(len(sample)), documents.sizes())
            covered = np.bincount(document[in_sorted(documents.grams, constant)], minlength=len(sample))
            messages = self._reader.heads.messages[sample[int(np.argmax(covered))]]
            self._known[key] = render_template([self._reader.message(m) for m in messages], constant, self._words)
        return self._known[key]


def _nameables(
    calls: pa.Table,
    texts: Mapping[str, MessageText],
    heads: Heads,
    task_of: npt.NDArray[np.int64],
    making: Sequence[TaskInMaking],
    templates: Sequence[str],
) -> list[Nameable]:
    of_call = task_of[heads.of_call]
    app_names: list[Counter[str]] = [Counter() for _ in making]
    forms: list[Counter[str]] = [Counter() for _ in making]
    sizes = np.bincount(of_call, minlength=len(making))
    given = zip(
        *(
            calls[name].to_pylist() if name in calls.column_names else [None] * calls.num_rows
            for name in ("task_name", "agent_name", "output_hashes")
        ),
        strict=True,
    )
    for t, (task_name, agent_name, outputs) in zip(of_call.tolist(), given, strict=True):
        if task_name or agent_name:
            app_names[t][task_name or agent_name] += 1
        if forms[t].total() < SAMPLE_ANSWERS and outputs and outputs[0] in texts:
            role, content = texts[outputs[0]]
            forms[t][answer_form([{"role": role, "parts": message_parts(content)}])] += 1
    return [
        Nameable(
            app_names=app_names[t],
            calls=int(sizes[t]),
            template=templates[t],
            tools=sorted(f for f in making[t].shape.tools if "." not in f),
            form=making[t].shape.form,
            answer_form=forms[t].most_common(1)[0][0] if forms[t] else "",
            is_open=making[t].kind == "open",
            operation=making[t].shape.operation,
        )
        for t in range(len(making))
    ]


def _found_templates(
    texts_of: _TemplateTexts, ids: Sequence[str], task_of: npt.NDArray[np.int64], reader: HeadReader, seed: int
) -> tuple[list[FoundTemplate], npt.NDArray[np.float32]]:
    """Each template with an example, and a vector to lay it out by: its grams, signed at random into few dimensions."""
    members: dict[str, list[int]] = {}
    for head, point in enumerate(texts_of.point_of):
        members.setdefault(point, []).append(head)
    found: list[FoundTemplate] = []
    vectors = np.zeros((len(members), MAP_DIMENSIONS), dtype=np.float32)
    for i, (point, own) in enumerate(sorted(members.items())):
        example = " ".join(texts_of.of(own)[: 4 * EXAMPLE_CHARS].split())
        calls = int(reader.heads.calls[own].sum())
        found.append(FoundTemplate(point, ids[task_of[own[0]]], calls, example[:EXAMPLE_CHARS]))
        sample = own[:: max(1, -(-len(own) // 20))]
        grams = reader.documents(np.asarray(sample)).grams
        mixed = (grams ^ np.uint64(seed)) * np.uint64(0xD6E8FEB86659FD93)
        place = (mixed >> np.uint64(57)).astype(np.int64) % MAP_DIMENSIONS
        sign = np.where((mixed >> np.uint64(40)) & np.uint64(1), 1.0, -1.0)
        vectors[i] = np.bincount(place, weights=sign, minlength=MAP_DIMENSIONS)
        length = float(np.linalg.norm(vectors[i]))
        if length:
            vectors[i] /= length
    return found, vectors
