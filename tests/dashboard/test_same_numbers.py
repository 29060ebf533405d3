"""The same numbers to the cent: on the pages, in every export, from ``suffice.Client`` and for an assistant."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from analysis.report.spreadsheet import read_workbook
from analysis.report.test_formats import words_of
from analysis.traffic import DAY_NS, START_NS, by_instructions, shop_traffic
from dashboard.conftest import Open, shown

import suffice
from suffice_analysis import answers_for_agents, pipeline
from suffice_analysis.report.formats import FORMATS
from suffice_analysis.report.model import read_report
from suffice_analysis.report.wording import ALTERNATIVE_NAMES
from suffice_store.file_store import FileStore

CENT = 0.005
TIMES = 3_000  # tokens, so that every amount has cents


def money(usd: Any) -> str:
    return f"${abs(float(usd)):,.2f}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty days of four tasks, analysed: some thousands of dollars a month."""
    path = tmp_path_factory.mktemp("same") / "calls.duckdb"
    traffic = shop_traffic(480)
    for number, row in enumerate(traffic.calls):
        row["started_ns"] = START_NS + number * 20 * DAY_NS // 479
        row["input_tokens"], row["output_tokens"] = row["input_tokens"] * TIMES, row["output_tokens"] * TIMES
    with FileStore(str(path)) as store:
        traffic.fill(store)
        pipeline.analyze(store, find=by_instructions)
    return path


@pytest.fixture(scope="module")
def told(database: Path) -> dict[str, Any]:
    """What ``suffice.Client`` says: every other place is held against it."""
    with suffice.Client(db=str(database)) as client:
        return {
            "overview": client.overview(),
            "tasks": {row["task_id"]: row for row in client.tasks()},
            "savings": [row for row in client.savings(task_id="") if row["paid_usd"] is not None],
            "task_savings": [row for row in client.savings() if row["task_id"]],
            "shares": {row["measure"]: row for row in client.estimates(task_id="")},
        }


@pytest.fixture(scope="module")
def store(database: Path, told: dict[str, Any]) -> Iterator[FileStore]:
    with FileStore(str(database)) as opened:
        yield opened


@pytest.fixture(scope="module")
def exports(store: FileStore) -> dict[str, Any]:
    report = read_report(store)
    return {ending: render(report) for ending, render in FORMATS.items()}


def test_the_client_says_money_with_cents(told: dict[str, Any]) -> None:
    """Else the comparisons below would compare little."""
    amounts = [
        told["overview"]["paid_usd"],
        *(row["saving_usd"] for row in told["savings"]),
        *(row["paid_usd"] for row in told["tasks"].values()),
    ]
    assert [usd for usd in amounts if not 1 < abs(float(usd)) < 10_000 and usd != 0] == []
    assert len({money(usd) for usd in amounts}) >= 8


def test_what_a_person_reads(told: dict[str, Any], exports: dict[str, Any], open_page: Open, store: FileStore) -> None:
    pages = pypdfium2.PdfDocument(exports[".pdf"])
    texts = {
        ".html": " ".join(words_of(exports[".html"]).text),
        ".md": exports[".md"],
        ".pdf": " ".join(page.get_textpage().get_text_bounded() for page in pages),
    }
    for where, text in texts.items():
        assert money(told["overview"]["paid_usd"]) in text, where
        for row in told["savings"]:
            if row["saving_usd"]:
                for name in ("saving_usd", "saving_low_usd", "saving_high_usd"):
                    assert money(row[name]) in text, (where, row["alternative"], name)
    page = shown(open_page(store, "views/savings.py"))
    for row in told["savings"]:
        for name in ("projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd"):
            assert money(row[name]) in page or (
                name != "saving_usd" and row["saving_low_usd"] == row["saving_high_usd"]
            )
    assert money(told["overview"]["paid_usd"]) in shown(open_page(store))
    tasks = shown(open_page(store, "views/tasks.py"))
    for row in told["tasks"].values():
        assert money(row["paid_usd"]) in tasks
        share = row["replaceability"], row["replaceability_low"], row["replaceability_high"]
        if None not in share and share[2] - share[1] <= 0.4:
            low, high = (f"{100 * each:.0f}" for each in share[1:])
            assert f"({low}–{high})" in tasks
            assert f"({low}–{high} %)" in texts[".md"]


def test_what_a_program_reads(told: dict[str, Any], exports: dict[str, Any], store: FileStore) -> None:
    document = json.loads(exports[".json"])
    lines = {row["task_id"]: row for row in csv.DictReader(io.StringIO(exports[".csv"]))}
    assert document["coverage"]["paid_usd"] == pytest.approx(float(told["overview"]["paid_usd"]), abs=CENT)
    assert float(lines[""]["paid_usd"]) == pytest.approx(float(told["overview"]["paid_usd"]), abs=CENT)
    in_json = {("", row["alternative"]): row for row in document["savings"]}
    in_json |= {
        (task["task_id"], row["alternative"]): row for task in document["tasks"] for row in task["alternatives"]
    }
    rows = [*told["savings"], *told["task_savings"]]
    assert len(rows) == len(in_json)
    for row in rows:
        other = in_json[row["task_id"], row["alternative"]]
        for name in ("paid_usd", "projected_usd", "saving_usd", "saving_low_usd", "saving_high_usd"):
            assert other[name] == (None if row[name] is None else pytest.approx(row[name], abs=CENT))
            if name.startswith("saving"):
                cell = lines[row["task_id"]][f"{row['alternative']}_{name}"]
                assert (float(cell) if cell else None) == other[name]
    for task in document["tasks"]:
        assert task["paid_usd"] == pytest.approx(float(told["tasks"][task["task_id"]]["paid_usd"]), abs=CENT)
    for measure, row in told["shares"].items():
        assert document["shares"][measure]["value"] == pytest.approx(row["value"], abs=1e-6)


def test_the_workbook_works_out_the_same(told: dict[str, Any], exports: dict[str, Any]) -> None:
    """From its formulas, not from the values stored beside them."""
    book = read_workbook(exports[".xlsx"])
    names = {name: key for key, name in ALTERNATIVE_NAMES.items()}
    cells = {
        names[value]: [book.work_out((sheet, row, column)) for column in (2, 3, 4)]
        for (sheet, row, first), value in list(book.values.items())
        if sheet == "Summary" and first == 1 and value in names
    }
    assert set(cells) == {row["alternative"] for row in told["savings"]}
    for row in told["savings"]:
        expected = [row["paid_usd"], row["projected_usd"], row["saving_usd"]]
        assert cells[row["alternative"]] == pytest.approx(expected, abs=CENT)


def test_an_assistant_is_told_the_same(told: dict[str, Any], store: FileStore) -> None:
    answer = answers_for_agents.savings(store, "default")
    said = {row["alternative"]: row for row in answer["alternatives"]}
    for row in told["savings"]:
        for name in ("paid_usd", "projected_usd", "saving_usd"):
            assert float(said[row["alternative"]][name]) == pytest.approx(row[name], abs=CENT)
