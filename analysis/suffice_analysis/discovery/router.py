"""The router: which task a request is, in well under a millisecond, from the request alone.

It is what a gateway would load: the recognisers of an analysis as one file (``write_router``), versioned, without a
word of text in it. The scores are those of ``recogniser.Matcher``, computed for one request at a time through an
inverted index from gram to templates; tests hold the two together.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from suffice.errors import SufficeError
from suffice_analysis.discovery.heads import Request
from suffice_analysis.discovery.recogniser import OPEN_SCORE, Matcher, Recogniser, request_grams
from suffice_analysis.discovery.text import GramReader, Grams
from suffice_analysis.slices import slice_of
from suffice_analysis.visible import request_visible

FORMAT = "suffice-router"
VERSION = 1
READ_AT_ONCE = 1_000  # requests: their words are hashed in one pass


class Routed(NamedTuple):
    """A request's task (None = none known), its score, 0 to 1 (an open task's is OPEN_SCORE), its slice if it has any."""

    task_id: str | None
    score: float
    slice_id: str | None = None


class Router:
    """Routes requests by the recognisers of tasks, given by task id."""

    def __init__(
        self,
        recognisers: Mapping[str, Recogniser],
        slices: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        verdicts: Mapping[str, str] | None = None,
    ) -> None:
        """``slices``: of a task, each with ``slice_id`` and ``conditions``; ``verdicts``: of tasks and slices by id, where known."""
        self.verdicts = dict(verdicts or {})
        self._parts: dict[
            str, list[dict[str, Any]]
        ] = {}  # split off by a user: recognised as the task, then by conditions
        whole: dict[str, Recogniser] = {}
        for task_id, recogniser in recognisers.items():
            if "conditions" in recogniser:
                part = {"slice_id": task_id, "conditions": recogniser["conditions"]}
                self._parts.setdefault(recogniser["parent"], []).append(part)
                whole.setdefault(recogniser["parent"], recogniser)
            else:
                whole[task_id] = recogniser
        self._slices = dict(slices or {})
        self._ids = list(whole)
        self._matcher = Matcher([whole[i] for i in self._ids])
        self._index = self._matcher.index()
        self._reader = GramReader()

    def route(self, request: Request) -> Routed:
        """The task of one request."""
        return self._route(request, request_grams([request], self._reader)[0])

    def _route(self, request: Request, grams: Grams) -> Routed:
        fits, open_task = self._matcher.fits(request.shape())
        template, score = self._index.best(grams, fits)
        if template < 0 and open_task < 0:
            return Routed(None, 0.0)
        place, score = (int(self._index.task_of[template]), score) if template >= 0 else (open_task, OPEN_SCORE)
        task_id = self._ids[place]
        parts, slices = self._parts.get(task_id), self._slices.get(task_id)
        if not parts and not slices:
            return Routed(task_id, score)
        seen = request_visible(request.messages, request.tools)
        task_id = slice_of(parts or (), seen) or task_id
        return Routed(task_id, score, slice_of(self._slices.get(task_id) or (), seen))

    def route_all(self, requests: Sequence[Request]) -> list[str | None]:
        """The task id of each request, None = no task known."""
        found: list[str | None] = []
        for start in range(0, len(requests), READ_AT_ONCE):
            part = requests[start : start + READ_AT_ONCE]
            grams = request_grams(part, self._reader)
            found += [self._route(each, own).task_id for each, own in zip(part, grams, strict=True)]
        return found


def write_router(path: Path, tasks: Mapping[str, Mapping[str, Any]], **about: Any) -> int:
    """Write the recognisers as one gzipped JSON file; ``tasks``: id -> {"name", "recogniser", ...}. Returns its bytes."""
    document = {"format": FORMAT, "version": VERSION, **about, "tasks": dict(tasks)}
    raw = gzip.compress(json.dumps(document, sort_keys=True, separators=(",", ":")).encode(), mtime=0)
    try:
        path.write_bytes(raw)
    except OSError as error:
        raise SufficeError(f"can't write {path}: {error.strerror}") from None
    return len(raw)


def read_router(path: Path) -> Router:
    """The router of a file that ``write_router`` wrote. Raises SufficeError for any other."""
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValueError) as error:
        raise SufficeError(f"can't read {path} as a router: {error}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise SufficeError(f"{path} is no router of version {VERSION}; write it anew: suffice tasks --router FILE")
    tasks = document["tasks"]
    slices = {task_id: task.get("slices") or () for task_id, task in tasks.items()}
    verdicts = {task_id: task.get("verdict") for task_id, task in tasks.items()}
    verdicts |= {each["slice_id"]: each.get("verdict") for own in slices.values() for each in own}
    return Router(
        {task_id: task["recogniser"] for task_id, task in tasks.items()},
        slices,
        {key: verdict for key, verdict in verdicts.items() if verdict},
    )
