"""The Replay page's pictures: results side by side, and one answer beside the recorded one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from suffice_analysis.replay.ceiling import Ceiling
from suffice_analysis.replay.marks import PERSON, Agreement
from suffice_analysis.replay.results import Result
from suffice_dashboard import pieces
from suffice_dashboard.conversation import parse_message, render_message
from suffice_dashboard.formatting import (
    plural,
    render_count,
    render_duration,
    render_interval,
    render_money,
    render_share,
)
from suffice_dashboard.queries import Row

TONES = {"proven": "proven", "refuted": "stays", "open": "untested"}
USUAL_NAME = 32  # characters: "qwen3-30b-a3b-instruct-2507" fits, a path of a model hub breaks where it must
VERDICT_WORDS = {"pass": "as good", "fail": "worse", "unjudged": "not judged"}


def lead(results: Sequence[Result], spent_usd: float | None, unpriced: int) -> list[str]:
    """What was found, in sentences."""
    if not results:
        return ["Nothing was replayed yet: a replay asks a small model your recorded calls and compares its answers."]
    states = Counter(each.status for each in results)
    said = ", ".join(f"**{states[word]} {word}**" for word in ("proven", "refuted", "open") if states[word])
    answers = sum(each.counts.n for each in results)
    cost = "at a cost that is not known" if spent_usd is None else f"for {render_money(spent_usd)}"
    more = f" ({plural(unpriced, 'answer')} without a price)" if unpriced and spent_usd is not None else ""
    tasks = len({each.task_id for each in results})
    return [
        f"{plural(answers, 'answer')} of small models to the calls of {plural(tasks, 'task')}, {cost}{more}: {said}."
    ]


def results_table(
    results: Sequence[Result], names: dict[str, str], link: str = "Read answers", calls: Mapping[str, int] | None = None
) -> str:
    """One row a task, candidate and variant; the bar is the share that a proof must exceed. ``calls``: how many each task has."""
    head = [
        ("Task", "name"), ("Candidate", ""), ("As good as recorded", ""), ("Verdict", ""), ("Failed by", "less"),
        ("Cost a call", "num"), ("Median time", "num"),
    ]  # fmt: skip
    return pieces.table(head, (("", _cells(each, names, link, calls or {})) for each in results))


def _cells(result: Result, names: dict[str, str], link: str, calls: Mapping[str, int]) -> list[str]:
    c = result.counts
    failures = Counter(row["failure"] for row in result.rows if row["verdict"] == "fail" and row["failure"])
    failed = ", ".join(f"{render_count(n)} {kind}" for kind, n in failures.most_common(3)) or "–"
    undecided = [
        plural(n, word, word) for n, word in ((c.unjudged, "not judged"), (c.unavailable, "unavailable"), (c.lost, "lost")) if n
    ]  # fmt: skip
    if c.expected_passes is not None:
        undecided.append("widened by its judge's errors")
    if result.ceiling is not None:
        undecided.append(f"of the {render_share(result.ceiling.value)} that the recorded model reaches")
    picture = pieces.interval_bar(result.value, result.low, result.high, TONES[result.status], result.bar)
    share = render_interval(result.value, result.low, result.high)
    where = {"task_id": result.task_id, "candidate": result.candidate, "variant": result.variant}
    address = f"replay?{urlencode(where)}"
    return [
        f'{pieces.link(pieces.task_link(result.task_id), names.get(result.task_id, result.task_id))}<div class="go">{pieces.link(address, link + " →")}</div>',
        f'{_whole(result.candidate)}<div class="sub one">{pieces.e(variant_words(result.variant))}</div>',
        f'{picture}{pieces.e(share)}<div class="sub">{pieces.e(f"{c.passed:,} of {c.judged:,}")}'
        f"{pieces.e(''.join(', ' + each for each in undecided))}</div>",
        pieces.badge(result.status, TONES[result.status], f"at the bar of {render_share(result.bar)}")
        + _why(result, calls.get(result.task_id)),
        pieces.e(failed),
        pieces.e(render_money(result.usd_per_call)) if result.usd_per_call is not None else "no price",
        pieces.e(render_duration(result.latency_ms(0.5))) if result.latency_ms(0.5) is not None else "–",
    ]


def variant_words(variant: str) -> str:
    """How the candidate was asked: ``today's prompt``, ``fewshot:4``."""
    return "today's prompt" if variant == "as_is" else variant.replace("_", " ")


def ceilings_table(ceilings: Mapping[str, Ceiling], names: dict[str, str]) -> str:
    """One row a task whose recorded model was asked again."""
    head = [("Task", "name"), ("Recorded model", ""), ("Agrees with itself", ""), ("Candidates' results", "less")]
    return pieces.table(head, (("", _ceiling_cells(each, names)) for each in ceilings.values()))


def _whole(model: str) -> str:
    """A model's name, not broken at its hyphens while it is of a usual length."""
    return f'<span class="{"one" if len(model) <= USUAL_NAME else "wide"}">{pieces.e(model)}</span>'


def _ceiling_cells(ceiling: Ceiling, names: dict[str, str]) -> list[str]:
    picture = pieces.interval_bar(ceiling.value, ceiling.low, ceiling.high, "proven")
    share = render_interval(ceiling.value, ceiling.low, ceiling.high)
    return [
        pieces.e(names.get(ceiling.task_id, ceiling.task_id)),
        _whole(ceiling.model or "not told"),
        f'{picture}{pieces.e(share)}<div class="sub">n = {ceiling.counts.n:,}</div>',
        "are corrected for it" if ceiling.is_usable else "are not corrected: too few answers, or too little agreement",
    ]


def _why(result: Result, calls: int | None) -> str:
    """What would settle it, or why it was opened again."""
    if result.reopened:
        return f'<div class="sub">reopened: {pieces.e(result.reopened)}</div>'
    if result.status == "open" and result.needed:
        more = f"about {plural(result.needed, 'more answer')}"
        if calls is not None and result.counts.n + result.needed > calls:
            more += f"; it has {plural(calls, 'call')}"
        return f'<div class="sub">{pieces.e(more)}</div>'
    return ""


def paired_note(results: Sequence[Result]) -> str:
    """Two candidates of a task on the calls that both answered; "" where there are not two."""
    if len(results) < 2:
        return ""
    first, second = sorted(results, key=lambda each: -(each.value or 0))[:2]
    one, other = (
        {r["call_id"]: r["verdict"] for r in each.rows if r["verdict"] in ("pass", "fail")} for each in (first, second)
    )
    both = sorted(set(one) & set(other))
    if not both:
        return "No call was asked of both, so they can't be compared call by call."
    better = sum(one[call] == "pass" and other[call] == "fail" for call in both)
    worse = sum(one[call] == "fail" and other[call] == "pass" for call in both)
    a, b = (f"{each.candidate}{'' if each.variant == 'as_is' else f' ({each.variant})'}" for each in (first, second))
    return f"On the {plural(len(both), 'call')} that both answered, {a} alone was as good in {better:,}, {b} alone in {worse:,}."


def agreement_sentence(agreements: Sequence[Agreement]) -> str:
    """How far the judges can be trusted, by people's marks; "" without marks."""
    said = [
        f"{each.judge} {each.same:,} of {each.n:,} ({render_share(each.low)}–{render_share(each.high)})" for each in agreements
    ]  # fmt: skip
    return (
        f"Judges against people's marks: {'; '.join(said)}. A mark goes before the judge's verdict; a judge that marks contradict widens the interval."
        if said
        else ""
    )


def answer_pair(recorded: Sequence[Row], replayed: Sequence[Row]) -> str:
    """The last message asked, then both answers side by side."""
    asked = [row for row in recorded if row["direction"] == "request"][-1:]
    before, after = (_answer(rows) for rows in (recorded, replayed))
    return (
        "".join(render_message(parse_message(row["content"]), row["role"]) for row in asked)
        + f'<div class="sf-pair" style="margin-top:1rem"><div><div class="head">Recorded</div>{before}</div>'
        f'<div><div class="head">Candidate</div>{after}</div></div>'
    )


def _answer(rows: Sequence[Row]) -> str:
    said = [row for row in rows if row["direction"] == "answer"]
    drawn = "".join(render_message(parse_message(row["content"]), row["role"], answer=True) for row in said)
    return drawn or '<p class="sf-note">Not stored: it never came, or was deleted.</p>'


def verdict_line(row: Row) -> str:
    """What was decided of one answer, by whom, and why."""
    word = VERDICT_WORDS.get(row["verdict"], row["verdict"])
    by = "a person" if row["judge"] == PERSON else f"the {row['judge']} judge" if row["judge"] else "nobody"
    kind = f" ({row['failure']})" if row["failure"] else ""
    return f"**{word}**{kind}, by {by}" + (f": {row['remark']}" if row["remark"] else "")
