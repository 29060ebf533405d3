"""A bounded look into a task: at most so many calls, whole runs together, the same ones for the same seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis import answers
from suffice_analysis.inputs import Inputs, Message, message_text, parse_message

SAMPLE_CALLS = 600  # a share's standard error is then under 2.1 points, far inside what a prior can tell


@dataclass(frozen=True, slots=True)
class SampledCall:
    """One call, its texts read."""

    call_id: str
    run: str  # the run it belongs to; its own id when it has none
    started_ns: int | None
    messages: int  # of the request
    turns: int  # messages of the assistant in the request: how deep into a conversation it is
    last_role: str  # who spoke last
    instructions: str  # the system messages, else the first
    asked: str  # the last message of the request
    request: str  # all of it
    answer: Message
    said: str  # the answer as text
    form: str
    action: str
    images: bool


def sample_calls(inputs: Inputs, rows: Sequence[int], *, seed: int, limit: int = SAMPLE_CALLS) -> list[SampledCall]:
    """Calls of ``rows`` (indexes into ``inputs.calls``) that have an answer: whole runs in an order fixed by ``seed``."""
    calls = inputs.take(rows)
    columns = {
        name: calls[name].to_pylist() for name in ("call_id", "run_id", "started_ns", "input_hashes", "output_hashes")
    }
    order = sorted(
        range(len(rows)),
        key=lambda i: (_shuffle_key(columns["run_id"][i] or columns["call_id"][i], seed), columns["call_id"][i]),
    )
    sampled: list[SampledCall] = []
    for i in order:
        if len(sampled) >= limit:
            break
        if columns["output_hashes"][i]:
            sampled.append(_read_call(inputs, {name: values[i] for name, values in columns.items()}))
    return sampled


def _shuffle_key(text: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}:{text}".encode(), digest_size=8).digest()


def _read_call(inputs: Inputs, row: dict[str, Any]) -> SampledCall:
    messages = [parse_message(inputs.texts.get(h)) for h in row["input_hashes"] or ()]
    answer = parse_message(inputs.texts.get(row["output_hashes"][0]))
    texts = [message_text(m) for m in messages]
    system = [t for t, m in zip(texts, messages, strict=True) if m["role"] == "system"]
    return SampledCall(
        call_id=row["call_id"],
        run=row["run_id"] or row["call_id"],
        started_ns=row["started_ns"],
        messages=len(messages),
        turns=sum(m["role"] == "assistant" for m in messages),
        last_role=messages[-1]["role"] if messages else "",
        instructions="\n".join(system) if system else (texts[0] if texts else ""),
        asked=texts[-1] if texts else "",
        request="\n".join(texts),
        answer=answer,
        said=message_text(answer),
        form=answers.answer_form([answer]),
        action=answers.action([answer]),
        images=any(p.get("type") in ("blob", "uri", "file") for m in messages for p in m["parts"]),
    )
