"""One model, four formats: the same numbers in each, hostile text harmless in each, and a golden JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from analysis.report.spreadsheet import read_workbook
from analysis.traffic import Traffic, by_instructions, shop_traffic

from suffice.errors import SufficeError, UsageError
from suffice_analysis import pipeline
from suffice_analysis.report.as_csv import HEADER, render_csv
from suffice_analysis.report.as_html import action_words, render_html
from suffice_analysis.report.as_json import render_json
from suffice_analysis.report.as_markdown import render_markdown
from suffice_analysis.report.as_xlsx import render_xlsx
from suffice_analysis.report.charts import spend_chart
from suffice_analysis.report.choice import choice_sentences
from suffice_analysis.report.formats import renderer
from suffice_analysis.report.model import Report, read_report
from suffice_analysis.report.wording import is_wide, quality_grade_words
from suffice_analysis.savings.effort import once_words
from suffice_analysis.savings.sentences import at_stake
from suffice_store import open_store
from suffice_store.console import format_usd, format_usd_estimate, format_usd_interval, format_usd_range
from suffice_store.rounding import about

GOLDEN = Path(__file__).parent / "golden_report.json"
HOSTILE = '</pre><script>alert("x")</script> | `code` {{ 7*7 }} =cmd()'


def make_report(path: Path, traffic: Traffic) -> Report:
    clock = iter(range(10**18, 10**18 + 100)).__next__
    with open_store(str(path / "calls.duckdb")) as store:
        traffic.fill(store)
        pipeline.analyze(store, find=by_instructions, clock=clock)
        return read_report(store, clock=lambda: 10**18)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("report"), shop_traffic())


@pytest.fixture(scope="module")
def document(report: Report) -> dict[str, Any]:
    return json.loads(render_json(report))


class Words(HTMLParser):
    """The text of the first page, and every tag and address of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.first: list[str] = []
        self.text: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self._in_first = self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("href", "src")]
        self._in_first = self._in_first or ("id", "summary") in attrs
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_first = self._in_first and tag != "header"
        self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.text.append(data)
            if self._in_first:
                self.first.append(data)


def words_of(html: str) -> Words:
    words = Words()
    words.feed(html)
    return words


def test_golden(report: Report, document: dict[str, Any]) -> None:
    """The whole JSON on fixed data. To renew it after a wanted change, delete the file and run twice."""
    document = json.loads(json.dumps(document))
    document["analysis"]["suffice_version"] = "0"
    if not GOLDEN.exists():
        GOLDEN.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{GOLDEN.name} was missing and has been written")
    assert approximate(document) == approximate(json.loads(GOLDEN.read_text(encoding="utf-8")))


def approximate(value: Any) -> Any:
    """Floats to five digits: another machine's logarithm may differ in the last, another zlib's bytes in the first."""
    if isinstance(value, str):
        return re.sub(r"[\d.]+ % less of an answer's text", "less of an answer's text", value)
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {k: approximate(v) for k, v in value.items() if k != "compressed"}
    return [approximate(v) for v in value] if isinstance(value, list) else value


def test_every_format_states_the_same_amounts(report: Report, document: dict[str, Any]) -> None:
    html = " ".join(words_of(render_html(report)).text)
    markdown = render_markdown(report)
    lines = {row["task_id"]: row for row in csv.DictReader(io.StringIO(render_csv(report)))}
    everything = [("", document["savings"]), *((t["task_id"], t["alternatives"]) for t in document["tasks"])]
    for task_id, alternatives in everything:
        for a in alternatives:
            for column in ("saving_usd", "marginal_usd", "quality", "extra_wrong"):
                in_csv = lines[task_id][f"{a['alternative']}_{column}"]
                wide = column == "quality" and is_wide({"low": a["quality_low"], "high": a["quality_high"]})
                assert (float(in_csv) if in_csv else None) == (None if wide else a[column])
            for column in ("quality_low", "quality_high", "extra_wrong_low", "extra_wrong_high"):
                assert float(lines[task_id][f"{a['alternative']}_{column}"]) == a[column]
            assert lines[task_id][f"{a['alternative']}_quality_grade"] == quality_grade_words(a)
            if a["alternative"] != "caching_batch":
                low, high = (f"{round(a[f'extra_wrong_{end}']):,}" for end in ("low", "high"))
                assert f" ({low}–{high}) |" in markdown
            stated = (at_stake(a) if task_id else None) or format_usd_range(
                *(a[f"saving{end}_usd"] for end in ("", "_low", "_high"))
            )[0]
            assert stated in html
            assert stated in markdown
        assert float(lines[task_id]["basis_paid_usd"]) == alternatives[0]["paid_usd"]
        assert format_usd_estimate(alternatives[0]["paid_usd"]) in html
    for sentence in document["headlines"]:
        assert sentence in html
    assert float(lines[""]["share"]) == document["shares"]["expected_share_calls"]["value"]


def test_the_dot_of_a_share_lies_under_its_interval(report: Report) -> None:
    chart = spend_chart(report)
    dots = [place for place in range(len(chart)) if chart.startswith("<circle", place)]
    assert dots
    for place in dots:
        assert chart[place:].index('class="whisker"') < chart[place:].index("</text>")


def test_only_what_is_proven_stands_open(report: Report) -> None:
    proven = replace(report, tasks=[replace(t, row={**t.row, "verdict": "proven"}) for t in report.tasks[:1]])
    assert "<details open>" not in render_html(report)
    assert render_html(proven).count("<details open>") == 1


def test_the_html_opens_offline_and_runs_nothing(report: Report) -> None:
    html = render_html(report)
    words = words_of(html)
    assert words.addresses == []
    assert words.tags.isdisjoint({"script", "link", "iframe", "img", "object"})
    assert "url(http" not in html
    assert html.count('class="chart"') == 4
    assert len(html) < 5_000_000


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    traffic = Traffic()
    for i in range(120):
        traffic.call([("system", HOSTILE), ("user", f"{HOSTILE} {i}")], HOSTILE, model="<b>model</b>")
    report = make_report(tmp_path, traffic)
    html = render_html(report)
    assert words_of(html).tags.isdisjoint({"script", "b>model"})
    assert "<script" not in html
    assert "<b>model" not in html
    assert "{{ 7*7 }}" in html
    assert "<script" not in render_markdown(report)
    row = next(csv.DictReader(io.StringIO(render_csv(report))))
    assert not row["name"].startswith(("=", "+", "-", "@"))


def test_a_formula_in_a_name_is_made_text(tmp_path: Path) -> None:
    traffic = Traffic()
    traffic.call([("system", "=HYPERLINK(1) do it now"), ("user", "x")], "y")
    row = next(csv.DictReader(io.StringIO(render_csv(make_report(tmp_path, traffic)))))
    assert row["name"] == "'=HYPERLINK(1) do it now"


def test_little_data_claims_no_percentage(tmp_path: Path) -> None:
    report = make_report(tmp_path, shop_traffic(60))
    first = " ".join(words_of(render_html(report)).first)
    assert "under 100 calls" in render_markdown(report)
    assert report.tasks[0].share_words == "under 100 calls"
    assert "per 1,000 calls" in first
    assert "a month" not in first
    assert report.headlines[1] == "Too few calls to say: no task has 100 calls yet."
    assert report.headlines[3] == "No saving is stated: no task has 100 calls yet."


def test_nothing_priced_is_said_in_every_format(tmp_path: Path) -> None:
    traffic = shop_traffic(120)
    for call in traffic.calls:
        call |= {"request_model": "homemade-1", "model": "homemade-1", "provider": "home"}
    report = make_report(tmp_path, traffic)
    assert "none of them priced" in report.headlines[0]
    assert "no price is known" in report.headlines[3]
    assert "no call is priced" in render_html(report)
    assert "Give homemade-1 a price" in render_markdown(report)
    assert json.loads(render_json(report))["savings"][0]["paid_usd"] is None
    assert all(row["paid_usd"] == "" for row in csv.DictReader(io.StringIO(render_csv(report))))


@pytest.mark.parametrize(
    ("action", "words"),
    [("answer:short_text", "short text"), ("tool:search_flights", "search_flights"), ("refusal", "refusal")],
)
def test_actions_are_said_in_words(action: str, words: str) -> None:
    assert action_words(action) == words


def test_task_amounts_say_what_they_are_per_and_add_up(tmp_path: Path) -> None:
    report = make_report(tmp_path, shop_traffic(60))
    assert report.basis_words == "per 1,000 calls"
    assert sum(t.basis_usd or 0 for t in report.tasks) == pytest.approx(report.basis_usd)
    for text in (render_html(report), render_markdown(report)):
        assert "per 1,000 calls of all traffic" in text
        assert "add up to" in text


def test_calls_without_a_price_are_said_beside_the_amounts_in_every_format(tmp_path: Path) -> None:
    """60 of 480 calls without a price: 87.5 % priced."""
    traffic = shop_traffic()
    for call in traffic.calls[::8]:
        call["model"] = call["request_model"] = "homemade-1"
    report = make_report(tmp_path, traffic)
    assert "(60 calls unpriced, in no amount)" in report.headlines[0]
    assert "% of the priced cost" in " ".join(report.headlines) or "of the cost" not in " ".join(report.headlines)
    left_out = "60 unpriced calls are in no amount and go on costing what they cost."
    html, markdown = " ".join(words_of(render_html(report)).text), render_markdown(report)
    assert "a month (88 % priced)" in html
    assert "Amounts are a month, 88 % of the calls priced." in html
    assert "## Savings (a month, 88 % of the calls priced; beside each other, never added up)" in markdown
    sheets = {str(value) for value in read_workbook(render_xlsx(report)).values.values()}
    assert "Savings a month, 88 % of the calls priced" in sheets
    for text in (html, markdown, " ".join(sheets)):
        assert left_out in text


def test_mostly_estimated_tokens_make_the_amount_about(tmp_path: Path) -> None:
    traffic = shop_traffic(120)
    for call in traffic.calls:
        call["usage_source"] = "estimated"
    report = make_report(tmp_path, traffic)
    assert report.paid_words == f"about {format_usd(report.paid_usd)}"
    assert f"{report.paid_words} paid, by estimated tokens" in report.headlines[0]
    assert "paid, by estimated tokens" in render_html(report)
    task = report.tasks[0]
    assert task.paid_words == f"about {format_usd(task.paid_usd)}"
    assert f'<td class="n">{task.paid_words}</td>' in render_html(report)
    assert "per 1,000 calls of all traffic, about |" in render_markdown(report)
    table = (Path(__file__).parents[3] / "docs" / "wire-formats.md").read_text(encoding="utf-8")
    _, answers, mean, total, *_ = next(line for line in table.splitlines() if line.startswith("| all |")).split("|")[1:]
    said = f"On {answers.strip()} recorded answers that state theirs, an estimate was off by {mean.strip()} on average, their sum by {total.strip()}."
    assert f"120 calls with estimated tokens. {said}" in render_markdown(report)


def test_simulated_data_is_said_in_every_format(tmp_path: Path, report: Report, document: dict[str, Any]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    services, environments = shop_traffic(8), shop_traffic(8)
    for call in services.calls:
        call["service"] = "simulated-shop"
    for call in environments.calls:
        call["environment"] = "demo"
    for said in (make_report(tmp_path / "a", services), make_report(tmp_path / "b", environments)):
        assert json.loads(render_json(said))["simulated"] is True
        assert "**Simulated data.**" in render_markdown(said)
        assert 'id="simulated"' in render_html(said)
    assert document["simulated"] is False
    assert "Simulated data" not in render_html(report) + render_markdown(report)


def test_one_real_service_among_simulated_ones_is_real_traffic(tmp_path: Path) -> None:
    traffic = shop_traffic(8)
    for call in traffic.calls[1:]:
        call["service"] = "simulated-shop"
    assert not make_report(tmp_path, traffic).simulated


def test_a_period_of_one_day_has_its_times_and_its_length(tmp_path: Path, report: Report) -> None:
    traffic = shop_traffic(61)
    for number, call in enumerate(traffic.calls):
        call["started_ns"] = 1_790_000_000_000_000_000 + number * 60_000_000_000
    short = make_report(tmp_path, traffic)
    assert short.period_words == "2026-09-21, 14:13 to 15:13 UTC (60 minutes)"
    assert short.period_words in render_html(short)
    assert short.period_words in render_markdown(short)
    assert report.period_words == "2026-09-21 to 2026-10-03"


def test_calls_in_small_tasks_are_named_in_the_headline(tmp_path: Path) -> None:
    traffic = shop_traffic(480)
    for call in traffic.calls[1::4]:
        call["input_hashes"] = traffic.calls[1]["input_hashes"]
    few = Traffic()
    few.messages = traffic.messages
    few.calls = [c for i, c in enumerate(traffic.calls) if i % 4 == 0 or i in (1, 5, 9)]
    said = make_report(tmp_path, few).headlines[1]
    assert said.startswith("A small model is expected to take over ")
    assert said.endswith(" % are not judged (3 calls in tasks with under 100 calls).")


def test_next_steps_stand_with_money_wrong_answers_and_their_sum(report: Report, document: dict[str, Any]) -> None:
    steps = document["steps"]
    assert [s["verdict"] for s in steps] == ["likely", "likely"]
    words = words_of(render_html(report))
    for step in steps:
        money = format_usd_interval(step["saving_usd"], step["saving_low_usd"], step["saving_high_usd"])
        assert f"“{step['name']}” on {step['model']}: {money}" in " ".join(words.text)
        assert f"“{' '.join(step['name'].split()[:3])}" in " ".join(words.first)
        assert step["model"] in words.first
        assert step["one_off_usd"] > 0
        assert step["decision"] == "wait"  # some cents a month never pay for an engineer's day
    assert document["steps_sum"] is None
    paying = [replace(t, alternatives=[{**a, "payback_days": 400.0} for a in t.alternatives]) for t in report.tasks]
    document = json.loads(render_json(paid := replace(report, tasks=paying)))
    assert [step["decision"] for step in document["steps"]] == ["test", "test"]
    assert document["steps_sum"]["saving_usd"] == pytest.approx(sum(s["saving_usd"] for s in document["steps"]))
    assert "These 2 tasks together" in render_markdown(paid)


def test_every_format_tells_the_same_effort_volume_and_decision(report: Report, document: dict[str, Any]) -> None:
    """What it takes once with its range, what that is made of, and the task's volume, in the words of every format."""
    lines = {row["task_id"]: row for row in csv.DictReader(io.StringIO(render_csv(report)))}
    texts = (
        " ".join(words_of(render_html(report)).text),
        render_markdown(report),
        json.dumps(document, ensure_ascii=False),
    )
    for step in document["steps"]:
        once = once_words(step["one_off_usd"], step["one_off_low_usd"], step["one_off_high_usd"])
        for text in texts:
            assert f"{once} once, not back within 5 years at today's {about(step['calls'])} calls a month" in text
            assert "for each task 8 engineer's hours (2 to 24) at $100 ($50 to $200)" in text
        line = lines[step["task_id"]]
        assert line["decision"] == step["decision"]
        for name in ("one_off_usd", "one_off_low_usd", "one_off_high_usd", "back_from_calls"):
            assert float(line[name]) == pytest.approx(step[name], abs=1e-6)


def test_every_format_says_by_which_rule_one_is_named_first(report: Report, document: dict[str, Any]) -> None:
    said = choice_sentences(report)
    assert len(said) == 3
    assert list(document["choice"].values()) == said
    texts = (" ".join(words_of(render_html(report)).text), render_markdown(report))
    for text in texts:
        for sentence in said:
            assert sentence in text


def test_wrong_answers_are_also_a_share_of_those_moved(report: Report) -> None:
    assert report.recommended is not None
    calls = sum(t.row["calls"] for t in report.tasks if t.row["verdict"] != "stays")
    assert report.paid_usd is not None
    assert report.basis_usd is not None
    per_basis = calls * report.basis_usd / report.paid_usd
    of_100 = round(100 * report.recommended.row["extra_wrong"] / per_basis)
    assert report.wrong_of_moved == f" ({of_100} of 100 moved answers)"
    assert report.wrong_of_moved in report.headlines[3]


def test_one_error_is_not_errors(tmp_path: Path) -> None:
    traffic = shop_traffic(8)
    traffic.calls[0] |= {"completeness": "error", "status_code": 500}
    assert "1 call ended in an error." in render_markdown(make_report(tmp_path, traffic))


def test_an_assumption_has_words_a_range_and_a_source_that_can_be_found(
    document: dict[str, Any], report: Report
) -> None:
    markdown = render_markdown(report)
    for entry in document["assumptions"]:
        assert f"| {entry['words']} |" in markdown
        assert "_" not in entry["words"]
        assert entry["source"]
    every = json.dumps(document["assumptions"]) + json.dumps(document["tasks"])
    for vague in ("the paper", "from memory", "kinds.py", "paper-and-evidence", "change it if"):
        assert vague not in every.replace("the paper for small models", "")


def test_csv_says_which_lines_the_last_one_counts(report: Report) -> None:
    """Who adds the column up has to know that a task that stays is not in its sum."""
    *lines, last = csv.DictReader(io.StringIO(render_csv(report)))
    assert {(line["verdict"] == "stays", line["in_total"]) for line in lines} == {(True, "no"), (False, "yes")}
    assert (last["in_total"], last["unsettled"]) == ("", "")
    added = sum(float(line["small_tier_saving_usd"]) for line in lines if line["in_total"] == "yes")
    assert float(last["small_tier_saving_usd"]) == pytest.approx(added, abs=1e-5)


def test_the_header_is_stable() -> None:
    assert HEADER[:12] == (
        "task_id", "name", "kind", "hci", "answer_form", "calls", "input_tokens", "output_tokens", "unpriced_calls",
        "paid_usd", "verdict", "share",
    )  # fmt: skip


def test_no_analysis_says_what_to_do(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "empty.duckdb")) as store, pytest.raises(SufficeError, match="suffice analyze"):
        read_report(store)


@pytest.mark.parametrize(("name", "reason"), [("r", "format"), ("r.doc", "format")])
def test_other_formats_are_refused_in_one_line(name: str, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        renderer(Path(name))


def test_a_task_with_a_wide_interval_reads_untested_and_names_no_saving(report: Report) -> None:
    task = report.tasks[0]
    wide = [dict(a) | {"quality_low": 0.2, "quality_high": 0.9, "saving_usd": 0.123456} for a in task.alternatives]
    wide[0]["saving_usd"] = 0.0
    changed = replace(report, tasks=[replace(task, alternatives=wide)])
    said = at_stake(wide[1])
    assert said == f"untested: {format_usd_estimate(wide[1]['paid_usd'])} at stake"
    section = render_html(changed).split('<section id="tasks">')[1].split('<section id="assumptions">')[0]
    assert section.count(said) >= 3
    assert "$0.12" not in section
    assert render_markdown(changed).count(said) >= 3
