"""The report as Markdown: what a pull request or a wiki shows. Prompt text is escaped: it may be hostile."""

from __future__ import annotations

import re
from html import escape

from suffice_analysis.grounds import kind_words
from suffice_analysis.report.bridge import NONE
from suffice_analysis.report.caveats import assumptions, caveats, left_out_words
from suffice_analysis.report.choice import choice_sentences
from suffice_analysis.report.model import Report, TaskPart
from suffice_analysis.report.replayed import caveat
from suffice_analysis.report.steps import effort_sentence, next_steps, sum_sentence
from suffice_analysis.report.tested import LEFT_OUT, Tested, texts_note
from suffice_analysis.report.wording import (
    ALTERNATIVE_NAMES,
    HOW_TO_TEST,
    ROUNDED,
    TERMS,
    Row,
    beyond_words,
    quality_grade_words,
    quality_words,
    source_words,
    verdict_words,
)
from suffice_analysis.savings.assumption_words import number_words, range_words, unit_words
from suffice_analysis.savings.sentences import at_stake
from suffice_analysis.savings.stack import SAME_MODEL
from suffice_store.console import (
    format_count,
    format_interval,
    format_ms,
    format_share,
    format_usd,
    format_usd_estimate,
    format_usd_range,
)


def render_markdown(report: Report) -> str:
    """The whole report."""
    a = report.analysis
    lines = ["# What small models could take over", ""]
    if report.simulated:
        lines += ["**Simulated data.** No real traffic is in this report.", ""]
    period = f"Calls of {report.period_words}. " if report.period_words else ""
    lines += [_text(f"{period}{caveat(report)}"), ""]
    lines += [f"- {_text(s)}" for s in report.headlines]
    lines += _bridge(report)
    lines += ["", "## Next steps", ""]
    lines += [f"{n}. {_text(step)}" for n, step in enumerate(next_steps(report), 1)]
    lines += ["", *(_text(s) for s in (sum_sentence(report), effort_sentence(report), HOW_TO_TEST, TERMS) if s)]
    lines += [
        "",
        "## Tasks",
        "",
        f"| task | kind | calls | cost {report.task_basis_words}{report.about_words} | expected share | verdict |",
    ]
    lines.append("|---|---|--:|--:|---|---|")
    lines += [_task_line(t) for t in report.tasks]
    if report.basis_usd is not None:
        lines += [
            "",
            f"What a task costs and saves is {report.task_basis_words}, so the tasks add up to the total.{left_out_words(report)}",
        ]
    lines += [
        "",
        f"## Savings ({report.priced_basis_words}; beside each other, never added up)",
        "",
        *(_text(s) for s in choice_sentences(report)),
        "",
        ROUNDED,
        "",
        *_alternatives(report.totals),
    ]
    for name, sentences in report.beside_the_money:
        lines += ["", f"### {ALTERNATIVE_NAMES[name]}: beside the money", "", *(f"- {_text(s)}" for s in sentences)]
    if report.tested:
        lines += [
            "",
            "## What was tested, and what came back",
            "",
            _text(texts_note(task.tested for task in report.tested)),
        ]
        lines += [line for task in report.tested if task.tested is not None for line in _tested(task, task.tested)]
    lines += ["", "## What stays on the large model", ""]
    lines += [f"- **{_text(t.row['name'])}**: {_text(t.row['verdict_reason'])}" for t in report.staying] or ["- None."]
    for task in report.tasks:
        lines += _section(task)
    lines += ["", "## Assumptions", "", "| name | value | range | unit | source |", "|---|--:|---|---|---|"]
    lines += [
        f"| {_text(e['words'])} | {number_words(e['value'], e['unit'])} | {range_words(e) or '–'} | {_text(unit_words(e['unit']))} | {_text(e['source'])} |"
        for e in assumptions(report)
    ]
    lines += ["", "## How far to trust the costs", "", *(f"- {_text(s.replace('**', ''))}" for s in report.trust)]
    lines += ["", "## Caveats", "", *(f"- {_text(c)}" for c in caveats(report))]
    lines += ["", f"{report.span_words}. "
              f"Data {a['data_hash']}, analysis {a['analysis_id']}, seed {a['seed']}, suffice {a['suffice_version']}."]  # fmt: skip
    return "\n".join(lines) + "\n"


def _bridge(report: Report) -> list[str]:
    if report.bridge is None:
        return ["", NONE]
    lines = ["", "## Since the report before", "", *(f"- {_text(s)}" for s in report.bridge.sentences)]
    for change in report.bridge.changes:
        cells = change.cells
        lines += ["", f"| {_text(change.what)} | {' | '.join(name for name, _ in cells)} |", f"|---|{'--:|' * len(cells)}",
                  f"| USD {report.basis_words} | {' | '.join(usd for _, usd in cells)} |"]  # fmt: skip
    return lines


def _task_line(task: TaskPart) -> str:
    r = task.row
    cells = [_text(r["name"]), kind_words(r["kind"]), format_count(r["calls"]), format_usd_estimate(task.basis_usd)]
    return f"| {' | '.join([*cells, task.share_words, verdict_words(r)])} |"


def _tested(task: TaskPart, tested: Tested) -> list[str]:
    row, d = tested.row, tested.details
    mode = "" if row["mode"] == "as_is" else f" ({row['mode']})"
    cost = f"{format_usd(d['usd_per_call'])} a call, half within {format_ms(d['latency_p50_ms'])}"
    said = (
        f"{row['candidate']}{mode} answered {d['passed']:,} of {d['passed'] + d['failed']:,} as well as recorded "
        f"({format_interval(row['low'], row['high'])}; bar {format_share(row['bar'])}), {d['unjudged']:,} of {row['n']:,} answers not judged. "
        f"{tested.failed_words} Measured: {cost}."
    )
    lines = ["", f"### {_text(task.row['name'])}: {tested.status_words}", "", _text(said)]
    for each in tested.examples:
        lines += ["", f"- **{_text(each.verdict_words)}**"]
        lines += [
            f"  - {name}: {_text(text)}"
            for name, text in (("asked", each.asked), ("recorded", each.recorded), ("candidate", each.answered))
        ]
    told = tested.examples or tested.why_none == LEFT_OUT
    return lines if told else [*lines, "", _text(f"No example: {tested.why_none}.")]


def _section(task: TaskPart) -> list[str]:
    r = task.row
    lines = ["", f"### {_text(r['name'])}", "", f"{_text(r['verdict_reason'])}", ""]
    lines += [f"- {_text(e['sentence'])} *({_text(source_words(e))})*" for e in task.evidence]
    if task.differing:
        lines += [
            "",
            "Slices with another verdict than the whole:",
            "",
            *(f"- {_text(said)}" for said in task.differing),
        ]
    settling = ["", _text(f"What would settle it: {task.settling}")] if task.settling else []
    return [*lines, *settling, "", *_alternatives(task.alternatives)]


def _alternatives(rows: list[Row]) -> list[str]:
    lines = [
        "| alternative | model | saves | interval | beyond the best before | acceptable | more wrong answers nobody catches |"
    ]
    lines.append("|---|---|--:|---|--:|--:|--:|")
    for row in rows:
        saving, low, high = format_usd_range(row["saving_usd"], row["saving_low_usd"], row["saving_high_usd"])
        interval = "–" if row["saving_low_usd"] is None else f"{low} to {high}"
        money = [saving, interval, beyond_words(row, saving)]
        if row["task_id"] and (stake := at_stake(row)):
            money = [stake, "–", "–"]
        cells = [ALTERNATIVE_NAMES[row["alternative"]], _text(row["model"]), *money, *_quality(row)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _quality(row: Row) -> list[str]:
    if row["quality_grade"] == SAME_MODEL:
        return [SAME_MODEL, "none"]
    known = "" if row["quality"] is None else f", {quality_grade_words(row)}"
    wrong, ends = format_count(row["extra_wrong"]), (row["extra_wrong_low"], row["extra_wrong_high"])
    if row["extra_wrong"] is not None and None not in ends:
        wrong += f" ({format_count(round(ends[0]))}–{format_count(round(ends[1]))})"
    return [f"{' '.join(part for part in quality_words(row) if part)}{known}", wrong]


def _text(text: object) -> str:
    """One line in which nothing is markup."""
    line = escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]#|!~])", r"\\\1", line)
