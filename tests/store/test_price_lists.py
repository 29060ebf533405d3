"""A price list in litellm's shape to rows of the price file: what is taken, what is left out, what is filled in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from suffice_store import prices_file
from suffice_store.price_lists import BY_RULE, LISTED, main, merge_lists


def entry(seller: str, usd_in: float, usd_out: float, **more: Any) -> dict[str, Any]:
    return {
        "litellm_provider": seller, "mode": "chat", "input_cost_per_token": usd_in, "output_cost_per_token": usd_out,
        **more,
    }  # fmt: skip


def listed(*lists: dict[str, Any]) -> list[tuple[Any, ...]]:
    """(model, provider, tier, band, the five prices, note) of each row."""
    rows = merge_lists(iter([(f"v{n}", f"2026-0{9 - n}", content) for n, content in enumerate(lists)]))
    return [
        (*(row[name] for name in ("model", "provider", "tier", "context_from_tokens")),
         "/".join("" if row[name] is None else f"{row[name]:f}" for name in LISTED),
         row["source"].partition(" price page, as listed by litellm ")[2])
        for row in rows
    ]  # fmt: skip


def test_tiers_and_bands_and_snapshots() -> None:
    gpt = entry("openai", 2.5e-6, 1e-5, cache_read_input_token_cost=1.25e-6, input_cost_per_token_batches=1.25e-6,
                output_cost_per_token_batches=5e-6)  # fmt: skip
    long = entry("gemini", 1.25e-6, 1e-5, input_cost_per_token_above_200k_tokens=2.5e-6)
    assert listed({"gpt-4o": gpt, "gpt-4o-2024-08-06": gpt, "gemini/gemini-pro": long}) == [
        ("gemini-pro", "gcp.gemini", "standard", 0, "1.25/10///", "v0"),
        ("gemini-pro", "gcp.gemini", "standard", 200_001, "2.5/10///", "v0"),
        ("gemini-pro-*", "gcp.gemini", "standard", 0, "1.25/10///", "v0"),
        ("gemini-pro-*", "gcp.gemini", "standard", 200_001, "2.5/10///", "v0"),
        ("gpt-4o", "openai", "standard", 0, "2.5/10/1.25//", "v0"),
        ("gpt-4o", "openai", "batch", 0, "1.25/5///", "v0"),
        ("gpt-4o-*", "openai", "standard", 0, "2.5/10/1.25//", "v0"),
        ("gpt-4o-*", "openai", "batch", 0, "1.25/5///", "v0"),
        ("gpt-4o-2024-08-06", "openai", "standard", 0, "2.5/10/1.25//", "v0"),
        ("gpt-4o-2024-08-06", "openai", "batch", 0, "1.25/5///", "v0"),
    ]


@pytest.mark.parametrize(
    ("more", "prices", "note"),
    [
        ({"cache_creation_input_token_cost_above_1hr": 6e-6}, "3/15//3.75/6", ""),
        ({}, "3/15//3.75/6", BY_RULE),
        ({"cache_creation_input_token_cost_above_1hr": 3e-5}, "3/15//3.75/6", BY_RULE),  # another model's price
        ({"cache_creation_input_token_cost_above_1hr": 1e-6}, "3/15//3.75/6", BY_RULE),
        ({"cache_creation_input_token_cost": None}, "3/15///", ""),  # knows no cache
    ],
)
def test_a_price_that_is_filled_in_says_so(more: dict[str, Any], prices: str, note: str) -> None:
    claude = entry("anthropic", 3e-6, 1.5e-5, **{"cache_creation_input_token_cost": 3.75e-6, **more})
    (row,) = listed({"claude-3-5-sonnet-20241022": claude})
    assert row == ("claude-3-5-sonnet-20241022", "anthropic", "standard", 0, prices, f"v0{note}")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("gpt-4o-audio-preview", entry("openai", 1e-6, 2e-6)),
        ("azure/gpt-4o", entry("azure", 1e-6, 2e-6)),
        ("dall-e-3", {**entry("openai", 1e-6, 2e-6), "mode": "image_generation"}),
        ("free", entry("openai", 0, 0)),
        ("odd", entry("openai", 1e-6, 5e-5)),
        ("thinker", entry("openai", 1e-6, 2e-6, output_cost_per_reasoning_token=3e-6)),
        ("eu/gpt-4o", entry("openai", 1e-6, 2e-6)),
        ("us-gov.amazon.nova-lite", entry("bedrock", 1e-6, 2e-6)),
        ("precise", entry("openai", 1.2345678e-9, 1.2345678e-9)),
    ],
)
def test_what_can_t_be_priced_is_left_out(name: str, content: dict[str, Any]) -> None:
    assert listed({name: content}) == []


def test_an_older_list_only_adds_models_that_are_no_longer_sold() -> None:
    new = {"gpt-5-0101": entry("openai", 1e-6, 2e-6)}
    old = {"gpt-5-0101": entry("openai", 9e-6, 9e-6), "gpt-3-0613": entry("openai", 3e-6, 4e-6),
           "deepinfra/llama-8b": entry("deepinfra", 1e-6, 1e-6)}  # fmt: skip
    assert listed(new, old) == [
        ("gpt-3-0613", "openai", "standard", 0, "3/4///", "v1"),
        ("gpt-5-0101", "openai", "standard", 0, "1/2///", "v0"),
    ]


def test_the_command_writes_the_file_s_own_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "list.json"
    file.write_text(json.dumps({"text-embedding-9-0101": {**entry("openai", 2e-8, 0), "mode": "embedding"}}))
    assert main([f"1.2.3=2026-11-23={file}"]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head == prices_file._text().splitlines()[0]
    assert row == (
        'text-embedding-9-0101,openai,standard,0,0.02,0,,,,,"OpenAI price page, as listed by litellm 1.2.3",2026-11-23'
    )


def test_every_filled_in_price_of_the_shipped_file_is_twice_the_input() -> None:
    filled = [row for row in prices_file.read_rows() if BY_RULE in row["source"]]
    assert len(filled) > 10
    assert {row["provider"] for row in filled} == {"anthropic"}
    assert all(row["cache_write_1h_usd_per_mtok"] == 2 * row["input_usd_per_mtok"] for row in filled)
    assert all(row["cache_write_5m_usd_per_mtok"] is not None for row in filled)


def test_no_1h_write_is_cheaper_than_the_5m_one() -> None:
    for row in prices_file.read_rows():
        if row["cache_write_1h_usd_per_mtok"] is not None and row["cache_write_5m_usd_per_mtok"] is not None:
            assert row["cache_write_1h_usd_per_mtok"] >= row["cache_write_5m_usd_per_mtok"], row["model"]
