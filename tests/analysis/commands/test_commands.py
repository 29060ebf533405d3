"""The three commands as a person runs them: words, files, exit codes."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from analysis.traffic import shop_traffic

from suffice.cli import main
from suffice.errors import UsageError
from suffice_analysis.commands.analyze import parse_since
from suffice_analysis.commands.tasks import COLUMNS, fit
from suffice_store import open_store


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("commands") / "calls.duckdb")
    with open_store(path) as store:
        shop_traffic(160).fill(store)
    assert main(["analyze", "--db", path]) == 0
    return path


@pytest.fixture
def empty(tmp_path: Path) -> str:
    path = str(tmp_path / "empty.duckdb")
    open_store(path).close()
    return path


def test_analyze_prints_five_sentences(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--db", database]) == 0
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("160 calls in ")
    assert lines[2].startswith("Proven: 0 %.")


def test_analyze_json_is_one_document(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--db", database, "--json", "--seed", "5"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["calls"], document["seed"], len(document["headlines"])) == (160, 5, 5)


def test_analyze_of_nothing_fails_with_what_to_do(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--db", empty]) == 1
    assert "no calls to analyse" in capsys.readouterr().err


def test_analyze_can_be_narrowed(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyze", "--db", database, "--service", "nobody"]) == 1
    assert main(["analyze", "--db", database, "--since", "yesterdayish"]) == 2
    assert "--since" in capsys.readouterr().err
    assert main(["analyze", "--db", database]) == 0


def test_tasks_lists_them(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--db", database]) == 0
    text = capsys.readouterr().out
    assert "expected" in text
    assert "under 100" in text


def test_a_name_keeps_forty_characters_on_a_narrow_terminal() -> None:
    row = ["n" * 60, "question answering", "5,000", "100 %", "$12.34", "42 %", "96 % (88–100 %)", "proxy", "untested"]
    assert fit(COLUMNS, [row], 500) == (list(COLUMNS), [row])
    columns, cells = fit(COLUMNS, [row], 100)
    assert columns == ["task", "calls", "paid", "of cost", "expected share", "grade", "verdict"]
    assert cells == [[row[0], row[2], *row[4:]]]
    assert fit(COLUMNS, [row], 80)[0] == ["task", "calls", "paid", "expected share", "verdict"]
    assert fit(COLUMNS, [], 80)[0][0] == "task"


def test_tasks_json(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--db", database, "--json"]) == 0
    tasks = json.loads(capsys.readouterr().out)
    assert sum(task["calls"] for task in tasks) == 160
    assert "recogniser" not in tasks[0]


def test_tasks_writes_assignments(database: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert main(["tasks", "--db", database, "--assignments", str(path)]) == 0
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert list(rows[0]) == ["external_id", "call_id", "task_id"]
    assert len(rows) == len({r["call_id"] for r in rows}) == 160
    assert {r["external_id"] for r in rows} == {""}


def test_tasks_of_nothing_says_what_to_do_and_is_no_failure(empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "--db", empty]) == 0
    assert "suffice analyze" in capsys.readouterr().out
    assert main(["tasks", "--db", empty, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("command", ["tasks", "analyze", "report", "prove"])
def test_a_project_without_calls_is_told_from_those_with_calls(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    more = {"report": ["-o", str(tmp_path / "r.html")], "prove": ["--budget", "1", "--candidates", "http://h/v1#m"]}
    code = main([command, "--db", database, "--project", "nosuch", *more.get(command, [])])
    told = capsys.readouterr()
    said = "no project 'nosuch' has calls; calls are in default (160)"
    if command == "tasks":
        assert (code, told.out) == (0, f"No tasks: {said}.\n")
    else:
        assert (code, told.err.strip()) == (1, f"suffice: {said}")
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("ending", [".html", ".md", ".json", ".csv"])
def test_report_writes_each_format(database: str, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"r{ending}"
    assert main(["report", "--db", database, "-o", str(path)]) == 0
    assert path.stat().st_size > 500


def test_report_refuses_before_it_opens_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--db", str(tmp_path / "none.duckdb"), "-o", "r.docx"]) == 2
    assert ".docx" in capsys.readouterr().err


def test_report_without_analysis_or_into_nowhere_fails_in_one_line(
    empty: str, database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--db", empty, "-o", str(tmp_path / "r.html")]) == 1
    assert "suffice analyze" in capsys.readouterr().err
    assert main(["report", "--db", database, "-o", str(tmp_path / "no" / "r.html")]) == 1
    assert "can't write" in capsys.readouterr().err


def test_since_reads_dates_and_ages() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert parse_since("7d", now) == parse_since("2026-11-16")
    assert parse_since("12h", now) == parse_since("2026-11-22T12:00:00+00:00")
    for wrong in ("", "d", "soon", "7y"):
        with pytest.raises(UsageError):
            parse_since(wrong, now)
