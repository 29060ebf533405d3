"""Decisions: the form writes a step, the page shows it; a change of model in the traffic is shown with what it saved, and asked about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dashboard import fleet
from dashboard.conftest import Open, shown

from suffice_analysis.next_steps import find_next_steps
from suffice_store.file_store import FileStore

DAY_NS = 86_400 * 10**9


def switched(tables: dict[str, Any]) -> dict[str, Any]:
    """The fleet, whose invoices go to the smaller model from the third day on."""
    calls = []
    for call in tables["calls"]:
        if call["service"] == "invoices" and call["started_ns"] >= fleet.START_NS + 3 * DAY_NS:
            model = None if call["response_model"] is None else "gpt-5.2-mini"
            call = call | {"request_model": "gpt-5.2-mini", "response_model": model}
        calls.append(call)
    return tables | {"calls": calls}


def test_nothing_decided_says_how_to(open_page: Open, fleet_store: FileStore) -> None:
    text = shown(open_page(fleet_store, "views/decisions.py"))
    assert "Nothing is decided of <b>12 tasks</b> yet." in text
    assert "suffice tasks decide TASK" in text
    assert "really saved" not in text


def test_a_switch_in_the_traffic_is_shown_asked_about_and_decided(
    open_page: Open, tables: dict[str, Any], tmp_path: Path
) -> None:
    with FileStore(str(tmp_path / "switched.duckdb")) as store:
        store.append(fleet.as_arrow(switched(tables)))
        text = shown(open_page(store, "views/decisions.py"))
        assert "The model of <b>1 task</b> changed in the traffic" in text
        assert "gpt-5.2 → gpt-5.2-mini" in text
        assert "? not yet: was it?" in text
        value = {"state": "moved", "owner": f"Ann {fleet.HOSTILE}", "reason": "replayed", "evidence_hash": "0123"}
        store.command("decide", kind="move", task_id=fleet.task_id(0), value=value, decided_by="ann")
        text = shown(open_page(store, "views/decisions.py"))
        assert "Of <b>12 tasks</b>: 1 moved." in text
        assert "was it?" not in text
        assert ">changed since<" in text  # the hash is none of today's evidence
        assert "<script>" not in text


def test_the_form_writes_a_step_with_the_evidence_of_now(
    open_page: Open, tables: dict[str, Any], tmp_path: Path
) -> None:
    with FileStore(str(tmp_path / "form.duckdb")) as store:
        store.append(fleet.as_arrow(tables))
        app = open_page(store, "views/decisions.py", task_id=fleet.task_id(1))
        app.button[0].click().run()
        assert [each.value for each in app.warning] == [
            "A step needs its Owner (who answers for it) and its Why (a sentence). Nothing was written."
        ]
        assert store.read("decision_log", kind="move").num_rows == 0
        app.text_input[0].set_value("Ann")
        app.text_input[1].set_value("the replay is planned")
        app.selectbox[1].set_value("testing")
        app.button[0].click().run()
        text = shown(app)
        assert "Of <b>12 tasks</b>: 1 testing." in text
        assert ">changed since<" not in text
        (step,) = store.read("decision_log", kind="move").to_pylist()
        assert (step["task_id"], step["decided_by"]) == (fleet.task_id(1), "dashboard")
        assert json.loads(step["value"])["model"] in {"gpt-5.2-mini", "llama-3.1-8b"}  # what was read beside the form
        assert "the replay is planned" in text


def test_who_decides_reads_the_evidence_beside_the_form(
    open_page: Open, fleet_store: FileStore, tables: dict[str, Any]
) -> None:
    text = shown(open_page(fleet_store, "views/decisions.py", task_id=fleet.task_id(1)))
    assert "<b>A small model probably suffices here</b>, and that is not proven yet" in text
    assert "of all spend: $" in text
    assert "Wrong and not caught if all its calls moved: about" in text
    stays = next(row["task_id"] for row in tables["tasks"] if row["verdict"] == "stays")
    text = shown(open_page(fleet_store, "views/decisions.py", task_id=stays))
    assert "<b>Keep this on today&#x27;s model" in text
    assert "No saving is stated for it." in text


def test_the_form_opens_on_the_first_thing_to_do(open_page: Open, fleet_store: FileStore) -> None:
    tasks, savings = (fleet_store.read(name, analysis_id=fleet.ANALYSIS).to_pylist() for name in ("tasks", "savings"))
    (first,) = find_next_steps(tasks, savings, most=1)
    app = open_page(fleet_store, "views/decisions.py")
    assert app.selectbox[0].value == (first.task_id, "")
    assert first.task_id != tasks[0]["task_id"], "or any order would do"


def test_a_slice_goes_its_own_way_beside_its_task(open_page: Open, tables: dict[str, Any], tmp_path: Path) -> None:
    """Chosen in the form or by the address, written with its id, and listed with its name."""
    key = fleet.task_id(6)
    parts = {
        "project": fleet.PROJECT,
        "analysis_id": fleet.ANALYSIS,
        "task_id": key,
        "conditions": "[]",
        "share": 0.5,
        "calls": 70,
        "n": 35,
    }
    slices = [{**parts, "slice_id": f"s{n}", "name": name} for n, name in enumerate(("docs <i>only</i>", "code"))]
    with FileStore(str(tmp_path / "slices.duckdb")) as store:
        store.append(fleet.as_arrow({**tables, "slices": slices}))
        app = open_page(store, "views/decisions.py", task_id=key, slice_id="s1")
        (chosen,) = [box for box in app.selectbox if box.label == "Task or slice"]
        assert chosen.value == (key, "s1")
        assert len(chosen.options) == len(fleet.TASKS) + 2
        app.text_input[0].set_value("Ann")
        app.text_input[1].set_value("proven for it alone")
        app.selectbox[1].set_value("approved")
        app.button[0].click().run()
        text = shown(app)
        assert "Of slices: 1 approved." in text
        assert ">Review code changes: code<" in text
        value = {"state": "declined", "owner": "Ann", "reason": "too risky"}
        store.command("decide", kind="move", task_id=key, value=value)
        store.command("decide", kind="move", task_id=key, value={**value, "state": "testing", "slice_id": "s0"})
        text = shown(open_page(store, "views/decisions.py"))
        assert "Of <b>12 tasks</b>: 1 declined. Of slices: 1 testing, 1 approved." in text
        assert "Review code changes: docs &lt;i&gt;only&lt;/i&gt;" in text
        log = store.read("decision_log", kind="move").to_pylist()
        assert [json.loads(row["value"]).get("slice_id") for row in log] == ["s1", None, "s0"]
