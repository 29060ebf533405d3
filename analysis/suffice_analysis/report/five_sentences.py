"""The five most important sentences of a report. Every format begins with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.report.decisions import worth_doing
from suffice_analysis.report.parts import remainder
from suffice_analysis.report.replayed import proven_sentence, replays_so_far
from suffice_analysis.report.wording import IN_A_SENTENCE, Row, counted, is_wide, not_judged, plain_share
from suffice_analysis.savings.effort import YEARS, once_words, pays_from_calls, range_of
from suffice_analysis.savings.payback import months_words
from suffice_analysis.savings.recommend import TESTED, share_tested
from suffice_analysis.slice_words import staying_slices
from suffice_analysis.unsettled import unsettled_part
from suffice_store.console import format_share, format_usd_estimate, format_usd_interval, format_usd_range
from suffice_store.rounding import about

if TYPE_CHECKING:
    from suffice_analysis.report.model import Report

TOO_LITTLE = 0.005  # of the saving: what an alternative saves beyond it is not worth a word


def headlines(report: Report) -> list[str]:
    """The five most important sentences, in order: spent, expected, proven, saving and its risk, what stays."""
    o, a = report.overview, report.analysis
    spent = "none of them priced" if report.paid_usd is None else f"{report.paid_words} paid"
    if report.paid_usd is not None:
        estimated = o.get("estimated_calls") or 0
        if report.mostly_estimated:
            spent += ", by estimated tokens"
        elif estimated:
            spent += f", the tokens of {counted(estimated, 'call')} estimated"
        if unpriced := o.get("unpriced_calls") or 0:
            spent += f" ({counted(unpriced, 'call')} unpriced, in no amount)"
    first = f"{counted(a['calls'], 'call')} in {counted(a['task_count'], 'task')}: {spent}"
    if a["basis"] == "month" and report.basis_usd is not None:
        first += f", {format_usd_estimate(report.basis_usd)} a month at this rate"
    sentences = [first + "."]
    calls, cost = report.shares.get("expected_share_calls"), report.shares.get("expected_share_cost")
    if calls is None:
        sentences.append("No answers of a language model were recorded, so no share can be estimated.")
    elif calls["value"] is None:
        sentences.append(f"Too few calls to say: no task has {CLAIM_CALLS} calls yet.")
    else:
        of_cost = f" and {plain_share(cost)} {report.of_cost}" if cost is not None and cost["value"] is not None else ""
        wide = ": too wide for one number" if any(is_wide(e) for e in (calls, cost) if e is not None) else ""
        share = f"{plain_share(calls)} of the calls{of_cost}{wide}"
        sentences.append(f"A small model is expected to take over {share}{_rest(report, calls)}")
    return [*sentences, proven_sentence(report), _saving_sentence(report), _staying_sentence(report)]


def _rest(report: Report, share: Row) -> str:
    """What of all calls the expected share leaves, in parts that add up to 100 % with it where one share is stated."""
    rest = remainder(report)
    if rest is None:
        return f".{not_judged(share)}"
    told = [f"{rest.stays} of the calls stay", f"{rest.worse} would move and be answered worse"]
    if rest.not_judged:
        small = json.loads(share["details"]).get("left_out_small_calls", 0)
        few = f" ({counted(small, 'call')} in tasks with under {CLAIM_CALLS} calls)" if small else ""
        told.append(f"{rest.not_judged} are not judged{few}")
    return f"; {', '.join(told[:-1])} and {told[-1]}."


def _saving_sentence(report: Report) -> str:
    """What to test or to move first, at what price in wrong answers, and what would save more at which."""
    if report.paid_usd is not None and all(t.row["calls"] < CLAIM_CALLS for t in report.tasks):
        return f"No saving is stated: no task has {CLAIM_CALLS} calls yet."
    found, caching = report.recommended, report.caching
    if found is None and caching is not None:
        ends = caching["saving_low_usd"], caching["saving_high_usd"]
        amount = f"{format_usd_range(caching['saving_usd'], *ends)[0]} {report.basis_words}"
        return f"Prompt caching saves {amount} with the same answers; no small model is expected to save more."
    if found is None:
        why = "no price is known" if report.paid_usd is None else "no alternative is expected to cost less"
        return f"No saving is stated: {why}."
    row = found.row
    name = f"{IN_A_SENTENCE[row['alternative']].rstrip(' ,')} ({row['model']}"
    tested, part = row["quality_grade"] in TESTED, share_tested(row)
    known = "tested" if tested else f"tested for {format_share(part)} of it" if part else "not tested"
    ends = row["saving_low_usd"], row["saving_high_usd"]
    money = format_usd_interval(row["saving_usd"], *ends, suffix=f" {report.basis_words}")
    said = (
        f"{_verb(report, row, tested)}: {name}, {known}) "
        f"{'saves' if tested else 'is expected to save'} {money}, with about "
        f"{counted(round(row['extra_wrong'] or 0), 'more wrong answer')} nobody catches{report.wrong_of_moved}"
    )
    if found.usd_per_wrong is not None:
        said += f": worth it while one costs you less than {format_usd_estimate(found.usd_per_wrong)}"
    once = _once(report, row) + _unsettled(report, row)
    if found.more is None or found.more_usd < TOO_LITTLE * row["saving_usd"]:
        return f"{said}.{once}"
    other = IN_A_SENTENCE[found.more["alternative"]].rstrip(" ,")
    more_wrong = round(found.more_wrong)
    if more_wrong < 0 or (tested and found.more["quality_grade"] not in TESTED):
        return f"{said}; {other}, not tested, is expected to save {format_usd_estimate(found.more_usd)} more.{once}"
    each = f", {format_usd_estimate(found.more_usd / found.more_wrong)} for each" if more_wrong else ""
    extra = f"{format_usd_estimate(found.more_usd)} more at {counted(more_wrong, 'more wrong answer')}{each}"
    return f"{said}; {other} would save {extra}.{once}"


def _unsettled(report: Report, row: Row) -> str:
    """How much of a tested alternative's saving no test has settled, as one more sentence."""
    if row["quality_grade"] not in TESTED:
        return ""
    said = unsettled_part(*report.counted_rows, row["alternative"])
    return f" {said}" if said else ""


def _verb(report: Report, row: Row, tested: bool) -> str:
    """Nothing is recommended that does not bring back what it costs once."""
    if _never(row) and not worth_doing(report.next_steps):
        return f"Nothing pays for its move within {YEARS}; nearest"
    if tested and row["basis"] != "month":
        return "To move first, if there are enough calls"
    return f"To {'move' if tested else 'test'} first"


def _never(row: Row) -> bool:
    return row["one_off_usd"] is not None and row["basis"] == "month" and row["payback_days"] is None


def _once(report: Report, row: Row) -> str:
    """What all of it takes once, and at which volume it is back, as one more sentence."""
    if row["one_off_usd"] is None:
        return ""
    said = f" It takes {once_words(row['one_off_usd'], *(range_of(row) or (None, None)))} once, back"
    if row["basis"] == "month":
        if row["payback_days"] is not None:
            return f"{said} after {months_words(row['payback_days'])} at today's volume."
        some = ", but what the next steps name is" if worth_doing(report.next_steps) else ""
        return f"{said.removesuffix(', back')}, not back within {YEARS} at today's volume{some}."
    calls = pays_from_calls(row, 1000.0)
    if calls is None:
        return f"{said} at a volume that is not known."
    return f"{said} within {YEARS} only from {about(calls)} calls a month of all traffic on."


def _staying_sentence(report: Report) -> str:
    staying = report.with_verdict("stays")
    parts = staying_slices([t.row for t in report.tasks], [row for t in report.tasks for row in t.slices])
    also = f" A slice stays of {'; '.join(parts[:2])}{'; ...' if len(parts) > 2 else ''}." if parts else ""
    if not staying and also:
        return f"No whole task should stay on the large model.{also}"
    if not staying:
        return f"No task is expected to need the large model for most of its calls{replays_so_far(report)}."
    names = ", ".join(f"“{t.row['name']}”" for t in staying[:3])
    more = f" and {len(staying) - 3} more" if len(staying) > 3 else ""
    apart = sum(bool(t.slices) and bool(t.slices[0].get("counted_apart")) for t in staying)
    could = f"; of {apart} of them a slice could move" if apart else ""
    refuted = sum(t.share is not None and t.share["grade"] in TESTED for t in staying)
    if refuted == len(staying):
        said = f"{counted(refuted, 'task')} must stay on the large model, as tests refuted a small one"
    else:
        verb = "stays" if len(staying) == 1 else "stay"
        some = f", {refuted} of them by test" if refuted else ", by expectation and untested"
        said = f"{counted(len(staying), 'task')} {verb} on the large model{'' if refuted else ' for now'}{some}"
    return f"{said}: {names}{more}{could}.{also}"
