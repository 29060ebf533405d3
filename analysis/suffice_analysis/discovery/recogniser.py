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
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

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


class Matcher:
    """Many recognisers at once. ``point_ids`` are the templates' ids in the order ``Matched.template`` counts."""

    def __init__(self, recognisers: Sequence[Recogniser]) -> None:
        self._recognisers = list(recognisers)
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
        rows = []
        lengths: list[float] = []
        for own, weight, share in entries:
            values = (weight * share).astype(np.float32)
            norm = float(np.sqrt((values**2).sum())) or 1.0
            lengths.append(norm)
            row = sparse.csr_matrix(
                (values / norm, (np.zeros(len(own), dtype=np.int64), np.searchsorted(grams, own))),
                shape=(1, max(len(grams), 1)),
            )
            rows.append(row)
        self._templates = sparse.vstack(rows).tocsr().T.tocsc() if rows else None
        self._lengths = np.asarray(lengths)
        self._thresholds = np.asarray([float(r.get("threshold", THRESHOLD)) for r in recognisers], dtype=np.float32)

    def match(self, documents: Sequence[Grams], shapes: Sequence[Shape]) -> Matched:
        """The best task and template for each document (its distinct grams, any order) and shape."""
        n = len(documents)
        matched = Matched(np.full(n, -1, np.int64), np.full(n, -1, np.int64), np.zeros(n, np.float32))
        kinds: dict[Shape, int] = {}
        kind_of = np.asarray([kinds.setdefault(shape, len(kinds)) for shape in shapes], dtype=np.int64)
        fits = np.asarray([[self._fit(r, shape) for r in self._recognisers] for shape in kinds], dtype=np.float32)
        task_of = np.asarray(self._task_of, dtype=np.int64)
        for start in range(0, n, DOCUMENT_ROWS):
            part = slice(start, min(start + DOCUMENT_ROWS, n))
            if self._templates is not None:
                rows = self.vocabulary.weighted_rows(documents[part])
                cosine = np.asarray((unit_rows(rows) @ self._templates).todense())
                cosine *= np.minimum(1.0, row_lengths(rows)[:, None] / self._lengths)
                scores = cosine * fits[kind_of[part]][:, task_of]
                best = scores.argmax(axis=1)
                score = scores[np.arange(len(best)), best]
                good = score >= self._thresholds[task_of[best]]
                matched.template[part] = np.where(good, best, -1)
                matched.task[part] = np.where(good, task_of[best], -1)
                matched.score[part] = np.where(good, score, 0.0)
        self._match_open(matched, kinds, kind_of, fits)
        return matched

    def _match_open(
        self,
        matched: Matched,
        kinds: Mapping[Shape, int],
        kind_of: npt.NDArray[np.int64],
        fits: npt.NDArray[np.float32],
    ) -> None:
        is_open = np.asarray(
            [r["kind"] == "open" and r.get("version") == VERSION for r in self._recognisers], dtype=bool
        )
        if not is_open.any():
            return
        for k in range(len(kinds)):
            fitting = np.where(is_open & (fits[k] == 1.0))[0]
            if len(fitting):
                rest = (kind_of == k) & (matched.task < 0)
                matched.task[rest] = fitting[0]
                matched.score[rest] = OPEN_SCORE

    @staticmethod
    def _fit(recogniser: Recogniser, shape: Shape) -> float:
        if recogniser["operation"] != shape.operation:
            return 0.0
        tools = recogniser["tools"]
        same_tools = tools is None or tool_likeness(frozenset(tools), shape.tools) >= SAME_TOOLS
        return (1.0 if same_tools else MISFIT) * (1.0 if recogniser["form"] == shape.form else MISFIT)


def recognise(request: Request, recogniser: Recogniser) -> float:
    """The request's score for one task, 0 to 1; at least ``recogniser["threshold"]`` for a template task is a match."""
    matched = Matcher([recogniser]).match([request_grams(request, GramReader())], [request.shape()])
    return float(matched.score[0])


def assign(requests: Sequence[Request], recognisers: Mapping[str, Recogniser]) -> list[str | None]:
    """The task id of each request, None = no task known."""
    reader = GramReader()
    ids = list(recognisers)
    matched = Matcher([recognisers[i] for i in ids]).match(
        [request_grams(request, reader) for request in requests], [request.shape() for request in requests]
    )
    return [ids[t] if t >= 0 else None for t in matched.task]


def request_grams(request: Request, reader: GramReader) -> Grams:
    """The distinct grams of a request's head."""
    return distinct_grams([reader.grams(message) for message in request.head_messages()])


def distinct_grams(pieces: Sequence[Any]) -> Grams:
    """One sorted array of the distinct grams of several messages."""
    kept = [piece for piece in pieces if len(piece)]
    return np.unique(np.concatenate(kept)) if kept else np.zeros(0, dtype=np.uint64)


def _pack(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _unpack(text: str, kind: str) -> npt.NDArray[Any]:
    return np.frombuffer(base64.b64decode(text), dtype=kind)
