"""One model of a report, read once: every format is drawn from it, so the numbers can't differ.

``tests/analysis/report`` compares the formats with each other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.next_steps import NextStep, find_next_steps, moved_answers, wrong_share
from suffice_analysis.projects import missing_words
from suffice_analysis.quality import Quality, read_quality, trust_sentences
from suffice_analysis.report.bridge import Bridge
from suffice_analysis.report.five_sentences import headlines
from suffice_analysis.report.replayed import spoken_for
from suffice_analysis.report.tested import STATES, Tested, read_tested
from suffice_analysis.report.wording import MOSTLY, Row, counted, is_simulated, is_wide, of_100, paid_words, share_words
from suffice_analysis.savings.recommend import CACHING, Recommendation, first_choice, recommend
from suffice_analysis.savings.row_details import details_of
from suffice_analysis.savings.sentences import beside_the_money, per_words, priced_share, replay_sentence
from suffice_analysis.slice_words import apart_sentence, counted_rows, differing, slice_sentence
from suffice_analysis.unsettled import is_unsettled
from suffice_store.console import format_interval, format_share_interval, format_time
from suffice_store.store import Store


@dataclass(frozen=True)
class TaskPart:
    """One task with all that the report says of it."""

    row: Row
    share: Row | None  # its row of estimates
    evidence: list[Row]
    actions: list[Row]
    alternatives: list[Row]
    slices: list[Row] = field(default_factory=list)
    tested: Tested | None = None  # where a replay speaks for it

    @property
    def differing(self) -> list[str]:
        """Its slices with another verdict than its own, in sentences."""
        told = [slice_sentence(row) for row in differing(self.slices, self.row["verdict"])]
        return [*told, apart] if told and (apart := apart_sentence(self.slices, self.row["verdict"])) else told

    @property
    def paid_usd(self) -> float | None:
        """What its priced calls cost, as observed."""
        return None if self.row["paid_usd"] is None else float(self.row["paid_usd"])

    @property
    def paid_words(self) -> str:
        """The same as a person may be told it: "about" where its tokens are estimates."""
        return paid_words(self.paid_usd, self.row["estimated_calls"] or 0, self.row["calls"])

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
    billed: tuple[Decimal, Decimal] | None = (
        None  # USD on the days that invoices tell: theirs, and what suffice counts of them
    )
    bridge: Bridge | None = None  # what changed since an earlier report, where one was given

    @property
    def basis_words(self) -> str:
        """What amounts of all traffic are per."""
        return "a month" if self.analysis["basis"] == "month" else "per 1,000 calls"

    @property
    def priced_basis_words(self) -> str:
        """The same, with how many of the calls have a price where not all have: beside an amount that leaves some out."""
        return per_words(self.totals[0]) if self.totals else self.basis_words

    @property
    def priced_share(self) -> str:
        """``86 %`` of the calls that amounts are of; "" where all have a price."""
        return priced_share(self.totals[0]) if self.totals else ""

    @property
    def of_cost(self) -> str:
        """What a share of the cost is of: unpriced calls are in no share of it."""
        return "of the priced cost" if self.priced_share else "of the cost"

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
    def about_words(self) -> str:
        """Behind the head of a column of amounts: ``, about`` where they rest on estimated tokens."""
        return ", about" if self.mostly_estimated else ""

    @property
    def paid_words(self) -> str:
        """What was paid, as a person may be told it: ``$9.61``, ``about $58`` by estimated tokens, a dash where unknown."""
        return paid_words(self.paid_usd, self.overview.get("estimated_calls") or 0, self.analysis["calls"])

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
        return find_next_steps(*self.counted_rows)

    @property
    def counted_rows(self) -> tuple[list[Row], list[Row]]:
        """Tasks and savings as the totals count them: some tasks by their slices."""
        savings = [*(row for t in self.tasks for row in t.alternatives), *self.totals]
        return counted_rows([t.row for t in self.tasks], savings, [row for t in self.tasks for row in t.slices])

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
    def span_words(self) -> str:
        """From the first call to the last, to the second."""
        first, last = self.analysis["first_call_ns"], self.analysis["last_call_ns"]
        if first is None or last is None:
            return "Calls of unknown times"
        return f"Calls from {format_time(first)} to {format_time(last)} UTC"

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
        """What was replayed: the proven, what is still open, the refuted."""
        return [t for word in STATES for t in self.tasks if t.tested is not None and t.tested.status == word]

    @property
    def unsettled(self) -> list[TaskPart]:
        """What was tested and is neither proven nor refuted, the dearest first."""
        return [t for t in self.tasks if is_unsettled(t.row) and not t.row["ignored"]]

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
        nothing = "nothing has been analysed yet; run 'suffice analyze' first"
        raise SufficeError(missing_words(store, project) or nothing)
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
    quality = _read_quality(store, **_filters(analysis, project))
    report.trust.extend(trust_sentences(quality))
    theirs, ours = quality.differences.their_usd, quality.differences.our_usd
    return report if theirs is None else replace(report, billed=(theirs, ours or Decimal(0)))


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
