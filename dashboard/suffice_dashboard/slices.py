"""The slices of a task as a table: each with its verdict, its interval, its money and what the model mostly does in it."""

from __future__ import annotations

from suffice_analysis.replaceability import CLAIM_CALLS
from suffice_analysis.slice_words import apart_sentence
from suffice_dashboard import pieces
from suffice_dashboard.formatting import render_count, render_interval, render_money, render_money_parts, render_share
from suffice_dashboard.insights import task_basis_words
from suffice_dashboard.parsing import parse_json
from suffice_dashboard.queries import Row

NOTE = "Splits visible in the request, chosen on one half of the runs and estimated on the other."
EVIDENCE_SHOWN = 4  # of the strongest, in the small print


def slices_section(slices: list[Row], verdict: str = "") -> str:
    """The heading and the table."""
    said = " ".join(part for part in (NOTE, apart_sentence(slices, verdict)) if part)
    return pieces.section("Slices", said) + slices_table(slices)


def slices_table(slices: list[Row]) -> str:
    """The largest first, as the read gives them."""
    basis = next((row["basis"] for row in slices if row["basis"]), None)
    head = [
        ("Slice", "name"), ("Verdict", ""), ("Acceptable answers", ""), ("Paid", "num"),
        (f"Saves {task_basis_words(basis)}" if basis else "Saves", "num"), ("Mostly", "less"),
    ]  # fmt: skip
    return pieces.table(head, (("", _cells(row)) for row in slices))


def _cells(row: Row) -> list[str]:
    calls = f"{render_share(row['share'])} of its calls ({render_count(row['calls'])})"
    return [
        f'<b>{pieces.e(row["name"])}</b><div class="sub">{pieces.e(calls)}</div>{_evidence(row)}',
        pieces.task_badge(row) if row["verdict"] else "–",
        _share(row),
        pieces.e(render_money(row["paid_usd"])),
        _saving(row),
        _mostly(row),
    ]


def _share(row: Row) -> str:
    """Nothing under the calls that a claim needs; no value where the interval is too wide for one."""
    if row["replaceability_low"] is None:
        return "–"
    if row["replaceability"] is None or row["calls"] < CLAIM_CALLS:
        return f'<span class="sub">under {CLAIM_CALLS} calls</span>'
    low, high = row["replaceability_low"], row["replaceability_high"]
    picture = pieces.interval_bar(row["replaceability"], low, high, row["verdict"])
    rests = f"grade {row['grade']} · n = {render_count(row['evidence_n'])}"
    return f'{picture}{pieces.e(render_interval(row["replaceability"], low, high))}<div class="sub">{pieces.e(rests)}</div>'


def _saving(row: Row) -> str:
    if row["saving_usd"] is None or row["verdict"] == "stays":
        return "–"
    saving, between = render_money_parts(row["saving_usd"], row["saving_low_usd"], row["saving_high_usd"])
    wrong = f"{row['model']}; {render_count(row['extra_wrong'])} more wrong answers nobody catches"
    return f'{pieces.e(saving)}<div class="sub">{pieces.e(between)}</div><div class="sub">{pieces.e(wrong)}</div>'


def _mostly(row: Row) -> str:
    if not row["action"]:
        return "–"
    share = render_interval(row["action_share"], row["action_low"], row["action_high"])
    below = f"{share} · n = {render_count(row['n'])}"
    return f'{pieces.e(row["action"])}<div class="sub">{pieces.e(below)}</div>'


def _evidence(row: Row) -> str:
    """What its share rests on, folded away."""
    stored: list[Row] = parse_json(row["evidence"]) or []
    known = [each for each in stored if each.get("sentence")]
    if not known:
        return ""
    strongest = sorted(known, key=lambda e: e["grade"] != "replay")[:EVIDENCE_SHOWN]
    items = "".join(f"<li>{pieces.e(e['sentence'])} <i>{pieces.e(e['grade'])}</i></li>" for e in strongest)
    return f"<details><summary>Why</summary><p>{pieces.e(row['verdict_reason'])}</p><ul>{items}</ul></details>"
