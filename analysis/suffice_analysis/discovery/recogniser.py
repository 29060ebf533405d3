"""Recognisers: a small versioned record by which new calls get a task, without clustering again.

    {"version": 1, "kind": "template" | "open",
     "operation": "chat", "form": "json_object", "tools": ["search", "search.query"] | null (= any),
     "threshold": 0.3,
     "templates": [{"point_id", "grams", "weights", "shares"}, ...]}

``grams`` are hashes (base64 of little-endian uint64), so a recogniser holds no text. A request's score
for a task is the best, over its templates, of

    cosine(request's grams by weight, template's grams by weight x share of its calls that have them)
        x min(1, length of the request's grams / length of the template's)  x  fit

The second factor keeps free text that begins like a template from being taken for it; ``fit`` is 1 if the tools and the asked form are the task's, else less. An open task (no template
beyond its shape) takes what no template takes. Discovery itself assigns with this, so both agree.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from suffice_analysis.discovery.documents import Documents, distinct_grams, of_arrays
from suffice_analysis.discovery.heads import Request, Shape
from suffice_analysis.discovery.text import GramReader, Grams
from suffice_analysis.discovery.vocabulary import Vocabulary, row_lengths, unit_rows

VERSION = 1
THRESHOLD = 0.3
OPEN_SCORE = 0.1  # what an open task of the right shape scores: less than any template that is accepted
MISFIT = 0.35  # other tools or another form: only a nearly equal text (cosine > 0.86) outweighs it
SAME_TOOLS = 0.5  # Jaccard of tool features from which two toolsets are versions of one
TEMPLATE_GRAMS = 384
DOCUMENT_ROWS = 4096
FITS_KEPT = 5000  # shapes

Recogniser = Mapping[str, Any]


def template_entry(point_id: str, grams: Grams, weights: npt.NDArray[Any], shares: npt.NDArray[Any]) -> dict[str, Any]:
    """One template of a recogniser; of many grams those with the smallest hashes, which is an unbiased choice."""
    order = np.argsort(grams)[:TEMPLATE_GRAMS]
    return {
        "point_id": point_id,
        "grams": _pack(grams[order].astype("<u8")),
        "weights": _pack(weights[order].astype("<f4")),
        "shares": _pack(np.round(shares[order] * 255).astype("u1")),
    }


def make_recogniser(
    kind: str, shape: Shape, templates: list[dict[str, Any]], *, any_tools: bool = False
) -> dict[str, Any]:
    """See the module's text for the fields."""
    return {
        "version": VERSION,
        "kind": kind,
        "operation": shape.operation,
        "form": shape.form,
        "tools": None if any_tools else sorted(shape.tools),
        "threshold": THRESHOLD,
        "templates": templates,
    }


def tool_likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard of tool features; two empty sets are the same."""
    return len(one & other) / len(one | other) if one or other else 1.0


@dataclass(frozen=True, slots=True)
class Matched:
    """What a request was matched to: positions of task and template (-1 = none) and the score, each [requests]."""

    task: npt.NDArray[np.int64]
    template: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]


class _Wanted(NamedTuple):
    """What a task asks of a request beside its text. Many tasks ask the same."""

    operation: str
    form: str
    tools: frozenset[str] | None  # None: any


def _wanted(recogniser: Recogniser) -> _Wanted:
    tools = recogniser["tools"]
    return _Wanted(recogniser["operation"], recogniser["form"], None if tools is None else frozenset(tools))


def _fit(wanted: _Wanted, shape: Shape) -> float:
    if wanted.operation != shape.operation:
        return 0.0
    tools = wanted.tools
    same_tools = tools is None or tools == shape.tools
    if tools is not None and not same_tools and not tools.isdisjoint(shape.tools):  # most share none
        same_tools = tool_likeness(tools, shape.tools) >= SAME_TOOLS
    return (1.0 if same_tools else MISFIT) * (1.0 if wanted.form == shape.form else MISFIT)


class Matcher:
    """Many recognisers at once. ``point_ids`` are the templates' ids in the order ``Matched.template`` counts."""

    def __init__(self, recognisers: Sequence[Recogniser]) -> None:
        known = [r["kind"] == "open" and r.get("version") == VERSION for r in recognisers]
        self._is_open = np.asarray(known, dtype=bool)
        wanted: dict[_Wanted, int] = {}
        self._wanted_of = np.asarray([wanted.setdefault(_wanted(r), len(wanted)) for r in recognisers], dtype=np.int64)
        self._wanted = list(wanted)
        self._fits: dict[Shape, npt.NDArray[np.float32]] = {}
        self.point_ids: list[str] = []
        self._task_of: list[int] = []
        entries = []
        for t, recogniser in enumerate(recognisers):
            if recogniser.get("version") != VERSION:
                continue
            for entry in recogniser["templates"]:
                self.point_ids.append(entry["point_id"])
                self._task_of.append(t)
                entries.append(
                    (
                        _unpack(entry["grams"], "<u8"),
                        _unpack(entry["weights"], "<f4"),
                        _unpack(entry["shares"], "u1") / 255,
                    )
                )
        every = np.concatenate([e[0] for e in entries]) if entries else np.zeros(0, dtype=np.uint64)
        weights = np.concatenate([e[1] for e in entries]) if entries else np.zeros(0, dtype=np.float32)
        grams, first = np.unique(every, return_index=True)
        ones = np.ones(len(grams), dtype=np.float32)
        self.vocabulary = Vocabulary(grams.astype(np.uint64), weights[first].astype(np.float32), ones, ones)
        sizes = np.asarray([len(e[0]) for e in entries], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        values = weights * (np.concatenate([e[2] for e in entries]) if entries else weights)
        whole = sparse.csr_matrix(
            (values.astype(np.float32), np.searchsorted(grams, every), starts),
            shape=(len(entries), max(len(grams), 1)),
        )
        self._lengths = row_lengths(whole)
        self._lengths[self._lengths == 0] = 1.0
        self._templates = unit_rows(whole).T.tocsr() if entries else None
        self._thresholds = np.asarray([float(r.get("threshold", THRESHOLD)) for r in recognisers], dtype=np.float32)

    def match(self, documents: Sequence[Grams], shapes: Sequence[Shape]) -> Matched:
        """The best task and template for each document (its distinct grams, any order) and shape."""
        kinds: dict[Shape, int] = {}
        kind_of = np.asarray([kinds.setdefault(shape, len(kinds)) for shape in shapes], dtype=np.int64)
        return self.match_kinds(of_arrays(documents), list(kinds), kind_of)

    def match_kinds(self, documents: Documents, shapes: Sequence[Shape], shape_of: npt.NDArray[np.int64]) -> Matched:
        """The same where the shapes are few: ``shape_of`` says which of ``shapes`` each document has."""
        n = len(documents)
        matched = Matched(np.full(n, -1, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.float32))
        used, kind_of = np.unique(shape_of, return_inverse=True)
        kinds = [shapes[k] for k in used.tolist()]
        fits = np.asarray([self._fits_of(shape) for shape in kinds], dtype=np.float32)
        task_of = np.asarray(self._task_of, dtype=np.int64)
        for start in range(0, n if self._templates is not None else 0, DOCUMENT_ROWS):
            part = slice(start, min(start + DOCUMENT_ROWS, n))
            rows = self.vocabulary.weighted_rows(documents.part(part.start, part.stop))
            lengths = row_lengths(rows)
            found = (unit_rows(rows) @ self._templates).tocsr()
            found.sort_indices()
            per_row = np.diff(found.indptr)
            row_of = np.repeat(np.arange(len(per_row)), per_row)
            scores = found.data * np.minimum(1.0, lengths[row_of] / self._lengths[found.indices])
            scores *= fits[kind_of[part][row_of], task_of[found.indices]]
            scores = np.where(scores >= self._thresholds[task_of[found.indices]], scores, 0.0)
            best = _first_best(scores, found.indptr)
            good = np.flatnonzero(best >= 0)
            matched.template[start + good] = found.indices[best[good]]
            matched.task[start + good] = task_of[found.indices[best[good]]]
            matched.score[start + good] = scores[best[good]]
        self._match_open(matched, kind_of, fits)
        return matched

    def index(self) -> TemplateIndex:
        """The same templates, for one request at a time."""
        grams = self.vocabulary.grams
        templates = self._templates if self._templates is not None else sparse.csr_matrix((max(len(grams), 1), 0))
        return TemplateIndex(
            grams,
            self.vocabulary.weights,
            templates.indptr.astype(np.int64),
            templates.indices.astype(np.int64),
            templates.data,
            self._lengths,
            np.asarray(self._task_of, dtype=np.int64),
            self._thresholds,
        )

    def _fits_of(self, shape: Shape) -> npt.NDArray[np.float32]:
        """How each task fits the shape; kept, for a shape comes again in every batch."""
        found = self._fits.get(shape)
        if found is None:
            if len(self._fits) > FITS_KEPT:  # tools may be chosen anew for every call
                self._fits.clear()
            each = np.asarray([_fit(wanted, shape) for wanted in self._wanted], dtype=np.float32)
            found = self._fits[shape] = each[self._wanted_of]
        return found

    def fits(self, shape: Shape) -> tuple[npt.NDArray[np.float32], int]:
        """How each task fits the shape, and the open task of that very shape (-1 = none)."""
        fits = self._fits_of(shape)
        fitting = np.flatnonzero(self._is_open & (fits == 1.0))
        return fits, int(fitting[0]) if len(fitting) else -1

    def _match_open(
        self,
        matched: Matched,
        kind_of: npt.NDArray[np.int64],
        fits: npt.NDArray[np.float32],
    ) -> None:
        is_open = self._is_open
        if not is_open.any():
            return
        for k in range(len(fits)):
            fitting = np.where(is_open & (fits[k] == 1.0))[0]
            if len(fitting):
                rest = (kind_of == k) & (matched.task < 0)
                matched.task[rest] = fitting[0]
                matched.score[rest] = OPEN_SCORE


@dataclass(frozen=True, slots=True)
class TemplateIndex:
    """Gram -> the templates that have it, and what they make of it: a matcher for one request at a time."""

    grams: Grams
    weights: npt.NDArray[np.float32]
    starts: npt.NDArray[np.int64]  # [grams + 1]: where a gram's templates stand in the two below
    templates: npt.NDArray[np.int64]
    values: npt.NDArray[np.float32]
    lengths: npt.NDArray[np.float64]  # of each template
    task_of: npt.NDArray[np.int64]
    thresholds: npt.NDArray[np.float32]  # of each task

    def best(self, document: Grams, fits: npt.NDArray[np.float32]) -> tuple[int, float]:
        """(template, score) of the best template for distinct grams, (-1, 0.0) = none. ``fits``: of each task."""
        if not len(self.grams) or not len(document):
            return -1, 0.0
        at = np.minimum(np.searchsorted(self.grams, document), len(self.grams) - 1)
        at = at[self.grams[at] == document]
        if not len(at):
            return -1, 0.0
        weights = self.weights[at]
        length = float(np.sqrt((weights.astype(np.float64) ** 2).sum())) or 1.0
        first, counts = self.starts[at], self.starts[at + 1] - self.starts[at]
        ends = np.cumsum(counts)
        places = np.arange(ends[-1]) + np.repeat(first - ends + counts, counts)
        summed = np.bincount(self.templates[places], self.values[places] * np.repeat(weights, counts))
        some = np.flatnonzero(summed)
        tasks = self.task_of[some]
        scores = summed[some] / length * np.minimum(1.0, length / self.lengths[some]) * fits[tasks]
        scores = np.where(scores >= self.thresholds[tasks], scores, 0.0)
        best = int(scores.argmax()) if len(scores) else 0
        return (int(some[best]), float(scores[best])) if len(scores) and scores[best] > 0 else (-1, 0.0)


def _first_best(scores: npt.NDArray[Any], starts: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """For each row of a CSR's ``scores`` the position of its first greatest one over 0, -1 = none."""
    best = np.full(len(starts) - 1, -1, dtype=np.int64)
    some = np.flatnonzero(np.diff(starts))
    if not len(some):
        return best
    most = np.maximum.reduceat(scores, starts[some])
    at = np.flatnonzero((scores > 0) & (scores == np.repeat(most, np.diff(starts)[some])))
    rows, first = np.unique(np.searchsorted(starts, at, side="right") - 1, return_index=True)
    best[rows] = at[first]
    return best


def recognise(request: Request, recogniser: Recogniser) -> float:
    """The request's score for one task, 0 to 1; at least ``recogniser["threshold"]`` for a template task is a match."""
    matched = Matcher([recogniser]).match(request_grams([request], GramReader()), [request.shape()])
    return float(matched.score[0])


def assign(requests: Sequence[Request], recognisers: Mapping[str, Recogniser]) -> list[str | None]:
    """The task id of each request, None = no task known."""
    reader = GramReader()
    ids = list(recognisers)
    matched = Matcher([recognisers[i] for i in ids]).match(
        request_grams(requests, reader), [request.shape() for request in requests]
    )
    return [ids[t] if t >= 0 else None for t in matched.task]


def request_grams(requests: Sequence[Request], reader: GramReader) -> list[Grams]:
    """The distinct grams of each request's head."""
    heads = [request.head_messages() for request in requests]
    pieces = iter(reader.grams_of([message for head in heads for message in head]))
    return [distinct_grams([next(pieces) for _ in head]) for head in heads]


def _pack(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _unpack(text: str, kind: str) -> npt.NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), dtype=kind)
