"""The catalogue: every figure with its source, hard filters with their reason, a rank that never mixes benchmark versions."""

from __future__ import annotations

from pathlib import Path

import pytest
from analysis.cases import make_profile

from suffice_analysis import data
from suffice_analysis.savings.candidates import choose

CATALOGUE = data.rows("slm_catalog.csv")
SCORES = data.rows("slm_scores.csv")


def test_every_figure_has_its_source() -> None:
    assert len(CATALOGUE) >= 50
    assert len({row["model"] for row in CATALOGUE}) == len(CATALOGUE)
    for row in CATALOGUE:
        assert row["price_source"] if row["input_usd_per_mtok"] else not row["output_usd_per_mtok"]
        assert row["date"]
        assert 0 < float(row["params_b"]) <= 10
    models = {row["model"] for row in CATALOGUE}
    for row in SCORES:
        assert row["model"] in models
        assert row["source"], row
        assert row["version"], row
        assert row["mode"], row
        assert row["run_by"], row
        assert 0 <= float(row["value"]) <= 100
    keys = [(row["model"], row["benchmark"], row["version"], row["mode"], row["run_by"]) for row in SCORES]
    assert len(set(keys)) == len(keys)


def test_a_harness_failure_is_no_score() -> None:
    assert not [row for row in SCORES if "Ministral-8B-Instruct-2410" in row["model"]]


def test_hard_filters_refuse_with_their_reason() -> None:
    plain = choose(make_profile())
    assert "licence" in plain.refused["CohereLabs/c4ai-command-r7b-12-2024"]
    assert "licence" in plain.refused["Salesforce/Llama-xLAM-2-8b-fc-r"]
    assert plain.refused["Qwen/Qwen3-1.7B"] == "its context is not known"
    long = choose(make_profile(input_tokens_p99=200_000.0))
    assert {c.model for c in long.candidates} < {c.model for c in plain.candidates}
    assert "context 40,960 is under" in long.refused["Qwen/Qwen3-8B"]
    seeing = choose(make_profile(images=True))
    assert seeing.refused["Qwen/Qwen3-8B"] == "not known to read images"
    assert {c.model for c in seeing.candidates} >= {"Qwen/Qwen3.5-9B", "google/gemma-4-E4B-it"}
    tools = choose(make_profile(tools=3))
    assert "tools" in tools.refused["meta-llama/Llama-3.2-1B-Instruct"]
    none = choose(make_profile(input_tokens_p99=5_000_000.0))
    assert (none.candidates, none.hosted, none.own) == ([], [], [])
    assert "is under the 5,500,200 tokens the task needs" in none.none_fits
    assert plain.none_fits == ""
    assert choose(make_profile(kind="embedding")).candidates == []
    assert choose(make_profile(kind="embedding")).none_fits == ""


def test_languages_that_no_maker_names_are_refused() -> None:
    german, thai = choose(make_profile(languages=["de", "en"])), choose(make_profile(languages=["th"]))
    assert "meta-llama/Llama-3.1-8B-Instruct" in {c.model for c in german.candidates}
    assert german.refused["ibm-granite/granite-4.2-8b"] == "not known to know de"
    assert thai.refused["HuggingFaceTB/SmolLM3-3B"] == "not known to know th"
    assert "Qwen/Qwen3-8B" in {c.model for c in thai.candidates}  # its maker names over 100


def test_the_rank_gives_its_reasons_and_takes_scores_of_one_table() -> None:
    best = choose(make_profile(kind="tool_choice", answer_form="tool_call", tools=3)).candidates
    tiny = next(c for c in best if c.model == "meta-llama/Llama-3.2-3B-Instruct")
    assert "BFCL live 58 % (v4)" in tiny.reason
    assert best.index(tiny) > [c.model for c in best].index("Qwen/Qwen3-8B")
    # Granite 4.1 has only the maker's BFCL of version 3: another table, so its score is not used.
    granite = next(c for c in best if c.model == "ibm-granite/granite-4.1-8b")
    assert "BFCL" not in granite.reason


def test_one_without_a_host_is_only_for_ones_own_gpu() -> None:
    choice = choose(make_profile())
    alone = {c.model for c in choice.candidates} - {c.model for c in choice.hosted}
    assert "ibm-granite/granite-4.1-3b" in alone
    assert alone <= {c.model for c in choice.own}


def test_the_users_gpu_has_room_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose(make_profile()).too_large == {}
    (tmp_path / "gpu_prices.csv").write_text("gpu,memory_gb\nH100 SXM,16\n")  # 12.8 GB for weights: 6.4B at 16 bits
    monkeypatch.setenv("SUFFICE_FIGURES", str(tmp_path))
    choice = choose(make_profile())
    assert choice.too_large["Qwen/Qwen3-8B"] == "its weights take 16 GB, the GPU has 13 GB for them"
    assert max(c.params_b for c in choice.own) <= 6.4
    assert "Qwen/Qwen3-8B" in {c.model for c in choice.hosted}
