"""``suffice mcp`` as an assistant meets it: the official client starts the real process and asks over stdin and stdout.

Every answer is compared with what the store itself reads.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from analysis.traffic import shop_traffic
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult, TextContent, Tool

from suffice.cli import main
from suffice_analysis.answers_for_agents import plain
from suffice_store import open_store

Question = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("mcp") / "calls.duckdb")
    with open_store(path) as store:
        shop_traffic(160).fill(store)
    assert main(["analyze", "--db", path]) == 0
    return path


def converse(arguments: Sequence[str], questions: Sequence[Question]) -> tuple[list[Tool], list[CallToolResult]]:
    """One session with a process of its own: its tools, and an answer to each question."""

    async def session() -> tuple[list[Tool], list[CallToolResult]]:
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "suffice", "mcp", *arguments],
            env={k: v for k, v in os.environ.items() if not k.startswith("SUFFICE_")},
        )
        async with Client(stdio_client(command)) as client:
            tools = (await client.list_tools()).tools
            return tools, [await client.call_tool(name, given) for name, given in questions]

    return asyncio.run(session())


def read(database: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
    with open_store(database, create=False) as store:
        rows: list[dict[str, Any]] = store.read(name, project="default", **parameters).to_pylist()
    return rows


def text_of(answer: CallToolResult) -> str:
    first = answer.content[0]
    assert isinstance(first, TextContent)
    return first.text


@pytest.fixture(scope="module")
def session(database: str) -> tuple[list[Tool], dict[str, dict[str, Any]]]:
    costliest = {"text": "refund", "order": "costliest", "limit": 3}
    task = read(database, "tasks")[0]["task_id"]
    questions: list[tuple[str, Question]] = [
        ("spend", ("spend", {})),
        ("spend by service", ("spend", {"by": "service"})),
        ("recent spend", ("spend", {"days": 0.001})),
        ("tasks", ("tasks", {})),
        ("evidence", ("evidence", {"task": task})),
        ("savings", ("savings", {})),
        ("savings of a task", ("savings", {"task": task})),
        ("calls", ("search_calls", costliest)),
    ]
    tools, answers = converse(["--db", database], [question for _, question in questions])
    found = {}
    for (name, _), answer in zip(questions, answers, strict=True):
        assert not answer.is_error, text_of(answer)
        assert answer.structured_content == json.loads(text_of(answer))  # older clients read the text
        found[name] = answer.structured_content
    return tools, found


def test_there_are_five_tools_and_all_only_read(session: tuple[list[Tool], dict[str, Any]]) -> None:
    tools, _ = session
    assert [tool.name for tool in tools] == ["spend", "tasks", "evidence", "savings", "search_calls"]
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description and tool.input_schema["type"] == "object" for tool in tools)


def test_spend_is_the_stores_to_the_last_decimal(session: tuple[list[Tool], dict[str, Any]], database: str) -> None:
    _, answers = session
    total = read(database, "overview")[0]
    for name, by in (("spend", "model"), ("spend by service", "service")):
        answer, rows = answers[name], read(database, "spend", by=by)
        assert answer["total"] == plain(total)
        assert sorted(answer["rows"], key=str) == sorted(map(plain, rows), key=str)
        assert sum(Decimal(row["paid_usd"] or 0) for row in answer["rows"]) == total["paid_usd"]
    assert answers["spend"]["in_words"].startswith("$")
    assert answers["recent spend"]["total"]["calls"] == 0  # the traffic is of another month
    assert answers["recent spend"]["total"]["paid_usd"] is None


def test_tasks_carry_interval_grade_and_n(session: tuple[list[Tool], dict[str, Any]], database: str) -> None:
    _, answers = session
    shown = {task["task_id"]: task for task in answers["tasks"]["tasks"]}
    stored = {row["task_id"]: row for row in read(database, "tasks")}
    estimates = {row["task_id"]: row for row in read(database, "estimates", measure="replaceability")}
    assert shown.keys() == stored.keys()
    for task_id, task in shown.items():
        for column in ("calls", "replaceability", "replaceability_low", "replaceability_high", "grade", "proven"):
            assert task[column] == stored[task_id][column]
        assert task["n"] == (estimates[task_id]["n"] if task_id in estimates else None)
        assert task["paid_usd"] == str(stored[task_id]["paid_usd"])
    assert "Proven: 0 %" in answers["tasks"]["in_words"]


def test_evidence_is_each_stored_piece(session: tuple[list[Tool], dict[str, Any]], database: str) -> None:
    _, answers = session
    answer = answers["evidence"]
    stored = read(database, "evidence", task_id=answer["task"]["task_id"])
    assert sorted(answer["evidence"], key=str) == sorted(map(plain, stored), key=str)
    assert stored
    assert all(row["sentence"] in answer["in_words"] for row in stored if row["sentence"])
    [estimate] = [
        row
        for row in read(database, "estimates", task_id=answer["task"]["task_id"], measure="replaceability")
        if row["candidate"] == "any SLM"
    ]
    assert answer["estimate"] == plain(estimate)


@pytest.mark.parametrize("asked", ["savings", "savings of a task"])
def test_no_saving_without_its_quality(session: tuple[list[Tool], dict[str, Any]], database: str, asked: str) -> None:
    _, answers = session
    answer = answers[asked]
    stored = read(database, "savings", task_id="" if asked == "savings" else answers["evidence"]["task"]["task_id"])
    columns = ("alternative", "model", "saving_usd", "saving_low_usd", "saving_high_usd", "quality_low", "extra_wrong")
    assert sorted([row[c] for c in columns] for row in answer["alternatives"]) == sorted(
        [row[c] for c in columns] for row in stored
    )
    assert "must not be added up" in answer["in_words"]
    assert {each["name"] for each in answer["assumptions"]} == {
        each["name"] for row in stored for each in json.loads(row["assumptions"])
    }


def test_calls_are_found_by_text(session: tuple[list[Tool], dict[str, Any]], database: str) -> None:
    _, answers = session
    stored = read(database, "calls", search="refund", order="costliest", limit=3)
    assert [call["call_id"] for call in answers["calls"]["calls"]] == [row["call_id"] for row in stored]
    assert [call["paid_usd"] for call in answers["calls"]["calls"]] == [str(row["paid_usd"]) for row in stored]


def test_what_cannot_be_answered_says_what_to_do(database: str) -> None:
    questions: list[Question] = [
        ("evidence", {"task": "no such task"}),
        ("savings", {"task": "no such task"}),
        ("search_calls", {"text": "  "}),
        ("search_calls", {"text": "refund", "limit": 1000}),
        ("spend", {"by": "colour"}),
    ]
    _, answers = converse(["--db", database], questions)
    assert all(answer.is_error for answer in answers)
    assert ["name one by its id; there are t_" in text_of(answer) for answer in answers[:2]] == [True, True]
    assert "needs a text" in text_of(answers[2])
    assert "50" in text_of(answers[3])
    assert "cost_centre" in text_of(answers[4])


def test_an_argument_that_there_is_not_is_refused_not_left_out(database: str) -> None:
    """The answer would be to another question: by model, where ``By`` asked for tasks."""
    wrong = {
        ("spend", "By"): ({"By": "task"}, "By: Extra inputs are not permitted (its arguments: by, days)"),
        ("tasks", "limit"): ({"limit": 3}, "limit: Extra inputs are not permitted (its arguments: none)"),
        ("spend", "by"): ({"by": "weather"}, "by: Input should be 'model', "),
    }
    tools, answers = converse(["--db", database], [(name, given) for (name, _), (given, _) in wrong.items()])
    assert all(tool.input_schema["additionalProperties"] is False for tool in tools)
    for ((name, _), (_, said)), answer in zip(wrong.items(), answers, strict=True):
        assert answer.is_error
        assert f"{name}: {said}" in text_of(answer)
        assert "\n" not in text_of(answer)
        assert "pydantic.dev" not in text_of(answer)


def test_an_empty_or_missing_database_is_an_answer_not_a_crash(tmp_path: Path) -> None:
    path = str(tmp_path / "empty.duckdb")
    open_store(path).close()
    _, [spend, tasks] = converse(["--db", path], [("spend", {}), ("tasks", {})])
    assert not spend.is_error
    assert spend.structured_content is not None
    assert (spend.structured_content["total"]["calls"], spend.structured_content["rows"]) == (0, [])
    assert tasks.is_error
    assert "run 'suffice analyze' first" in text_of(tasks)
    _, [missing] = converse(["--db", str(tmp_path / "none.duckdb")], [("tasks", {})])
    assert missing.is_error
    assert "none.duckdb" in text_of(missing)
    assert not (tmp_path / "none.duckdb").exists()
