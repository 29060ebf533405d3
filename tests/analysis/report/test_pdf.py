"""The PDF: the same words and numbers as the other formats, every task open, nothing beyond the edge of a page."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pypdfium2
import pytest
from analysis.report.test_formats import HOSTILE, make_report
from analysis.report.test_page_one import with_much_to_decide
from analysis.traffic import Traffic, shop_traffic

from suffice.cli import main
from suffice.errors import SufficeError
from suffice_analysis.report.as_pdf import render_pdf
from suffice_analysis.report.formats import renderer
from suffice_analysis.report.model import Report
from suffice_analysis.report.steps import next_steps
from suffice_analysis.savings.sentences import at_stake
from suffice_store.console import format_usd_range

A4 = (595, 842)  # points
FOOT = 45  # points at the bottom, with the page's number
MARGIN = 30  # points that stay free at the sides


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("pdf"), shop_traffic())


@pytest.fixture(scope="module")
def pages(report: Report) -> list[pypdfium2.PdfPage]:
    return list(pypdfium2.PdfDocument(render_pdf(report)))


def words(text: str) -> str:
    """Without spaces and breaks: where a line ends is the layout's affair."""
    return re.sub(r"[\s\ufffe\u00ad]+", "", text)


def text_of(pages: list[pypdfium2.PdfPage]) -> str:
    return words(" ".join(page.get_textpage().get_text_bounded() for page in pages))


def test_it_says_what_the_report_says(report: Report, pages: list[pypdfium2.PdfPage]) -> None:
    text = text_of(pages)
    for sentence in [*report.headlines, *next_steps(report)]:
        assert words(sentence) in text
    for task in report.tasks:
        assert words(task.row["name"]) in text
        assert words(task.share_words) in text
        for piece in task.evidence:  # of folded tasks too: nobody can unfold paper
            assert words(piece["sentence"]) in text
        for row in task.alternatives:
            assert (
                words(at_stake(row) or format_usd_range(*(row[f"saving{end}_usd"] for end in ("", "_low", "_high")))[0])
                in text
            )


def test_pages_are_a4_numbered_and_nothing_is_cut(pages: list[pypdfium2.PdfPage]) -> None:
    for number, page in enumerate(pages, 1):
        assert tuple(round(side) for side in page.get_size()) == A4
        textpage = page.get_textpage()
        assert words(f"{number} of {len(pages)}") in words(textpage.get_text_bounded())
        for place in range(textpage.count_rects()):
            left, _, right, _ = textpage.get_rect(place)
            assert left >= MARGIN - 1
            assert right <= A4[0] - MARGIN + 1


def test_page_one_is_one_page_and_nothing_else(report: Report) -> None:
    for each in (report, with_much_to_decide(report)):
        first, second, *_ = pypdfium2.PdfDocument(render_pdf(each))
        text = words(first.get_textpage().get_text_bounded())
        assert words("Decisions") in text
        assert words("stay for now: ") in text
        assert words("name signature date") in text
        assert words(f"Data {each.analysis['data_hash']}") in text
        assert words("In five sentences") not in text
        assert words(second.get_textpage().get_text_bounded()).startswith(words("In five sentences"))


def long_traffic() -> Traffic:
    """The shop's four tasks, two of them with long instructions of short lines, and twenty of too few calls for a claim."""
    traffic, plain = shop_traffic(640), Traffic()
    lines = "\n\n".join(f"rule {n}: be kind" for n in range(60))
    for number, call in enumerate(traffic.calls):
        if number % 4 < 2:
            asked = json.loads(traffic.messages[call["input_hashes"][0]]["content"])["parts"][0]["content"]
            call["input_hashes"] = [traffic.message("system", f"{asked}\n{lines}"), *call["input_hashes"][1:]]
    for number in range(20):
        for turn in range(12):
            plain.call(
                [("system", f"Errand {number}: do {'this and that ' * 30}\n{lines}"), ("user", f"now {turn}")], "done"
            )
    for number, call in enumerate(plain.calls):
        call |= {"call_id": f"few{number:029x}", "run_id": f"few{number}"}
    traffic.calls += plain.calls
    traffic.messages |= plain.messages
    return traffic


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return make_report(tmp_path_factory.mktemp("many"), long_traffic())


@pytest.fixture(scope="module")
def many_pages(many: Report) -> list[pypdfium2.PdfPage]:
    return list(pypdfium2.PdfDocument(render_pdf(many)))


def blank_share(page: pypdfium2.PdfPage) -> float:
    """Of the page's height: from the lowest text to its foot."""
    textpage = page.get_textpage()
    lowest = min(b for n in range(textpage.count_rects()) if (b := textpage.get_rect(n)[1]) > FOOT)
    return float(lowest - FOOT) / A4[1]


def test_no_page_within_is_a_quarter_empty(many_pages: list[pypdfium2.PdfPage], pages: list[pypdfium2.PdfPage]) -> None:
    """Page one is its own page, the last ends where it ends."""
    for each in (pages, many_pages):
        blanks = {number: round(blank_share(page), 2) for number, page in enumerate(each, 1)}
        assert {number: blank for number, blank in blanks.items() if 1 < number < len(each) and blank > 0.25} == {}


def test_the_head_of_a_table_stands_on_every_page_of_it(many_pages: list[pypdfium2.PdfPage]) -> None:
    tables = [text for page in many_pages[1:] if "Self-hostedSLM" in (text := text_of([page])) and "Today" not in text]
    assert len(tables) >= 4
    for text in tables:
        if "Self-hostedSLMibm" in text:  # its row, not the sentences beside it
            assert words("pays until a wrong") in text
    tasks = [text for page in many_pages if (text := text_of([page])).count("under100calls") > 8]
    for text in tasks:
        assert words("expected share") in text or words("Errand") in text


def test_tasks_of_few_calls_take_a_few_lines(many: Report, many_pages: list[pypdfium2.PdfPage]) -> None:
    """A page each of dashes is what nobody reads; what they rest on is told all the same."""
    few = [t for t in many.tasks if t.row["calls"] < 100]
    assert len(few) == 20
    text = text_of(many_pages)
    for task in few:
        assert words(task.row["verdict_reason"]) in text
        for piece in task.evidence:
            assert words(piece["sentence"]) in text
    assert len(many_pages) <= 16


def test_the_legend_has_its_colours(report: Report, pages: list[pypdfium2.PdfPage]) -> None:
    """Swatches that were drawn as gradients stayed empty on paper."""
    assert {t.row["verdict"] for t in report.tasks}.isdisjoint({"untested"})  # so its colour is the legend's
    seen = [page for page in pages[1:] if words("Where the money goes") in text_of([page])]
    assert any((230, 159, 0) in set(page.render(scale=2).to_pil().convert("RGB").get_flattened_data()) for page in seen)


def test_words_are_not_split_at_the_end_of_a_line(tmp_path: Path) -> None:
    told = " ".join(f"consideration{n} of the customer's circumstances" for n in range(30))
    traffic = Traffic()
    for i in range(120):
        traffic.call([("system", told), ("user", f"x {i}")], "y")
    text = " ".join(
        page.get_textpage().get_text_range()
        for page in pypdfium2.PdfDocument(render_pdf(make_report(tmp_path, traffic)))
    )
    first = told[:750].split()[:-1]  # what is shown of a template ends with a whole word too
    assert {word for word in first if "circum" in word or "consider" in word} <= set(text.split())


def test_no_heading_stands_alone_at_the_end_of_a_page(report: Report, pages: list[pypdfium2.PdfPage]) -> None:
    names = {words(t.row["name"]) for t in report.tasks}
    headings = {
        words(h) for h in ("What the estimate rests on", "What might help", "Slices with another verdict", "Next steps")
    }
    for page in pages:
        lines = [words(line) for line in page.get_textpage().get_text_bounded().splitlines()]
        body = [
            line for line in lines if line and "suffice·analysis" not in line and not re.fullmatch(r"\d+of\d+", line)
        ]
        assert body[-1] not in headings | names
        assert not body[-1].startswith("AlternativesUSD")


def test_hostile_text_is_text(tmp_path: Path) -> None:
    traffic = Traffic()
    for i in range(120):
        traffic.call([("system", HOSTILE), ("user", f"{HOSTILE} {i}")], HOSTILE, model="<b>model</b>")
    pdf = render_pdf(make_report(tmp_path, traffic))
    assert b"/JavaScript" not in pdf
    assert words('<script>alert("x")</script>') in text_of(list(pypdfium2.PdfDocument(pdf)))


def test_without_its_library_one_line_says_what_to_install(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plutoprint", None)
    with pytest.raises(SufficeError, match=r"pip install 'suffice\[pdf\]', or print the \.html"):
        renderer(Path("r.pdf"))(report)


def test_the_command_writes_it(tmp_path: Path) -> None:
    make_report(tmp_path, shop_traffic())
    assert main(["report", "--db", str(tmp_path / "calls.duckdb"), "-o", str(tmp_path / "r.pdf")]) == 0
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")
