"""What products export, made after their documented formats (MLflow's: after a trace that it wrote itself).

Each function gives the objects of two calls in one run; the tests write them as JSON, JSON Lines, CSV or Parquet.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPANS = ("b7ad6b7169203331", "b7ad6b7169203332")
AGENT = "b7ad6b7169203330"
QUESTION = [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "Is Oslo in Norway?"}]
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "find_city", "arguments": '{"name": "Oslo"}'}}
    ],
}
STARTED_NS = 1_790_000_000_000_000_000  # 2026-09-21T14:13:20Z


def iso(seconds: float) -> str:
    """A time that many seconds after STARTED_NS."""
    whole = int(seconds)
    return f"2026-09-21T14:13:{20 + whole:02d}.{round((seconds - whole) * 1000):03d}Z"


def openai_answer(number: int, message: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-export-{number}",
        "object": "chat.completion",
        "model": "gpt-4o-2024-08-06",
        "choices": [
            {"index": 0, "message": message or {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 5,
            "total_tokens": 35,
            "prompt_tokens_details": {"cached_tokens": 10},
        },
    }


def langfuse_observations() -> list[dict[str, Any]]:
    def generation(number: int) -> dict[str, Any]:
        return {
            "id": SPANS[number],
            "traceId": TRACE,
            "type": "GENERATION",
            "name": "OpenAI-generation",
            "startTime": iso(number),
            "endTime": iso(number + 0.5),
            "completionStartTime": iso(number + 0.2),
            "model": "gpt-4o-2024-08-06",
            "modelParameters": {"temperature": 0},
            "input": QUESTION,
            "output": {"role": "assistant", "content": "Yes."},
            "usageDetails": {"input": 20, "input_cached_tokens": 10, "output": 5, "total": 35},
            "costDetails": {"input": 0.0000625, "output": 0.00005, "total": 0.0001125},
            "level": "DEFAULT",
            "parentObservationId": AGENT,
            "promptName": "one-word",
            "environment": "production",
            "metadata": {"tier": "gold"},
        }

    agent = {"id": AGENT, "traceId": TRACE, "type": "AGENT", "name": "geographer", "startTime": iso(0), "endTime": iso(3),
             "parentObservationId": None, "level": "DEFAULT"}  # fmt: skip
    return [generation(0), generation(1), agent]


def litellm_rows() -> list[dict[str, Any]]:
    return [
        {
            "request_id": f"chatcmpl-export-{number}",
            "call_type": "acompletion",
            "api_key": "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b",
            "spend": 0.0001125,
            "total_tokens": 35,
            "prompt_tokens": 30,
            "completion_tokens": 5,
            "startTime": iso(number),
            "endTime": iso(number + 0.5),
            "completionStartTime": iso(number + 0.2),
            "model": "openai/gpt-4o",
            "model_group": "gpt-4o",
            "custom_llm_provider": "openai",
            "api_base": "https://api.openai.com",
            "user": "default_user_id",
            "metadata": {
                "user_api_key_team_alias": "search",
                "usage_object": {"prompt_tokens_details": {"cached_tokens": 10}},
            },
            "cache_hit": "False",
            "request_tags": ["User-Agent: AsyncOpenAI"],
            "end_user": "u-7",
            "messages": QUESTION,
            "response": {**openai_answer(number), "usage": None},
            "session_id": "session-1",
            "status": "success",
        }
        for number in (0, 1)
    ]


def phoenix_rows() -> list[dict[str, Any]]:
    """The columns of ``get_spans_dataframe``."""

    def row(number: int) -> dict[str, Any]:
        return {
            "name": "ChatCompletion",
            "span_kind": "LLM",
            "parent_id": AGENT,
            "start_time": iso(number),
            "end_time": iso(number + 0.5),
            "status_code": "OK",
            "status_message": "",
            "context.span_id": SPANS[number],
            "context.trace_id": TRACE,
            "attributes.openinference.span.kind": "LLM",
            "attributes.llm.provider": "openai",
            "attributes.llm.model_name": "gpt-4o-2024-08-06",
            "attributes.llm.token_count.prompt": 30,
            "attributes.llm.token_count.completion": 5,
            "attributes.llm.token_count.prompt_details.cache_read": 10,
            "attributes.llm.invocation_parameters": '{"temperature": 0}',
            "attributes.llm.input_messages": [
                {"message.role": m["role"], "message.content": m["content"]} for m in QUESTION
            ],
            "attributes.llm.output_messages": [{"message.role": "assistant", "message.content": "Yes."}],
        }

    agent = {"name": "geographer", "span_kind": "AGENT", "parent_id": None, "start_time": iso(0), "end_time": iso(3),
             "status_code": "OK", "status_message": "", "context.span_id": AGENT, "context.trace_id": TRACE,
             "attributes.openinference.span.kind": "AGENT"}  # fmt: skip
    return [row(0), row(1), agent]


def phoenix_spans() -> list[dict[str, Any]]:
    """The objects of Phoenix's API, attributes nested as its store has them."""
    spans = []
    for row in phoenix_rows():
        flat = {key.removeprefix("attributes."): value for key, value in row.items() if key.startswith("attributes.")}
        spans.append(
            {
                **{k: v for k, v in row.items() if "." not in k},
                "id": "U3Bhbjox",
                "context": {"trace_id": row["context.trace_id"], "span_id": row["context.span_id"]},
                "attributes": flat,
            }
        )
    return spans


def langsmith_runs() -> list[dict[str, Any]]:
    def message(kind: str, text: str) -> dict[str, Any]:
        return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", kind],
                "kwargs": {"content": text, "type": kind.removesuffix("Message").lower()}}  # fmt: skip

    def run(number: int) -> dict[str, Any]:
        answer = message("AIMessage", "Yes.")
        answer["kwargs"] |= {
            "response_metadata": {"id": f"chatcmpl-export-{number}", "model_name": "gpt-4o-2024-08-06",
                                  "finish_reason": "stop", "service_tier": "default"},
            "usage_metadata": {"input_tokens": 30, "output_tokens": 5, "total_tokens": 35,
                               "input_token_details": {"cache_read": 10}, "output_token_details": {"reasoning": 0}},
            "id": f"run-{number}",
        }  # fmt: skip
        return {
            "id": f"018f0000-0000-7000-8000-00000000000{number + 1}",
            "trace_id": "018f0000-0000-7000-8000-000000000000",
            "parent_run_id": "018f0000-0000-7000-8000-000000000000",
            "name": "ChatOpenAI",
            "run_type": "llm",
            "start_time": iso(number).rstrip("Z"),
            "end_time": iso(number + 0.5).rstrip("Z"),
            "extra": {
                "invocation_params": {"model": "gpt-4o", "temperature": 0.0, "_type": "openai-chat"},
                "metadata": {"ls_provider": "openai", "ls_model_name": "gpt-4o", "thread_id": "thread-1"},
            },
            "error": None,
            "inputs": {"messages": [[message("SystemMessage", "Answer in one word."), message("HumanMessage", "Is Oslo in Norway?")]]},
            "outputs": {"generations": [[{"text": "Yes.", "message": answer}]], "llm_output": None},
            "prompt_tokens": 30,
            "completion_tokens": 5,
            "total_cost": "0.0001125",
            "first_token_time": iso(number + 0.2).rstrip("Z"),
            "status": "success",
        }  # fmt: skip

    root = {"id": "018f0000-0000-7000-8000-000000000000", "trace_id": "018f0000-0000-7000-8000-000000000000",
            "parent_run_id": None, "name": "geographer", "run_type": "chain", "start_time": iso(0), "end_time": iso(3),
            "inputs": {"question": "Is Oslo in Norway?"}, "outputs": {"answer": "Yes."}, "error": None}  # fmt: skip
    return [run(0), run(1), root]


def helicone_requests() -> list[dict[str, Any]]:
    return [
        {
            "request_id": f"11111111-2222-4333-8444-00000000000{number}",
            "response_id": f"99999999-2222-4333-8444-00000000000{number}",
            "request_created_at": iso(number),
            "response_created_at": iso(number + 2.5),
            "request_path": "https://api.openai.com/v1/chat/completions",
            "request_user_id": "u-7",
            "request_properties": {"Helicone-Session-Id": "session-1", "Helicone-Session-Name": "geography"},
            "request_model": "gpt-4o",
            "response_model": "gpt-4o-2024-08-06",
            "response_status": 200,
            "provider": "OPENAI",
            "delay_ms": 500,
            "time_to_first_token": 200,
            "prompt_tokens": 30,
            "completion_tokens": 5,
            "costUSD": 0.0001125,
            "request_body": {"model": "gpt-4o", "temperature": 0, "messages": QUESTION},
            "response_body": openai_answer(number),
        }
        for number in (0, 1)
    ]


def mlflow_trace() -> dict[str, Any]:
    def span(name: str, span_id: str, parent: str | None, attributes: Mapping[str, Any], start: int) -> dict[str, Any]:
        return {
            "trace_id": _base64(TRACE),
            "span_id": _base64(span_id),
            "parent_span_id": parent and _base64(parent),
            "name": name,
            "start_time_unix_nano": STARTED_NS + start * 10**9,
            "end_time_unix_nano": STARTED_NS + start * 10**9 + 500_000_000,
            "events": [],
            "status": {"code": "STATUS_CODE_OK", "message": ""},
            "attributes": {key: json.dumps(value) for key, value in attributes.items()},
            "links": [],
        }

    def chat(number: int) -> dict[str, Any]:
        return span(
            "Completions",
            SPANS[number],
            AGENT,
            {
                "mlflow.spanType": "CHAT_MODEL",
                "mlflow.spanInputs": {"model": "gpt-4o", "temperature": 0, "messages": QUESTION},
                "mlflow.spanOutputs": openai_answer(number),
                "mlflow.chat.tokenUsage": {"input_tokens": 30, "output_tokens": 5, "total_tokens": 35},
                "mlflow.llm.model": "gpt-4o",
                "mlflow.message.format": "openai",
            },
            number,
        )

    agent = span("geographer", AGENT, None, {"mlflow.spanType": "AGENT", "mlflow.spanInputs": {"q": "?"}}, 0)
    return {
        "info": {
            "trace_id": f"tr-{TRACE}",
            "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}},
            "request_time": iso(0),
            "state": "OK",
            "trace_metadata": {"mlflow.trace.session": "session-1", "mlflow.trace.user": "u-7"},
            "tags": {"mlflow.traceName": "geographer"},
            "execution_duration_ms": 3000,
        },
        "data": {"spans": [agent, chat(0), chat(1)]},
    }


def _base64(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def as_lines(values: Iterable[Any]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in values).encode()


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    """As databases and UIs export: what is no text is JSON in its cell."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    for row in rows:
        cells = [row.get(name) for name in names]
        writer.writerow(["" if c is None else json.dumps(c) if isinstance(c, dict | list) else c for c in cells])
    return out.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), out)
    return out.getvalue()


# importer -> the ways its product writes the same two calls
EXPORTS: dict[str, dict[str, bytes]] = {
    "langfuse": {
        "lines": as_lines(langfuse_observations()),
        "array": json.dumps(langfuse_observations()).encode(),
        "pretty": json.dumps(langfuse_observations(), indent=2).encode(),
        "page": json.dumps({"data": langfuse_observations(), "meta": {"page": 1, "totalItems": 3}}).encode(),
        "late page": json.dumps({"meta": {"page": 1}, "data": langfuse_observations()}).encode(),
        "csv": as_csv(langfuse_observations()),
        "trace": json.dumps(
            {"id": TRACE, "timestamp": iso(0), "name": "geography", "observations": langfuse_observations()}, indent=2
        ).encode(),
    },
    "litellm": {
        "lines": as_lines(litellm_rows()),
        "array": json.dumps(litellm_rows()).encode(),
        "csv": as_csv(litellm_rows()),
    },
    "phoenix": {
        "parquet": as_parquet(phoenix_rows()),
        "lines": as_lines(phoenix_rows()),
        "api": json.dumps({"data": phoenix_spans(), "next_cursor": None}).encode(),
    },
    "langsmith": {
        "lines": as_lines(langsmith_runs()),
        "page": json.dumps({"runs": langsmith_runs(), "cursors": {}}).encode(),
    },
    "helicone": {
        "lines": as_lines(helicone_requests()),
        "array": json.dumps(helicone_requests(), indent=1).encode(),
        "csv": as_csv(helicone_requests()),
        "page": json.dumps({"data": helicone_requests(), "error": None}).encode(),
    },
    "mlflow": {
        "one": json.dumps(mlflow_trace(), indent=2).encode(),
        "lines": as_lines([mlflow_trace()]),
        "array": json.dumps([mlflow_trace()]).encode(),
    },
}
