"""Which SLM a task would get: hard filters first, then a rank with its reasons.

Filters: a licence for commercial use, under 10B parameters, context for the task's longest requests, tools, images,
languages; for one's own GPU its memory. The rank compares scores only within one benchmark, version and runner: the same model has BFCL 70.3 by
its maker, 28.2 in version 3 and 21.7 in version 4. A score that is missing counts as the middle: unknown is not bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from suffice_analysis import data
from suffice_analysis.profile import TaskProfile
from suffice_analysis.savings.assumptions import gpu, read_assumptions
from suffice_analysis.savings.prices import ModelPrice

LARGEST_PARAMS_B = 10.0  # arXiv 2506.02153, WD1: "most models below 10bn"
CONTEXT_ROOM = 1.1  # answer and other tokenizers need room beyond the recorded p99
RECENT = "2025-10"  # a year before the catalogue's prices
# The one table per kind of task that most of the catalogue stands in: (benchmark, version, who ran it).
_BFCL = ("v4", "gorilla (official table)")
_TII = ("not stated", "TII")
_RELEVANT: dict[str, tuple[str, str, str]] = {
    "tool_choice": ("BFCL live", *_BFCL),
    "tool_choice_multi_turn": ("BFCL multi-turn", *_BFCL),
    "code": ("HumanEval", *_TII),
    "sql": ("HumanEval", *_TII),
    "question_answering": ("MMLU", *_TII),
    "extraction": ("IFEval", *_TII),
    "classification": ("IFEval", *_TII),
    "routing": ("IFEval", *_TII),
    "rewriting": ("IFEval", *_TII),
    "summarising": ("IFEval", *_TII),
}

_ASKED = (
    "licence",
    "larger",
    "context is not",
    "context",
    "tools",
    "images",
    "to know",
)  # words of the reasons, in order


@dataclass(frozen=True, slots=True)
class Candidate:
    """An SLM that passes the filters of a task. ``price`` None: no host of the price list has it."""

    model: str
    params_b: float
    price: ModelPrice | None
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates, best first, and why each other model was left out."""

    candidates: list[Candidate]
    refused: dict[str, str]
    too_large: dict[str, str]  # fits the task, but not the user's GPU

    @property
    def hosted(self) -> list[Candidate]:
        """Those that a host sells."""
        return [c for c in self.candidates if c.price is not None]

    @property
    def none_fits(self) -> str:
        """Why no model fits, by the one that came furthest (the licence is asked first, images and languages last); else empty."""
        if self.candidates or not self.refused:
            return ""
        return max(
            self.refused.values(), key=lambda reason: next((n for n, word in enumerate(_ASKED) if word in reason), 0)
        )

    @property
    def own(self) -> list[Candidate]:
        """Those that fit the user's GPU."""
        return [c for c in self.candidates if c.model not in self.too_large]


def choose(profile: TaskProfile) -> Choice:
    """Filter and rank the catalogue for one task. Embeddings have no candidates."""
    if profile.kind == "embedding":
        return Choice([], {}, {})
    candidates: list[tuple[tuple[float, float, str], Candidate]] = []
    refused: dict[str, str] = {}
    too_large: dict[str, str] = {}
    relevant = _relevant(profile)
    scores = _scores(relevant)
    for row in data.rows("slm_catalog.csv"):
        reason = _refusal(row, profile)
        if reason:
            refused[row["model"]] = reason
            continue
        if large := _too_large(row):
            too_large[row["model"]] = large
        price = _price(row)
        cost = price.cost(profile.input_tokens, profile.output_tokens) if price else float("inf")
        points, why = _rank(row, scores, relevant)
        params = float(row["active_b"] or row["params_b"])
        candidates.append(((-points, cost, row["model"]), Candidate(row["model"], params, price, why)))
    return Choice([c for _, c in sorted(candidates, key=lambda pair: pair[0])], refused, too_large)


def _refusal(row: data.Row, profile: TaskProfile) -> str:
    needed = (profile.input_tokens_p99 or 0) * CONTEXT_ROOM + (profile.output_tokens_p50 or 0)
    needs_tools = profile.kind == "tool_choice" or profile.answer_form == "tool_call" or profile.tools > 0
    if row["commercial"] not in ("yes", "custom terms"):
        return f"licence {row['license'] or 'not known'} is not known to allow commercial use"
    if float(row["params_b"]) > LARGEST_PARAMS_B:
        return "larger than 10B"
    if not row["context_tokens"]:
        return "its context is not known"
    if int(row["context_tokens"]) < needed:
        return f"context {int(row['context_tokens']):,} is under the {needed:,.0f} tokens the task needs"
    if needs_tools and row["tools"] != "yes":
        return "not known to call tools"
    if profile.images and row["vision"] != "yes":
        return "not known to read images"
    missing = _missing_languages(row["languages"], profile.languages)
    return f"not known to know {', '.join(missing)}" if missing else ""


def _missing_languages(known: str, needed: Sequence[str]) -> list[str]:
    """Languages (ISO 639-1) that the maker does not name. English is taken for granted; "100+" and "multilingual" for all."""
    if known in ("100+", "multilingual"):
        return []
    return [language for language in needed if language != "en" and language not in known.split()]


def _too_large(row: data.Row) -> str:
    assumed = read_assumptions()
    needed = float(row["params_b"]) * assumed["bytes_per_parameter"].value
    room = float(gpu()["memory_gb"]) * assumed["gpu_memory_share"].value
    return f"its weights take {needed:,.0f} GB, the GPU has {room:,.0f} GB for them" if needed > room else ""


def _price(row: data.Row) -> ModelPrice | None:
    if not row["input_usd_per_mtok"] or not row["output_usd_per_mtok"]:
        return None
    given, taken = float(row["input_usd_per_mtok"]), float(row["output_usd_per_mtok"])
    return ModelPrice(row["model"], given, taken, None, None, row["price_source"])


def _relevant(profile: TaskProfile) -> tuple[str, str, str] | None:
    multi_turn = profile.kind == "tool_choice" and profile.turns_p50 >= 1
    return _RELEVANT.get("tool_choice_multi_turn" if multi_turn else profile.kind)


def _scores(relevant: tuple[str, str, str] | None) -> dict[str, float]:
    """Scores in the one table that counts for the task."""
    return {
        row["model"]: float(row["value"])
        for row in data.rows("slm_scores.csv")
        if (row["benchmark"], row["version"], row["run_by"]) == relevant
    }


def _rank(row: data.Row, scores: dict[str, float], relevant: tuple[str, str, str] | None) -> tuple[float, str]:
    """Points and their reasons: size (0 to 1), a plain licence, what is recent, a score above or under the middle. Ties: the cheaper."""
    why = [f"{row['params_b']}B", row["license"]]
    points = round(min(float(row["params_b"]), 9.0) / 9.0, 1)
    points += 0.15 if row["commercial"] == "yes" else 0.0
    if row["release"] >= RECENT:
        points += 0.2
        why.append(f"of {row['release'][:7]}")
    if relevant is not None and row["model"] in scores:
        score = scores[row["model"]]
        points += (score - median(scores.values())) / 50
        why.append(f"{relevant[0]} {score:.0f} %" + (f" ({relevant[1]})" if relevant[1] != "not stated" else ""))
    return points, ", ".join(why)
