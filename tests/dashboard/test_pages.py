"""Every page runs on the fleet, on an empty store and without a collector, and says what its rows say."""

from __future__ import annotations

import csv
import io
import json

import pytest
from dashboard import fleet
from dashboard.conftest import Open, shown
from streamlit.testing.v1 import AppTest

from suffice.errors import SufficeError
from suffice_dashboard import queries
from suffice_dashboard.formatting import render_interval
from suffice_store.file_store import FileStore

PAGES = ["views/overview.py", "views/tasks.py", "views/task.py", "views/savings.py", "views/calls.py"]


class NoCollector:
    """A store behind which nobody answers."""

    def read(self, name: str, **parameters: object) -> object:
        raise SufficeError("no collector answers at http://127.0.0.1:4318: start one with 'suffice up'")


class Broken:
    """A store whose answers no page can use."""

    def read(self, name: str, **parameters: object) -> object:
        raise KeyError("secret internals")


def drawn(app: AppTest) -> str:
    assert not app.exception
    return shown(app).replace(' class="sf-figure"', "")


QUALITY = "views/quality.py"


def test_quality_says_what_the_rows_say(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, QUALITY))
    assert "calls have a price" in text
    assert "suffice prices reconcile FILE" in text


@pytest.mark.parametrize("page", [*PAGES, QUALITY, "views/replay.py"])
def test_an_empty_store_says_what_to_do(page: str, open_page: Open, empty_store: FileStore) -> None:
    text = drawn(open_page(empty_store, page))
    for line in ("Waiting for the first call", "suffice.init()", "suffice import", "suffice demo"):
        assert line in text


@pytest.mark.parametrize("page", PAGES)
def test_without_a_collector_there_is_a_sentence_and_a_retry(page: str, open_page: Open) -> None:
    app = open_page(NoCollector(), page)
    assert "The collector does not answer" in drawn(app)
    assert [button.label for button in app.button] == ["Try again"]


@pytest.mark.parametrize("page", PAGES)
def test_a_fault_shows_no_traceback(page: str, open_page: Open, caplog: pytest.LogCaptureFixture) -> None:
    text = drawn(open_page(Broken(), page))
    assert "This page could not be drawn" in text
    assert "secret internals" not in text
    assert "secret internals" in caplog.text


@pytest.mark.parametrize("page", PAGES[:4])
def test_calls_without_an_analysis_say_so(page: str, open_page: Open, empty_store: FileStore) -> None:
    empty_store.append({name: table for name, table in fleet.as_arrow(fleet.traffic()).items() if name != "prices"})
    text = drawn(open_page(empty_store, page))
    assert "The tasks are not worked out yet" in text
    assert "suffice analyze" in text


def test_overview_answers_the_three_questions(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store))
    assert "You spent <b>$17.32</b> on 2,000 calls in 5 days" in text
    assert "<b>40\u202f% (31–50)</b> of that money" in text
    assert "<b>Proven: 0\u202f%</b>" in text
    assert "1. Test “Extract invoice fields” against" in text
    assert "together</b>" in text
    assert "None of them is proven." in text
    assert f'<a href="decisions?task_id={fleet.task_id(0)}"' in text
    assert f"Analysis {fleet.ANALYSIS}" in text


def test_overview_filters_come_from_the_address(
    open_page: Open, fleet_store: FileStore, tables: dict[str, list[dict[str, object]]]
) -> None:
    text = drawn(open_page(fleet_store, service="travel-agent"))
    assert sum(call["service"] == "travel-agent" for call in tables["calls"]) == 300
    assert "on 300 calls" in text
    low, value, high = next(row[5] for row in fleet.TASKS if row[2] == "travel-agent")
    share = render_interval(value, low, high)
    assert f"A small model is expected to take over <b>{share}</b> of that money: $" in text, "of what is filtered"
    assert "of all traffic, not only" not in text
    assert "Of all traffic, without the filters." in text


def test_the_report_is_at_hand_in_every_format(open_page: Open, fleet_store: FileStore) -> None:
    app = open_page(fleet_store)
    assert [button.proto.label for button in app.get("download_button")] == [
        "Report, HTML", "Report, PDF", "Figures, Excel", "Tasks, CSV",
    ]  # fmt: skip
    lines = list(csv.DictReader(io.StringIO(queries.report_maker(".csv")().decode())))
    assert {line["name"] for line in lines} >= {"Review code changes", "Choose the next tool"}
    assert len(lines) >= len(fleet.TASKS)


def test_a_service_that_no_call_has_is_said(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, service="nope<b>"))
    assert "No call has the service nope&lt;b&gt;, so every service is shown." in text
    assert "on 2,000 calls" in text


@pytest.mark.parametrize("page", ["views/overview.py", "views/calls.py", "views/runs.py", QUALITY])
def test_every_page_of_calls_filters_by_team_and_user(
    page: str, open_page: Open, fleet_store: FileStore, tables: dict[str, list[dict[str, str]]]
) -> None:
    """As the address says, and the numbers on screen are the store's."""
    app = open_page(fleet_store, page, team="support", user="user-1")
    text = drawn(app)
    assert {box.key: box.value for box in app.selectbox if box.key in ("team", "user")} == {
        "team": "support",
        "user": "user-1",
    }
    calls = [row for row in tables["calls"] if (row["team"], row["user_id"]) == ("support", "user-1")]
    assert 0 < len(calls) < sum(row["team"] == "support" for row in tables["calls"])
    if page == "views/overview.py":
        assert f"on {len(calls)} calls" in text
        assert 'href="calls?only=no_task&amp;team=support&amp;user=user-1"' in text, "a bar's link keeps the filters"
    elif page == QUALITY:
        assert f"{len(calls)} calls" in text
    else:
        services = {row["service"] for row in calls}
        listed = [row for row in fleet.TASKS if f">{row[2]}<" in text]
        assert {row[2] for row in listed} == services == {"helpdesk"}


def test_team_and_user_are_offered_only_where_calls_state_them(open_page: Open, empty_store: FileStore) -> None:
    traffic = fleet.traffic()
    for row in traffic["calls"]:
        row["team"] = row["user_id"] = None
    empty_store.append(fleet.as_arrow(traffic))
    app = open_page(empty_store, "views/calls.py")
    assert {box.key for box in app.selectbox} == {"order", "time", "service", "model"}


def test_tasks_are_listed_costliest_first_with_interval_and_verdict(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, "views/tasks.py"))
    assert "<b>12 recurring tasks</b> found in 2,000 calls: 5 likely, 4 untested, 3 stay." in text
    text = text.split("</thead>")[1]  # the bar above names them too
    assert (
        0
        < text.index(">Review code changes<")
        < text.index(">Choose the next tool<")
        < text.index(">Answer from the manual<")
    )
    assert "21\u202f% (8–39)" in text
    assert "unpriced" in text


def test_tasks_can_be_searched_and_sorted(open_page: Open, fleet_store: FileStore) -> None:
    app = open_page(fleet_store, "views/tasks.py")
    app.text_input[0].set_value("sql").run()
    table = drawn(app).split("</thead>")[1]
    assert ">Write SQL for a question<" in table
    assert ">Review code changes<" not in table
    app.text_input[0].set_value("no such words").run()
    assert "No task has these words" in drawn(app)


def test_a_task_shows_verdict_template_examples_and_alternatives(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, "views/task.py", task_id=fleet.task_id(0)))
    assert "<b>A small model probably suffices here</b>" in text
    assert "88\u202f% (78–95)" in text
    assert "What moving it would do" in text
    assert "of all spend: $" in text
    assert "Held-out answers are predicted" in text
    assert '<mark title="differs from call to call">…</mark>' in text
    assert "Nordwind GmbH" in text
    assert "Hosted SLM" in text
    assert "Force the answer into a JSON schema." in text


def test_hostile_names_and_prompts_stay_text(open_page: Open, fleet_store: FileStore) -> None:
    place = next(i for i, task in enumerate(fleet.TASKS) if fleet.HOSTILE in task[0])
    for page, parameters in (
        ("views/task.py", {"task_id": fleet.task_id(place)}),
        ("views/tasks.py", {}),
        ("views/overview.py", {}),
    ):
        text = drawn(open_page(fleet_store, page, **parameters))
        assert "<script>" not in text
        assert "<img" not in text


def test_an_unknown_task_offers_the_others(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, "views/task.py", task_id="nope"))
    assert "The latest analysis has no task nope" in text
    assert "Review code changes" in text


def test_a_task_is_renamed_from_its_page(open_page: Open, empty_store: FileStore) -> None:
    empty_store.append(fleet.as_arrow(fleet.fleet_tables()))
    app = open_page(empty_store, "views/task.py", task_id=fleet.task_id(0))
    app.text_input(key=f"name-{fleet.task_id(0)}").set_value("Read invoices")
    app.button(key="save-name").click().run()
    assert '<h1 class="sf-title">Read invoices</h1>' in drawn(app)
    decided = empty_store.read("decisions").to_pylist()
    assert [(row["kind"], row["task_id"], row["decided_by"]) for row in decided] == [
        ("rename", fleet.task_id(0), "dashboard")
    ]


def test_savings_stack_alternatives_and_list_assumptions(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, "views/savings.py"))
    assert "not to be added up" in text
    assert "does not pay" in text
    assert "longer answers of small models" in text
    assert "in-house-70b" in text
    assert "3 tasks left out because they stay on today&#x27;s model" in text
    listed = text[text.index("Task by task") :]
    assert max(listed.index(f">{row[0]}<") for row in fleet.TASKS[:3]) < listed.index(">Choose the next tool<"), (
        "likely before untested"
    )


def test_a_lack_that_no_call_has_is_good_news(open_page: Open, fleet_store: FileStore) -> None:
    text = drawn(open_page(fleet_store, "views/calls.py", only="no_task"))
    assert "Every call here is in a task" in text
    assert "Try fewer words" not in text
    assert "No call matches" in drawn(open_page(fleet_store, "views/calls.py", only="no_task", search="no such words"))


def test_calls_in_no_run_say_how_runs_come_about(open_page: Open, empty_store: FileStore) -> None:
    traffic = fleet.traffic()
    for row in traffic["calls"]:
        row["run_id"] = row["run_name"] = None
    empty_store.append(fleet.as_arrow(traffic))
    text = drawn(open_page(empty_store, "views/runs.py"))
    assert "No run was recorded" in text
    assert "with suffice.run(" in text


def test_an_app_is_told_where_a_collector_is_that_it_would_not_find(
    open_page: Open, empty_store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "SUFFICE_ENDPOINT" not in drawn(open_page(empty_store))
    monkeypatch.setenv("SUFFICE_ENDPOINT", "http://127.0.0.1:4418")
    assert "export SUFFICE_ENDPOINT=http://127.0.0.1:4418" in drawn(open_page(empty_store))


def test_calls_can_be_searched(open_page: Open, fleet_store: FileStore) -> None:
    app = open_page(fleet_store, "views/calls.py", search="Nordwind", service="invoices")
    assert "Invoice: No. 2026-" in drawn(app)
    app.text_input[0].set_value("words that occur nowhere").run()
    assert "No call matches" in drawn(app)


def test_calls_turn_pages(open_page: Open, fleet_store: FileStore) -> None:
    first = drawn(open_page(fleet_store, "views/calls.py"))
    second = drawn(open_page(fleet_store, "views/calls.py", page="2"))
    assert first.count("calls?call_id=") == second.count("calls?call_id=") == queries.PAGE_SIZE
    assert "Page 2" in second


def test_a_call_is_read_as_a_chat_with_its_run(
    open_page: Open, fleet_store: FileStore, tables: dict[str, list[dict[str, str]]]
) -> None:
    run = next(call["run_id"] for call in tables["calls"] if call["service"] == "travel-agent")
    steps = fleet_store.read("run_calls", run_id=run).to_pylist()
    text = drawn(open_page(fleet_store, "views/calls.py", call_id=steps[3]["call_id"]))
    assert "step 4 of 6" in text
    assert "calls search_" in text
    assert "Model · the answer" in text
    assert "6 calls" in text
    assert text.count("aria-current") == 1
    assert steps[2]["call_id"] in text
    assert f'<a href="task?task_id={fleet.task_id(3)}"' in text
    assert f'<a href="runs?run_id={run}"' in text
    listed = drawn(open_page(fleet_store, "views/calls.py", run=run))
    assert listed.count("calls?call_id=") == 6


def test_a_failed_call_has_no_answer_to_point_at(
    open_page: Open, fleet_store: FileStore, tables: dict[str, list[dict[str, str]]]
) -> None:
    failed = next(call["call_id"] for call in tables["calls"] if call["error_type"])
    text = drawn(open_page(fleet_store, "views/calls.py", call_id=failed))
    assert "no answer was recorded." in text
    assert "thick border" not in text


def test_an_unknown_call_says_so(open_page: Open, fleet_store: FileStore) -> None:
    assert "There is no such call" in drawn(open_page(fleet_store, "views/calls.py", call_id="nope"))


def test_the_fixture_is_valid_json() -> None:
    for row in fleet.fleet_tables()["tasks"]:
        assert json.loads(row["example_call_ids"])
