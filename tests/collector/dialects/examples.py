"""One small span of every dialect, written by hand after its documentation: a question, a tool call or an answer, usage.

``EXPECTED`` is what all of them say, as far as their form can.
"""

from __future__ import annotations

import json
from typing import Any

from suffice_collector.otlp import Span, SpanEvent

START, END = 1_795_000_000_000_000_000, 1_795_000_001_000_000_000
ASKED = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of France?"}]
PARTS_IN = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "Capital of France?"}]}])
PARTS_OUT = json.dumps(
    [{"role": "assistant", "parts": [{"type": "text", "content": "Paris."}], "finish_reason": "stop"}]
)
SYSTEM = json.dumps([{"type": "text", "content": "Be brief."}])
USAGE: dict[str, Any] = {
    "gen_ai.usage.input_tokens": 42, "gen_ai.usage.output_tokens": 17, "gen_ai.usage.cache_read.input_tokens": 12,
    "gen_ai.usage.reasoning.output_tokens": 6,
}  # fmt: skip
CONVENTIONS: dict[str, Any] = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.response.model": "gpt-5-mini-2026-08-07", "gen_ai.response.id": "r-1",
    "gen_ai.response.finish_reasons": ["stop"], "gen_ai.input.messages": PARTS_IN, "gen_ai.output.messages": PARTS_OUT,
    "gen_ai.system_instructions": SYSTEM, **USAGE,
}  # fmt: skip
OPENAI_ANSWER = {
    "id": "r-1", "model": "gpt-5-mini-2026-08-07",
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Paris."}}],
    "usage": {
        "prompt_tokens": 42, "completion_tokens": 17, "prompt_tokens_details": {"cached_tokens": 12},
        "completion_tokens_details": {"reasoning_tokens": 6},
    },
}  # fmt: skip
OPENAI_REQUEST = {"model": "gpt-5-mini", "messages": ASKED, "temperature": 0.2}


def span(scope: str, attributes: dict[str, Any], name: str = "call", events: list[SpanEvent] | None = None) -> Span:
    return Span("a" * 32, "b" * 16, "c" * 16, name, 3, scope, "1.0", START, END, "unset", "", attributes, events or [])


def event(name: str, **body: Any) -> SpanEvent:
    return SpanEvent(name, START, body)


EXAMPLES: dict[str, Span] = {
    "langfuse": span(
        "langfuse-sdk",
        {
            "langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-5-mini-2026-08-07",
            "langfuse.observation.input": json.dumps(ASKED), "langfuse.observation.metadata.ls_provider": "openai",
            "langfuse.observation.output": json.dumps({"role": "assistant", "content": "Paris."}),
            "langfuse.observation.usage_details": json.dumps(
                {"input": 30, "output": 11, "input_cache_read": 12, "output_reasoning": 6, "total": 59}
            ),
            "langfuse.observation.metadata.finish_reason": '"stop"',
        },
    ),
    "openinference": span(
        "openinference.instrumentation.openai",
        {
            "openinference.span.kind": "LLM", "llm.model_name": "gpt-5-mini-2026-08-07", "llm.system": "openai",
            "llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": "Be brief.",
            "llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": "Capital of France?",
            "llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "Paris.",
            "llm.token_count.prompt": 42, "llm.token_count.completion": 17, "llm.finish_reason": "stop",
            "llm.token_count.prompt_details.cache_read": 12, "llm.token_count.completion_details.reasoning": 6,
            "input.value": json.dumps(OPENAI_REQUEST), "output.value": json.dumps(OPENAI_ANSWER),
            "gen_ai.request.model": "gpt-5-mini-2026-08-07", "gen_ai.provider.name": "openai",
        },
    ),
    "traceai": span(
        "traceai_openai",
        {
            "gen_ai.span.kind": "LLM", "gen_ai.request.model": "gpt-5-mini-2026-08-07", "gen_ai.provider.name": "openai",
            "gen_ai.input.messages.0.message.role": "system", "gen_ai.input.messages.0.message.content": "Be brief.",
            "gen_ai.input.messages.1.message.role": "user",
            "gen_ai.input.messages.1.message.content": "Capital of France?",
            "gen_ai.output.messages.0.message.role": "assistant",
            "gen_ai.output.messages.0.message.content": "Paris.", "gen_ai.usage.input_tokens": 42,
            "gen_ai.usage.output_tokens": 17, "gen_ai.usage.input_tokens.cache_read": 12,
            "gen_ai.usage.output_tokens.reasoning": 6, "output.value": repr(OPENAI_ANSWER),
        },
    ),
    "vercel_legacy": span(
        "ai",
        {
            "ai.operationId": "ai.generateText.doGenerate", "ai.model.provider": "openai.chat",
            "ai.model.id": "gpt-5-mini", "ai.response.model": "gpt-5-mini-2026-08-07", "ai.response.id": "r-1",
            "ai.prompt.messages": json.dumps(
                [ASKED[0], {"role": "user", "content": [{"type": "text", "text": "Capital of France?"}]}]
            ),
            "ai.response.text": "Paris.", "ai.response.finishReason": "stop", "ai.usage.inputTokens": 42,
            "ai.usage.outputTokens": 17, "ai.usage.cachedInputTokens": 12, "ai.usage.reasoningTokens": 6,
        },
    ),
    "vercel_otel": span("gen_ai", CONVENTIONS),
    "mlflow": span(
        "mlflow.tracing.provider",
        {
            "mlflow.spanType": '"CHAT_MODEL"', "mlflow.message.format": '"openai"',
            "mlflow.spanInputs": json.dumps(OPENAI_REQUEST), "mlflow.spanOutputs": json.dumps(OPENAI_ANSWER),
            "model": '"gpt-5-mini"',
        },
    ),
    "langsmith": span(
        "langsmith",
        {
            "langsmith.span.kind": "llm", "gen_ai.operation.name": "chat", "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-5-mini", "gen_ai.usage.input_tokens": 42, "gen_ai.usage.output_tokens": 17,
            "gen_ai.usage.input_token_details": "{'cache_read': 12}",
            "gen_ai.usage.output_token_details": "{'reasoning': 6}",
            "gen_ai.prompt": json.dumps({"messages": ASKED}), "gen_ai.completion": json.dumps(OPENAI_ANSWER),
        },
    ),
    "pydantic_ai": span(
        "pydantic-ai",
        {
            **{key: value for key, value in CONVENTIONS.items() if "messages" not in key and "instr" not in key},
            "events": json.dumps(
                [{"event.name": f"gen_ai.{each['role']}.message", **each} for each in ASKED]
                + [{"event.name": "gen_ai.choice", "message": {"role": "assistant", "content": "Paris."}}]
            ),
        },
    ),
    "logfire": span(
        "logfire.openai",
        {
            **CONVENTIONS, "logfire.span_type": "span", "gen_ai.usage.raw": json.dumps(OPENAI_ANSWER["usage"]),
            "gen_ai.response.finish_reasons": '["stop"]',
        },
    ),
    "google_adk": span("gcp.vertex.agent", CONVENTIONS),
    "strands": span(
        "strands.telemetry.tracer",
        {key: value for key, value in CONVENTIONS.items() if "messages" not in key and "instr" not in key},
        events=[
            event("gen_ai.system.message", content=json.dumps([{"text": "Be brief."}])),
            event("gen_ai.user.message", content=json.dumps([{"text": "Capital of France?"}])),
            event("gen_ai.choice", message=json.dumps([{"text": "Paris."}]), finish_reason="end_turn"),
        ],
    ),
    "agent_framework": span("agent_framework", CONVENTIONS),
    "litellm": span("litellm", {**CONVENTIONS, "metadata.usage_object": repr(OPENAI_ANSWER["usage"])}),
    "openlit": span("openlit.instrumentation.openai", {**CONVENTIONS, "gen_ai.request.temperature": 1.0}),
    "haystack": span(
        "haystack",
        {
            "haystack.component.type": "OpenAIChatGenerator",
            "haystack.component.input": json.dumps(
                {"messages": [{"_role": each["role"], "_content": [{"text": each["content"]}]} for each in ASKED]}
            ),
            "haystack.component.output": json.dumps(
                {
                    "replies": [
                        {
                            "_role": "assistant", "_content": [{"text": "Paris."}],
                            "_meta": {
                                "model": "gpt-5-mini-2026-08-07", "finish_reason": "stop",
                                "usage": OPENAI_ANSWER["usage"],
                            },
                        }
                    ]
                }
            ),
        },
    ),
    "anthropic_sdk": span("com.anthropic.sdk.python", CONVENTIONS),
    "openllmetry": span(
        "opentelemetry.instrumentation.openai.v1",
        {
            "llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-5-mini",
            "gen_ai.response.model": "gpt-5-mini-2026-08-07", "gen_ai.response.id": "r-1",
            "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": "Be brief.", "gen_ai.prompt.1.role": "user",
            "gen_ai.prompt.1.content": "Capital of France?", "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "Paris.", "gen_ai.completion.0.finish_reason": "stop",
            "gen_ai.usage.prompt_tokens": 42, "gen_ai.usage.completion_tokens": 17,
            "gen_ai.usage.cache_read_input_tokens": 12, "gen_ai.usage.reasoning_tokens": 6,
        },
    ),
    "otel_genai": span("opentelemetry.instrumentation.openai_v2", CONVENTIONS),
}  # fmt: skip
