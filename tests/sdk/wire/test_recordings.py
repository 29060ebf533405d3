"""Every real recording, parsed: nothing missed, nothing taken for a call that is none, usage as the vendor states it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sdk.wire.recorded import recordings
from sdk.wire.stated_usage import stated_usage

from suffice.wire.call import Call
from suffice.wire.tokens import estimate_usage

pytestmark = pytest.mark.shared
AS = {  # the recordings' word for a format -> ours; what is not here is no call of a format we read
    "openai.chat": "openai.chat",
    "openai.responses": "openai.responses",
    "openai.completions": "openai.completions",
    "openai.embeddings": "openai.embeddings",
    "anthropic.messages": "anthropic.messages",
    "gemini.generateContent": "gemini.generateContent",
    "gemini.streamGenerateContent": "gemini.generateContent",
    "gemini.embed": "gemini.embed",
    "vertex.predict": "gemini.embed",
    "bedrock.converse": "bedrock.converse",
    "bedrock.converse-stream": "bedrock.converse",
    "bedrock.invoke": "bedrock.invoke",
    "bedrock.invoke-with-response-stream": "bedrock.invoke",
    "cohere.v1.chat": "cohere.v1.chat",
    "cohere.v2.chat": "cohere.v2.chat",
    "cohere.generate": "cohere.generate",
    "cohere.embed": "cohere.embed",
    "cohere.rerank": "cohere.rerank",
    "ollama.chat": "ollama.chat",
    "ollama.generate": "ollama.generate",
    "ollama.embed": "ollama.embed",
}


def is_cut_in_the_recording(recorded: dict[str, Any]) -> bool:
    """One request of 1,320 was recorded without its last brace: nobody can read it."""
    body = recorded["request_body"]
    return recorded["format"] == "bedrock.converse" and isinstance(body, str) and body.count("{") != body.count("}")


def test_only_our_formats_are_calls_and_all_of_them(shared_data: Path) -> None:
    wrong = [
        (recorded["format"], recorded["url"])
        for recorded, call in recordings(shared_data)
        if (call.wire_format if call else None) != AS.get(recorded["format"]) and not is_cut_in_the_recording(recorded)
    ]
    assert wrong == []


NO_ANSWER_IN_THE_BODY = {  # queued in the background: the answer is fetched later
    "test_background_mode_streaming_without_starting_after_vcr",
    "test_background_mode_with_tool_vcr",
}
NO_FINISH_REASON_IN_THE_BODY = (  # and two that break off in the recording
    "test_snowflake_",
    "_compact_",
    "test_writer_",
    "test_tool_use_failed_error_streaming",
)


def test_995_of_1000_good_ones_give_model_answer_and_finish_reason(shared_data: Path) -> None:
    good = [(r, c) for r, c in recordings(shared_data) if c and r["status"] == 200]
    lacking = [(Path(r["path"]).stem, missing) for r, c in good if (missing := lacks(c))]
    assert len(good) == 1258
    assert len(lacking) <= 0.02 * len(good)
    unexplained = [
        (name, missing)
        for name, missing in lacking
        if name not in NO_ANSWER_IN_THE_BODY
        and not (missing == ["finish reason"] and any(each in name for each in NO_FINISH_REASON_IN_THE_BODY))
    ]
    assert len(unexplained) <= 0.005 * len(good), unexplained


def lacks(call: Call) -> list[str]:
    states_a_reason = call.operation not in ("embeddings", "rerank")
    found = {
        "model": call.request_model,
        "answer": any(message["parts"] for message in call.output_messages),
        "finish reason": call.finish_reasons or not states_a_reason,
    }
    return [name for name, value in found.items() if not value]


def test_usage_is_the_bodys_in_every_one_that_has_it(shared_data: Path) -> None:
    compared, wrong = 0, []
    for recorded, call in recordings(shared_data):
        if call is None or recorded["status"] != 200:
            continue
        stated = stated_usage(recorded)
        reported = call.usage if call.usage and call.usage.source == "reported" else None
        usage = (reported.input_tokens, reported.output_tokens) if reported else None
        if stated and None in stated and call.operation != "rerank":  # the other is estimated: the call says so
            assert call.usage is not None
            assert call.usage.source == "estimated"
            whole = (call.usage.input_tokens, call.usage.output_tokens)
            usage = (None if stated[0] is None else whole[0], None if stated[1] is None else whole[1])
        if stated != usage:
            wrong.append((recorded["path"], recorded["i"], stated, usage))
        compared += stated is not None
    assert wrong == []
    assert compared > 950


def test_where_nothing_is_stated_both_counts_are_estimated(shared_data: Path) -> None:
    silent = [
        c for r, c in recordings(shared_data) if c and r["status"] == 200 and not stated_usage(r) and c.output_messages
    ]
    assert len(silent) > 100
    assert {c.usage.source for c in silent if c.usage} == {"estimated"}
    assert all(c.usage and c.usage.input_tokens and c.usage.output_tokens is not None for c in silent)


def test_token_estimates_err_as_stated(shared_data: Path) -> None:
    """The figures in the docstring of ``suffice.wire.tokens``: text answers of at least 10 tokens, no reasoning."""
    pairs = []
    for _, call in recordings(shared_data):
        if (
            not call
            or call.operation != "chat"
            or not call.usage
            or call.usage.source != "reported"
            or call.usage.reasoning_tokens
        ):
            continue
        is_text = all(part["type"] == "text" for message in call.output_messages for part in message["parts"])
        if call.completeness == "complete" and is_text and (call.usage.output_tokens or 0) >= 10:
            pairs.append((call.usage.output_tokens or 0, estimate_usage(call).output_tokens or 0))
    assert len(pairs) > 150
    assert sum(abs(estimated / true - 1) for true, estimated in pairs) / len(pairs) < 0.14
    assert abs(sum(estimated for _, estimated in pairs) / sum(true for true, _ in pairs) - 1) < 0.06


def test_errors_are_named(shared_data: Path) -> None:
    failed = [c for r, c in recordings(shared_data) if c and r["status"] != 200]
    assert len(failed) == 50
    assert all(c.completeness == "error" and c.error_type and c.error_message for c in failed)
