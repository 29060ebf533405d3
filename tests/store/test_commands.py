"""``suffice db`` and ``suffice prices``, as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from store.synthetic import START_NS, call_record

from suffice import cli
from suffice.errors import SufficeError
from suffice_migrations import head
from suffice_store.appending import build_tables
from suffice_store.commands import db, prices
from suffice_store.file_store import FileStore


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database with one call of a model that nobody listed."""
    name = str(tmp_path / "s.duckdb")
    with FileStore(name) as store:
        store.append(build_tables([call_record(0), call_record(1, response_model="house-7b")], START_NS))
    return name


def test_info_for_people(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert db.main(["info", "--db", path]) == 0
    first, heading, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{path}: ")
    assert first.endswith((f" kB, schema {head()}", f" MB, schema {head()}"))
    assert heading.split() == ["table", "project", "rows", "text", "on", "disk"]
    assert ["calls", "default", "2"] in [row.split()[:3] for row in rows]


def test_info_as_json(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert db.main(["info", "--db", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["path"], found["schema"], found["projects"]) == (path, head(), [{"project": "default", "calls": 2}])
    (calls,) = [row for row in found["tables"] if (row["table_name"], row["project"]) == ("calls", "default")]
    assert calls["rows"] == 2
    assert calls["text_bytes"] > 0
    assert calls["disk_bytes"] > 0


def test_migrate_fills_an_empty_file_and_then_has_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = str(tmp_path / "new.duckdb")
    with pytest.raises(SufficeError, match="there is no database at"):
        db.main(["migrate", "--db", new])
    assert not Path(new).exists()
    duckdb.connect(new).close()
    assert db.main(["migrate", "--db", new]) == 0
    assert db.main(["migrate", "--db", new]) == 0
    assert capsys.readouterr().out == f"{new}: empty → schema {head()}\n{new} is at schema {head()} already\n"
    with pytest.raises(SufficeError, match="a collector holds its own file"):
        db.main(["migrate", "--db", "http://127.0.0.1:1"])


def test_a_price_can_be_set_and_the_unpriced_model_is_gone(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert prices.main(["list", "house", "--db", path]) == 0
    assert "unpriced: house-7b (openai, 1 calls): set it with 'suffice prices set house-7b" in capsys.readouterr().out
    assert prices.main(["set", "house-7b", "--input", "0.10", "--output", "0.20", "--db", path]) == 0
    assert capsys.readouterr().out == "house-7b: $0.10 in, $0.20 out per million tokens (standard)\n"
    assert prices.main(["list", "house", "--db", path, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["unpriced_models"] == []
    assert [(row["model"], row["input_usd_per_mtok"]) for row in found["prices"]] == [("house-7b", "0.100000")]


def test_a_tier_that_no_shipped_price_has_is_said_back(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    price = ["house-7b", "--input", "1", "--output", "2", "--db", path]
    assert prices.main(["set", *price, "--tier", "flexx"]) == 0
    assert "calls whose answer names 'flexx' as its service tier, and no others" in capsys.readouterr().out
    assert prices.main(["set", *price, "--tier", "default"]) == 0  # OpenAI's word for standard
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_prices_are_listed_of_the_recorded_models_unless_all_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = str(tmp_path / "s.duckdb")
    with FileStore(name) as store:
        store.append(
            build_tables([call_record(0, request_model="gpt-4o-mini", response_model="gpt-4o-mini")], START_NS)
        )
    assert prices.main(["list", "--db", name]) == 0
    *rows, more = capsys.readouterr().out.splitlines()
    assert {tuple(row.split()[:2]) for row in rows[1:]} == {("gpt-4o-mini", "openai")}
    assert more.endswith(" more prices: 'suffice prices list --all', or a part of a name; --json has the sources.")
    assert prices.main(["list", "--all", "--db", name]) == 0
    every = capsys.readouterr().out.splitlines()
    assert len(every) - 1 == len(rows) - 1 + int(more.split()[0].replace(",", ""))


@pytest.mark.parametrize(
    ("prices_given", "said"),
    [
        (
            ["--input", "0.000003", "--output", "0.00001"],
            "--input is 0.000003: that looks like USD per token; give USD per million tokens",
        ),
        (["--input", "3", "--output", "0.0009"], "--output is 0.0009: that looks like USD per token"),
        (["--input", "0.0000025", "--output", "10"], "--input is 0.0000025: that looks like USD per token"),
        (["--input", "3", "--output", "9", "--cache-read", "0.0000003"], "--cache-read is 0.0000003: that looks like"),
        (["--input", "2.50000001", "--output", "10"], "--input has more than 6 decimals: 2.50000001"),
    ],
)
def test_a_price_per_token_is_refused_by_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prices_given: list[str], said: str
) -> None:
    path = str(tmp_path / "calls.duckdb")
    assert cli.main(["prices", "set", "gpt-4o", *prices_given, "--db", path]) == 1
    assert said in capsys.readouterr().err
    assert cli.main(["prices", "set", "gpt-4o", "--input", "0.001", "--output", "0", "--db", path]) == 0


def test_a_price_list_per_token_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "prices.csv"
    listed.write_text("model,input_usd_per_mtok,output_usd_per_mtok\nm,1,2\nn,0.000003,0.00001\n")
    assert cli.main(["prices", "update", str(listed), "--db", str(tmp_path / "calls.duckdb")]) == 1
    assert "'input_usd_per_mtok' is 0.000003: that looks like USD per token" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["db", "prices"])
def test_without_a_subcommand_the_help_is_shown(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command]) == 2
    captured = capsys.readouterr()
    assert f"Usage: suffice {command} [OPTIONS] COMMAND" in captured.out
    assert captured.err == ""


@pytest.mark.parametrize("arguments", [["db", "info"], ["prices", "list"]])
def test_a_read_makes_no_database(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SUFFICE_DB", raising=False)
    monkeypatch.delenv("SUFFICE_ENDPOINT", raising=False)
    assert cli.main(arguments) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_errors_are_one_line_with_the_right_exit_code(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["db", "info", "--db", str(tmp_path / "none.duckdb")]) == 1
    assert cli.main(["db", "info", "--nosuch"]) == 2
    assert cli.main(["db", "info", "--db", path, "--server", "http://127.0.0.1:1"]) == 2
    assert cli.main(["db", "info", "--server", "http://127.0.0.1:1"]) == 1
    assert cli.main(["prices", "set", "m", "--input", "free", "--output", "1", "--db", path]) == 1
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert len(lines) == 5
    assert "there is no database at" in lines[0]
    assert "--nosuch" in lines[1]
    assert "exclude each other" in lines[2]
    assert "no collector answers at http://127.0.0.1:1: start one with 'suffice up'" in lines[3]
    assert "--input must be USD per million tokens" in lines[4]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("mark_duplicate", {"call_id": [None]}),
        ("record_outcome", {"target": "run", "target_id": {"a": 1}, "ok": True}),
        ("record_outcome", {"target": "run", "target_id": "x" * 10_001, "ok": True}),
        ("decide", {"kind": "mark", "task_id": 5, "value": 1}),
        ("set_price", {"model": ["x"], "input_usd_per_mtok": 1, "output_usd_per_mtok": 1}),
        ("set_price", {"model": "x", "input_usd_per_mtok": 1, "output_usd_per_mtok": 1, "context_from_tokens": 2**70}),
        ("set_price", {"model": "x", "input_usd_per_mtok": [1], "output_usd_per_mtok": 1}),
        ("add_prices", {"prices": {"model": "x"}}),
        ("add_prices", {"prices": ["x"]}),
        (
            "add_prices",
            {"prices": [{"model": "x", "provider": ["y"], "input_usd_per_mtok": 1, "output_usd_per_mtok": 1}]},
        ),
        ("set_terms", {"contracts": {}}),
        ("set_terms", {"services": [{"name": ["a"]}]}),
        ("set_terms", {"source": ["t"]}),
        ("record_invoice", {"source": "f", "rows": [{"kind": "usage", "day": 1, "provider": {}, "model": ""}]}),
        *(
            (
                "record_invoice",
                {"source": "f", "rows": [{"kind": "cost", "day": 1, "provider": "p", "model": "", "usd": usd}]},
            )
            for usd in ("12 USD", True, "NaN", "-Infinity", "1e400", 10**13)
        ),
    ],
)
def test_arguments_of_another_shape_are_refused(file_store: FileStore, name: str, arguments: dict[str, object]) -> None:
    """Found by Schemathesis: they used to reach the database, and became an error of ours."""
    with pytest.raises(SufficeError):
        file_store.command(name, **arguments)
