"""Decisions: the form writes a step, the page shows it; a change of model in the traffic is shown with what it saved, and asked about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboard import fleet
from dashboard.conftest import Open, shown

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
        app.text_input[0].set_value("Ann")
        app.text_input[1].set_value("the replay is planned")
        app.selectbox[1].set_value("testing")
        app.button[0].click().run()
        text = shown(app)
        assert "Of <b>12 tasks</b>: 1 testing." in text
        assert ">changed since<" not in text
        (step,) = store.read("decision_log", kind="move").to_pylist()
        assert (step["task_id"], step["decided_by"]) == (fleet.task_id(1), "dashboard")
        assert "the replay is planned" in text
