"""The sentences of a page, made from its rows: what was spent, how much could be small, what to do next.

Pure functions. A sentence never claims more than its estimate: no rate without its interval, nothing "proven"
without a replay, no projected money where prices are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.five_sentences import TOO_LITTLE
from suffice_analysis.report.wording import MOSTLY, paid_words, quality_grade_words
from suffice_analysis.savings.recommend import TESTED, first_choice, recommend, share_tested
from suffice_analysis.savings.sentences import priced_share
from suffice_analysis.unsettled import is_unsettled, unsettled_part, unsettled_sentence
from suffice_dashboard.formatting import (
    basis_words,
    number_or_none,
    plural,
    render_count,
    render_estimate,
    render_interval,
    render_money,
    render_money_interval,
    render_share,
    render_task_share,
    render_tokens,
    render_window,
    shorten,
)
from suffice_dashboard.parsing import parse_json
from suffice_dashboard.risk import wrong_answers
from suffice_dashboard.verdicts import alternative_words, verdict

Row = Mapping[str, Any]


def spend_sentence(overview: Row, models: Sequence[Row], tasks: Sequence[Row]) -> str:
    """What was spent, and on what. ``tasks``: rows of the read ``tasks``; may be empty."""
    calls = plural(overview["calls"], "call")
    window = render_window(overview["first_call_ns"], overview["last_call_ns"])
    when = f" {window}" if window else ""
    if number_or_none(overview["paid_usd"]) is None or not overview["priced_calls"]:
        tokens = render_tokens((overview["input_tokens"] or 0) + (overview["output_tokens"] or 0))
        return (
            f"**{calls}** were recorded{when}, {tokens} tokens. None of them has a known price, so no money is shown."
        )
    unpriced = overview.get("unpriced_calls") or 0
    told = [f"{render_count(unpriced)} of them unpriced, in no amount"] if unpriced else []
    if (estimated := overview.get("estimated_calls") or 0) >= MOSTLY * overview["calls"]:
        told.append(f"the tokens of {render_count(estimated)} estimated")
    but = f" ({'; '.join(told)})" if told else ""
    start = f"You spent **{spent_words(overview)}** on {calls}{when}{but}"
    mostly = [
        f"{name} ({render_share(share)})"
        for name, share in (_largest(models, overview["paid_usd"]), _largest(tasks, overview["paid_usd"]))
        if name and share >= 0.05
    ]
    return start + (", most of it on " + " and on ".join(mostly) if mostly else "") + "."


def spent_words(overview: Row) -> str:
    """As the report says it: "about" where the tokens are estimated."""
    estimated = overview.get("estimated_calls") or 0
    if estimated < MOSTLY * overview["calls"]:
        return render_money(overview["paid_usd"])
    return paid_words(float(overview["paid_usd"]), estimated, overview["calls"])


def paid_note(row: Row) -> str:
    """What a sum of money leaves out. A failed call without usage costs nothing known: it lacks no price."""
    unpriced = row["unpriced_calls"] or 0
    if unpriced:
        return f"{plural(unpriced, 'call')} unpriced"
    estimated = row.get("estimated_calls") or 0
    return "every call priced, by estimated tokens" if estimated == row["calls"] else "every call with usage priced"


def _largest(rows: Sequence[Row], total: Any) -> tuple[str, float]:
    priced = [row for row in rows if number_or_none(row["paid_usd"])]
    if not priced or not number_or_none(total):
        return "", 0.0
    top = max(priced, key=lambda row: float(row["paid_usd"]))
    return f"**{shorten(top['name'] or top.get('key') or 'one', 48).replace('**', '')}**", float(
        top["paid_usd"]
    ) / float(total)


def movable_sentence(headline: Mapping[str, Row], filtered: bool = False) -> str:
    """How much could be small: the expected share with its interval, and the proven one with the reason.

    ``filtered``: the page shows a part of the traffic, and the shares are of all of it.
    """
    cost, calls = headline.get("expected_share_cost"), headline.get("expected_share_calls")
    chosen, of = (cost, "that money") if cost and number_or_none(cost["value"]) is not None else (calls, "these calls")
    if filtered:
        of = "the money" if chosen is cost else "the calls"
    if not chosen or number_or_none(chosen["value"]) is None:
        return "How much of it a small model could take over is not known yet."
    words = render_interval(chosen["value"], chosen["low"], chosen["high"])
    start = "Of all traffic, not only what is filtered here, a" if filtered else "A"
    small = parse_json(calls.get("details") if calls else None).get("left_out_small_calls")
    unjudged = f" {plural(small, 'call')} in tasks with under {CLAIM_CALLS} calls count as none." if small else ""
    return f"{start} small model is expected to take over **{words}** of {of}.{unjudged} {proven_sentence(headline)}"


def part_sentence(spent_usd: float, expected: tuple[float, float, float], proven_usd: float) -> str:
    """How much of the filtered traffic could be small: the same figures as the picture below it. ``expected``: low, value, high in USD."""
    low, value, high = expected
    share = render_interval(value / spent_usd, low / spent_usd, high / spent_usd)
    return (
        f"A small model is expected to take over **{share}** of that money: {render_money_interval(value, low, high)}. "
        f"**Proven: {render_share(proven_usd / spent_usd)}**{', by replay on your own calls' if proven_usd else ''}."
    )


def too_few(tasks: Sequence[Row]) -> str:
    """Why nothing is claimed where no task has calls enough, as a clause; "" where one has."""
    most = max((row["calls"] for row in tasks), default=0)
    if not tasks or most >= CLAIM_CALLS:
        return ""
    return f"no task has {CLAIM_CALLS} calls yet (the largest has {render_count(most)}), and under {CLAIM_CALLS} nothing is claimed"


def proven_sentence(headline: Mapping[str, Row]) -> str:
    """The proven share, and why it is 0 where it is."""
    proven = headline.get("proven_share_cost") or headline.get("proven_share_calls")
    value = number_or_none(proven["value"]) if proven else None
    if not value and proven and proven.get("grade") in TESTED:
        return f"**Proven: {render_share(0)}**, after {plural(proven['n'], 'replayed call')}: all tasks together are not sure enough yet."
    if not value:
        return f"**Proven: {render_share(0)}**, because no small model has answered your recorded calls yet."
    return f"**Proven: {render_share(value)}**, by replay on your own calls. Both are gross: what those calls cost today, before what a small model costs."


def task_basis_words(basis: str | None) -> str:
    """What one task's amounts are per: all traffic, so that the tasks add up to the total."""
    return basis_words(basis) if basis == "month" else f"{basis_words(basis)} of all traffic"


def savings_sentence(whole: Sequence[Row], each: Sequence[Row] = (), tasks: Sequence[Row] = ()) -> str:
    """What to test first over all traffic, its price in wrong answers, and what would save more at which.

    ``each`` and ``tasks``: the savings by task and the tasks, for what of it is proven.
    """
    if not whole or all(row["paid_usd"] is None for row in whole):
        return "Nothing here has a known price, so no saving can be worked out. Set prices with suffice prices."
    if few := too_few(tasks):
        return f"No saving is stated: {few}."
    row, found = first_choice(whole), recommend(whole)
    if row is None:
        return "On today's prices and evidence **no alternative pays**. The table says why for each."
    money = render_money_interval(row["saving_usd"], row["saving_low_usd"], row["saving_high_usd"])
    name = alternative_words(row["alternative"])
    name = name[:1].lower() + name[1:]
    priced = f" ({share} of the calls priced)" if (share := priced_share(row)) else ""
    start = f"Against {render_estimate(row['paid_usd'])} {basis_words(row['basis'])} today{priced}, "
    tested = row["quality_grade"] in TESTED
    if found is None:
        return f"{start}**{name}** saves **{money}** with the same answers. No small model is expected to save more."
    part = share_tested(row)
    which = (
        f" ({row['model']}, which was tested)"
        if tested
        else f" ({row['model']}, tested for {render_share(part)} of it)"
        if part
        else ""
    )
    said = f"{start}the alternative to {'move to' if tested else 'test'} first is **{name}**{which}: **{money}**, at {wrong_answers(row)}."
    if found.usd_per_wrong is not None:
        said += f" That is worth it while one wrong answer costs you less than {render_estimate(found.usd_per_wrong)}."
    if found.more is None or found.more_usd < TOO_LITTLE * row["saving_usd"]:
        pass  # what another would save beyond it is not worth a word
    elif tested and found.more["quality_grade"] not in TESTED:
        other = alternative_words(found.more["alternative"])
        said += f" {other}, not tested, is expected to save {render_estimate(found.more_usd)} more."
    elif round(found.more_wrong):
        apiece = render_estimate(found.more_usd / found.more_wrong)
        said += (
            f" {alternative_words(found.more['alternative'])} would save {render_estimate(found.more_usd)} more at "
            f"{plural(round(found.more_wrong), 'extra wrong answer')} more, {apiece} for each."
        )
    if tested:
        return f"{said} {_proven_part(row, each, tasks)}"
    return f"{said} None of it is proven while the grade of its quality is {row['quality_grade']}."


def known_by(row: Row) -> str:
    """``grade prior``; of a share that another model's test stands in for, whose: ``carried over from echo``."""
    words = quality_grade_words(row)
    return words if "carried over" in words else f"grade {row['quality_grade']}"


def _proven_part(row: Row, each: Sequence[Row], tasks: Sequence[Row]) -> str:
    """How much of a tested alternative's saving is of tasks that are proven."""
    proven = {task["task_id"] for task in tasks if task["verdict"] == "proven"}
    sure = [r for r in each if r["alternative"] == row["alternative"] and r["task_id"] in proven and r["pays"]]
    left = unsettled_part(tasks, each, row["alternative"])
    if not sure:
        return f"No task of it is proven yet. {left}".rstrip()
    ends = (sum(float(r[f"saving{end}_usd"]) for r in sure) for end in ("", "_low", "_high"))
    return f"Of it **{render_money_interval(*ends)}** is of {plural(len(sure), 'proven task')}; the rest is expected. {left}".rstrip()


def task_sentence(task: Row) -> str:
    """The verdict of a task in a sentence."""
    each = verdict(task["verdict"])
    if is_unsettled(task):
        return _unsettled_sentence(task)
    start = {
        "proven": "**A small model suffices here**, and that is proven",
        "likely": "**A small model probably suffices here**, and that is not proven yet",
        "untested": "**Whether a small model suffices here is open**",
        "stays": "**Keep this on today's model**: a test refuted a small one"
        if task.get("grade") in TESTED
        else "**Keep this on today's model for now**; it was not tested",
    }[each.key]
    if number_or_none(task["replaceability"]) is None:
        return f"{start}."
    return f"{start}{'; ' if ': ' in start else ': '}expected for **{render_task_share(task)}** of its calls."


def verdict_words(task: Row) -> str:
    """The verdict and its reason, which says once what a test said."""
    reason, told = str(task["verdict_reason"]).replace("**", ""), f"{unsettled_sentence(task)}: "
    if is_unsettled(task) and reason.lower().startswith(told.lower()):
        reason = reason[len(told) :]
    return f"{task_sentence(task)} {reason}"


def _unsettled_sentence(task: Row) -> str:
    """Of what was tested and is not settled: on which side of its bar it stands, never that it probably suffices."""
    words, _, figures = unsettled_sentence(task).partition(" (")
    said = f"**{words[:1].upper()}{words[1:]}**"
    return f"{said} ({figures}: not proven, not ruled out." if figures else f"{said}: not proven, not ruled out."


def coverage_notes(quality: Row) -> list[str]:
    """What the figures leave out or guess, one phrase each; nothing where all is well."""
    calls = quality["calls"] or 0
    pairs = (
        ("unpriced_calls", "have no known price and are in no sum of money"),
        ("estimated_calls", "report no usage: their tokens are estimated"),
        ("no_usage_calls", "have no token counts at all"),
        ("incomplete_calls", "were cut off before their end"),
        ("error_calls", "failed"),
        ("untimed_calls", "have no time and are in no time chart"),
        ("duplicate_calls", "were told twice and count once"),
    )
    return [
        f"{plural(quality[name], 'call')} {f'({render_share(quality[name] / calls)}) ' if calls and name != 'duplicate_calls' else ''}{words}"
        for name, words in pairs
        if quality.get(name)
    ]


def analysis_trace(analysis: Row | None, grade: str = "", n: int | None = None) -> list[str]:
    """Where the figures come from, for the small print."""
    if analysis is None:
        return []
    return [
        f"Analysis {analysis['analysis_id']}",
        f"{render_count(analysis['calls'])} calls",
        f"seed {analysis['seed']}",
        f"data {str(analysis['data_hash'])[:12]}",
        f"grade {grade}" if grade else "",
        f"n = {render_count(n)}" if n is not None else "",
        f"suffice {analysis['suffice_version']}",
    ]
