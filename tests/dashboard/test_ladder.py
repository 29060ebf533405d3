"""What little data allows to be said: a test for each rung, on the pages and in every export alike."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from analysis.report.spreadsheet import read_workbook
from analysis.report.test_formats import words_of
from analysis.traffic import DAY_NS, START_NS, by_instructions, shop_traffic
from dashboard.conftest import Open, shown

from suffice.cli import main
from suffice_analysis import pipeline
from suffice_analysis.report.as_pdf import render_pdf
from suffice_analysis.report.formats import FORMATS
from suffice_analysis.report.model import Report, read_report
from suffice_analysis.report.wording import SIMULATED_WORDS
from suffice_analysis.savings.sentences import at_stake
from suffice_dashboard import pieces
from suffice_store.console import format_usd
from suffice_store.file_store import FileStore

PAGES = ("views/overview.py", "views/tasks.py", "views/savings.py", "views/decisions.py")
ALL_PAGES = (*PAGES, "views/task.py", "views/runs.py", "views/calls.py", "views/replay.py", "views/quality.py", "views/health.py",
             "views/settings.py")  # fmt: skip
MONEY_A_MONTH = re.compile(r"\$[\d,.]+(\s*\([^)]*\))?\s*a month")
YEAR = re.compile(r"a year at|\"annual\": true|\$[\d,.]+(\s*\([^)]*\))?\s*a year", re.IGNORECASE)


@dataclass(frozen=True)
class Rung:
    """A store with so much in it, its report, and what every export says, by ending."""

    store: FileStore
    report: Report
    exports: dict[str, str]


def rung(path: Path, calls: int, days: float, service: str | None = None) -> Rung:
    traffic = shop_traffic(calls)
    for number, row in enumerate(traffic.calls):
        row["started_ns"] = START_NS + int(number * days * DAY_NS / (calls - 1))
        row["ended_ns"] = row["started_ns"] + 10**9
        row["service"] = service or row["service"]
    store = FileStore(str(path / "calls.duckdb"))
    traffic.fill(store)
    pipeline.analyze(store, find=by_instructions)
    report = read_report(store)
    return Rung(store, report, {ending: text_of(ending, render(report)) for ending, render in FORMATS.items()})


def text_of(ending: str, rendered: str | bytes) -> str:
    """What a person reads of a file."""
    if isinstance(rendered, str):
        return " ".join(" ".join(words_of(rendered).text).split()) if ending == ".html" else rendered
    if ending == ".xlsx":
        return "\n".join(str(value) for value in read_workbook(rendered).values.values())
    pages = pypdfium2.PdfDocument(rendered)
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


Made = Callable[..., Rung]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """Each rung made once."""
    known: dict[tuple[Any, ...], Rung] = {}

    def of(*given: Any) -> Rung:
        if given not in known:
            known[given] = rung(tmp_path_factory.mktemp("rung"), *given)
        return known[given]

    yield of
    for each in known.values():
        each.store.close()


def said(open_page: Open, found: Rung, *pages: str) -> dict[str, str]:
    """Everything that the pages and the exports say, by where."""
    texts = dict(found.exports)
    for page in pages or PAGES:
        app = open_page(found.store, page)
        assert not app.exception
        texts[page] = shown(app).replace(' class="sf-figure"', "")
    return texts


def test_no_calls_the_line_to_paste_and_no_report(
    open_page: Open, empty_store: FileStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """That the page flips by itself with the first call: test_browser.py."""
    for page in ("views/overview.py", "views/tasks.py", "views/savings.py", "views/calls.py"):
        text = shown(open_page(empty_store, page))
        assert "import suffice\nsuffice.init()" in text
        assert "Waiting for the first call" in text
        assert "suffice demo" in text
    FileStore(str(tmp_path / "none.duckdb")).close()
    for ending in FORMATS:
        assert main(["report", "-o", str(tmp_path / f"r{ending}"), "--db", str(tmp_path / "none.duckdb")]) == 1
        assert "nothing has been analysed yet" in capsys.readouterr().err
        assert not (tmp_path / f"r{ending}").exists()


def test_under_100_calls_of_a_task_no_percentage(open_page: Open, made: Made) -> None:
    found = made(200, 12.0)
    assert {task.row["calls"] for task in found.report.tasks} == {50}
    assert all(task.row["replaceability"] is None for task in found.report.tasks)
    texts = said(open_page, found)
    for ending in (".md", ".html", ".pdf", ".xlsx"):
        assert "Too few calls to say: no task has 100 calls yet." in texts[ending], ending
        assert "under 100 calls" in texts[ending] or ending == ".xlsx", ending
    document = json.loads(texts[".json"])
    assert document["shares"]["expected_share_calls"]["value"] is None
    assert {task["estimate"]["value"] for task in document["tasks"]} == {None}
    assert {line["share"] for line in csv.DictReader(io.StringIO(texts[".csv"]))} == {""}
    assert "is not known yet" in texts["views/overview.py"]
    assert texts["views/tasks.py"].count("no claim") == 4
    assert "sf-interval" not in texts["views/tasks.py"]
    task = shown(open_page(found.store, "views/task.py", task_id=found.report.tasks[0].row["task_id"]))
    assert "under 100" in task
    assert "sf-interval" not in task


def test_under_seven_days_per_1000_calls_only(open_page: Open, made: Made) -> None:
    texts = said(open_page, made(480, 5.0))
    for where, text in texts.items():
        assert MONEY_A_MONTH.search(text) is None, where
        assert YEAR.search(text) is None, where
    for where in (".md", ".html", ".pdf", ".xlsx", "views/overview.py", "views/savings.py"):
        assert "per 1,000 calls" in texts[where], where
    assert json.loads(texts[".json"])["basis"] == "per_1000_calls"
    assert {line["basis"] for line in csv.DictReader(io.StringIO(texts[".csv"]))} == {"per_1000_calls"}


def test_under_28_days_a_month_and_no_year(open_page: Open, made: Made) -> None:
    texts = said(open_page, made(480, 20.0))
    for where in (".md", ".html", ".pdf", "views/overview.py", "views/savings.py"):
        assert "a month" in texts[where], where
    assert MONEY_A_MONTH.search(texts[".md"])
    for where, text in texts.items():
        assert YEAR.search(text) is None, where


def test_from_28_days_on_a_year_is_said_the_same_everywhere(open_page: Open, made: Made) -> None:
    found = made(480, 30.0)
    texts = said(open_page, found, "views/savings.py")
    by_alternative = {
        name: line for name, lines in found.report.beside_the_money for line in lines if line.startswith("Over a year")
    }
    assert set(by_alternative) == {row["alternative"] for row in found.report.totals if row["saving_usd"] > 0}
    for row in found.report.totals:
        if (sentence := by_alternative.get(row["alternative"])) is None:
            continue
        assert format_usd(12 * row["saving_usd"]) in sentence
        for where in (".md", ".html", ".json", "views/savings.py"):
            assert sentence in texts[where], where
        assert re.sub(r"\s", "", sentence) in re.sub(r"\s", "", texts[".pdf"])


def test_an_interval_wider_than_40_points_is_untested_with_what_is_at_stake(open_page: Open, made: Made) -> None:
    found = made(480, 20.0)
    wide = [task for task in found.report.tasks if task.share and 100 * (task.share["high"] - task.share["low"]) > 40]
    assert wide
    texts = said(open_page, found, "views/tasks.py")
    lines = {line["task_id"]: line for line in csv.DictReader(io.StringIO(texts[".csv"]))}
    sheet = {row["task id"]: row for row in read_workbook(FORMATS[".xlsx"](found.report)).rows("Tasks", 3)}  # type: ignore[arg-type]
    for task in wide:
        assert task.share is not None
        task_id = task.row["task_id"]
        stakes = {stake for row in task.alternatives if (stake := at_stake(row))}
        page = shown(open_page(found.store, "views/task.py", task_id=task_id)).replace(' class="sf-figure"', "")
        for stake in stakes:
            assert stake.startswith("untested: $")
            for where, text in ((".md", texts[".md"]), (".html", texts[".html"]), ("page", page)):
                assert stake in text, where
            assert re.sub(r"\s", "", stake) in re.sub(r"\s", "", texts[".pdf"])
        value = f"{100 * task.share['value']:.0f}\u202f% ({100 * task.share['low']:.0f}"
        assert value not in texts["views/tasks.py"]
        assert (lines[task_id]["share"], bool(lines[task_id]["share_low"])) == ("", True)
        assert (sheet[task_id]["expected share"], sheet[task_id]["low"]) == (None, pytest.approx(task.share["low"]))
    assert any(at_stake(row) for task in wide for row in task.alternatives)


def test_demo_data_is_marked_on_every_page_and_in_every_export(open_page: Open, made: Made) -> None:
    found = made(120, 1.0, "simulated-shop")
    texts = said(open_page, found, *ALL_PAGES)
    for page in ALL_PAGES:
        assert pieces.watermark(SIMULATED_WORDS) in texts[page], page
    for ending in (".md", ".html", ".pdf", ".xlsx"):
        assert "Simulated data" in texts[ending], ending
    assert texts[".pdf"].count("SIMULATED DATA") == len(pypdfium2.PdfDocument(render_pdf(found.report))), "on each page"
    assert json.loads(texts[".json"])["simulated"] is True
    assert {line["simulated"] for line in csv.DictReader(io.StringIO(texts[".csv"]))} == {"yes"}


def test_real_data_bears_no_mark(open_page: Open, made: Made) -> None:
    texts = said(open_page, made(480, 20.0), *ALL_PAGES)
    assert [where for where, text in texts.items() if "imulated data" in text or "sf-watermark" in text] == []
    assert {line["simulated"] for line in csv.DictReader(io.StringIO(texts[".csv"]))} == {"no"}
