"""Page one: at most 200 words, whatever there is to say, and all that one decides by."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from analysis.report.test_formats import make_report, words_of
from analysis.test_slice_results import agent_traffic
from analysis.traffic import DAY_NS, START_NS, shop_traffic

from suffice_analysis.next_steps import add_up
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.bridge import Bridge, Change
from suffice_analysis.report.decisions import back_after, decisions
from suffice_analysis.report.five_sentences import headlines
from suffice_analysis.report.model import Report, read_report
from suffice_analysis.report.page_one import figures, staying_calls
from suffice_analysis.report.parts import find_parts
from suffice_analysis.report.replayed import caveat
from suffice_analysis.report.wording import TRIED, TRIED_IN_PART, UNTRIED
from suffice_analysis.savings.effort import once_range
from suffice_store import open_store
from suffice_store.console import format_share, format_usd_estimate, format_usd_range


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page_one")


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return make_report(folder, shop_traffic())


def test_the_first_page_has_at_most_200_words_and_says_zero_proven(report: Report) -> None:
    first = " ".join(words_of(render_html(report)).first)
    assert len(first.split()) <= 200
    assert "0 %" in first
    assert len(re.findall(r"Decisions", first)) == 1


def with_much_to_decide(report: Report) -> Report:
    """Three tasks of long names to decide about, caching that pays, a model without a price, an invoice, an earlier report, all
    simulated and a tenth of its tokens estimated."""
    part = max(report.tasks, key=lambda t: t.row["verdict"] == "likely")
    parts = []
    for number in range(3):
        row = {
            **part.row,
            "task_id": f"t{number}",
            "name": f"{number} You are the one who answers what a customer of ours asks",
        }
        # so much traffic that each is back: the shop's own would not be in five years
        back = {"payback_days": 400.0, "payback_days_low": 280.0, "payback_days_high": None}
        alternatives = [{**a, "task_id": f"t{number}", **back} for a in part.alternatives]
        parts.append(replace(part, row=row, alternatives=alternatives))
    staying = [t for t in report.tasks if t.row["verdict"] == "stays"]
    unpriced = [{"model": "homemade-1", "provider": "home", "calls": 12_345}]
    steps = {"volume": 700.0, "mix": -40.0, "size": 25.0, "price": -1_000.0, "rest": 5.0}
    spend = Change("Spend", 12_310.0, 12_000.0, steps)
    saving = Change("Expected saving, a hosted SLM", 4_000.0, 4_290.0, {**steps, "evidence": 500.0, "method": 100.0})
    bridge = Bridge(1_794_787_200 * 10**9, "a", [spend, saving], ["Spend since", "Saving since"])
    billed = (Decimal(200), Decimal(150))
    details = json.dumps(json.loads(report.totals[0]["details"]) | {"all_calls": 480, "unpriced_calls": 12})
    return replace(
        report,
        tasks=[*parts, *staying],
        totals=[{**report.totals[0], "pays": True, "saving_usd": 0.01, "details": details}, *report.totals[1:]],
        overview=report.overview | {"estimated_calls": 48, "unpriced_calls": 12},
        unpriced_models=unpriced,
        environments={"demo"},
        bridge=bridge,
        billed=billed,
    )


def test_page_one_with_three_decisions_has_at_most_200_words_and_all_that_one_decides_by(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = with_much_to_decide(report)
    assert len(decisions(full)) == 4  # and all of them together
    html = render_html(full)
    first = " ".join(" ".join(words_of(html).first).split())
    assert "75 % of $200.00 invoiced" in first
    assert "50 % stay for now: 2 tasks" in first
    assert "must stay" not in first
    assert "expected saving a month: small tier" in first
    assert "480 calls in 4 tasks, 2026-09-21 to 2026-10-03; 10 % tokens estimated." in first
    assert "a month (98 % priced); 75 %" in first
    assert re.search(r"Caching: \$0\.01\S* \(\$[\d.]+–\$[\d.]+\) a month, same answers\.", first)
    assert "name signature date" in first
    assert f"Data {report.analysis['data_hash']}" in first
    assert "Since the 2026-11-16 report then" in first
    heads = "then volume mix prices evidence method other now"
    assert f"{heads} spend $12,310 +$700.00 −$40.00 −$1,000.00 +$30.00 $12,000" in first
    assert "saving $4,000.00 +$700.00 −$40.00 −$1,000.00 +$500.00 +$100.00 +$30.00 $4,290.00" in first
    assert "12,345 calls are unpriced" in html
    assert "Simulated data" in first
    assert "Proven: ≥95 % as good. Ranges: 90 %." in first
    assert len(first.split()) <= 200
    table = html[html.index('id="decisions"') :].split("</table>")[0]
    together = decisions(full)[-1]
    assert together.once.startswith("$")  # of all three
    assert re.fullmatch(r"[\d.]+|>60", together.back_after)
    assert escape(together.back_after, quote=False) in table
    assert table.count('class="sign"') == 3  # a line for each one's owner
    for said in decisions(full)[:3]:
        for cell in (
            said.what,
            said.model,
            said.saving,
            said.saving_ends,
            said.once,
            said.once_ends,
            said.back_after,
            said.back_ends,
            said.wrong,
            said.wrong_ends,
        ):
            assert cell not in ("", "–")
            assert escape(cell, quote=False) in table
    an_hour = 1_790_000_000_000_000_000 + 3_600_000_000_000
    few = {"basis": "per_1000_calls", "first_call_ns": 1_790_000_000_000_000_000, "last_call_ns": an_hour}
    little = replace(full, analysis=full.analysis | few)
    monkeypatch.setattr("suffice_analysis.report.decisions.pays_from", lambda step: "280 million")
    first = " ".join(words_of(render_html(little)).first)
    assert first.count("280M") == 4  # the sum too
    assert "pays from own calls/month" in first
    assert "14:13–15:13 UTC" in first
    assert len(first.split()) <= 200
    for each in (full, little):  # the picture in place of the steps since the last report; what is proven summed apart
        parts = [replace(t, alternatives=[{**a, "quality_grade": "replay", "basis": each.analysis["basis"]} for a in t.alternatives])
                 for t in each.tasks]  # fmt: skip
        proven = [replace(t, row={**t.row, "verdict": "proven"}) for t in parts[:2]]
        drawn = replace(each, bridge=None, tasks=[*proven, *parts[2:]])
        assert [d.what for d in decisions(drawn) if d.is_sum] == ["Proven", "Together"]
        first = " ".join(words_of(render_html(drawn)).first)
        assert " stays " in first.partition("Risk.")[2]
        assert len(first.split()) <= 200
        tested = [replace(t, share={**(t.share or {}), "grade": "replay", "n": 126}) for t in drawn.tasks[:2]]
        alone = {"value": 0.0, "grade": "replay", "n": 252, "details": json.dumps({"proven": ["t0", "t1"]})}
        totals = [{**row, "quality_grade": "replay"} for row in drawn.totals]
        singly = replace(
            drawn,
            tasks=[*tested, *drawn.tasks[2:]],
            shares={**drawn.shares, "proven_share_calls": alone},
            totals=totals,
        )
        first = " ".join(words_of(render_html(singly)).first)
        assert "0 % proven; 50 % singly" in " ".join(first.split())
        assert len(first.split()) <= 200


def test_only_what_a_test_refuted_must_stay(report: Report) -> None:
    def told(refuted: int) -> tuple[str, str]:
        stays = [t for t in report.tasks if t.row["verdict"] == "stays"]
        tested = [replace(t, share={**(t.share or {}), "grade": "replay"}) for t in stays[:refuted]]
        other = [t for t in report.tasks if t not in stays[:refuted]]
        each = replace(report, tasks=[*tested, *other])
        return figures(each)[3].words, headlines(each)[-1].partition(":")[0]

    assert [told(n) for n in range(3)] == [
        ("stay for now: 2 tasks", "2 tasks stay on the large model for now, by expectation and untested"),
        ("stay: 2 tasks, 1 refuted", "2 tasks stay on the large model, 1 of them by test"),
        ("must stay: 2 tasks refuted", "2 tasks must stay on the large model, as tests refuted a small one"),
    ]  # fmt: skip


def test_what_is_proven_by_itself_alone_is_told_beside_the_zero(report: Report) -> None:
    """A reader who sees 25 % as proven in the bar must not read 0 % above it without a word."""
    first = report.tasks[0]
    proven = replace(report, tasks=[replace(first, row={**first.row, "verdict": "proven"}, share={**(first.share or {}), "grade": "replay", "n": 126}),
                                    *report.tasks[1:]])  # fmt: skip
    share = {"value": 0.0, "grade": "replay", "n": 126, "details": json.dumps({"proven": [first.row["task_id"]]})}
    alone = replace(proven, shares={**report.shares, "proven_share_calls": share})
    assert (figures(alone)[1].value, figures(alone)[1].words) == ("0 %", "proven; 25 % singly")
    assert find_parts(alone)[0].words == "proven singly"
    sure = replace(proven, shares={**report.shares, "proven_share_calls": share | {"value": 0.25}})
    assert (figures(sure)[1].value, figures(sure)[1].words) == ("25 %", "proven by 126 replays")
    assert find_parts(sure)[0].words == "proven"


def test_a_proven_task_is_not_a_plain_move_where_nobody_knows_the_volume_or_it_is_too_small(report: Report) -> None:
    step = replace(with_much_to_decide(report).next_steps[0], tested=True, verdict="proven")

    def told(**changes: Any) -> str:
        (said,) = decisions(
            SimpleNamespace(totals=[], next_steps=[replace(step, **changes)], analysis={"basis": "month"}, bridge=None)
        )  # type: ignore[arg-type]
        return said.what.split(" “")[0]

    assert told() == "Move"
    assert told(payback_days=None) == "Leave"
    assert told(payback_days=None, verdict="likely") == "Leave"
    assert told(payback_days=None, basis="per_1000_calls") == "Check volume; move"
    assert told(verdict="likely") == told(verdict="untested") == "Test"
    assert told(verdict="likely", unsettled="tested, short of the bar so far") == "Settle"


def test_what_is_left_is_in_no_sum(report: Report) -> None:
    steps = with_much_to_decide(report).next_steps
    left = [replace(steps[0], payback_days=None), *steps[1:]]
    found = decisions(SimpleNamespace(totals=[], next_steps=left, analysis=report.analysis, bridge=None))  # type: ignore[arg-type]
    total = add_up(steps[1:])
    assert total is not None
    assert found[-1].saving == format_usd_range(total.saving_usd, total.saving_low_usd, total.saving_high_usd)[0]
    assert not any(
        each.is_sum
        for each in decisions(SimpleNamespace(totals=[], next_steps=left[:2], analysis=report.analysis, bridge=None))
    )  # type: ignore[arg-type]


def test_page_one_has_one_picture_where_there_is_no_earlier_report(report: Report) -> None:
    html = render_html(report)
    first = html[html.index('id="summary"') : html.index("</header>")]
    assert first.count('class="chart"') == 1
    words = " ".join(words_of(html).first)
    for part in find_parts(report):
        assert (part.words in words.partition("Risk.")[2]) == bool(part.calls)
        if part.share_calls >= 0.04:
            assert format_share(part.share_calls) in words


def test_what_is_proven_is_summed_apart_from_what_is_to_be_tested(report: Report) -> None:
    steps = with_much_to_decide(report).next_steps

    def told(proven: int) -> list[Any]:
        some = [replace(s, tested=True, verdict="proven") if n < proven else s for n, s in enumerate(steps)]
        return decisions(SimpleNamespace(totals=[], next_steps=some, analysis=report.analysis, bridge=None))  # type: ignore[arg-type]

    assert [[each.what for each in told(n) if each.is_sum] for n in range(4)] == [
        ["Together"], ["Together"], ["Proven", "Together"], ["Together"],
    ]  # fmt: skip
    total = add_up(steps[:2])
    assert total is not None
    assert told(2)[3].saving == format_usd_range(total.saving_usd, total.saving_low_usd, total.saving_high_usd)[0]
    assert told(2)[3].once == once_range(total.one_off_usd, total.one_off_low_usd, total.one_off_high_usd)[0]
    full = SimpleNamespace(totals=[], next_steps=[replace(s, tested=True, verdict="proven") for s in steps[:2]] + steps[2:],
                           analysis=report.analysis, bridge="some")  # fmt: skip
    assert [each.what for each in decisions(full) if each.is_sum] == ["Together"]  # type: ignore[arg-type]


def test_what_must_be_known_first_depends_on_how_much_was_replayed(report: Report) -> None:
    def tried(count: int) -> Report:
        share = {"grade": "replay", "proven": False}
        return replace(
            report, tasks=[replace(t, share=share if n < count else None) for n, t in enumerate(report.tasks)]
        )

    every = len(report.tasks)
    assert [caveat(tried(n)) for n in (0, every - 1, every)] == [UNTRIED, TRIED_IN_PART, TRIED]


def test_together_says_why_there_is_no_sum(report: Report) -> None:
    """Of an older analysis that does not tell what the shared GPUs take; and under a commitment that is owed anyway."""
    full = with_much_to_decide(report)

    def together(**changes: Any) -> tuple[str, str]:
        parts = [replace(t, alternatives=[{**a, **changes} for a in t.alternatives]) for t in full.tasks]
        last = decisions(replace(full, tasks=parts))[-1]
        assert last.what == "Together"
        return last.once, last.back_after

    assert together(one_off_usd=None) == ("not known", "–")
    assert together(details='{"floor": {"contract": "c"}}')[1] == "open: commitment"


@pytest.mark.parametrize(
    ("basis", "payback", "said"),
    [
        ("month", {"payback_days": 41.3, "payback_days_low": 20.2, "payback_days_high": 71.0}, "41 days (20 to 71)"),
        ("month", {"payback_days": None}, "not in 5 years"),
        ("month", {"payback_days": 425.0, "payback_days_low": None}, "14 months"),  # of an older analysis
        (
            "month",
            {"payback_days": 425.0, "payback_days_low": 280.0, "payback_days_high": None},
            "14 months (9 to never)",
        ),
        ("per_1000_calls", {"back_from_calls": 284_553_767.0}, "from 280 million of its calls a month"),
        ("per_1000_calls", {"back_from_calls": None}, "–"),
        ("month", {"one_off_usd": None}, "–"),
    ],
)
def test_when_what_is_spent_once_is_back(report: Report, basis: str, payback: dict[str, Any], said: str) -> None:
    step = with_much_to_decide(report).next_steps[0]
    assert back_after(replace(step, **payback), basis) == said


def test_headlines_and_first_page_name_the_same_alternative_and_its_price(report: Report) -> None:
    found = report.recommended
    assert found is not None
    first = " ".join(words_of(render_html(report)).first)
    assert found.usd_per_wrong is not None
    price = format_usd_estimate(found.usd_per_wrong)
    assert f"; pays under {price} each." in first
    assert f"costs you less than {price}" in report.headlines[3]
    assert found.row["model"] in report.headlines[3]


def test_what_was_invoiced_and_how_much_of_it_was_seen(report: Report, folder: Path) -> None:
    """On the days that the invoice tells: the first one, billed at twice of what was recorded."""
    assert report.billed is None
    assert figures(report)[0].words.endswith("; no invoice")
    row = {"kind": "cost", "day": START_NS // DAY_NS, "provider": "openai", "model": "", "usd": "0.04"}
    with open_store(str(folder / "calls.duckdb")) as store:
        store.command("record_invoice", project="default", rows=[row], source="bill.csv")
        told = read_report(store)
        ours = sum(r["paid_usd"] for r in store.read("daily", project="default", environment="all").to_pylist()
                   if r["day"] == row["day"])  # fmt: skip
    assert told.billed == (Decimal("0.04"), ours)
    assert 0 < ours < Decimal("0.04")
    assert figures(told)[0].words.endswith(f"; {100 * ours / Decimal('0.04'):.0f} % of $0.04 invoiced")


def test_what_stays_is_counted_by_slices_where_a_task_is(report: Report, tmp_path: Path) -> None:
    stays = [t for t in report.tasks if t.row["verdict"] == "stays"]
    assert staying_calls(report) == (sum(t.row["calls"] for t in stays), len(stays), 0)
    ignored = replace(stays[0], row={**stays[0].row, "ignored": True})
    left = replace(report, tasks=[ignored if t is stays[0] else t for t in report.tasks])
    assert staying_calls(left) == (sum(t.row["calls"] for t in stays[1:]), len(stays) - 1, 0)
    parted = make_report(tmp_path, agent_traffic())
    (part,) = [each for each in parted.tasks[0].slices if each["verdict"] == "stays"]
    assert staying_calls(parted) == (part["calls"], 1, 0)
    assert 0 < part["calls"] < parted.tasks[0].row["calls"]
