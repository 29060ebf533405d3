"""Real exchanges, parsed from their bytes, stored and priced: what each cost is worked out by hand here.

List prices are USD per million tokens, so tokens x price is micro-USD.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sdk.wire.recorded import recordings
from store.synthetic import START_NS

from suffice.wire.call import Call
from suffice.wire.canonical import call_hash
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.records import CallRecord

pytestmark = pytest.mark.shared

# (recording, its exchange, provider, model) -> micro-USD
BY_HAND = {
    # 19 x 8 + 22 x 24
    ("test_llms/test_anthropic.yaml", 0, "anthropic", "claude-2.1"): "680",
    # 1382 x 0.8 + 80 x 4
    ("test_anthropic_image_with_history.yaml", 1, "anthropic", "claude-3-5-haiku-20241022"): "1425.6",
    # 1171 in, 1167 of them from the cache: 4 x 3 + 1167 x 0.3 + 256 x 15
    ("test_anthropic_prompt_caching_async_stream_legacy.yaml", 1, "anthropic", "claude-3-5-sonnet-20240620"): "4202.1",
    # 17 x 15 + 220 x 75
    ("test_anthropic_message_create_legacy.yaml", 0, "anthropic", "claude-3-opus-20240229"): "16755",
    # 1532 in, 1111 read, 418 written: 3 x 3 + 1111 x 0.3 + 418 x 3.75 + 33 x 15
    ("test_anthropic_cache_real_api.yaml", 1, "anthropic", "claude-sonnet-4-5-20250929"): "2404.8",
    # 21023 in, 20443 read, 574 written: 6 x 2 + 20443 x 0.2 + 574 x 2.5 + 489 x 10
    ("cache_prefix_stable[automatic-sonnet-5].yaml", 1, "anthropic", "claude-sonnet-5"): "10425.6",
    # through Azure, at OpenAI's price: 16 x 0.4 + 34 x 1.6
    ("test_azure/test_chat_content_filtering_with_events_with_content.yaml", 3, "azure.ai.openai",
     "gpt-4.1-mini-2025-04-14"): "60.8",
    # 32 x 0.28 + 324 x 0.42
    ("test_openai_metrics/test_chat_streaming_metrics.yaml", 0, "deepseek", "deepseek-chat"): "145.04",
    # tier on_demand; 336 in, 256 from the cache: 80 x 0.15 + 256 x 0.075 + 96 x 0.6
    ("test_groq/test_tool_use_failed_error.yaml", 2, "groq", "openai/gpt-oss-120b"): "88.8",
    # 268 in, 224 from the cache: 44 x 0.5 + 224 x 0.05 + 5 x 1.5
    ("test_mistral_history_uses_prompt_cache.yaml", 1, "mistral_ai", "mistral-large-latest"): "40.7",
    # 2070 x 0.5 + 10 x 1.5
    ("test_chroma_vector_store/test_rag_with_chroma.yaml", 2, "openai", "gpt-3.5-turbo-0125"): "1050",
    # 82 x 30 + 18 x 60
    ("test_open_ai_function_calls_with_events_with_content.yaml", 3, "openai", "gpt-4-0613"): "3540",
    # 482 x 2.5 + 68 x 10
    ("test_prefect/test_multiple_agents.yaml", 3, "openai", "gpt-4o-2024-08-06"): "1885",
    # 1497 in, 1408 from the cache: 89 x 0.15 + 1408 x 0.075 + 1037 x 0.6
    ("test_llms/test_openai.yaml", 0, "openai", "gpt-4o-mini-2024-07-18"): "741.15",
    # 602 x 0.25 + 617 x 2 (reasoning is in the 617)
    ("test_mixed_content_ordering[openai_chat].yaml", 1, "openai", "gpt-5-mini-2025-08-07"): "1384.5",
    # 577 x 1.1 + 2320 x 4.4
    ("test_openai/test_openai_model_thinking_part.yaml", 1, "openai", "o3-mini-2025-01-31"): "10842.7",
    # Gemini: 1482 x 1.25 + (293 and 980 thoughts) x 10
    ("test_google_model_file_search_tool.yaml", 4, "gcp.gemini", "gemini-2.5-pro"): "14582.5",
    # 345 in, 230 from the cache: 115 x 0.3 + 230 x 0.03 + 51 x 2.5
    ("direct-url_force_download-document-google_2_5].yaml", 2, "gcp.gemini", "gemini-2.5-flash"): "168.9",
    # streamed; 32 asked and 4610 of a page that its tool read; 25 answered and 37 thought: 4642 x 0.3 + 62 x 2.5
    ("test_google_model_web_fetch_tool_stream.yaml", 0, "gcp.gemini", "gemini-2.5-flash"): "1547.6",
    # streamed: 79 x 0.1 + 12 x 0.4
    ("test_google_model_iter_stream.yaml", 2, "gcp.gemini", "gemini-2.0-flash"): "12.7",
    # 4 x 0.15
    ("TestGoogle.test_vertex_query.yaml", 0, "gcp.vertex_ai", "gemini-embedding-001"): "0.6",
    # Bedrock, streamed: 471 x 0.035 + 91 x 0.14
    ("test_bedrock_model_iter_stream.yaml", 0, "aws.bedrock", "us.amazon.nova-micro-v1:0"): "29.225",
    # the US profile costs a tenth more; 3 fresh, 1712 read, 236 written: 3 x 3.3 + 1712 x 0.33 + 236 x 4.125 + 121 x 16.5
    ("test_bedrock_cache_messages_with_document_as_last_content.yaml", 1, "aws.bedrock",
     "us.anthropic.claude-sonnet-4-5-20250929-v1:0"): "3544.86",
    # invoked: 7 x 0.06 + 53 x 0.24
    ("test_nova_cross_region_invoke.yaml", 0, "aws.bedrock", "us.amazon.nova-lite-v1:0"): "13.14",
    # invoked through the EU profile; 3 fresh, 9511 read, 1956 written: 3 x 1.1 + 9511 x 0.11 + 1956 x 1.375 + 44 x 5.5
    ("test_anthropic_cache_bedrock_real_api.yaml", 1, "aws.bedrock",
     "eu.anthropic.claude-haiku-4-5-20251001-v1:0"): "3981.01",
    # 2 x 0.02
    ("TestBedrock.test_titan_v2_multiple_texts.yaml", 1, "aws.bedrock", "amazon.titan-embed-text-v2:0"): "0.04",
    # Responses, streamed; 9463 in, 8320 from the cache; 582 out, 512 of them thoughts: 1143 x 1.25 + 8320 x 0.125 + 582 x 10
    ("test_openai_responses_model_web_search_tool_stream.yaml", 0, "openai", "gpt-5-2025-08-07"): "8288.75",
    # streamed: 72 x 2.5 + 14 x 10
    ("test_router_analytics_complete_workflow.yaml", 0, "openai", "gpt-4o-2024-08-06"): "320",
    # Cohere: 25 x 2.5 + 9 x 10
    ("test_stop_settings[cohere].yaml", 0, "cohere", "command-r-plus"): "152.5",
    # 41 billed of 1,100 seen: 41 x 0.0375 + 28 x 0.15
    ("test_tool_choice_matrix[none-cohere].yaml", 0, "cohere", "command-r7b-12-2024"): "5.7375",
}  # fmt: skip

# Models whose price nobody lists, or which need prices that are not kept (audio, searches).
WITHOUT_PRICE = {"glm-4.7", "glm-5.2", "groq/compound", "gpt-oss:20b", "gpt-4o-audio-preview-2024-12-17"}


@pytest.fixture(scope="module")
def priced(shared_data: Path) -> list[tuple[dict[str, Any], Call, Decimal | None]]:
    """Every exchange that ended well and states usage: recording, call, and paid_usd as the store reads it."""
    found = {}
    for number, (recorded, call) in enumerate(recordings(shared_data)):
        if call and recorded["status"] == 200 and call.usage and call.usage.source == "reported":
            found[call_hash("default", "", str(number))] = recorded, call
    records = [CallRecord(call=call, call_id=call_id, started_ns=START_NS) for call_id, (_, call) in found.items()]
    with FileStore(":memory:") as store:
        store.append(build_tables(records, START_NS))
        rows = store.read("analysis_calls").select(["call_id", "paid_usd"]).to_pylist()
    return [(*found[row["call_id"]], row["paid_usd"]) for row in rows]


def model_of(call: Call) -> str | None:
    """Bedrock, Cohere and embeddings name no model in their answers."""
    return call.response_model or call.request_model


def test_recorded_calls_cost_what_is_worked_out_by_hand(
    priced: list[tuple[dict[str, Any], Call, Decimal | None]],
) -> None:
    stored = {}
    for recorded, call, paid_usd in priced:
        for tail, number, provider, model in BY_HAND:
            if recorded["path"].endswith(tail) and (recorded["i"], call.provider, model_of(call)) == (
                number,
                provider,
                model,
            ):
                stored[tail, number, provider, model] = paid_usd
    assert stored == {key: Decimal(micro_usd) / 1_000_000 for key, micro_usd in BY_HAND.items()}


def test_most_are_priced_and_no_unknown_price_is_0(priced: list[tuple[dict[str, Any], Call, Decimal | None]]) -> None:
    unpriced = [call.response_model for _, call, paid_usd in priced if paid_usd is None]
    assert len(unpriced) < 0.15 * len(priced)
    assert set(unpriced) >= WITHOUT_PRICE
    free = [call.usage for _, call, paid_usd in priced if paid_usd == 0]  # one body states 0 tokens, both ways
    assert [(usage.input_tokens, usage.output_tokens) for usage in free if usage] == [(0, 0)]
