"""Alerts are raised once by what happened; of each channel the latest delivery counts; on every engine."""

from __future__ import annotations

from typing import Any

import pytest
from store.test_store_contract import rows

from suffice.errors import SufficeError
from suffice_store.store import Store

GIVEN: dict[str, Any] = {
    "kind": "task_proven",
    "happened": "t1 tiny",
    "title": "Proven",
    "sentence": "It is.",
    "subject": "t1",
}


def test_the_same_event_is_raised_once(store: Store) -> None:
    first = store.command("raise_alert", **GIVEN, details={"n": 80, "name": "naïve"})
    again = store.command("raise_alert", **{**GIVEN, "sentence": "Told otherwise."})
    assert (first["raised"], again) == (True, {"alert_id": first["alert_id"], "raised": False})
    others = [store.command("raise_alert", **{**GIVEN, **other}) for other in (
        {"happened": "t2 tiny"}, {"kind": "evidence_aged"}, {"project": "other"},
    )]  # fmt: skip
    assert all(each["raised"] for each in others)
    assert len({first["alert_id"], *(each["alert_id"] for each in others)}) == 4
    mine = {row["alert_id"]: row for row in rows(store, "alerts")}
    assert len(mine) == 3
    assert (mine[first["alert_id"]]["sentence"], mine[first["alert_id"]]["details"]) == (
        "It is.",
        '{"n": 80, "name": "naïve"}',
    )


def test_what_is_about_the_collector_is_every_projects(store: Store) -> None:
    store.command("raise_alert", project="*", **{**GIVEN, "kind": "collector_losing"})
    store.command("raise_alert", project="b", **GIVEN)
    assert [row["project"] for row in rows(store, "alerts", project="a")] == [""]
    assert sorted(row["project"] for row in rows(store, "alerts", project="b")) == ["", "b"]
    assert len(rows(store, "alerts", project="*", limit=1)) == 1


def test_of_each_channel_the_latest_delivery_counts(store: Store) -> None:
    alert = store.command("raise_alert", **GIVEN)["alert_id"]
    for n, state in enumerate(("failed", "failed", "sent"), 1):
        store.command(
            "record_delivery",
            alert_id=alert,
            channel="ops",
            state=state,
            attempts=n,
            reason="" if state == "sent" else "no",
        )
    store.command("record_delivery", alert_id=alert, channel="mail", state="given_up", attempts=9, reason="gone")
    told = {row["channel"]: (row["state"], row["attempts"], row["reason"]) for row in rows(store, "alert_deliveries")}
    assert told == {"ops": ("sent", 3, ""), "mail": ("given_up", 9, "gone")}
    latest = max(row["recorded_ns"] for row in rows(store, "alert_deliveries"))
    assert rows(store, "alert_deliveries", since_ns=latest + 1) == []


@pytest.mark.parametrize(
    ("command", "given", "why"),
    [
        ("raise_alert", {**GIVEN, "kind": "party"}, "'kind' must be one of task_proven"),
        ("raise_alert", {**GIVEN, "title": ""}, "'title' must be a text"),
        ("raise_alert", {**GIVEN, "sentence": "x" * 2001}, "'sentence' must be a text"),
        ("raise_alert", {**GIVEN, "details": [1]}, "'details' must be an object"),
        ("record_delivery", {"alert_id": "a", "channel": "c", "state": "lost"}, "'state' must be one of sent"),
        ("record_delivery", {"alert_id": "a", "channel": "c", "state": "sent", "attempts": "many"}, "'attempts'"),
    ],
)
def test_what_is_no_alert_is_refused(store: Store, command: str, given: dict[str, Any], why: str) -> None:
    with pytest.raises(SufficeError, match=why):
        store.command(command, **given)
    assert rows(store, "alerts") == []
