"""The report as one HTML file: styles and charts inside, no script, nothing fetched. Every text is escaped."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from suffice_analysis.grounds import kind_words
from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report import charts
from suffice_analysis.report.caveats import assumptions, caveats, left_out_words
from suffice_analysis.report.choice import choice_sentences
from suffice_analysis.report.decisions import decisions
from suffice_analysis.report.model import Report, TaskPart
from suffice_analysis.report.page_one import covered, figures, meaning, origin, since
from suffice_analysis.report.replayed import caveat
from suffice_analysis.report.steps import caching_step, effort_sentence, next_steps, other_steps, sum_sentence
from suffice_analysis.report.tested import Example, Tested, texts_note
from suffice_analysis.report.wording import (
    ALTERNATIVE_NAMES,
    GRADE_WORDS,
    HOW_TO_TEST,
    TERMS,
    VERDICT_WORDS,
    beyond_words,
    hci_words,
    paid_words,
    quality_grade_words,
    quality_words,
    source_words,
    verdict_words,
    would_cost,
)
from suffice_analysis.savings.assumption_words import number_words, range_words, unit_words
from suffice_analysis.savings.sentences import at_stake
from suffice_store.console import (
    format_count,
    format_interval,
    format_ms,
    format_share,
    format_time,
    format_usd,
    format_usd_estimate,
    format_usd_range,
)

TEMPLATE_EXCERPT, TEMPLATE_LINES = 1_200, 40
PAPER_CHARS, PAPER_EXCERPT, PAPER_LINES = 420, 800, 12  # of a text of an answer; of a template; of either
MOST_SMALL = (
    3  # tasks of too few calls among the others in the table; more are folded, on paper one line, and told below it
)
PAPER_TASKS = 8  # in the picture; the table below it has them all
PAPER_NOTE = "Of each task one worse answer and one as good; the HTML and JSON have more and longer."


def render_html(report: Report, *, paper: bool = False) -> str:
    """The whole report. What is proven stands open, the others fold; on ``paper`` all are open."""
    large, small = ([t for t in report.tasks if (t.row["calls"] >= CLAIM_CALLS) is more] for more in (True, False))
    folded = small if large and len(small) > MOST_SMALL else []
    paid = [t.paid_usd for t in folded if t.paid_usd is not None]
    return _template().render(
        report=report,
        paper=paper,
        alternative_names=ALTERNATIVE_NAMES,
        verdict_words=VERDICT_WORDS,
        said_of=verdict_words,
        quality_words=quality_words,
        quality_grade_words=quality_grade_words,
        next_steps=next_steps(report),
        decisions=decisions(report),
        other_steps=[*caching_step(report), *other_steps(report)[1]],  # what has no price is told by what is covered
        sum_sentence=sum_sentence(report),
        effort_sentence=effort_sentence(report),
        how_to_test=HOW_TO_TEST,
        caveat=caveat(report),
        figures=figures(report),
        meaning=meaning(report),
        covered=covered(report),
        since=since(report),
        parts_chart=charts.parts_chart(report) if report.bridge is None else "",
        choice=choice_sentences(report),
        known=GRADE_WORDS,
        bridge_chart="" if report.bridge is None else charts.bridge_chart(report.bridge),
        origin=origin(report),
        terms=TERMS,
        caveats=caveats(report),
        left_out_words=left_out_words(report),
        assumptions=assumptions(report),
        number_words=number_words,
        range_words=range_words,
        unit_words=unit_words,
        patterns=charts.PATTERNS,
        swatch=charts.swatch,
        spend_chart=charts.spend_chart(report, *([PAPER_TASKS] if paper else [])),
        large=large,
        small=small,
        listed_tasks=large if folded else report.tasks,
        folded=folded,
        folded_paid=paid_words(
            sum(paid) if paid else None, *(sum(t.row[key] or 0 for t in folded) for key in ("estimated_calls", "calls"))
        ),
        claim_calls=CLAIM_CALLS,
        rests_on=_rests_on,
        savings_chart=charts.savings_chart(report.totals, report.priced_basis_words),
        at_stake=at_stake,
        tornado=charts.tornado_chart(*report.tornado),
        hci_words=hci_words,
        kind_words=kind_words,
        action_words=action_words,
        excerpt=_paper_excerpt if paper else _excerpt,
        loads=_loads,
        texts_note=texts_note((task.tested for task in report.tested), PAPER_NOTE if paper else ""),
        examples=_for_paper,
        said=_on_paper if paper else str,
        ms=format_ms,
        usd=format_usd,
        about=format_usd_estimate,
        beyond_words=beyond_words,
        would_cost=would_cost,
        usd_range=format_usd_range,
        count=format_count,
        share=format_share,
        interval=format_interval,
        time=format_time,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("suffice_analysis", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def action_words(action: str) -> str:
    """``answer:short_text`` -> ``short text``, ``tool:search_flights`` -> ``search_flights``, the tool's own name."""
    kind, _, name = action.partition(":")
    return name.replace("_", " ") if kind == "answer" else name or action


def _rests_on(task: TaskPart) -> list[Markup]:
    said = Markup('{} <span class="grade">{}</span>')
    return [said.format(e["sentence"], source_words(e)) for e in task.evidence]


def _excerpt(text: str) -> str:
    return _cut(text, TEMPLATE_EXCERPT, TEMPLATE_LINES)


def _for_paper(tested: Tested) -> list[Example]:
    """The first answer that is worse and the first as good, or the first of what there is."""
    kinds = {example.verdict: example for example in reversed(tested.examples)}
    return sorted(kinds.values(), key=tested.examples.index)


def _on_paper(text: str) -> str:
    """Shorter, and without empty lines: what nobody can scroll takes the place of what one came to read."""
    return _cut(_without_empty_lines(text), PAPER_CHARS, PAPER_LINES)


def _paper_excerpt(text: str) -> str:
    return _cut(_without_empty_lines(text), PAPER_EXCERPT, PAPER_LINES)


def _without_empty_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip())


def _cut(text: str, chars: int, lines: int) -> str:
    """At most so many characters in so many lines, whole words; " …" where something is left out."""
    whole = "\n".join(text.splitlines()[:lines])
    kept = whole if len(whole) <= chars else re.sub(r"\s\S{0,30}$", "", whole[: chars + 1])[:chars]
    return text if len(kept) == len(text.rstrip("\n")) else f"{kept.rstrip()} …"


def _loads(text: str) -> Any:
    return json.loads(text)
