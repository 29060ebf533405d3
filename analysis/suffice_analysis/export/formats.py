"""The formats of a dataset: one function an example, one file a split.

- ``openai``: chat fine-tuning, ``{"messages", "tools"?}`` (platform.openai.com/docs/guides/fine-tuning).
- ``trl``: conversational prompt-completion, ``{"prompt", "completion", "tools"}`` (huggingface.co/docs/trl/dataset_formats). Tools are JSON text, which its
  trainer reads, because Arrow has one type a column; so are the arguments of tool calls.
- ``parquet``: the messages as typed columns, with ids and time.
- ``flywheel``: NVIDIA's data flywheel, OpenAI-shaped log lines with ``workload_id`` = the task and ``client_id`` = the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from suffice.wire import openai_chat
from suffice.wire.call import Message
from suffice.wire.writing import write_as
from suffice_analysis.export.examples import Example

FORMATS = ("openai", "trl", "parquet", "flywheel")
_MESSAGE = pa.struct(
    [("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.string()), ("tool_call_id", pa.string())]
)
_SCHEMA = pa.schema(
    [("call_id", pa.string()), ("run_id", pa.string()), ("started_at", pa.timestamp("us", tz="UTC")), ("model", pa.string()),
     ("prompt", pa.list_(_MESSAGE)), ("completion", pa.list_(_MESSAGE)), ("tools", pa.string())]
)  # fmt: skip


def openai_example(example: Example, task_id: str) -> dict[str, Any]:
    """A line for OpenAI's fine-tuning."""
    body = write_as(example.whole, "openai.chat", example.model).body
    line: dict[str, Any] = {"messages": body["messages"]}
    if body.get("tools"):
        line |= {"tools": body["tools"], "parallel_tool_calls": len(body["messages"][-1].get("tool_calls") or ()) > 1}
    return line


def trl_example(example: Example, task_id: str) -> dict[str, Any]:
    """A line for TRL's SFTTrainer."""
    body = write_as(example.whole, "openai.chat", example.model).body
    messages = [_plain(each) for each in body["messages"]]
    return {
        "prompt": messages[:-1],
        "completion": messages[-1:],
        "tools": json.dumps(body.get("tools") or [], ensure_ascii=False),
    }


def flywheel_example(example: Example, task_id: str) -> dict[str, Any]:
    """A record of the data flywheel's log."""
    request = write_as(example.request, "openai.chat", example.request.request_model or example.model).body
    return {
        "timestamp": None if example.started_ns is None else example.started_ns // 10**9,
        "client_id": example.service or "suffice",
        "workload_id": task_id,
        "request": request,
        "response": {"model": example.model, "choices": [choice_of(example.answer, 0, None)]},
    }


def choice_of(answer: Message, index: int, finish_reason: str | None) -> dict[str, Any]:
    """An answer as one of a chat completion's choices."""
    written = openai_chat.write_messages(answer)
    message = written[-1] if written else {"role": "assistant", "content": None}
    reason = {"tool_call": "tool_calls"}.get(finish_reason or "", finish_reason)
    return {
        "index": index,
        "message": message,
        "finish_reason": reason or ("tool_calls" if message.get("tool_calls") else "stop"),
    }


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """Every message with the same fields, its content as text."""
    content = message.get("content")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text") or "") for part in content)
    calls = message.get("tool_calls")
    plain = {"role": message["role"], "content": content or ""}
    if calls:
        plain["tool_calls"] = calls
    if message.get("tool_call_id"):
        plain["tool_call_id"] = message["tool_call_id"]
    return plain


def _parquet_row(example: Example, task_id: str) -> dict[str, Any]:
    line = trl_example(example, task_id)
    columns = {name: [_typed(each) for each in line[name]] for name in ("prompt", "completion")}
    return columns | {
        "call_id": example.call_id, "run_id": example.run, "model": example.model, "tools": line["tools"],
        "started_at": None if example.started_ns is None else example.started_ns // 1000,
    }  # fmt: skip


def _typed(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    return {**message, "tool_calls": json.dumps(calls, ensure_ascii=False) if calls else None}


LINES: dict[str, Callable[[Example, str], dict[str, Any]]] = {
    "openai": openai_example, "trl": trl_example, "flywheel": flywheel_example,
}  # fmt: skip


def file_name(split: str, form: str) -> str:
    """``train.jsonl``, ``train.parquet``."""
    return f"{split}.{'parquet' if form == 'parquet' else 'jsonl'}"


def write_split(path: Path, examples: Iterable[Example], form: str, task_id: str) -> None:
    """One file. Raises OSError."""
    if form == "parquet":
        rows = [_parquet_row(each, task_id) for each in examples]
        pq.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), path, compression="zstd")
        return
    with path.open("w", encoding="utf-8") as file:
        for each in examples:
            file.write(json.dumps(LINES[form](each, task_id), ensure_ascii=False) + "\n")
