"""One model of a report, read once: every format is drawn from it, so the numbers can't differ.

``tests/analysis/report`` compares the formats with each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.verdicts import WIDE_POINTS
from suffice_store.console import format_interval, format_share, format_usd
from suffice_store.store import Store

Row = Mapping[str, Any]
ALTERNATIVE_NAMES = {
    "caching_batch": "Today's model, cached",
    "small_tier": "Vendor's small model",
    "hosted_slm": "Hosted SLM",
    "self_hosted_slm": "Self-hosted SLM",
}
_IN_A_SENTENCE = {
    "small_tier": "the vendor's small model",
    "hosted_slm": "a hosted small model,",
    "self_hosted_slm": "a self-hosted small model,",
}
VERDICT_WORDS = {
    "proven": "proven by tests",
    "likely": "likely, to be tested",
    "untested": "untested",
    "stays": "stays on the LLM",
}


@dataclass(frozen=True)
class TaskPart:
    """One task with all that the report says of it."""

    row: Row
    share: Row | None  # its row of estimates
    evidence: list[Row]
    actions: list[Row]
    alternatives: list[Row]

    @property
    def paid_usd(self) -> float | None:
        """What its priced calls cost, as observed."""
        return None if self.row["paid_usd"] is None else float(self.row["paid_usd"])

    @property
    def basis_usd(self) -> float | None:
        """The same per month or per 1,000 calls."""
        return self.alternatives[0]["paid_usd"] if self.alternatives else None

    @property
    def share_words(self) -> str:
        """Its expected share as a person may be told it."""
        return share_words(self.share, self.row["calls"])

    @property
    def best(self) -> Row | None:
        """The alternative that is expected to save most; None where none pays."""
        paying = [a for a in self.alternatives if a["pays"] and a["alternative"] != "caching_batch"]
        return max(paying, key=lambda a: (a["saving_usd"], -a["position"]), default=None)


@dataclass(frozen=True)
class Report:
    """What every format shows."""

    project: str
    generated_ns: int
    analysis: Row
    overview: Row
    shares: dict[str, Row]
    tasks: list[TaskPart]
    totals: list[Row]
    unpriced_models: list[Row]
    headlines: list[str] = field(default_factory=list)

    @property
    def basis_words(self) -> str:
        return "a month" if self.analysis["basis"] == "month" else "per 1,000 calls"

    @property
    def paid_usd(self) -> float | None:
        """Spent on the analysed calls, as observed; None where nothing is priced."""
        paid = self.overview.get("paid_usd")
        return None if paid is None else float(paid)

    @property
    def basis_usd(self) -> float | None:
        """Spent per month or per 1,000 calls."""
        return self.totals[0]["paid_usd"] if self.totals else None

    @property
    def best_total(self) -> Row | None:
        """The alternative that saves most in total; None where none pays."""
        paying = [t for t in self.totals if t["pays"] and t["alternative"] != "caching_batch"]
        return max(paying, key=lambda t: (t["saving_usd"], -t["position"]), default=None)

    @property
    def staying(self) -> list[TaskPart]:
        return [t for t in self.tasks if t.row["verdict"] == "stays" and not t.row["ignored"]]

    def with_verdict(self, *words: str) -> list[TaskPart]:
        """Tasks of these verdicts, the dearest first, ignored ones left out."""
        chosen = [t for t in self.tasks if t.row["verdict"] in words and not t.row["ignored"]]
        return sorted(chosen, key=lambda t: (-(t.paid_usd or 0.0), -t.row["calls"], t.row["task_id"]))


def read_report(store: Store, *, project: str = "default", clock: Callable[[], int] = time.time_ns) -> Report:
    """Read the last published analysis. Raises SufficeError when there is none."""
    analyses = store.read("analyses", project=project).slice(0, 1).to_pylist()
    if not analyses:
        raise SufficeError("nothing has been analysed yet; run 'suffice analyze' first")
    analysis = analyses[0]
    these: dict[str, Any] = {"project": project, "analysis_id": analysis["analysis_id"]}
    estimates = store.read("estimates", **these).to_pylist()
    evidence = _by_task(store.read("evidence", **these).to_pylist())
    actions = _by_task(store.read("actions", **these).to_pylist())
    savings = _by_task(store.read("savings", **these).to_pylist())
    own = {e["task_id"]: e for e in estimates if e["measure"] == "replaceability" and e["candidate"] == "any SLM"}
    tasks = [
        TaskPart(
            row=row,
            share=own.get(row["task_id"]),
            evidence=evidence.get(row["task_id"], []),
            actions=actions.get(row["task_id"], []),
            alternatives=_positioned(savings.get(row["task_id"], [])),
        )
        for row in store.read("tasks", **these).to_pylist()
    ]
    tasks.sort(key=lambda t: (-(t.paid_usd or 0.0), -t.row["calls"], t.row["task_id"]))
    overview = store.read("overview", **_filters(analysis, project)).to_pylist()
    report = Report(
        project=project,
        generated_ns=clock(),
        analysis=analysis,
        overview=overview[0] if overview else {},
        shares={e["measure"]: e for e in estimates if e["task_id"] == ""},
        tasks=tasks,
        totals=_positioned(savings.get("", [])),
        unpriced_models=store.read("unpriced_models", project=project).to_pylist(),
    )
    report.headlines.extend(headlines(report))
    return report


def headlines(report: Report) -> list[str]:
    """The five most important sentences, in order: spent, expected, proven, saving and its risk, what stays."""
    o, a = report.overview, report.analysis
    spent = "none of them priced" if report.paid_usd is None else f"{format_usd(report.paid_usd)} paid"
    unpriced = o.get("unpriced_calls") or 0
    if report.paid_usd is not None and unpriced:
        spent += f" ({unpriced:,} calls unpriced)"
    if report.paid_usd is not None and (estimated := o.get("estimated_calls") or 0):
        spent += f", by estimated tokens in {estimated:,} calls"
    first = f"{_count(a['calls'], 'call')} in {_count(a['task_count'], 'task')}: {spent}"
    if a["basis"] == "month" and report.basis_usd is not None:
        first += f", {format_usd(report.basis_usd)} a month at this rate"
    sentences = [first + "."]
    calls, cost = report.shares.get("expected_share_calls"), report.shares.get("expected_share_cost")
    if calls is None:
        sentences.append("No answers of a language model were recorded, so no share can be estimated.")
    elif calls["value"] is None:
        sentences.append(f"Under {CLAIM_CALLS} calls no percentage is claimed; record more.")
    else:
        of_cost = f" and {_plain_share(cost)} of the cost" if cost is not None else ""
        sentences.append(f"A small model is expected to suffice for {_plain_share(calls)} of the calls{of_cost}.")
    sentences.append("Proven: 0 %. No small model's answers have been compared with the recorded ones yet.")
    best = report.best_total
    if best is None:
        why = "no price is known" if report.paid_usd is None else "no alternative is expected to cost less"
        sentences.append(f"No saving is stated: {why}.")
    else:
        sentences.append(
            f"Biggest expected saving: {_IN_A_SENTENCE[best['alternative']]} {best['model']}, "
            f"{format_usd(best['saving_usd'])} {report.basis_words} "
            f"({format_usd(best['saving_low_usd'])} to {format_usd(best['saving_high_usd'])}) if tests confirm it, "
            f"with about {best['extra_wrong'] or 0:,.0f} more wrong answers nobody catches."
        )
    sentences.append(_staying_sentence(report))
    return sentences


def _staying_sentence(report: Report) -> str:
    staying = report.with_verdict("stays")
    if not staying:
        return "No task is expected to need the large model for most of its calls, but none is tested either."
    names = ", ".join(f"“{t.row['name']}”" for t in staying[:3])
    more = f" and {len(staying) - 3} more" if len(staying) > 3 else ""
    return f"{_count(len(staying), 'task')} should stay on the large model: {names}{more}."


def share_words(estimate: Row | None, calls: int) -> str:
    """A share as a person may be told it: nothing under 100 calls, "untested" when wider than 40 points."""
    if estimate is None:
        return "–"
    if estimate["value"] is None or calls < CLAIM_CALLS:
        return f"under {CLAIM_CALLS} calls"
    interval = format_interval(estimate["low"], estimate["high"])
    return f"untested ({interval})" if is_wide(estimate) else f"{format_share(estimate['value'])} ({interval})"


def is_wide(estimate: Row) -> bool:
    """Whether the interval is too wide to state a value."""
    return bool(100 * (estimate["high"] - estimate["low"]) > WIDE_POINTS)


def next_steps(report: Report) -> list[str]:
    """The three next steps, each with its money. Free ones first."""
    steps: list[str] = []
    caching = next((t for t in report.totals if t["alternative"] == "caching_batch" and t["pays"]), None)
    if caching is not None:
        steps.append(f"Turn on prompt caching: {format_usd(caching['saving_usd'])} {report.basis_words}, same answers.")
    if report.unpriced_models:
        top = report.unpriced_models[0]
        steps.append(f"Give {top['model']} a price: {top['calls']:,} calls are unpriced.")
    for task in [*report.with_verdict("likely"), *report.with_verdict("untested")]:
        if len(steps) >= 3:
            break
        if task.best is not None and task.row["calls"] >= CLAIM_CALLS:
            saving = f"{format_usd(task.best['saving_usd'])} {report.basis_words}"
            steps.append(f"Test “{task.row['name']}” against {task.best['model']}: about {saving}.")
    for task in report.with_verdict("untested"):
        if task.row["calls"] < CLAIM_CALLS and task.row["kind"] != "embedding":
            at_stake = f"; {format_usd(task.basis_usd)} {report.basis_words} at stake" if task.basis_usd else ""
            steps.append(f"Record more of “{task.row['name']}”: {task.row['calls']:,} calls are too few{at_stake}.")
    steps.append("Record more traffic: every estimate narrows with it.")
    return steps[:3]


def caveats(report: Report) -> list[str]:
    """What a careful reader should know before acting."""
    o, a = report.overview, report.analysis
    notes = [
        "Every share rests on structure and on recorded answers alone: no small model has been run. Proven is therefore 0 %.",
        "Acceptable means no worse than the recorded answer. Whether recorded answers were right is another question.",
        "The alternatives stand beside each other. Their savings must not be added up.",
        "Not counted: engineering time, fine-tuning, replay, and discounts a commitment's floor would undo.",
    ]
    if a["basis"] == "per_1000_calls":
        notes.append(
            "Less than 7 days of the calls are timed, so amounts are per 1,000 calls and nothing is said per month."
        )
    else:
        notes.append("A month is projected from the recorded window at its mean rate.")
    for key, text in (
        ("unpriced_calls", "calls have no price; they are in no amount"),
        ("estimated_calls", "calls have estimated tokens"),
        ("incomplete_calls", "calls were recorded in part"),
        ("duplicate_calls", "calls told again what others tell and are not counted"),
        ("error_calls", "calls ended in an error"),
    ):
        if o.get(key):
            notes.append(f"{o[key]:,} {text}.")
    return notes


def assumptions(report: Report) -> list[dict[str, Any]]:
    """Every assumption of the totals once, in order."""
    found: dict[str, dict[str, Any]] = {}
    for total in report.totals:
        for entry in json.loads(total["assumptions"]):
            found.setdefault(entry["name"], entry)
    return list(found.values())


def _plain_share(estimate: Row) -> str:
    if is_wide(estimate):
        return f"{100 * estimate['low']:.0f} to {100 * estimate['high']:.0f} % (too wide for one number)"
    return f"{format_share(estimate['value'])} ({format_interval(estimate['low'], estimate['high'])})"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _positioned(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["position"])


def _by_task(rows: list[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["task_id"], []).append(row)
    return grouped


def _filters(analysis: Row, project: str) -> dict[str, Any]:
    filters: dict[str, Any] = json.loads(analysis["parameters"] or "{}").get("filters", {})
    return filters | {"project": project}
