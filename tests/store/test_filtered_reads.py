"""Whose calls are asked for: filters by user and team, and what capture mode the services' newest calls state."""

from __future__ import annotations

from typing import Any

from store.synthetic import START_NS, call_record
from store.test_store_contract import one, put, rows

from suffice_store.store import Store


def owned(store: Store) -> None:
    """Six calls: two state team a, one of a service that the file gives to b, one states a in that service; users u and v."""
    put(
        store,
        call_record(0, team="a", user_id="u"),
        call_record(1, team="a", user_id="v"),
        call_record(2, service="billing", user_id="u"),
        call_record(3, service="billing", team="a"),
        call_record(4),
        call_record(5, environment="test", team="a", user_id="u"),
    )
    store.command("set_terms", services=[{"name": "billing", "team": "b"}], source="terms.toml")


def test_a_team_is_the_one_stated_else_the_services(store: Store) -> None:
    owned(store)
    calls = {team: one(store, "overview", team=team)["calls"] for team in ("a", "b", "c")}
    assert calls == {"a": 3, "b": 1, "c": 0}
    assert one(store, "overview", team="a", environment="all")["calls"] == 4
    assert [row for row in rows(store, "filters") if row["dimension"] == "team"] == [
        {"dimension": "team", "value": "a", "calls": 4},
        {"dimension": "team", "value": "b", "calls": 1},
    ]
    by_team = {row["key"]: row["calls"] for row in rows(store, "spend", by="team")}
    assert by_team == {"a": 3, "b": 1, "": 1}, "the filter and the sums by team say the same"


def test_a_user_is_the_calls_own(store: Store) -> None:
    owned(store)
    assert rows(store, "users") == [{"user_id": "u", "calls": 3}, {"user_id": "v", "calls": 1}]
    assert rows(store, "users", limit=1) == [{"user_id": "u", "calls": 3}]
    assert one(store, "overview", user="u")["calls"] == 2
    assert one(store, "overview", user="u", team="b")["calls"] == 1
    assert one(store, "overview", user="nobody")["calls"] == 0


def test_every_read_of_calls_takes_the_same_filters(store: Store) -> None:
    owned(store)
    given: dict[str, Any] = {"user": "u", "team": "a"}
    assert len(rows(store, "calls", **given)) == 1
    assert [row["calls"] for row in rows(store, "runs", **given)] == [1]
    assert [row["calls"] for row in rows(store, "spend", by="model", **given)] == [1]
    assert one(store, "quality", **given)["calls"] == 1
    assert one(store, "funnel", **given)["production_calls"] == 1
    assert len(rows(store, "analysis_calls", **given)) == 1


def test_capture_modes_are_those_that_services_state(store: Store) -> None:
    def told(mode: str) -> dict[str, Any]:
        return {"suffice.capture": mode, "gen_ai.operation.name": "chat"}

    put(
        store,
        call_record(0),
        call_record(1, service="desk", attributes=told("masked")),
        call_record(2, service="desk", attributes=told("masked"), environment="test"),
        call_record(3, service="desk", attributes={"said": '"suffice.capture":"hashed"'}),
        call_record(4, service="lab", attributes=told("metrics")),
        call_record(5, service="lab", dialect="openinference"),
        call_record(6, service="replay", environment="replay"),
    )
    assert [(row["service"], row["mode"], row["calls"]) for row in rows(store, "capture_modes")] == [
        ("desk", "masked", 2),
        ("desk", "full", 1),
        ("lab", "metrics", 1),
        ("lab", "not told", 1),
        ("shop", "full", 1),
    ]


def test_spend_change_adds_up_the_window_and_the_one_as_long_before_it(store: Store) -> None:
    hour = 3600 * 10**9
    start = START_NS // hour * hour
    for number in range(6):
        put(store, call_record(number, started_ns=start + number * hour + 1, service="desk" if number % 2 else "shop"))
    price = one(store, "overview")["paid_usd"] / 6

    def told(**given: Any) -> list[tuple[str, int, Any]]:
        return [(row["window"], row["calls"], row["paid_usd"]) for row in rows(store, "spend_change", **given)]

    ends = {"since_ns": start + 4 * hour, "until_ns": start + 6 * hour}
    assert told(**ends) == [("this", 2, 2 * price), ("before", 2, 2 * price)]
    assert told(**ends, service="desk") == [("this", 1, price), ("before", 1, price)]
    minutes = {
        "since_ns": ends["since_ns"] - 60,
        "until_ns": ends["until_ns"] - 60,
    }  # of no full hour: of the calls themselves
    assert told(**minutes) == [("this", 2, 2 * price), ("before", 2, 2 * price)]
    assert told(since_ns=start, until_ns=start + 2 * hour) == [("this", 2, 2 * price), ("before", 0, None)]
    assert told(since_ns=start) == [("this", 6, 6 * price), ("before", 0, None)]
    assert told() == [("this", 6, 6 * price), ("before", 0, None)]
