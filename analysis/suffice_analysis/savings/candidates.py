"""Which SLM a task would get: hard filters first (licence, context, tools, vision), then a rank with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from suffice_analysis import data
from suffice_analysis.profile import TaskProfile
from suffice_analysis.savings.prices import ModelPrice

LARGEST_PARAMS_B = 10.0  # arXiv 2506.02153, WD1: "most models below 10bn"
CONTEXT_ROOM = 1.1  # answer and other tokenizers need room beyond the recorded p99


@dataclass(frozen=True, slots=True)
class Candidate:
    """An SLM that passes the filters of a task."""

    model: str
    params_b: float
    price: ModelPrice
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates, best first, and why each other model was left out."""

    candidates: list[Candidate]
    refused: dict[str, str]


def choose(profile: TaskProfile) -> Choice:
    """Filter and rank the catalogue for one task."""
    candidates: list[tuple[tuple[float, float, str], Candidate]] = []
    refused: dict[str, str] = {}
    needed = (profile.input_tokens_p99 or 0) * CONTEXT_ROOM + (profile.output_tokens_p50 or 0)
    needs_tools = profile.kind == "tool_choice" or profile.answer_form == "tool_call" or profile.tools > 0
    for row in data.rows("slm_catalog.csv"):
        reason = _refusal(row, needed, needs_tools, profile.images)
        if reason:
            refused[row["model"]] = reason
            continue
        params = float(row["active_b"] or row["params_b"])
        score = _score(row, profile)
        price = ModelPrice(
            row["model"],
            float(row["input_usd_per_mtok"]),
            float(row["output_usd_per_mtok"]),
            None,
            None,
            row["price_source"],
        )
        cost = price.cost(profile.input_tokens, profile.output_tokens)
        why = f"{row['params_b']}B, {row['license']}"
        if row["bfcl_v4_live"] and needs_tools:
            why += f", BFCL v4 live {float(row['bfcl_v4_live']):.0f} %"
        candidates.append(((-score, cost, row["model"]), Candidate(row["model"], params, price, why)))
    return Choice([c for _, c in sorted(candidates, key=lambda pair: pair[0])], refused)


def _refusal(row: dict[str, str], needed: float, needs_tools: bool, needs_vision: bool) -> str:
    if row["commercial"] not in ("yes", "custom terms"):
        return f"licence {row['license'] or 'not known'} is not known to allow commercial use"
    if float(row["params_b"]) > LARGEST_PARAMS_B:
        return "larger than 10B"
    if int(row["context_tokens"]) < needed:
        return f"context {int(row['context_tokens']):,} is under the {needed:,.0f} tokens the task needs"
    if needs_tools and row["tools"] != "yes":
        return "not known to call tools"
    if needs_vision and row["vision"] != "yes":
        return "not known to read images"
    return ""


def _score(row: dict[str, str], profile: TaskProfile) -> float:
    """Rank: size class and a plain licence; for tools also the BFCL v4 live score. Ties go to the cheaper."""
    size = min(float(row["params_b"]), 9.0) / 9.0
    licence = 0.15 if row["commercial"] == "yes" else 0.0
    measured = 0.0
    if profile.kind == "tool_choice" and row["bfcl_v4_live"]:
        measured = float(row["bfcl_v4_live"]) / 100 - 0.5
    recent = 0.2 if row["release"] >= "2025-10" else 0.0
    return round(size, 1) + licence + measured + recent
