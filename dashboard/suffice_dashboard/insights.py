"""The sentences of a page, made from its rows: what was spent, how much could be small, what to do next.

Pure functions. A sentence never claims more than its estimate: no rate without its interval, nothing "proven"
without a replay, no projected money where prices are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suffice_dashboard.formatting import (
    basis_words,
    number_or_none,
    plural,
    render_count,
    render_interval,
    render_money,
    render_money_interval,
    render_share,
    render_tokens,
    render_window,
    shorten,
)
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
    start = f"You spent **{render_money(overview['paid_usd'])}** on {calls}{when}"
    mostly = [
        f"{name} ({render_share(share)})"
        for name, share in (_largest(models, overview["paid_usd"]), _largest(tasks, overview["paid_usd"]))
        if name and share >= 0.05
    ]
    return start + (", most of it on " + " and on ".join(mostly) if mostly else "") + "."


def _largest(rows: Sequence[Row], total: Any) -> tuple[str, float]:
    priced = [row for row in rows if number_or_none(row["paid_usd"])]
    if not priced or not number_or_none(total):
        return "", 0.0
    top = max(priced, key=lambda row: float(row["paid_usd"]))
    return f"**{shorten(top['name'] or top.get('key') or 'one', 48).replace('**', '')}**", float(
        top["paid_usd"]
    ) / float(total)


def movable_sentence(headline: Mapping[str, Row]) -> str:
    """How much could be small: the expected share with its interval, and the proven one with the reason."""
    cost, calls = headline.get("expected_share_cost"), headline.get("expected_share_calls")
    chosen, of = (cost, "that money") if cost and number_or_none(cost["value"]) is not None else (calls, "these calls")
    if not chosen or number_or_none(chosen["value"]) is None:
        return "How much of it a small model could take over is not known yet."
    words = render_interval(chosen["value"], chosen["low"], chosen["high"])
    return f"A small model is expected to suffice for **{words}** of {of}. {proven_sentence(headline)}"


def proven_sentence(headline: Mapping[str, Row]) -> str:
    """The proven share, and why it is 0 where it is."""
    proven = headline.get("proven_share_cost") or headline.get("proven_share_calls")
    value = number_or_none(proven["value"]) if proven else None
    if not value:
        return f"**Proven: {render_share(0)}**, because no small model has answered your recorded calls yet."
    return f"**Proven: {render_share(value)}**, by replay on your own calls."


def next_steps(tasks: Sequence[Row], savings: Sequence[Row], limit: int = 3) -> list[dict[str, Any]]:
    """The tasks worth testing first: largest expected saving of the best paying alternative that is a small model.

    Each with ``task_id``, ``title``, ``verdict``, ``money``, ``risk``, ``how``. Tasks that should stay are left out.
    """
    by_id = {row["task_id"]: row for row in tasks}
    best: dict[str, Row] = {}
    for row in savings:
        worth, task = _expected_saving(row, by_id), by_id.get(row["task_id"])
        if task is None or worth <= 0 or task["verdict"] == "stays" or row["alternative"] == "caching_batch":
            continue
        if worth > (_expected_saving(best[row["task_id"]], by_id) if row["task_id"] in best else 0.0):
            best[row["task_id"]] = row
    ranked = sorted(best.values(), key=lambda row: -_expected_saving(row, by_id))
    return [_step(by_id[row["task_id"]], row) for row in ranked[:limit]]


def _expected_saving(row: Row, tasks: Mapping[str, Row]) -> float:
    saving = number_or_none(row["saving_usd"]) or 0.0
    share = number_or_none(tasks[row["task_id"]]["replaceability"]) if row["task_id"] in tasks else None
    return saving * (share or 0.0) if row["pays"] else 0.0


def _step(task: Row, saving: Row) -> dict[str, Any]:
    per = basis_words(saving["basis"])
    moved = f"{alternative_words(saving['alternative'])}" + (f" ({saving['model']})" if saving["model"] else "")
    tested = "Move it behind a fallback" if task["verdict"] == "proven" else "Test it by replay before moving anything"
    money = render_money_interval(saving["saving_usd"], saving["saving_low_usd"], saving["saving_high_usd"])
    return {
        "task_id": task["task_id"],
        "title": task["name"],
        "verdict": task["verdict"],
        "money": f"Would save {money} {per}: {moved}.",
        "risk": f"Risk if all its calls moved: {wrong_answers(saving)}.",
        "how": f"{tested}. Expected to suffice for {_can(task)} of its calls.",
    }


def wrong_answers(saving: Row) -> str:
    """``120 extra wrong answers a month (40–260)``, or that it is not known."""
    value = number_or_none(saving["extra_wrong"])
    if value is None:
        return "extra wrong answers not known"
    low, high = saving["extra_wrong_low"], saving["extra_wrong_high"]
    between = "" if low is None or high is None else f" ({render_count(low)}–{render_count(high)})"
    return f"{plural(round(value), 'extra wrong answer')}{between} {basis_words(saving['basis'])}"


def _can(task: Row) -> str:
    return render_interval(task["replaceability"], task["replaceability_low"], task["replaceability_high"])


def task_sentence(task: Row) -> str:
    """The verdict of a task in a sentence."""
    each = verdict(task["verdict"])
    start = {
        "proven": "**A small model suffices here**, and that is proven",
        "likely": "**A small model probably suffices here**, and that is not proven yet",
        "untested": "**Whether a small model suffices here is open**",
        "stays": "**Keep this on today's model**",
    }[each.key]
    if number_or_none(task["replaceability"]) is None:
        return f"{start}."
    return f"{start}: expected for **{_can(task)}** of its calls."


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
