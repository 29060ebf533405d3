"""The report as one HTML file: styles and charts inside, no script, nothing fetched. Every text is escaped."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from suffice_analysis.grounds import kind_words
from suffice_analysis.report import charts
from suffice_analysis.report.bridge import NAMES as BRIDGE_NAMES
from suffice_analysis.report.bridge import ranked
from suffice_analysis.report.caveats import assumptions, caveats
from suffice_analysis.report.decisions import decisions
from suffice_analysis.report.model import Report, next_steps, other_steps, sum_sentence
from suffice_analysis.report.replayed import caveat, proven_figure
from suffice_analysis.report.tested import TEXTS_NOTE, Example, Tested
from suffice_analysis.report.wording import ALTERNATIVE_NAMES, HOW_TO_TEST, TERMS, VERDICT_WORDS, hci_words
from suffice_analysis.savings.sentences import at_stake
from suffice_store.console import (
    format_count,
    format_interval,
    format_ms,
    format_share,
    format_time,
    format_usd,
    format_usd_range,
)

TEMPLATE_EXCERPT = 1_200
PAPER_CHARS = 420  # of a text of an answer
PAPER_NOTE = "Of each task one worse answer and one as good; the HTML and JSON have more and longer."


def render_html(report: Report, *, paper: bool = False) -> str:
    """The whole report. The tasks that cost most stand open, the others fold; on ``paper`` all are open."""
    return _template().render(
        report=report,
        paper=paper,
        alternative_names=ALTERNATIVE_NAMES,
        verdict_words=VERDICT_WORDS,
        next_steps=next_steps(report),
        decisions=decisions(report),
        other_steps=[step for steps in other_steps(report) for step in steps],
        sum_sentence=sum_sentence(report),
        how_to_test=HOW_TO_TEST,
        caveat=caveat(report),
        proven=proven_figure(report),
        terms=TERMS,
        step_names=BRIDGE_NAMES,
        ranked=ranked,
        caveats=caveats(report),
        assumptions=assumptions(report),
        patterns=charts.PATTERNS,
        swatch=charts.swatch,
        spend_chart=charts.spend_chart(report),
        savings_chart=charts.savings_chart(report.totals, report.basis_words),
        at_stake=at_stake,
        tornado=charts.tornado_chart(*report.tornado),
        hci_words=hci_words,
        kind_words=kind_words,
        action_words=action_words,
        excerpt=_excerpt,
        loads=_loads,
        texts_note=f"{TEXTS_NOTE} {PAPER_NOTE}" if paper else TEXTS_NOTE,
        examples=_for_paper,
        said=_on_paper if paper else str,
        ms=format_ms,
        usd=format_usd,
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


def _excerpt(text: str) -> str:
    return text if len(text) <= TEMPLATE_EXCERPT else f"{text[:TEMPLATE_EXCERPT]} …"


def _for_paper(tested: Tested) -> list[Example]:
    """The first answer that is worse and the first as good, or the first of what there is."""
    kinds = {example.verdict: example for example in reversed(tested.examples)}
    return sorted(kinds.values(), key=tested.examples.index)


def _on_paper(text: str) -> str:
    """Shorter, and without empty lines: what nobody can scroll takes the place of what one came to read."""
    lines = "\n".join(line for line in text.splitlines() if line.strip())
    return lines if len(lines) <= PAPER_CHARS else f"{lines[:PAPER_CHARS].rstrip()} …"


def _loads(text: str) -> Any:
    return json.loads(text)
