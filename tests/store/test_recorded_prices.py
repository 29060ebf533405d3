"""Real exchanges, parsed from their bytes, stored and priced: what each cost is worked out by hand here.

List prices are USD per million tokens, so tokens x price is micro-USD.
"""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from store.synthetic import START_NS

from suffice.wire.call import Call
from suffice.wire.canonical import call_hash
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange
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
}  # fmt: skip

# Models whose price nobody lists, or which need prices that are not kept (audio, searches).
WITHOUT_PRICE = {"glm-4.7", "glm-5.2", "groq/compound", "gpt-oss:20b", "gpt-4o-audio-preview-2024-12-17"}


@pytest.fixture(scope="module")
def priced(shared_data: Path) -> list[tuple[dict[str, Any], Call, Decimal | None]]:
    """Every exchange that ended well and states usage: recording, call, and paid_usd as the store reads it."""
    found = {}
    with gzip.open(shared_data / "wire" / "exchanges.jsonl.gz", "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            recorded = json.loads(line)
            call = parse_exchange(_exchange(recorded))
            if call and recorded["status"] == 200 and call.usage and call.usage.source == "reported":
                found[call_hash("default", "", str(number))] = recorded, call
    records = [CallRecord(call=call, call_id=call_id, started_ns=START_NS) for call_id, (_, call) in found.items()]
    with FileStore(":memory:") as store:
        store.append(build_tables(records, START_NS))
        rows = store.read("analysis_calls").select(["call_id", "paid_usd"]).to_pylist()
    return [(*found[row["call_id"]], row["paid_usd"]) for row in rows]


def test_recorded_calls_cost_what_is_worked_out_by_hand(
    priced: list[tuple[dict[str, Any], Call, Decimal | None]],
) -> None:
    stored = {}
    for recorded, call, paid_usd in priced:
        for tail, number, provider, model in BY_HAND:
            if recorded["path"].endswith(tail) and (recorded["i"], call.provider, call.response_model) == (
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
    assert [call.response_model for _, call, paid_usd in priced if paid_usd == 0] == []


def _exchange(recorded: dict[str, Any]) -> Exchange:
    body = recorded["request_body"]
    return Exchange(
        method=recorded["method"],
        url=recorded["url"],
        request_headers=recorded["request_headers"],
        request_body=(body if isinstance(body, str) else json.dumps(body)).encode(),
        status=recorded["status"],
        response_headers={name: str(value) for name, value in (recorded["response_headers"] or {}).items()},
        response_body=(recorded["response_body"] or "").encode(),
        streamed=recorded["stream"],
    )
