"""What a report shows of replayed tasks: counts, measures, answers beside the recorded ones, masked; alike in every format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from analysis.replay.endpoint import serving
from analysis.replay.test_campaign import label_of, said_to
from analysis.report.test_formats import HOSTILE, words_of
from analysis.report.test_pdf import words
from analysis.traffic import by_instructions, shop_traffic

from suffice.cli import main
from suffice.errors import SufficeError
from suffice_analysis import pipeline
from suffice_analysis.headlines import read_headlines
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.candidates import Candidate
from suffice_analysis.replay.proving import make_plan, prove
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.as_json import document
from suffice_analysis.report.as_markdown import render_markdown
from suffice_analysis.report.as_pdf import render_pdf
from suffice_analysis.report.model import Report, TaskPart, read_report
from suffice_analysis.report.replayed import spoken_for
from suffice_analysis.report.tested import GOOD, MAX_CHARS, WORSE, read_tested
from suffice_analysis.unsettled import SHORT
from suffice_store import open_store

pytestmark = pytest.mark.xdist_group("replay")
MAIL = "ann.smith@example.com"


def answer(body: dict[str, Any], _: int) -> str:
    """Right for tickets but for those about returns; else mail, markup and a long text."""
    asked = said_to(body)
    if asked.count(":") == 1 and asked.startswith("Ticket"):
        label = label_of(body)
        return "nothing of the kind" if label == "returns" and "word7 " in asked else label
    return f"Write to {MAIL}. {HOSTILE} {'and so on ' * 200}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tested") / "calls.duckdb"
    with open_store(str(path)) as store:
        shop_traffic(640).fill(store)
        pipeline.analyze(store, find=by_instructions)
        with serving(answer) as endpoint:
            candidate = Candidate(
                model="tiny", url=endpoint.url, input_usd_per_mtok=1.0, output_usd_per_mtok=10.0, parallel=8
            )
            prove(
                store,
                "default",
                make_plan(store, "default", [candidate], bar=0.95),
                Budget(Limits(calls=200)),
                bar=0.95,
            )
        pipeline.analyze(store, find=by_instructions)
    return path


@pytest.fixture(scope="module")
def report(database: Path) -> Report:
    with open_store(str(database)) as store:
        return read_report(store, clock=lambda: 10**18)


def part(report: Report, status: str) -> TaskPart:
    return next(t for t in report.tested if t.tested is not None and t.tested.status == status)


def test_what_is_proven_comes_first_then_what_is_refuted(report: Report) -> None:
    found = [t.tested.status for t in report.tested if t.tested is not None]
    assert found[0] == "proven"
    assert found[1:] == ["refuted"] * (len(found) - 1) != []


def test_a_task_that_is_still_open_shows_its_failures_too(database: Path) -> None:
    """The refuted one as if it were open: its answers stand between the proven and the refuted, in every format."""
    with open_store(str(database)) as store:
        shares = spoken_for([e for e in store.read("estimates").to_pylist() if e["measure"] == "replaceability"])
        row = next(r for r in shares.values() if json.loads(r["details"]).get("status") == "refuted")
        opened = row | {"details": json.dumps(json.loads(row["details"]) | {"status": "open"})}
        (tested,) = read_tested(store, "default", [opened]).values()
        whole = read_report(store, clock=lambda: 10**18)
    assert (tested.status, tested.status_words) == ("open", SHORT)
    assert [e.verdict for e in tested.examples].count("fail") == WORSE
    tasks = [replace(t, tested=tested) if t.row["task_id"] == row["task_id"] else t for t in whole.tasks]
    open_too = replace(whole, tasks=tasks)
    states = [t.tested.status for t in open_too.tested if t.tested is not None]
    assert states == sorted(states, key=["proven", "open", "refuted"].index)
    for text in (render_markdown(open_too), " ".join(words_of(render_html(open_too)).text)):
        assert SHORT in text
        assert tested.examples[0].verdict_words.split(", ", 1)[1][:60] in text.replace("\\", "")


def test_failures_are_told_in_words_a_manager_knows(report: Report) -> None:
    refuted = part(report, "refuted").tested
    assert refuted is not None
    counts = refuted.details["failures"]
    assert refuted.failed_words == f"What was worse: {counts['wrong']} wrong in content."
    assert replace(refuted, details={**refuted.details, "failures": {}}).failed_words == "Nothing was worse."
    both = replace(refuted, details={**refuted.details, "failures": {"wrong": 2, "format": 9, "refusal": 1}})
    assert both.failed_by == "9 not in form, 2 wrong in content, 1 refused"


def test_examples_are_what_was_asked_recorded_and_answered(report: Report) -> None:
    proven, refuted = part(report, "proven").tested, part(report, "refuted").tested
    assert proven is not None
    assert refuted is not None
    good = next(each for each in proven.examples if each.verdict == "pass")
    assert good.asked.startswith(f"Ticket about {good.recorded}: ")
    assert (good.recorded, good.judge, good.failure) == (good.answered, "label", None)
    assert len(refuted.examples) == WORSE + GOOD - 1  # it has no good one
    worse = refuted.examples[0]
    assert (worse.verdict, bool(worse.failure), bool(worse.reason)) == ("fail", True, True)
    assert len(worse.answered) == MAX_CHARS + 2
    assert worse.answered.endswith(" …")


def test_personal_data_is_masked(report: Report) -> None:
    for written in (render_html(report), render_markdown(report), json.dumps(document(report))):
        assert MAIL not in written
    worse = part(report, "refuted").tested
    assert worse is not None
    assert "<email:" in worse.examples[0].answered


def test_every_format_says_the_same_of_it(report: Report) -> None:
    html = words_of(render_html(report))
    assert html.tags & {"script", "x"} == set()
    pdf = words("".join(p.get_textpage().get_text_range() for p in pypdfium2.PdfDocument(render_pdf(report))))
    markdown, told = render_markdown(report), {t["task_id"]: t["tested"] for t in document(report)["tasks"]}
    for task in report.tested:
        tested = task.tested
        assert tested is not None
        d, own = tested.details, told[task.row["task_id"]]
        counts = f"{d['passed']:,} of {d['passed'] + d['failed']:,}"
        assert counts in " ".join(html.text)
        assert words(counts) in pdf
        assert counts in markdown
        assert (own["status"], own["candidate"], len(own["examples"])) == (tested.status, "tiny", len(tested.examples))
        on_paper = [
            e for n, e in enumerate(tested.examples) if e.verdict not in {o.verdict for o in tested.examples[:n]}
        ]
        for example in on_paper:  # one worse and one as good: nobody can fold paper
            assert words(example.verdict_words.split(", ", 1)[1])[:60] in pdf
        assert 0 < sum(f"call{e.call_id}" in pdf for e in tested.examples) == len(on_paper)
        for example in tested.examples:
            assert example.recorded[:60] in "".join(html.text)
            assert f"call {example.call_id}" in "".join(html.text)
        assert d["usd_per_call"] == pytest.approx((100 * 1.0 + 10 * 10.0) / 1e6)
        assert "$0.0002" in " ".join(html.text)


def test_without_examples_the_counts_stay(database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.html"
    assert main(["report", "--db", str(database), "-o", str(path), "--no-examples"]) == 0
    html = path.read_text("utf-8")
    assert "What was tested, and what came back" in html
    assert html.count("No answer is quoted here: --no-examples leaves them out") == 1
    assert "No example:" not in html
    assert "names are not; long texts are cut" not in html  # nothing is said of texts that are not there
    markdown = tmp_path / "r.md"
    assert main(["report", "--db", str(database), "-o", str(markdown), "--no-examples"]) == 0
    assert markdown.read_text("utf-8").count("No answer is quoted here") == 1
    assert "Ticket about" not in html


def test_headlines_read_no_texts(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ``conversation`` is a line of the audit log, so it is read where it is shown."""
    with open_store(str(database)) as store:
        read, asked = store.read, []
        monkeypatch.setattr(store, "read", lambda name, **given: asked.append(name) or read(name, **given))
        read_headlines(store)
        assert "conversation" not in asked
        read_report(store)
        assert "conversation" in asked


def test_who_may_not_read_texts_is_told_so(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(str(database)) as store:
        read = store.read

        def refusing(name: str, **given: Any) -> Any:
            if name == "conversation":
                raise SufficeError("role reader may not read texts")
            return read(name, **given)

        monkeypatch.setattr(store, "read", refusing)
        html = render_html(read_report(store))
    assert "No example: texts can&#39;t be read: role reader may not read texts." in html
