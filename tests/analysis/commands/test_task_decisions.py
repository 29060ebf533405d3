"""``suffice tasks rename|ignore|pin|merge|split`` as a person types them, and what the next analysis makes of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from analysis.traffic import shop_traffic

from suffice.cli import main
from suffice_analysis import pipeline
from suffice_store import open_store


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("decided") / "calls.duckdb"
    with open_store(str(path)) as store:
        shop_traffic(160).fill(store)
        pipeline.analyze(store)
    return path


@pytest.fixture
def database(analysed: Path, tmp_path: Path) -> str:
    return str(shutil.copy(analysed, tmp_path / "calls.duckdb"))


def tasks(database: str) -> dict[str, dict[str, Any]]:
    with open_store(database) as store:
        return {row["name"]: row for row in store.read("tasks").to_pylist()}


def decisions(database: str) -> list[tuple[str, str, Any]]:
    with open_store(database) as store:
        rows = store.read("decisions").to_pylist()
    return sorted((row["kind"], row["task_id"], json.loads(row["value"])) for row in rows)


def test_a_name_counts_at_once_and_may_be_said_again(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, row = next(iter(tasks(database).items()))
    assert main(["tasks", "rename", "--db", database, first.upper(), " Tickets "]) == 0
    assert capsys.readouterr().out == f"{first} is now called Tickets.\n"
    assert tasks(database)["Tickets"]["task_id"] == row["task_id"]
    assert main(["tasks", "rename", "--db", database, row["task_id"], "Other"]) == 0
    assert "Tickets" not in tasks(database)


@pytest.mark.parametrize(("word", "said"), [("ignore", "ignored"), ("pin", "pinned")])
def test_a_mark_is_set_and_taken_back(database: str, capsys: pytest.CaptureFixture[str], word: str, said: str) -> None:
    name, row = next(iter(tasks(database).items()))
    assert main(["tasks", word, "--db", database, row["task_id"]]) == 0
    assert capsys.readouterr().out.startswith(f"{name} is {said}.")
    assert decisions(database) == [(word, row["task_id"], True)]
    assert main(["tasks", word, "--db", database, row["task_id"], "--undo"]) == 0
    assert decisions(database) == [(word, row["task_id"], False)]


def test_a_merge_is_carried_out_by_the_next_analysis(database: str) -> None:
    (first, one), (_, other) = list(tasks(database).items())[:2]
    assert main(["tasks", "merge", "--db", database, first, "--into", other["task_id"]]) == 0
    assert decisions(database) == [("merge", one["task_id"], other["task_id"])]
    with open_store(database) as store:
        pipeline.analyze(store)
    merged = {row["task_id"]: row["calls"] for row in tasks(database).values()}
    assert one["task_id"] not in merged
    assert merged[other["task_id"]] == one["calls"] + other["calls"]
    assert main(["tasks", "merge", "--db", database, one["task_id"], "--undo"]) == 0
    with open_store(database) as store:
        pipeline.analyze(store)
    assert {row["task_id"] for row in tasks(database).values()} >= {one["task_id"], other["task_id"]}


def test_what_is_not_there_is_refused_and_nothing_is_kept(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, row = next(iter(tasks(database).items()))
    for arguments, reason in [
        (["pin", "no such task"], f"there are {row['task_id']} ({name})"),
        (["merge", name, "--into", name], "into itself"),
        (["merge", name], "--into"),
        (["merge", name, "--into", row["task_id"], "--undo"], "--into"),
        (["split", name, "--slice", "none"], "no such slice"),
        (["rename", name, " "], "name"),
    ]:
        assert main(["tasks", arguments[0], "--db", database, *arguments[1:]]) in (1, 2)
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
    assert decisions(database) == []


def test_decide_writes_every_step_with_the_evidence_of_then(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, row = next(iter(tasks(database).items()))
    for state in ("proposed", "testing"):
        assert (
            main(["tasks", "decide", name, "--db", database, "--state", state, "--reason", "why", "--owner", "Ann"])
            == 0
        )
        assert capsys.readouterr().out.startswith(f"{name}: {state}, by Ann; evidence ")
    with open_store(database) as store:
        steps = [json.loads(step["value"]) for step in store.read("decision_log", kind="move").to_pylist()]
    assert [(step["state"], step["owner"], step["reason"]) for step in steps] == [
        ("proposed", "Ann", "why"),
        ("testing", "Ann", "why"),
    ]
    assert steps[0]["evidence_hash"] == steps[1]["evidence_hash"]
    of_none = [
        "tasks",
        "decide",
        row["task_id"],
        "--db",
        database,
        "--state",
        "testing",
        "--reason",
        "why",
        "--slice",
        "none",
    ]
    assert main(of_none) == 1
    assert "no such slice" in capsys.readouterr().err
    assert main(["tasks", "decide", row["task_id"], "--db", database, "--state", "done", "--reason", "why"]) == 1
    assert "one of proposed, testing, approved, moved, declined" in capsys.readouterr().err
