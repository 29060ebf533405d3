"""Calls as the neutral log: JSON Lines of OpenAI-shaped requests and answers, which ``suffice import`` reads back.

What was recorded in OpenAI's chat format comes back with the same messages, tools, parameters, tokens, times, runs and outcomes; of other formats what that
one can say. Keys and passwords leave masked; tokens that were estimated are left out, to be estimated again.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from suffice.errors import SufficeError
from suffice.privacy import Gate
from suffice.wire import openai_chat
from suffice.wire.call import Call
from suffice_analysis.export.formats import choice_of
from suffice_analysis.replay.rebuilding import Texts, rebuild_call
from suffice_store.store import Store

Row = Mapping[str, Any]
CHUNK = 2_000  # calls whose texts are held at a time


def write_calls(
    store: Store, path: Path, gate: Gate, *, project: str, task_id: str | None = None, **filters: Any
) -> Counter[str]:
    """Counts: ``written``, and reasons of what could not be. ``filters`` as of a read. Raises SufficeError."""
    rows = store.read(
        "analysis_calls", project=project, **filters, **({"task_id": task_id} if task_id else {})
    ).to_pylist()
    outcomes = {
        row["target_id"]: row for row in store.read("outcomes", project=project).to_pylist() if row["target"] == "call"
    }
    counts: Counter[str] = Counter()
    try:
        with _opened(path) as file:
            for line in _lines(store, project, rows, outcomes, gate, counts):
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                counts["written"] += 1
    except OSError as error:
        raise SufficeError(f"can't write {path}: {error.strerror}") from None
    return counts


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "wt", encoding="utf-8")
    return path.open("w", encoding="utf-8")


def _lines(
    store: Store, project: str, rows: list[Row], outcomes: Mapping[str, Row], gate: Gate, counts: Counter[str]
) -> Iterator[dict[str, Any]]:
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        texts = Texts(store, project, part)
        for row in part:
            if row["operation"] == "embeddings":
                counts["embeddings: no conversation"] += 1
                continue
            try:
                call = rebuild_call(row, texts)
            except ValueError as error:
                counts[str(error)] += 1
                continue
            answered = gate.call(replace(call, output_messages=texts.answer(row), stream=bool(row["stream"])))
            yield log_line(row, answered, outcomes.get(row["call_id"]))


def log_line(row: Row, call: Call, outcome: Row | None) -> dict[str, Any]:
    """One line of the log."""
    line: dict[str, Any] = {
        "id": row["external_id"] or row["call_id"],
        "timestamp": row["started_ns"],
        "service": row["service"],
        "trace_id": row["run_id"],
        "request": openai_chat.write_request(replace(call, request_model=row["request_model"], output_messages=[])),
        "response": _response(row, call),
    }
    if row["user_id"]:
        line["request"]["user"] = row["user_id"]
    if outcome is not None:
        line["outcome"] = {name: outcome[name] for name in ("ok", "score", "label") if outcome[name] is not None}
    return {name: value for name, value in line.items() if value is not None}


def _response(row: Row, call: Call) -> dict[str, Any]:
    response: dict[str, Any] = {
        "model": row["response_model"],
        "service_tier": row["service_tier"],
        "choices": [
            choice_of(message, number, row["finish_reason"]) for number, message in enumerate(call.output_messages)
        ],
        "usage": _usage(row),
    }
    if row["error_type"]:
        response["error"] = {"type": row["error_type"], "message": row["error_type"]}
    return {name: value for name, value in response.items() if value is not None}


def _usage(row: Row) -> dict[str, Any] | None:
    if row["usage_source"] != "reported":
        return None
    usage: dict[str, Any] = {"prompt_tokens": row["input_tokens"], "completion_tokens": row["output_tokens"]}
    if row["cache_read_tokens"] is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": row["cache_read_tokens"]}
    if row["reasoning_tokens"] is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": row["reasoning_tokens"]}
    return usage
