"""The data card of an exported dataset: what is in it, what was left out and why, who wrote the answers, what that allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suffice_analysis.export.examples import Chosen
from suffice_analysis.export.formats import file_name
from suffice_analysis.export.splitting import SPLITS, Split
from suffice_analysis.plan.subject import Subject
from suffice_store.console import format_time

_TERMS = {  # where each vendor says what its models' answers may be used for
    "openai": "https://openai.com/policies",
    "azure.ai.openai": "https://www.microsoft.com/licensing/terms",
    "anthropic": "https://www.anthropic.com/legal",
    "gcp.gemini": "https://ai.google.dev/gemini-api/terms",
    "gcp.vertex_ai": "https://cloud.google.com/terms/service-terms",
    "aws.bedrock": "https://aws.amazon.com/service-terms",
    "cohere": "https://cohere.com/terms-of-use",
    "mistral_ai": "https://mistral.ai/terms",
}


@dataclass(frozen=True)
class Card:
    """What the card is made of."""

    subject: Subject
    chosen: Chosen
    split: Split
    form: str
    project: str
    capture: str
    version: str

    def as_json(self) -> dict[str, Any]:
        """dataset.json."""
        s, examples = self.subject, self.split.examples
        return {
            "format": self.form, "suffice_version": self.version, "project": self.project, "task_id": s.task["task_id"],
            "task": s.task["name"], "analysis_id": s.analysis["analysis_id"], "seed": s.seed, "capture": self.capture,
            "calls": len(s.rows), "examples": {name: len(examples[name]) for name in SPLITS},
            "runs": {name: len(self.split.runs(name)) for name in SPLITS}, "by_time": self.split.by_time,
            "left_out": dict(self.chosen.left_out.most_common()), "left_out_like_replayed": self.split.like_replayed,
            "masked_calls": self.chosen.changed, "replayed_runs_in_test": len(self.chosen.replayed_runs),
            "models": dict(self.models.most_common()),
            "call_ids": {name: [each.call_id for each in examples[name]] for name in SPLITS},
        }  # fmt: skip

    @property
    def models(self) -> Counter[str]:
        return Counter(each.model for part in self.split.examples.values() for each in part)


def render_card(card: Card) -> str:
    """README.md, with the header that ``datasets.load_dataset`` reads."""
    return "\n".join([*_header(card), *_contents(card), *_left_out(card), *_terms(card), *_how(card)]) + "\n"


def _header(card: Card) -> list[str]:
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for name in SPLITS:
        if card.split.examples[name]:
            lines += [f"  - split: {name}", f"    path: {file_name(name, card.form)}"]
    return [*lines, "---", ""]


def _contents(card: Card) -> list[str]:
    s, split = card.subject, card.split
    times = [each.started_ns for part in split.examples.values() for each in part if each.started_ns is not None]
    spread = f" from {format_time(min(times))} to {format_time(max(times))} UTC" if times else ", untimed"
    order = (
        "train is the earliest, test the latest"
        if split.by_time
        else "runs in an order fixed by the seed (too few calls are timed)"
    )
    lines = [
        f"# {s.task['name']}: recorded calls as {card.form} data", "",
        f"{sum(map(len, split.examples.values())):,} examples of {len(s.rows):,} recorded calls{spread}. One task of one project (`{card.project}`), "
        f"task `{s.task['task_id']}`, analysis `{s.analysis['analysis_id']}`, seed {s.seed}, suffice {card.version}.", "",
        "| split | examples | runs |", "|---|---|---|",
    ]  # fmt: skip
    lines += [f"| {name} | {len(split.examples[name]):,} | {len(split.runs(name)):,} |" for name in SPLITS]
    return [
        *lines, "",
        f"Split by run, no run in two parts; {order}. The {len(card.chosen.replayed_runs):,} runs with calls that were replayed to a candidate are all in "
        "test: none was learnt from.", "",
    ]  # fmt: skip


def _left_out(card: Card) -> list[str]:
    reasons: Mapping[str, int] = dict(card.chosen.left_out.most_common()) | (
        {"reads like a replayed request": card.split.like_replayed} if card.split.like_replayed else {}
    )
    if not reasons:
        return ["## Left out", "", "No call.", ""]
    rows = [f"| {why} | {n:,} |" for why, n in reasons.items()]
    return ["## Left out", "", "| why | calls |", "|---|---|", *rows, ""]


def _terms(card: Card) -> list[str]:
    providers = sorted({each.provider for part in card.split.examples.values() for each in part})
    told = [f"- {name}: {_TERMS[name]}" for name in providers if name in _TERMS]
    models = ", ".join(f"{model} ({n:,})" for model, n in card.models.most_common())
    return [
        "## Who wrote the answers, and what that allows", "",
        f"The answers are those of {models or 'nobody'}: a student learns their mistakes too. Many vendors' terms limit training other models on their "
        "answers, and open models' licences may ask for a name or a notice. Whether this use is allowed is for you to read; no legal advice.", "",
        *told, *([""] if told else []),
    ]  # fmt: skip


def _how(card: Card) -> list[str]:
    personal = (
        "personal data are pseudonyms, the same for the same value"
        if card.capture == "masked"
        else "personal data stand as recorded (`--capture full`)"
    )
    return [
        "## How it was made", "",
        f"Keys, tokens and passwords are masked; {personal}; {card.chosen.changed:,} calls were changed by that. Patterns miss what looks like nothing they know: "
        "look at a sample before it leaves your house.",
        "", "`dataset.json` has the call ids of each split and all counts.", "",
    ]  # fmt: skip
