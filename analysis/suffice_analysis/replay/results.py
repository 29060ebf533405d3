"""Replays -> what they say of each task, candidate and variant, grade ``replay``; ``result_rows.py`` makes rows of it.

A replayed call counts for the task that its recorded call belongs to today. Evidence ages: answers to another template than the
task has now, or of another version of the candidate than answered last, are not counted, and it is said (*reopened*).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from suffice_analysis.estimate import LEVEL, Estimate, clopper_pearson_interval, exact_lower_bound
from suffice_analysis.multiplicity import ALPHA, holm
from suffice_analysis.replay.aging import fresh_answers, own_attempts
from suffice_analysis.replay.candidates import BASELINE
from suffice_analysis.replay.ceiling import BETA, Ceiling, make_ceiling
from suffice_analysis.replay.counts import Counts, count_replays
from suffice_analysis.replay.judge_error import JudgeErrors, measure_errors
from suffice_analysis.replay.marks import with_marks
from suffice_analysis.replay.sequential import SAID, Running, Status, expected_answers
from suffice_analysis.replayed import ENOUGH, Replayed, proof_p_value, replayed_draws, with_ends
from suffice_store.console import format_interval, format_share
from suffice_store.store import Store

Row = Mapping[str, Any]
LOOK_EVERY = 10  # answers between the looks that the running interval is made of
METHOD_FIXED = "exact (Clopper-Pearson) interval of a number of calls set before"
METHOD_RUNNING = "beta-binomial mixture, valid at every look (Howard and others 2021)"
SHOWN_EFFECT = 1.005  # of a design effect: under it n looks the same


@dataclass(frozen=True)
class Result:
    """What one candidate's answers say of one task. ``reopened``: why older answers no longer count; "" if they do."""

    task_id: str
    candidate: str
    variant: str
    bar: float
    design: str
    counts: Counts
    low: float
    high: float
    p_value: float
    status: Status
    reopened: str
    rows: Sequence[Row] = field(repr=False)
    ceiling: Ceiling | None = None  # what it is corrected for
    errors: JudgeErrors | None = field(default=None, repr=False)  # of its judges
    model: str = ""  # as it was asked for
    price: tuple[float, float] | None = None  # USD per million tokens, in and out, as given; None: not known

    @property
    def failures_seen_by_form(self) -> int:
        """Failed answers that a program sees without knowing the right one: not in form, refused, cut."""
        return sum(row["verdict"] == "fail" and row["failure"] not in (None, "wrong") for row in self.rows)

    @property
    def agreement(self) -> float | None:
        """The share of the judged that passed, corrected for what people's marks say of the judge."""
        return self.counts.share

    @property
    def value(self) -> float | None:
        """The same over the share in which the baseline agrees with itself, where that is known."""
        if self.agreement is None or self.ceiling is None or not self.ceiling.value:
            return self.agreement
        return min(1.0, self.agreement / self.ceiling.value)

    @property
    def usd_per_call(self) -> float | None:
        """Mean over the answers with a known cost."""
        known = [float(row["cost_usd"]) for row in self.rows if row["cost_usd"] is not None]
        return sum(known) / len(known) if known else None

    def latency_ms(self, share: float) -> float | None:
        """A quantile over the answers."""
        known = [row["latency_ms"] for row in self.rows if row["latency_ms"] is not None]
        return float(np.quantile(known, share)) if known else None

    @property
    def needed(self) -> int | None:
        """About how many more answers would settle it, were its share what it is; None where no number would."""
        if self.status != "open" or self.value is None:
            return 0 if self.status != "open" else None
        share = (self.counts.passed + 0.5) / (self.counts.judged + 1)
        asked = self.bar if self.ceiling is None else self.bar * self.ceiling.most
        total = expected_answers(share, asked) * self.counts.design_effect
        return max(1, round(total - self.counts.n)) if total < 1e6 else None

    def estimate(self, seed: int) -> Estimate:
        """Its share with its interval."""
        return Estimate(self.value or 0.0, self.low, self.high, "replay", self.counts.n, self.method, seed, LEVEL)

    @property
    def method(self) -> str:
        """How its interval was made, and all that widened it: then it is no longer exact."""
        said = METHOD_FIXED if self.design == "fixed" else METHOD_RUNNING
        wider = [
            f"answers of one run counted as alike (design effect {self.counts.design_effect:.2f}: {self.counts.n:,} answers as "
            f"{self.independent:,})" if self.independent is not None else "",
            "its judge's errors" if self.counts.expected_passes is not None else "",
            "what the baseline reaches" if self.ceiling is not None else "",
        ]  # fmt: skip
        more = "; ".join(each for each in wider if each)
        return f"{said.replace('exact (Clopper-Pearson)', 'Clopper-Pearson')}, widened by: {more}" if more else said

    @property
    def independent(self) -> int | None:
        """As how many independent answers its own count; None where all are."""
        effect = self.counts.design_effect
        return None if effect < SHOWN_EFFECT or not self.counts.n else max(1, round(self.counts.n / effect))

    def draws(self, prior: Any, seed: int) -> Any:
        """Draws of the share, for totals and savings, with the ends of its own interval."""
        drawn = self._drawn(prior, seed)
        return drawn if self.value is None or not self.counts.n else with_ends(drawn, self.value, self.low, self.high)

    def _drawn(self, prior: Any, seed: int) -> Any:
        """Unjudged answers count as failed."""
        passed, failed, undecided = self.counts.effective()
        n = round(passed + failed + undecided)
        own = replayed_draws(Replayed(min(n, round(passed)), n), prior, seed=seed)
        if self.ceiling is None:
            return own
        c = self.ceiling.counts
        return np.minimum(1.0, own / replayed_draws(Replayed(c.passed, c.judged), np.zeros(own.size), seed=seed + 1))

    def sentence(self) -> str:
        """For a person: how many of how many, the interval, the verdict."""
        c = self.counts
        said = f"{self.candidate}{'' if self.variant == 'as_is' else f' ({self.variant})'} answered {c.passed:,} of {c.judged:,} as well as recorded"
        if c.unjudged:
            said += f", {c.unjudged:,} of its {c.n:,} answers could not be judged"
        said += f" ({format_interval(self.low, self.high)}"
        if self.independent is not None:
            said += f", as {self.independent:,} independent answers, for those of one run go together"
        if self.counts.expected_passes is not None:
            said += ", widened by its judge's errors"
        if self.ceiling is not None:
            said += f" of what the baseline reaches, which agrees with itself in {format_share(self.ceiling.value)}, n = {self.ceiling.counts.n:,}"
        return f"{said}); {SAID[self.status].format(format_share(self.bar))}."


@dataclass(frozen=True)
class Results:
    """What was replayed, by task: of candidates, and of the baseline itself."""

    by_task: dict[str, list[Result]] = field(default_factory=dict)
    ceilings: dict[str, Ceiling] = field(default_factory=dict)


def find_results(
    replays: Iterable[Row],
    campaigns: Iterable[Row],
    task_of: Mapping[str, str | None],
    templates: Mapping[str, str],
    marks: Iterable[Row] = (),
) -> Results:
    """By task. ``task_of``: today's task of each call; ``templates``: of the tasks; ``marks``: people's, which go first."""
    marks = list(marks)
    errors, replays = measure_errors(marks), with_marks(replays, marks)
    by_id = {row["campaign_id"]: row for row in campaigns}
    grouped: defaultdict[tuple[str, str, str], dict[str, Row]] = defaultdict(dict)
    for row in sorted(replays, key=lambda r: (r["recorded_ns"], r["campaign_id"])):
        task = task_of.get(row["call_id"])
        if task is not None:
            grouped[task, row["candidate"], row["variant"]][row["call_id"]] = row
    found: defaultdict[str, list[Result]] = defaultdict(list)
    ceilings = {
        key[0]: _ceiling(key[0], list(rows.values()), by_id, templates.get(key[0], ""), errors)
        for key, rows in grouped.items()
        if key[1] == BASELINE
    }
    for (task, candidate, variant), rows in sorted(grouped.items()):
        ceiling = ceilings.get(task)
        usable = ceiling if ceiling is not None and ceiling.is_usable else None
        result = _result(
            (task, candidate, variant), list(rows.values()), by_id, templates.get(task, ""), usable, errors
        )
        if result is not None and candidate != BASELINE:
            found[task].append(result)
    kept = {task: _paid_for(results) for task, results in found.items()}
    return Results(kept, {task: ceiling for task, ceiling in ceilings.items() if ceiling is not None})


def read_results(
    store: Store, project: str, task_of: Mapping[str, str | None], templates: Mapping[str, str]
) -> Results:
    """The same of all that is stored of a project; people's marks go before the judges' verdicts."""
    replays = store.read("replays", project=project).to_pylist()
    if not replays:
        return Results()
    campaigns = store.read("replay_campaigns", project=project).to_pylist()
    marks = store.read("replay_marks", project=project).to_pylist()
    return find_results(replays, campaigns, task_of, templates, marks)


def best_result(results: Sequence[Result]) -> Result | None:
    """The one that speaks for a task: proven, else that of the highest share with enough answers."""
    enough = [each for each in results if each.counts.judged >= ENOUGH or each.status != "open"]
    return max(enough, key=lambda r: (r.status == "proven", r.value or 0.0, r.counts.n), default=None)


def part_results(results: Sequence[Result], parts: Mapping[str, Container[str]]) -> dict[str, list[Result]]:
    """The same of parts of one task: each by its calls. The choice among all parts and candidates is paid for.

    Of a number of calls set before, how many fell into a part hangs on the requests drawn and not on the answers, so given that
    number they are as many independent answers, and the interval of one look holds in the part too.
    """
    found: list[Result] = []
    for part_id, calls in parts.items():
        for each in results:
            rows = [row for row in each.rows if row["call_id"] in calls]
            if rows:
                ceiling = _part_ceiling(part_id, each, calls)
                counts, fixed = count_replays(rows, each.errors), each.design == "fixed"
                by_all = _by_one_look(counts, each.bar, ceiling) if fixed else None
                low, high, p_value, status = by_all or _by_every_look(rows, each.bar, ceiling, each.errors)
                own = replace(each, task_id=part_id, counts=counts, rows=rows, ceiling=ceiling)
                found.append(replace(own, low=low, high=high, p_value=p_value, status=status))
    grouped: defaultdict[str, list[Result]] = defaultdict(list)
    for each in _paid_for(found):
        grouped[each.task_id].append(each)
    return grouped


def _part_ceiling(part_id: str, result: Result, calls: Container[str]) -> Ceiling | None:
    """How often the baseline agrees with itself in the part. The task's own would lift a part in which it always does."""
    whole = result.ceiling
    rows = [row for row in whole.rows if row["call_id"] in calls] if whole is not None else []
    if whole is None or not rows:
        return None
    own = make_ceiling(part_id, count_replays(rows, result.errors), rows, fixed=whole.fixed)
    return own if own.is_usable else None


def _result(
    key: tuple[str, str, str], rows: list[Row], campaigns: Mapping[str, Row], template: str, ceiling: Ceiling | None,
    errors: JudgeErrors,
) -> Result | None:  # fmt: skip
    known = own_attempts(rows, campaigns)
    fresh, reopened = fresh_answers(known, campaigns, template)
    if not known:
        return None
    latest = max((campaigns[row["campaign_id"]] for row in known), key=lambda c: c["recorded_ns"])
    bar, counts = float(latest["bar"]), count_replays(fresh, errors)
    fixed = _is_fixed(known, campaigns, counts) and not reopened
    look = _by_one_look(counts, bar, ceiling) if fixed else _by_every_look(fresh, bar, ceiling, errors)
    low, high, p_value, status = look
    design = "fixed" if fixed else "sequential"
    asked = latest.get("model", ""), _price(latest)
    return Result(*key, bar, design, counts, low, high, p_value, status, reopened, fresh, ceiling, errors, *asked)


def _price(campaign: Row) -> tuple[float, float] | None:
    """What the candidate costs, as it was given for the campaign."""
    given = json.loads(campaign.get("settings") or "{}").get("candidate", {})
    price = given.get("input_usd_per_mtok"), given.get("output_usd_per_mtok")
    return None if price[0] is None or price[1] is None else (float(price[0]), float(price[1]))


def _ceiling(
    task: str, rows: list[Row], campaigns: Mapping[str, Row], template: str, errors: JudgeErrors
) -> Ceiling | None:
    known = own_attempts(rows, campaigns)
    fresh, reopened = fresh_answers(known, campaigns, template)
    counts = count_replays(fresh, errors)
    return (
        make_ceiling(task, counts, fresh, fixed=_is_fixed(known, campaigns, counts) and not reopened) if fresh else None
    )


def _is_fixed(rows: Sequence[Row], campaigns: Mapping[str, Row], counts: Counts) -> bool:
    """Whether one campaign asked as many calls as was said before."""
    own = {row["campaign_id"]: campaigns[row["campaign_id"]] for row in rows}
    only = next(iter(own.values()))
    return len(own) == 1 and only["design"] == "fixed" and counts.n >= (only["wanted"] or 0) > 0


def _by_one_look(counts: Counts, bar: float, ceiling: Ceiling | None) -> tuple[float, float, float, Status]:
    """n was set before anybody looked, so the exact interval holds."""
    passed, failed, undecided = counts.effective()
    n = round(passed + failed + undecided)
    least, most = min(n, round(passed)), min(n, round(passed + undecided))
    (floor, top), beta = ((ceiling.least, ceiling.most), BETA) if ceiling else ((1.0, 1.0), 0.0)
    beta += counts.beta
    alpha = ALPHA - beta
    low = clopper_pearson_interval(least, n, 1 - 2 * alpha)[0]
    high = clopper_pearson_interval(most, n, 1 - 2 * alpha)[1]
    status: Status = "open"
    if exact_lower_bound(least, n, 1 - alpha) >= bar * top:
        status = "proven"
    elif 1 - exact_lower_bound(n - most, n, 1 - alpha) < bar * floor:
        status = "refuted"
    p_value = min(1.0, proof_p_value(Replayed(least, n), bar * top) + beta)
    return min(1.0, low / top), min(1.0, high / floor), p_value, status


def _by_every_look(
    rows: Sequence[Row], bar: float, ceiling: Ceiling | None, errors: JudgeErrors | None = None
) -> tuple[float, float, float, Status]:
    running = running_for(bar, ceiling, count_replays(rows, errors).beta)
    ordered = sorted(rows, key=lambda r: (r["recorded_ns"], r["position"]))
    for end in [*range(LOOK_EVERY, len(ordered), LOOK_EVERY), len(ordered)]:
        running.look(*count_replays(ordered[:end], errors).effective())
    return *running.corrected, running.p_value, running.status


def running_for(bar: float, ceiling: Ceiling | None, beta: float = 0.0) -> Running:
    """The running interval of one candidate under the baseline's ceiling, if that is known. ``beta``: what its judges' errors take."""
    if ceiling is None or not ceiling.is_usable:
        return Running(bar=bar, alpha=ALPHA - beta, beta=beta)
    taken = BETA + beta
    return Running(bar=bar, alpha=ALPHA - taken, ceiling=(ceiling.least, ceiling.most), beta=taken)


def _paid_for(results: Sequence[Result]) -> list[Result]:
    """The choice among several candidates paid for: proven only where it is after Holm."""
    adjusted = holm([each.p_value for each in results])
    return [
        each if each.status != "proven" or p <= ALPHA else _opened(each)
        for each, p in zip(results, adjusted, strict=True)
    ]


def _opened(result: Result) -> Result:
    return replace(result, status="open")
