"""Matching: heads to the recognisers that take them, a batch at a time. The work unit holds no state but its recognisers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from suffice_analysis.discovery.documents import of_arrow
from suffice_analysis.discovery.heads import Shape
from suffice_analysis.discovery.reading import HeadReader
from suffice_analysis.discovery.recogniser import Matcher, Recogniser
from suffice_analysis.parallel import map_batches

BATCH_HEADS = 8192

Ints = npt.NDArray[np.int64]


def match_heads(
    recognisers: Sequence[Recogniser], reader: HeadReader, which: Ints, executor: Executor | None = None
) -> tuple[Ints, Ints, list[str]]:
    """(task, template) of each of these heads (ascending), -1 = none: places in ``recognisers`` and in the third, the
    templates' ids."""
    matcher = Matcher(recognisers)
    if not recognisers or not len(which):
        none = np.full(len(which), -1, dtype=np.int64)
        return none, none.copy(), matcher.point_ids
    heads = reader.heads
    parts = [which[start : start + BATCH_HEADS] for start in range(0, len(which), BATCH_HEADS)]
    if executor is None or len(parts) == 1:
        found = [matcher.match_kinds(reader.documents(part), heads.shapes, heads.shape_of[part]) for part in parts]
        tasks, templates = [each.task for each in found], [each.template for each in found]
    else:
        work = partial(match_documents, json.dumps(list(recognisers)))
        read = list(map_batches(work, _batches(reader, parts), executor))
        tasks, templates = [each["task"].to_numpy() for each in read], [each["template"].to_numpy() for each in read]
    return np.concatenate(tasks), np.concatenate(templates), matcher.point_ids


def match_documents(recognisers: str, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Work unit: ``grams`` (distinct, ascending) and ``shape`` (JSON) of each document -> ``task`` and ``template``.

    ``recognisers`` as a JSON list.
    """
    shapes = [_shape(text) for text in batch["shape"].dictionary.to_pylist()]
    matched = _matcher(recognisers).match_kinds(
        of_arrow(batch["grams"]), shapes, batch["shape"].indices.to_numpy().astype(np.int64)
    )
    return pa.RecordBatch.from_arrays([pa.array(matched.task), pa.array(matched.template)], ["task", "template"])


def _batches(reader: HeadReader, parts: Sequence[Ints]) -> Iterator[pa.RecordBatch]:
    heads = reader.heads
    for part in parts:
        used, kind = np.unique(heads.shape_of[part], return_inverse=True)
        texts = [json.dumps([s.operation, sorted(s.tools), s.form]) for s in (heads.shapes[k] for k in used.tolist())]
        shape = pa.DictionaryArray.from_arrays(pa.array(kind, pa.int32()), pa.array(texts, pa.string()))
        yield pa.RecordBatch.from_arrays([reader.documents(part).arrow(), shape], ["grams", "shape"])


@lru_cache(maxsize=2)
def _matcher(recognisers: str) -> Matcher:
    """Of one round; every batch of it brings the same."""
    return Matcher(json.loads(recognisers))


@lru_cache(maxsize=4096)
def _shape(text: str) -> Shape:
    operation, tools, form = json.loads(text)
    return Shape(operation, frozenset(tools), form)
