"""One model of a report, read once: every format is drawn from it, so the numbers can't differ.

``tests/analysis/report`` compares the formats with each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.next_steps import NextStep, add_up, find_next_steps, moved_answers, wrong_share
from suffice_analysis.quality import Quality, read_quality, trust_sentences
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.bridge import Bridge
from suffice_analysis.report.decisions import NEVER, back_after, once_words
from suffice_analysis.report.five_sentences import headlines
from suffice_analysis.report.replayed import spoken_for
from suffice_analysis.report.tested import SETTLED, Tested, read_tested
from suffice_analysis.report.wording import (
    Row,
    counted,
    is_simulated,
    is_wide,
    of_100,
    of_100_interval,
    share_words,
)
from suffice_analysis.savings.recommend import CACHING, Recommendation, first_choice, recommend
from suffice_analysis.savings.sentences import beside_the_money, details_of, replay_sentence
from suffice_analysis.slice_words import counted_rows, differing, slice_sentence
from suffice_store.console import format_interval, format_share_interval, format_time, format_usd, format_usd_interval
from suffice_store.store import Store

MOSTLY = 0.10  # of the calls: with more tokens estimated an amount is said as "about"


@dataclass(frozen=True)
class TaskPart:
    """One task with all that the report says of it."""

    row: Row
    share: Row | None  # its row of estimates
    evidence: list[Row]
    actions: list[Row]
    alternatives: list[Row]
    slices: list[Row] = field(default_factory=list)
    tested: Tested | None = None  # where a replay proved or refuted it

    @property
    def differing(self) -> list[str]:
        """Its slices with another verdict than its own, in sentences."""
        return [slice_sentence(row) for row in differing(self.slices, self.row["verdict"])]

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
    def settling(self) -> str | None:
        """How many replays would settle it and the money that waits; None where nothing is claimed."""
        if self.share is None or self.share["value"] is None:
            return None
        per = (
            "a month"
            if self.alternatives and self.alternatives[0]["basis"] == "month"
            else "per 1,000 calls of all traffic"
        )
        return replay_sentence(json.loads(self.share["details"]), per)

    @property
    def best(self) -> Row | None:
        """The small model to test first; None where none saves more than caching."""
        found = recommend(self.alternatives)
        return None if found is None else found.row


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
    environments: set[str] = field(default_factory=set)
    trust: list[str] = field(default_factory=list)  # how far the costs can be trusted, in sentences
    bridge: Bridge | None = None  # what changed since an earlier report, where one was given

    @property
    def basis_words(self) -> str:
        """What amounts of all traffic are per."""
        return "a month" if self.analysis["basis"] == "month" else "per 1,000 calls"

    @property
    def task_basis_words(self) -> str:
        """What amounts of one task are per: of all traffic, not of its own, so that the tasks add up to the total."""
        return "a month" if self.analysis["basis"] == "month" else "per 1,000 calls of all traffic"

    @property
    def paid_usd(self) -> float | None:
        """Spent on the analysed calls, as observed; None where nothing is priced."""
        paid = self.overview.get("paid_usd")
        return None if paid is None else float(paid)

    @property
    def mostly_estimated(self) -> bool:
        """Whether the amounts rest on estimated tokens so far that they are only about right."""
        return bool((self.overview.get("estimated_calls") or 0) >= MOSTLY * self.analysis["calls"])

    @property
    def paid_words(self) -> str:
        """What was paid, as a person may be told it: ``$9.61``, ``about $58`` by estimated tokens, a dash where unknown."""
        if self.paid_usd is None or not self.mostly_estimated:
            return format_usd(self.paid_usd)
        return f"about ${self.paid_usd:,.0f}" if self.paid_usd >= 10 else f"about {format_usd(self.paid_usd)}"

    @property
    def expected_words(self) -> tuple[str, str]:
        """The share of calls expected to be replaceable and its interval; the interval alone where it is too wide."""
        share = self.shares.get("expected_share_calls")
        if share is None or share["value"] is None:
            return "–", ""
        if is_wide(share):
            return format_interval(share["low"], share["high"]), ""
        said, _, ends = format_share_interval(share["value"], share["low"], share["high"]).partition(" (")
        return said, ends.rstrip(")")

    @property
    def basis_usd(self) -> float | None:
        """Spent per month or per 1,000 calls."""
        return self.totals[0]["paid_usd"] if self.totals else None

    @property
    def recommended(self) -> Recommendation | None:
        """What to test first over all traffic; None where no small model saves more than caching."""
        return recommend(self.totals)

    @property
    def wrong_of_moved(self) -> str:
        """Its uncaught wrong answers as a share of the answers it moves: `` (9 of 100 moved answers)``, or nothing."""
        if self.recommended is None:
            return ""
        row = self.recommended.row
        alternatives = [a for t in self.tasks for a in t.alternatives]
        moved = row.get("answers") or moved_answers([t.row for t in self.tasks], alternatives, row["alternative"])
        return f" ({of_100(wrong_share(row['extra_wrong'], moved))} moved answers)" if moved else ""

    @property
    def next_steps(self) -> list[NextStep]:
        """The tasks to move or to test first, at most three."""
        alternatives = [row for t in self.tasks for row in t.alternatives]
        slices = [row for t in self.tasks for row in t.slices]
        return find_next_steps(*counted_rows([t.row for t in self.tasks], alternatives, slices))

    @property
    def simulated(self) -> bool:
        """Whether nothing here is real traffic: every service is a simulated one, or every call of a demo."""
        return is_simulated((s for t in self.tasks for s in json.loads(t.row["services"])), self.environments)

    @property
    def period_words(self) -> str:
        """When the calls were made: days, or within one day the times and how long."""
        first, last = self.analysis["first_call_ns"], self.analysis["last_call_ns"]
        if first is None or last is None:
            return ""
        start, end = format_time(first), format_time(last)
        if start[:10] != end[:10]:
            return f"{start[:10]} to {end[:10]}"
        minutes = (last - first) / 60e9
        long = f"{counted(round(minutes), 'minute')}" if minutes < 90 else f"{minutes / 60:.1f} hours"
        return f"{start[:10]}, {start[11:16]} to {end[11:16]} UTC ({long if minutes >= 1 else 'under a minute'})"

    @property
    def beside_the_money(self) -> list[tuple[str, list[str]]]:
        """Of each alternative over all traffic: wrong answers, whole runs, set-up, commitments, falling prices, in sentences."""
        published = self.analysis["published_ns"]
        found = [(row["alternative"], beside_the_money(row, published)) for row in self.totals]
        return [(name, [s.replace("**", "") for s in lines]) for name, lines in found if lines]

    @property
    def tornado(self) -> tuple[Row | None, list[Row]]:
        """The alternative named first, and what moves its saving most."""
        row = first_choice(self.totals)
        return row, details_of(row).get("tornado", []) if row is not None else []

    @property
    def caching(self) -> Row | None:
        """Caching on today's model over all traffic, where it pays."""
        return next((t for t in self.totals if t["alternative"] == CACHING and t["pays"]), None)

    @property
    def tested(self) -> list[TaskPart]:
        """What a replay settled, the proven first."""
        return [t for word in SETTLED for t in self.tasks if t.tested is not None and t.tested.status == word]

    @property
    def staying(self) -> list[TaskPart]:
        return [t for t in self.tasks if t.row["verdict"] == "stays" and not t.row["ignored"]]

    def with_verdict(self, *words: str) -> list[TaskPart]:
        """Tasks of these verdicts, the dearest first, ignored ones left out."""
        chosen = [t for t in self.tasks if t.row["verdict"] in words and not t.row["ignored"]]
        return sorted(chosen, key=lambda t: (-(t.paid_usd or 0.0), -t.row["calls"], t.row["task_id"]))


def read_report(
    store: Store, *, project: str = "default", clock: Callable[[], int] = time.time_ns, texts: bool = True
) -> Report:
    """Read the last published analysis; with replayed answers if ``texts``. Raises SufficeError when there is none."""
    analysis = next(iter(store.read("analyses", project=project).slice(0, 1).to_pylist()), None)
    if analysis is None:
        raise SufficeError("nothing has been analysed yet; run 'suffice analyze' first")
    these: dict[str, Any] = {"project": project, "analysis_id": analysis["analysis_id"]}
    estimates = store.read("estimates", **these).to_pylist()
    evidence = _by_task(store.read("evidence", **these).to_pylist())
    actions = _by_task(store.read("actions", **these).to_pylist())
    savings = _by_task(store.read("savings", **these).to_pylist())
    slices = _by_task(store.read("slices", **these).to_pylist())
    own = spoken_for([e for e in estimates if e["measure"] == "replaceability"])
    rows = sorted(store.read("tasks", **these).to_pylist(), key=lambda row: -(row["paid_usd"] or 0))
    shares = [own[row["task_id"]] for row in rows if row["task_id"] in own]
    tested = read_tested(store, project, shares, texts=texts)
    tasks = [
        TaskPart(
            row=row,
            share=own.get(row["task_id"]),
            evidence=evidence.get(row["task_id"], []),
            actions=actions.get(row["task_id"], []),
            alternatives=_positioned(savings.get(row["task_id"], [])),
            slices=slices.get(row["task_id"], []),
            tested=tested.get(row["task_id"]),
        )
        for row in rows
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
        environments={
            r["value"] for r in store.read("filters", project=project).to_pylist() if r["dimension"] == "environment"
        },
    )
    report.headlines.extend(headlines(report))
    report.trust.extend(trust_sentences(_read_quality(store, **_filters(analysis, project))))
    return report


def next_steps(report: Report) -> list[str]:
    """The next steps, each with its money, free ones first; three, or one more where all tasks are named."""
    free, later = other_steps(report)
    return [*free, *(_step_words(step, report) for step in report.next_steps), *later]


def other_steps(report: Report) -> tuple[list[str], list[str]]:
    """Those that are no task's: before the tasks what is free, behind them, up to three in all, what would let more be said."""
    free = _free_steps(report)
    return free, _later_steps(report)[: max(0, 3 - len(free) - len(report.next_steps))]


def _free_steps(report: Report) -> list[str]:
    """What costs no answer: prompt caching where it pays, a price for what has none."""
    steps: list[str] = []
    if report.caching is not None and any(t.row["calls"] >= CLAIM_CALLS for t in report.tasks):
        amount = f"{format_usd(report.caching['saving_usd'])} {report.basis_words}"
        steps.append(f"Turn on prompt caching: {amount}, same answers.")
    if report.unpriced_models:
        top = report.unpriced_models[0]
        steps.append(f"Give {top['model']} a price: {top['calls']:,} calls are unpriced.")
    return steps


def _later_steps(report: Report) -> list[str]:
    """What to do where little can be said: record more."""
    later: list[str] = []
    for task in report.with_verdict("untested"):
        if task.row["calls"] < CLAIM_CALLS and task.row["kind"] != "embedding":
            at_stake = f"; {format_usd(task.basis_usd)} {report.task_basis_words} at stake" if task.basis_usd else ""
            later.append(f"Record more of “{task.row['name']}”: {task.row['calls']:,} calls are too few{at_stake}.")
    later.append("Record more traffic: every estimate narrows with it.")
    return later


def sum_sentence(report: Report) -> str:
    """What all tasks among the next steps bring together; nothing of fewer than two."""
    total = add_up(report.next_steps)
    if total is None or len(report.next_steps) < 2:
        return ""
    wrong = f"{of_100(total.extra_wrong_share)} ({of_100_interval(total.extra_wrong_share_low, total.extra_wrong_share_high)})"
    money = format_usd_interval(total.saving_usd, total.saving_low_usd, total.saving_high_usd)
    return (
        f"These {len(report.next_steps)} tasks together: {money} {report.basis_words}, with {wrong} of their answers wrong and "
        "uncaught."
    )


def _step_words(step: NextStep, report: Report) -> str:
    money = format_usd_interval(step.saving_usd, step.saving_low_usd, step.saving_high_usd)
    back = back_after(step, report.analysis["basis"])
    back = f"back {back}" if back == NEVER else f"back after {back}"
    once = "" if step.one_off_usd is None else f"; {once_words(step.one_off_usd)} once, {back}"
    verb = "Move, it is proven:" if step.proven else "Test first:" if step.test_first else "Test, then move:"
    shares = step.extra_wrong_share_low, step.extra_wrong_share_high
    wrong = f"{of_100(step.extra_wrong_share)} ({of_100_interval(*shares)})"
    return f"{verb} “{step.name}” on {step.model}: {money} {report.task_basis_words}, {wrong} of its answers wrong and uncaught{once}."


def _positioned(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row["position"])


def _by_task(rows: list[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row["task_id"], []).append(row)
    return grouped


def _read_quality(store: Store, **filters: Any) -> Quality:
    own = {"project": filters["project"]}
    return read_quality(lambda name, **given: store.read(name, **own | given).to_pylist(), **filters)


def _filters(analysis: Row, project: str) -> dict[str, Any]:
    return {**json.loads(analysis["parameters"] or "{}").get("filters", {}), "project": project}
