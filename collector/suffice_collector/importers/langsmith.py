"""LangSmith: runs as its SDK and API give them, one a line (JSON Lines), as a list or a page of the API.

A run of type ``llm`` is a call; every other run is kept as a span, so that the tree stays whole. Inputs and outputs
come in LangChain's dumps or as the provider's own bodies (its wrapped clients); tokens and cost are fields of the run,
``usage_metadata`` of the answer where they are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from suffice.wire.call import Usage
from suffice.wire.lenient import as_list, as_object, as_objects
from suffice_collector.importers import told
from suffice_collector.importers.contract import Context, Read, Skipped
from suffice_collector.importers.entries import head_objects, read_entries
from suffice_collector.importers.shapes import loaded, parse_call
from suffice_collector.importers.told import Place, count, first_text, id_text
from suffice_store.records import CallRecord, SpanRecord

NAME = "langsmith"

_RUN_TYPES = {"llm", "chain", "tool", "retriever", "embedding", "prompt", "parser"}
_READ = ("id", "trace_id", "parent_run_id", "parent_run_ids", "run_type", "start_time", "end_time", "inputs", "outputs",
         "extra", "error", "events", "serialized", "dotted_order", "child_run_ids", "direct_child_run_ids",
         "inputs_preview", "outputs_preview", "child_runs")  # fmt: skip


def recognises(head: bytes, path: str) -> bool:
    return any(_is_run(each) for each in head_objects(head))


def read(stream: BinaryIO, context: Context) -> Iterator[Read]:
    """Each run as a CallRecord or SpanRecord; runs that hold their children are walked."""
    for entry in read_entries(stream):
        if entry.value is None:
            yield Skipped(entry.line, entry.reason)
        elif not _is_run(entry.value):
            yield Skipped(entry.line, "no run of LangSmith")
        else:
            waiting = [entry.value]
            while waiting:
                run = waiting.pop()
                waiting += [each for each in as_objects(run.get("child_runs")) if _is_run(each)]
                yield _record(run, context)


def _is_run(entry: Mapping[str, Any]) -> bool:
    return entry.get("run_type") in _RUN_TYPES and "id" in entry


def _record(run: Mapping[str, Any], context: Context) -> CallRecord | SpanRecord:
    extra = as_object(loaded(run.get("extra")))
    metadata = as_object(extra.get("metadata"))
    error = run.get("error")
    parents = as_list(loaded(run.get("parent_run_ids")))
    place = Place(
        trace_id=id_text(run.get("trace_id")),
        span_id=id_text(run["id"]) or "",
        parent_span_id=id_text(run.get("parent_run_id")) or (id_text(parents[-1]) if parents else None),
        name=first_text(run, "name") or str(run["run_type"]),
        started_ns=told.time_ns(run, "start_time"),
        ended_ns=told.time_ns(run, "end_time"),
        service=first_text(metadata, "service", "service_name") or first_text(run, "session_name", "project_name"),
        environment=first_text(metadata, "environment", "env"),
        failed=str(error) if error else None,
        attributes=told.small(run, *_READ) | ({"metadata": metadata} if told.small({"m": metadata}) else {}),
    )
    if run["run_type"] not in ("llm", "embedding"):
        return told.span_record(place, context, NAME)
    asked = as_object(extra.get("invocation_params"))
    inputs, outputs = loaded(run.get("inputs")), loaded(run.get("outputs"))
    settings = {key: value for key, value in asked.items() if key not in ("model", "messages", "input", "_type")}
    call = parse_call(
        inputs,
        outputs or None,
        model=first_text(metadata, "ls_model_name") or first_text(asked, "model", "model_name"),
        **{"provider": first_text(metadata, "ls_provider"), **{k: v for k, v in settings.items() if k != "provider"}},
    )
    call.operation = "embeddings" if run["run_type"] == "embedding" else "chat"
    answer = _answer(outputs)
    told_of = as_object(answer.get("response_metadata"))
    call.response_model = call.response_model or first_text(told_of, "model_name", "model")
    call.response_id = call.response_id or _response_id(answer, told_of)
    call.service_tier = call.service_tier or first_text(told_of, "service_tier")
    call.usage = _usage(run, outputs, answer) or call.usage
    first = told.time_ns(run, "first_token_time")
    return told.call_record(
        call,
        place,
        context,
        NAME,
        agent_name=first_text(metadata, "lc_agent_name", "langgraph_node"),
        task_name=first_text(metadata, "lc_hub_prompt"),
        conversation_id=first_text(metadata, "session_id", "thread_id", "conversation_id"),
        user_id=first_text(metadata, "user_id"),
        time_to_first_token_ms=(first - place.started_ns) / 1e6 if first and place.started_ns else None,
        stated_usd=told.usd(run.get("total_cost")) or None,
    )


def _answer(outputs: Any) -> dict[str, Any]:
    """The fields of LangChain's answer message, where there is one."""
    members = as_list(as_object(outputs).get("generations"))
    first = as_object(next(iter(as_list(members[0]) if members and isinstance(members[0], list) else members), {}))
    message = as_object(first.get("message")) or as_object(as_object(outputs).get("message"))
    return as_object(message.get("kwargs")) or as_object(message.get("data")) or message or as_object(outputs)


def _response_id(answer: Mapping[str, Any], told_of: Mapping[str, Any]) -> str | None:
    stated = first_text(told_of, "id") or first_text(answer, "id")
    return None if stated is None or stated.startswith(("run-", "run--", "lc_")) else stated  # LangChain's own ids


def _usage(run: Mapping[str, Any], outputs: Any, answer: Mapping[str, Any]) -> Usage | None:
    """``input_tokens`` of LangChain includes what was cached, whoever the provider is."""
    told_of = as_object(as_object(outputs).get("usage_metadata")) or as_object(answer.get("usage_metadata"))
    asked = as_object(told_of.get("input_token_details")) or as_object(loaded(run.get("prompt_token_details")))
    answered = as_object(told_of.get("output_token_details")) or as_object(loaded(run.get("completion_token_details")))
    input_tokens = _either(told_of.get("input_tokens"), run.get("prompt_tokens"))
    output_tokens = _either(told_of.get("output_tokens"), run.get("completion_tokens"))
    if not input_tokens and not output_tokens:
        return None
    return told.counted_usage(
        input_tokens,
        output_tokens,
        dict(told_of),
        cache_read_tokens=count(asked.get("cache_read")),
        cache_write_5m_tokens=_either(asked.get("ephemeral_5m_input_tokens"), asked.get("cache_creation")),
        cache_write_1h_tokens=count(asked.get("ephemeral_1h_input_tokens")),
        reasoning_tokens=count(answered.get("reasoning")),
        audio_input_tokens=count(asked.get("audio")),
        audio_output_tokens=count(answered.get("audio")),
    )


def _either(one: Any, other: Any) -> int | None:
    found = count(one)
    return count(other) if found is None else found
