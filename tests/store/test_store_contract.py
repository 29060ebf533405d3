"""What every Store does, whatever is behind it: the file, or a collector over HTTP."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from store.synthetic import SECOND_NS, START_NS, call_record, text

from suffice.errors import SufficeError
from suffice.wire.call import Usage
from suffice_store.appending import build_tables
from suffice_store.arrow_schema import arrow_schema
from suffice_store.file_store import FileStore
from suffice_store.reads import READS
from suffice_store.records import CallRecord, SpanRecord
from suffice_store.store import Store

NEEDED = {
    "call": {"call_id": "none"},
    "attempts": {"call_id": "none"},
    "conversation": {"call_id": "none"},
    "search_count": {"search": "none"},
    "run_calls": {"run_id": "none"},
    "run_attempts": {"run_id": "none"},
    "run_steps": {"run_id": "none"},
    "task": {"task_id": "none"},
    "task_calls": {"task_id": "none"},
    "replay_calls": {"task_id": "none"},
}


def put(store: Store, *records: CallRecord | SpanRecord) -> None:
    store.append(build_tables(records, START_NS))


def rows(store: Store, read: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a read, which must be the same whole and in batches."""
    whole = store.read(read, **parameters)
    batches = list(store.read_batches(read, **parameters))
    assert pa.Table.from_batches(batches, schema=whole.schema).to_pylist() == whole.to_pylist()
    return whole.to_pylist()


def one(store: Store, read: str, **parameters: Any) -> dict[str, Any]:
    (row,) = rows(store, read, **parameters)
    return row


def test_every_read_has_its_columns_on_an_empty_and_on_a_full_store(store: Store) -> None:
    for name, read in READS.items():
        assert tuple(store.read(name, **NEEDED.get(name, {})).column_names) == read.columns, name
        batches = list(store.read_batches(name, **NEEDED.get(name, {})))
        assert tuple(batches[0].schema.names) == read.columns, name
    put(store, *(call_record(n) for n in range(7)))
    given = {"call_id": call_record(3).call_id, "run_id": "run-0", "task_id": "none", "search": "question"}
    for name, read in READS.items():
        parameters = {key: given[key] for key in NEEDED.get(name, {})}
        assert tuple(store.read(name, **parameters).column_names) == read.columns, name


def test_overview(store: Store) -> None:
    put(
        store,
        call_record(0),
        call_record(1, usage=Usage(500, 50, 100), service="till"),
        call_record(2, response_model="nosuch"),
        call_record(3, usage=Usage(source="absent"), completeness="partial", started_ns=None),
        call_record(4, usage=Usage(10, 1, source="estimated")),
        call_record(5, usage=Usage(source="absent"), completeness="error", status_code=429, answer=None),
    )
    # gpt-4o-2024-08-06: 2.5 in, 1.25 from the cache, 10 out, in micro-USD:
    # 1000 x 2.5 + 100 x 10 = 3500; 400 x 2.5 + 100 x 1.25 + 50 x 10 = 1625; 10 x 2.5 + 1 x 10 = 35
    assert one(store, "overview") == {
        "calls": 6, "runs": 2, "services": 2, "models": 2, "error_calls": 1,
        "input_tokens": 2510, "output_tokens": 251, "cache_read_tokens": 100,
        "estimated_calls": 1, "no_usage_calls": 1, "priced_calls": 3, "unpriced_calls": 2, "duplicate_calls": 0, "retried_attempts": 0,
        "incomplete_calls": 1, "untimed_calls": 1, "paid_usd": Decimal("0.005160000000"),
        "first_call_ns": START_NS, "last_call_ns": START_NS + 5 * SECOND_NS,
    }  # fmt: skip


def test_what_is_not_known_stays_unknown(store: Store) -> None:
    empty = one(store, "overview")
    assert {name for name, value in empty.items() if value is None} == {
        "input_tokens", "output_tokens", "cache_read_tokens", "paid_usd", "first_call_ns", "last_call_ns",
    }  # fmt: skip
    put(store, call_record(0, usage=Usage(source="absent"), response_model="nosuch", request_model="nosuch"))
    assert one(store, "overview")["paid_usd"] is None
    (call,) = rows(store, "calls")
    unknown = ("input_tokens", "output_tokens", "paid_usd", "task_id", "task_name", "error_type", "call_site")
    assert {name: call[name] for name in unknown} == dict.fromkeys(unknown)


def test_a_count_that_can_t_be_does_not_break_the_sum(store: Store) -> None:
    put(store, call_record(0), *(call_record(n, usage=Usage(2**63 - 1, 2**63 - 1)) for n in (1, 2)))
    overview = one(store, "overview")
    assert (overview["calls"], overview["input_tokens"], overview["output_tokens"]) == (3, 1000, 100)
    assert (overview["paid_usd"], overview["unpriced_calls"]) == (Decimal("0.0035"), 2)


def test_the_dearest_call_there_can_be_is_priced_exactly(store: Store) -> None:
    most = 999_999_999_999
    put(store, call_record(0, usage=Usage(most, most)), call_record(1))
    assert one(store, "overview")["paid_usd"] == most * Decimal("12.5") / 1_000_000 + Decimal("0.0035")


def test_an_unpriced_model_is_named(store: Store) -> None:
    put(store, call_record(0), call_record(1, response_model="house-7b"), call_record(2, response_model="house-7b"))
    assert rows(store, "unpriced_models") == [
        {"provider": "openai", "model": "house-7b", "calls": 2, "input_tokens": 2000, "output_tokens": 200}
    ]
    store.command("set_price", model="house-7b", input_usd_per_mtok="0.1", output_usd_per_mtok=0.2)
    assert rows(store, "unpriced_models") == []
    assert one(store, "overview", model="house-7b")["paid_usd"] == Decimal("0.00024")  # 2 x (1000 x 0.1 + 100 x 0.2)


def test_spend_adds_up_whatever_it_is_by(store: Store) -> None:
    hour = 3600 * SECOND_NS
    put(
        store,
        call_record(0),
        call_record(1, service="till", started_ns=START_NS + hour),
        call_record(2, service="till", response_model="gpt-4o-mini", started_ns=START_NS + 24 * hour),
        call_record(3, service=None, started_ns=None),
    )
    dear, cheap = Decimal("0.0035"), Decimal("0.00021")  # mini: 1000 x 0.15 + 100 x 0.6

    def spend(by: str) -> list[tuple[str, str, int, Decimal]]:
        return [(row["key"], row["name"], row["calls"], row["paid_usd"]) for row in rows(store, "spend", by=by)]

    assert spend("model") == [
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06", 3, 3 * dear),
        ("gpt-4o-mini", "gpt-4o-mini", 1, cheap),
    ]
    assert spend("service") == [
        ("till", "till", 2, dear + cheap),
        ("", "unknown", 1, dear),
        ("shop", "shop", 1, dear),
    ]
    assert spend("provider") == [("openai", "openai", 4, 3 * dear + cheap)]
    assert spend("day") == [
        ("", "no time", 1, dear),
        ("2026-11-24", "2026-11-24", 2, 2 * dear),
        ("2026-11-25", "2026-11-25", 1, cheap),
    ]
    assert [key for key, *_ in spend("hour")] == ["", "2026-11-24T06:00Z", "2026-11-24T07:00Z", "2026-11-25T06:00Z"]
    assert spend("task") == [("", "no task", 4, 3 * dear + cheap)]


def test_calls_come_newest_first_with_what_was_said(store: Store) -> None:
    long = text("user", "please " * 100)
    put(store, call_record(0), call_record(1, messages=[long], answer="yes\n  sir"))
    latest, first = rows(store, "calls")
    assert latest == {
        "call_id": call_record(1).call_id, "external_id": "ext-1", "started_ns": START_NS + SECOND_NS,
        "service": "shop", "provider": "openai", "model": "gpt-4o-2024-08-06", "task_id": None, "task_name": None,
        "run_id": "run-0", "step": 1, "action": None, "input_tokens": 1000, "output_tokens": 100,
        "usage_source": "reported", "paid_usd": Decimal("0.003500000000"), "latency_ms": 500.0,
        "time_to_first_token_ms": None, "status_code": 200, "error_type": None, "finish_reason": "stop",
        "completeness": "complete", "call_site": None,
        "request_preview": ("please " * 100)[:199] + "…", "answer_preview": "yes sir",
    }  # fmt: skip
    assert (first["request_preview"], first["answer_preview"]) == ("question 0", "fine")


def test_calls_by_cost_by_time_and_page_by_page(store: Store) -> None:
    put(
        store,
        call_record(0, usage=Usage(10, 10)),
        call_record(1, usage=Usage(30, 10), ended_ns=START_NS + 9 * SECOND_NS),
        call_record(2, usage=Usage(source="absent")),
        call_record(3, usage=Usage(20, 10), completeness="error"),
    )

    def steps(**parameters: Any) -> list[int]:
        return [row["step"] for row in rows(store, "calls", **parameters)]

    assert steps() == [3, 2, 1, 0]
    assert steps(order="costliest") == [1, 3, 0, 2]
    assert steps(order="slowest") == [1, 3, 2, 0]
    assert steps(limit=2, offset=1) == [2, 1]
    assert steps(errors_only=True) == [3]
    assert steps(since_ns=START_NS + SECOND_NS, until_ns=START_NS + 3 * SECOND_NS) == [2, 1]
    assert steps(service="nosuch") == steps(model="nosuch") == steps(task_id="nosuch") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("100% sure", [0]),
        ("100% SURE", [0]),
        ('say "cheese"', [1]),
        ("two\nlines", [1]),
        ("Übung", [2]),
        ("100_ sure", []),
        ("%", [0]),
        ("ext-2", [2]),
        ("run-0", [2, 1, 0]),
        ("fine", [2, 1, 0]),
        ("", [2, 1, 0]),
        ("'; DROP TABLE calls; --", []),
    ],
)
def test_search_finds_text_as_it_was_said(store: Store, search: str, found: list[int]) -> None:
    said = ["I am 100% sure", 'please say "cheese" in two\nlines', "eine Übung"]
    put(store, *(call_record(n, messages=[text("user", words)]) for n, words in enumerate(said)))
    assert [row["step"] for row in rows(store, "calls", search=search)] == found


def test_one_call_with_all_that_is_known_of_it(store: Store) -> None:
    tools = [{"type": "function", "name": "look_up", "parameters": {"type": "object"}}]
    put(store, call_record(0, tool_definitions=tools, parameters={"temperature": 0}, attributes={"a": [1]}))
    call = one(store, "call", call_id=call_record(0).call_id)
    assert call["tools"] == '[{"name":"look_up","parameters":{"type":"object"},"type":"function"}]'
    assert (call["parameters"], call["attributes"]) == ('{"temperature":0}', '{"a":[1]}')
    assert (call["model"], call["latency_ms"], call["paid_usd"]) == ("gpt-4o-2024-08-06", 500.0, Decimal("0.0035"))
    assert (call["duplicate_of"], call["previous_call_id"], call["shown_task_name"]) == (None, None, None)
    assert rows(store, "toolsets") == [{"toolset_hash": call["toolset_hash"], "tools": call["tools"], "tool_count": 1}]


def test_a_conversation_is_read_in_order_and_stored_once(store: Store) -> None:
    history = [text("system", "be brief"), text("user", "hello")]
    second = [*history, text("assistant", "hi"), text("user", "and now?")]
    put(store, call_record(0, messages=history, answer="hi"), call_record(1, messages=second, answer="bye"))
    told = rows(store, "conversation", call_id=call_record(1).call_id)
    assert [(row["position"], row["direction"], row["role"]) for row in told] == [
        (0, "request", "system"), (1, "request", "user"), (2, "request", "assistant"), (3, "request", "user"),
        (4, "answer", "assistant"),
    ]  # fmt: skip
    assert told[2]["content"] == '{"parts":[{"content":"hi","type":"text"}],"role":"assistant"}'
    assert len(rows(store, "analysis_messages")) == 5


def test_calls_are_linked_to_the_one_before_without_ids(store: Store) -> None:
    nobody = {"run_id": None, "trace_id": None}
    turns: list[Any] = [text("user", "hello")]
    for number in range(3):
        put(store, call_record(number, messages=list(turns), answer=f"answer {number}", **nobody))
        turns += [text("assistant", f"answer {number}"), text("user", f"more {number}")]
    ids = [call_record(number).call_id for number in range(3)]
    assert {row["call_id"]: row["previous_call_id"] for row in rows(store, "links")} == {ids[1]: ids[0], ids[2]: ids[1]}
    assert one(store, "call", call_id=ids[2])["previous_call_id"] == ids[1]


def test_equal_conversations_are_linked_within_their_run_then_by_time(store: Store) -> None:
    ask, more = [text("user", "hello")], [text("user", "hello"), text("assistant", "hi"), text("user", "more")]
    asked = [call_record(n, messages=ask, answer="hi", run_id=run) for n, run in enumerate(("a", "b", "a"))]
    after = [call_record(10 + n, messages=more, run_id=run) for n, run in enumerate(("a", "b", "c"))]
    early = call_record(20, messages=more, run_id="b", started_ns=START_NS + SECOND_NS // 2)
    put(store, *asked, *after, early)
    assert {row["call_id"]: row["previous_call_id"] for row in rows(store, "links")} == {
        after[0].call_id: asked[2].call_id,  # the later of the two in its run
        after[1].call_id: asked[1].call_id,
        after[2].call_id: asked[2].call_id,  # nothing in its run: the last of all before it
        early.call_id: asked[0].call_id,  # its run's own came later
    }


def test_a_page_of_calls_is_linked_as_all_of_them_are(store: Store) -> None:
    """Few calls are linked by looking them up, all by one statement."""
    chance = random.Random(7)
    ask, more = [text("user", "hello")], [text("user", "hello"), text("assistant", "hi"), text("user", "more")]
    again = [*more, text("assistant", "hi"), text("user", "and more")]
    made = [
        call_record(
            number, messages=chance.choice((ask, more, again)), answer="hi", run_id=chance.choice(("a", "b", "", None)),
            started_ns=chance.choice((None, START_NS, START_NS + 1, START_NS + 2)),
        )
        for number in range(40)
    ]  # fmt: skip
    put(store, *made)
    for marked in made[:4]:
        store.command("mark_duplicate", call_id=marked.call_id, duplicate_of=made[9].call_id, rule="wrapper")
    links = {row["call_id"]: row["previous_call_id"] for row in rows(store, "links")}
    assert len(links) > 10
    for run in ("a", "b", ""):
        of_run = {row["call_id"]: row["previous_call_id"] for row in rows(store, "run_calls", run_id=run)}
        assert of_run == {each.call_id: links.get(each.call_id) for each in made[4:] if each.run_id == run}
    asked = made[::3]  # each alone; on ClickHouse a look takes 0.4 s
    assert {(each.run_id, each.call_id in links) for each in asked} >= {
        ("a", True),
        ("b", True),
        ("", True),
        (None, True),
    }
    for each in asked:
        assert one(store, "call", call_id=each.call_id)["previous_call_id"] == links.get(each.call_id)


def test_a_run_is_read_in_order_of_time(store: Store) -> None:
    put(store, *(call_record(n) for n in (2, 0, 1, 7)))
    assert [row["step"] for row in rows(store, "run_calls", run_id="run-0")] == [0, 1, 2]


def test_a_call_that_comes_with_its_time_and_without_is_one(store: Store) -> None:
    """A log that is imported again, with times or no longer with them."""
    timed, untimed = ([call_record(n, started_ns=at) for n in range(3)] for at in (START_NS, None))
    put(store, untimed[0], untimed[1])
    put(store, *timed)
    assert one(store, "overview")["calls"] == 3
    put(store, *untimed)
    assert one(store, "overview")["calls"] == 3


def test_a_retried_call_counts_once_and_its_failed_attempts_are_seen(store: Store) -> None:
    failed, again, other = call_record(0), call_record(1), call_record(2)
    failed.call.completeness, failed.call.status_code = "error", 503
    again.attempt = 2
    put(store, failed, again, other)
    store.command("mark_duplicate", call_id=failed.call_id, duplicate_of=again.call_id, rule="retry")
    for read in ("overview", "quality"):
        found = one(store, read)
        assert (found["calls"], found["retried_attempts"], found["duplicate_calls"]) == (2, 1, 0)
    assert one(store, "overview")["error_calls"] == 0
    seen = [
        (row["call_id"], row["attempt"], row["status_code"]) for row in rows(store, "attempts", call_id=again.call_id)
    ]
    assert seen == [(failed.call_id, 1, 503), (again.call_id, 2, again.call.status_code)]
    assert [row["call_id"] for row in rows(store, "attempts", call_id=other.call_id)] == [other.call_id]


def test_a_duplicate_is_kept_but_not_counted_and_can_be_taken_back(store: Store) -> None:
    put(store, call_record(0), call_record(1))
    first, second = call_record(0).call_id, call_record(1).call_id
    store.command("mark_duplicate", call_id=second, duplicate_of=first, rule="response_id")
    overview = one(store, "overview")
    assert (overview["calls"], overview["duplicate_calls"], overview["paid_usd"]) == (1, 1, Decimal("0.0035"))
    assert [row["call_id"] for row in rows(store, "calls")] == [first]
    assert [row["call_id"] for row in rows(store, "analysis_calls")] == [first]
    kept = one(store, "call", call_id=second)
    assert (kept["duplicate_of"], kept["duplicate_rule"]) == (first, "response_id")
    store.command("mark_duplicate", call_id=second, duplicate_of=None)
    assert one(store, "overview")["calls"] == 2
    assert one(store, "call", call_id=second)["duplicate_rule"] is None


def test_the_latest_outcome_counts(store: Store) -> None:
    store.command("record_outcome", target="run", target_id="run-0", ok=True)
    store.command("record_outcome", target="run", target_id="run-0", ok=False, score=0.25, label="refund")
    (outcome,) = rows(store, "outcomes")
    assert {**outcome, "recorded_ns": 0} == {
        "target": "run", "target_id": "run-0", "ok": False, "score": 0.25, "label": "refund", "source": "user",
        "recorded_ns": 0,
    }  # fmt: skip


def analysis(store: Store, analysis_id: str, calls: list[CallRecord], *, publish: bool = True, **task: Any) -> None:
    """An analysis that put ``calls`` into one task."""
    numbers = {"calls": len(calls), "runs": 1, "input_tokens": 900, "output_tokens": 100, "estimated_calls": 0,
               "unpriced_calls": 0, "error_calls": 0}  # fmt: skip
    row: dict[str, Any] = {}
    for field in arrow_schema("tasks"):
        if not field.nullable:
            row[field.name] = numbers.get(field.name, "[]")
    row |= {"project": "default", "analysis_id": analysis_id, "task_id": "t1", "name": "look up", "name_source": "app"}
    row |= task
    store.append({"tasks": pa.Table.from_pylist([row], schema=arrow_schema("tasks"))})
    put_in = [
        {"project": "default", "analysis_id": analysis_id, "call_id": call.call_id, "task_id": "t1", "point_id": "p",
         "action": "answer:text"} for call in calls
    ]  # fmt: skip
    store.append({"assignments": pa.Table.from_pylist(put_in, schema=arrow_schema("assignments"))})
    if publish:
        store.command(
            "publish_analysis", analysis_id=analysis_id, started_ns=START_NS, calls=4, task_count=1, basis="month",
            data_hash="d", seed=7, suffice_version="0", parameters={"since": None},
        )  # fmt: skip


def test_nobody_reads_half_an_analysis(store: Store) -> None:
    calls = [call_record(n) for n in range(2)]
    put(store, *calls)
    analysis(store, "a1", calls[:1])
    analysis(store, "a2", calls, publish=False, name="half")
    assert [row["name"] for row in rows(store, "tasks")] == ["look up"]
    assert len(rows(store, "assignments")) == 1
    assert [row["name"] for row in rows(store, "tasks", analysis_id="a2")] == ["half"]
    analysis(store, "a3", calls, name="whole")
    assert [row["name"] for row in rows(store, "tasks")] == ["whole"]
    assert [row["analysis_id"] for row in rows(store, "analyses")] == ["a3", "a1"]
    assert rows(store, "analyses")[0]["parameters"] == '{"since": null}'


def test_a_task_with_what_users_decided_and_the_calls_in_it(store: Store) -> None:
    calls = [call_record(n) for n in range(4)]
    put(store, *calls)
    analysis(store, "a1", calls[:3], paid_usd=Decimal("0.0105"))
    task = one(store, "tasks")
    assert (task["share_calls"], task["share_tokens"], task["share_cost"]) == (0.75, 1.0, 1.0)
    assert (task["ignored"], task["replaceability"], task["grade"], task["proven"]) == (False, None, None, None)
    assert [row["step"] for row in rows(store, "task_calls", task_id="t1")] == [2, 1, 0]
    assert one(store, "overview", task_id="t1")["calls"] == 3

    store.command("decide", kind="rename", task_id="t1", value=" Find an order ")
    store.command("decide", kind="ignore", task_id="t1", value=True)
    task = one(store, "task", task_id="t1")
    assert (task["name"], task["name_source"], task["ignored"]) == ("Find an order", "user", True)
    latest = rows(store, "calls")[1]
    assert (latest["task_id"], latest["task_name"], latest["action"]) == ("t1", "Find an order", "answer:text")
    assert one(store, "call", call_id=calls[0].call_id)["shown_task_name"] == "Find an order"
    assert [(row["key"], row["name"]) for row in rows(store, "spend", by="task")] == [
        ("t1", "Find an order"),
        ("", "no task"),
    ]
    store.command("decide", kind="rename", task_id="t1", value=None)
    assert one(store, "task", task_id="t1")["name"] == "look up"
    assert {(row["kind"], row["value"]) for row in rows(store, "decisions")} == {("rename", "null"), ("ignore", "true")}


def test_the_best_graded_estimate_stands_for_a_task(store: Store) -> None:
    calls = [call_record(0)]
    put(store, *calls)
    analysis(store, "a1", calls)
    estimate = {field.name: None for field in arrow_schema("estimates")} | {
        "project": "default", "analysis_id": "a1", "task_id": "t1", "measure": "replaceability", "mode": "as_is",
        "level": 0.9, "n": 0, "bar": 0.95, "proven": False, "method": "m", "seed": 1, "details": "{}",
    }  # fmt: skip
    many = [
        {**estimate, "candidate": "any SLM", "grade": "prior", "value": 0.9, "low": 0.5, "high": 1.0},
        {**estimate, "candidate": "any SLM", "grade": "proxy", "value": 0.6, "low": 0.4, "high": 0.8},
        {**estimate, "candidate": "a-3b", "grade": "proxy", "value": 0.7, "low": 0.6, "high": 0.8},
        {**estimate, "task_id": "", "measure": "expected_share_calls", "candidate": "any SLM", "grade": "prior"},
    ]
    store.append({"estimates": pa.Table.from_pylist(many, schema=arrow_schema("estimates"))})
    task = one(store, "tasks")
    shown = ("replaceability", "replaceability_low", "replaceability_high", "grade", "proven", "bar", "evidence_n")
    assert tuple(task[name] for name in shown) == (0.6, 0.4, 0.8, "proxy", False, estimate["bar"], estimate["n"])
    assert len(rows(store, "estimates")) == 4
    assert len(rows(store, "estimates", task_id="t1")) == 3
    assert [row["measure"] for row in rows(store, "estimates", task_id="")] == ["expected_share_calls"]
    assert len(rows(store, "estimates", measure="replaceability")) == 3


def test_projects_never_see_each_other(store: Store) -> None:
    put(store, *(call_record(n) for n in range(3)))
    store.command("set_price", model="gpt-4o-2024-08-06", input_usd_per_mtok=1, output_usd_per_mtok=1)
    store.command("record_outcome", target="run", target_id="run-0", ok=True)
    store.command("decide", kind="rename", task_id="t1", value="x")
    analysis(store, "a1", [call_record(0)])
    store.append(
        {"spans": build_tables([SpanRecord("default", "t", "s", None, "n", 1, "o", None, 1, 2, "ok")], 1)["spans"]}
    )
    given = {"call_id": call_record(0).call_id, "run_id": "run-0", "task_id": "t1", "search": "question"}
    shared = {"info", "projects"}  # whose business is every project
    for name in sorted(set(READS) - shared):
        parameters = {key: given[key] for key in NEEDED.get(name, {})}
        theirs = rows(store, name, project="other", **parameters)
        if name in ("overview", "quality", "funnel", "search_count"):
            assert set(theirs[0].values()) <= {0, None}
        elif name == "spend_change":
            assert [set(row.values()) for row in theirs] == [{"this", 0, None}, {"before", 0, None}]
        elif name == "prices":
            assert {row["project"] for row in theirs} == {""}
        else:
            assert theirs == [], name
    put(store, call_record(0, project="other"))
    assert one(store, "overview", project="other")["paid_usd"] == Decimal("0.0035")  # not at the first project's price
    assert one(store, "overview")["paid_usd"] == Decimal("0.0033")
    assert rows(store, "projects") == [{"project": "default", "calls": 3}, {"project": "other", "calls": 1}]
    assert len(rows(store, "analysis_messages", project="other")) == 3


def test_the_price_in_force_is_the_latest_valid_one(store: Store) -> None:
    for usd, day in ((1, "2026-01-01"), (2, "2026-06-01"), (3, "2199-01-01")):
        store.command("set_price", model="house", input_usd_per_mtok=usd, output_usd_per_mtok=usd, valid_from=day)
    (price,) = rows(store, "prices", model="house")
    assert (price["project"], price["input_usd_per_mtok"], price["source"]) == ("default", Decimal(2), "set by a user")
    listed = rows(store, "prices", model="gpt-4o")
    assert {row["tier"] for row in listed} == {"standard", "batch", "priority"}


def test_filters_and_info_and_quality(store: Store) -> None:
    put(store, call_record(0), call_record(1, environment="prod", service=None))
    assert rows(store, "filters") == [
        {"dimension": "environment", "value": "", "calls": 1},
        {"dimension": "environment", "value": "prod", "calls": 1},
        {"dimension": "model", "value": "gpt-4o-2024-08-06", "calls": 2},
        {"dimension": "service", "value": "", "calls": 1},
        {"dimension": "service", "value": "shop", "calls": 1},
    ]
    counts = {(row["table_name"], row["project"]): row["rows"] for row in rows(store, "info")}
    assert (counts["calls", "default"], counts["messages", "default"]) == (2, 4)
    put(store, SpanRecord("default", "t", "s", None, "tool", 1, "scope", None, START_NS, START_NS, "ok", {"k": "v"}))
    quality = one(store, "quality")
    assert (quality["calls"], quality["unread_spans"], quality["dead_letters"]) == (2, 1, 0)


@pytest.mark.parametrize(
    ("scope", "attributes", "unread"),
    [
        ("suffice", {}, 0),
        ("opentelemetry.instrumentation.httpx", {}, 0),
        ("adk", {"gen_ai.operation.name": "execute_tool"}, 0),
        ("adk", {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 5}, 0),
        ("mlflow", {"gen_ai.operation.name": "chat"}, 1),
        ("mlflow", {"gen_ai.operation.name": "text_completion"}, 1),
        ("openinference", {"llm.token_count.prompt": 5}, 1),
    ],
)
def test_unread_spans_are_those_that_may_be_calls(
    store: Store, scope: str, attributes: dict[str, Any], unread: int
) -> None:
    put(store, SpanRecord("default", "t", "s", None, "any", 1, scope, None, START_NS, START_NS, "ok", attributes))
    assert one(store, "quality")["unread_spans"] == unread


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("nosuch", {}, r"there is no read 'nosuch'; there are .*overview"),
        ("overview", {"nosuch": 1}, r"read 'overview' has no parameter 'nosuch'; it has project, since_ns"),
        ("overview", {"since_ns": "soon"}, r"'since_ns' must be a whole number, not 'soon'"),
        ("calls", {"limit": 10_001}, r"'limit' must be from 1 to 10,000, not 10,001"),
        ("calls", {"limit": 0}, r"'limit' must be from 1"),
        ("calls", {"order": "random"}, r"'order' must be one of newest, costliest, slowest, not 'random'"),
        ("calls", {"errors_only": "maybe"}, r"'errors_only' must be true or false"),
        ("call", {}, r"parameter 'call_id' is needed"),
        ("calls", {"search": "x" * 10_001}, r"'search' must be a text of at most 10,000 characters"),
    ],
)
def test_a_wrong_read_says_what_there_is(store: Store, name: str, parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(SufficeError, match=said) as raised:
        store.read(name, **parameters)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("nosuch", {}, r"there is no command 'nosuch'; there are .*decide"),
        ("decide", {"nosuch": 1}, r"command 'decide' has no argument 'nosuch'; it has kind"),
        ("decide", {"kind": "rename"}, r"command 'decide' needs 'task_id'"),
        ("decide", {"kind": "rename", "task_id": "t", "value": "  "}, r"a new name must be a text"),
        ("decide", {"kind": "ignore", "task_id": "t", "value": "yes"}, r"'value' must be true or false"),
        ("decide", {"kind": "erase", "task_id": "t"}, r"'kind' must be one of rename, ignore"),
        ("record_outcome", {"target": "day", "target_id": "x"}, r"'target' must be run or call"),
        ("record_outcome", {"target": "run", "target_id": "x"}, r"needs at least one of"),
        ("record_outcome", {"target": "run", "target_id": "x", "ok": "yes"}, r"'ok' must be true, false or null"),
        ("mark_duplicate", {"call_id": "x", "duplicate_of": "y"}, r"there is no call 'x' in project 'default'"),
        ("set_price", {"model": "m", "input_usd_per_mtok": 1}, r"needs 'output_usd_per_mtok'"),
        (
            "set_price",
            {"model": "m", "input_usd_per_mtok": "free", "output_usd_per_mtok": 1},
            r"must be USD per million tokens",
        ),
        (
            "set_price",
            {"model": "m", "input_usd_per_mtok": -1, "output_usd_per_mtok": 1},
            r"must be USD per million tokens",
        ),
        (
            "set_price",
            {"model": "m", "input_usd_per_mtok": 1, "output_usd_per_mtok": 1, "valid_from": "today"},
            r"'valid_from' must be a date",
        ),
        ("publish_analysis", {"analysis_id": "a"}, r"command 'publish_analysis' needs 'started_ns'"),
        ("analyze_now", {}, r"run 'suffice analyze"),
    ],
)
def test_a_refused_command_says_why_and_changes_nothing(
    store: Store, file_store: FileStore, name: str, arguments: dict[str, Any], said: str
) -> None:
    before = file_store.read("info").to_pylist()
    with pytest.raises(SufficeError, match=said):
        store.command(name, **arguments)
    assert file_store.read("info").to_pylist() == before


def test_the_funnel_says_what_is_left_at_each_step_and_calls_lists_what_falls_out(store: Store) -> None:
    put(
        store,
        call_record(0),
        call_record(1),
        call_record(2, environment="staging"),
        call_record(3, response_model="nosuch"),
        call_record(4, response_model="nosuch", environment="test"),
        call_record(5, environment="replay"),  # what suffice asked itself is nobody's traffic
        call_record(6, response_model="tiny", environment="replay"),
    )
    ids = [call_record(n).call_id for n in range(7)]
    store.command(
        "record_invoice",
        source="bill.csv",
        rows=[{"provider": "openai", "kind": "cost", "day": 20_700, "model": "", "usd": "0.02"}],
    )
    one_usd = Decimal("0.003500000000")
    nothing_found = {
        "invoiced_usd": Decimal("0.020000000000"), "calls": 5, "paid_usd": 3 * one_usd, "unpriced_calls": 2, "other_calls": 1,
        "other_usd": one_usd, "production_calls": 2, "production_usd": 2 * one_usd, "no_task_calls": 2, "no_task_usd": 2 * one_usd,
        "task_calls": 0, "task_usd": None,
    }  # fmt: skip
    assert one(store, "funnel") == nothing_found
    found = {
        "project": "default",
        "analysis_id": "a1",
        "call_id": ids[0],
        "task_id": "t1",
        "point_id": "p",
        "action": "a",
    }
    store.append({"assignments": pa.Table.from_pylist([found], schema=arrow_schema("assignments"))})
    assert one(store, "funnel", analysis_id="a1") == nothing_found | {
        "no_task_calls": 1, "no_task_usd": one_usd, "task_calls": 1, "task_usd": one_usd,
    }  # fmt: skip

    def listed(**parameters: Any) -> set[int]:
        return {ids.index(row["call_id"]) for row in rows(store, "calls", **parameters)}

    assert listed(only="unpriced") == {3}
    assert listed(only="unpriced", environment="all") == {3, 4}
    assert listed(only="other_environment", environment="all") == {2, 4}
    assert {row["model"] for row in rows(store, "unpriced_models")} == {"nosuch"}
    assert listed(only="no_task") == {0, 1, 3}  # nothing is published, so no call has a task
    with pytest.raises(SufficeError, match="'only' must be one of unpriced"):
        store.read("calls", only="dear")


def test_runs_add_up_their_calls_and_say_how_they_ended(store: Store) -> None:
    put(
        store,
        call_record(0, run_id="r1", started_ns=START_NS),
        call_record(1, run_id="r1", completeness="error", usage=Usage(source="absent"), answer=None),
        call_record(2, run_id="r2", response_model="nosuch"),
        call_record(3, run_id="r2", started_ns=None),
        call_record(4, run_id=None),
    )
    store.command("record_outcome", target="run", target_id="r1", ok=False, score=0.25)
    found = {row["run_id"]: row for row in rows(store, "runs")}
    assert {
        k: (r["calls"], r["error_calls"], r["paid_usd"], r["unpriced_calls"], r["ok"]) for k, r in found.items()
    } == {
        "r1": (2, 1, Decimal("0.003500000000"), 0, False),
        "r2": (2, 0, Decimal("0.003500000000"), 1, None),
    }
    assert [row["run_id"] for row in rows(store, "runs", errors_only=True)] == ["r1"]
    assert [row["run_id"] for row in rows(store, "runs", run="r2")] == ["r2"]
    assert len(rows(store, "runs", limit=1, offset=1)) == 1
    assert rows(store, "run_attempts", run_id="r1") == []
    store.command("mark_duplicate", call_id=call_record(1).call_id, duplicate_of=call_record(0).call_id, rule="retry")
    (tried,) = rows(store, "run_attempts", run_id="r1")
    assert (tried["retry_of"], tried["call_id"]) == (call_record(0).call_id, call_record(1).call_id)


def test_every_step_of_a_move_stays(store: Store) -> None:
    for state in ("proposed", "testing"):
        value = {"state": state, "owner": "Ann", "reason": "a replay settles it", "evidence_hash": "ab12"}
        store.command("decide", kind="move", task_id="t1", value=value, decided_by="ann")
    store.command("decide", kind="rename", task_id="t1", value="Name")
    assert [row["kind"] for row in rows(store, "decision_log")] == ["move", "move", "rename"]
    assert ["proposed" in row["value"] for row in rows(store, "decision_log", kind="move")] == [True, False]
    assert rows(store, "decision_log", task_id="t2") == []
    for wrong, why in (
        ({"state": "done", "owner": "A", "reason": "b"}, "one of proposed"),
        ({"state": "moved", "owner": " ", "reason": "b"}, "needs an 'owner' and a 'reason'"),
        ({"state": "moved", "owner": "A", "reason": "b", "price": "1"}, "no 'price'"),
        ("moved", "one of proposed"),
    ):
        with pytest.raises(SufficeError, match=why):
            store.command("decide", kind="move", task_id="t1", value=wrong)


def test_task_models_add_up_by_day_model_and_what_calls_are_alike_in(store: Store) -> None:
    day = 86_400 * 10**9
    calls = [
        call_record(0), call_record(1), call_record(2, usage=Usage(3000, 100)),
        call_record(3, response_model="gpt-4o-mini", started_ns=START_NS + day),
        call_record(4, completeness="error", usage=Usage(source="absent"), answer=None),
    ]  # fmt: skip
    put(store, *calls)
    analysis(store, "a1", calls)
    store.command("record_outcome", target="call", target_id=calls[0].call_id, ok=True)
    store.command("record_outcome", target="call", target_id=calls[1].call_id, ok=False)
    found = {(row["model"], row["size"]): row for row in rows(store, "task_models")}
    small = found["gpt-4o-2024-08-06", 9]
    assert (small["calls"], small["paid_usd"], small["squares_usd"]) == (
        2,
        Decimal("0.007000000000"),
        pytest.approx(2 * 0.0035**2),
    )
    assert (small["judged_calls"], small["good_calls"], small["task_id"]) == (2, 1, "t1")
    assert found["gpt-4o-2024-08-06", 11]["calls"] == 1
    assert found["gpt-4o-2024-08-06", 0]["error_calls"] == 1
    assert found["gpt-4o-mini", 9]["day"] == small["day"] + day
    assert rows(store, "task_models", task_id="none") == []
    days: dict[tuple[str, int, str], int] = {}
    for row in rows(store, "task_models"):
        key = (row["task_id"], row["day"], row["model"])
        days[key] = days.get(key, 0) + row["calls"]
    assert {(r["task_id"], r["day"], r["model"]): r["calls"] for r in rows(store, "task_model_days")} == days
    assert len(days) == 2


def test_outcomes_of_a_recorded_and_of_its_replayed_call_meet_by_label(store: Store) -> None:
    put(store, *(call_record(n) for n in range(4)))
    ids = [call_record(n).call_id for n in range(4)]
    blank: dict[str, dict[str, Any]] = {
        name: dict.fromkeys(arrow_schema(name).names) for name in ("replays", "replay_campaigns")
    }
    campaign = blank["replay_campaigns"] | {
        "project": "default", "campaign_id": "c1", "task_id": "t1", "candidate": "tiny", "variant": "as_is", "model": "m", "wire_format": "w",
        "host": "h", "design": "fixed", "status": "done", "reason": "", "bar": 0.95, "seed": 0, "template": "", "settings": "{}",
        "started_ns": 1, "recorded_ns": 1,
    }  # fmt: skip
    replayed = [
        blank["replays"] | {
            "project": "default", "campaign_id": "c1", "call_id": each, "replay_call_id": f"r{n}", "task_id": "t1", "candidate": "tiny",
            "variant": "as_is", "position": n, "cluster": f"run-{n}", "stratum": "", "verdict": "pass", "masked": False, "attempts": 1,
            "recorded_ns": n,
        }
        for n, each in enumerate(ids)
    ]  # fmt: skip
    store.append(
        {
            "replay_campaigns": pa.Table.from_pylist([campaign], schema=arrow_schema("replay_campaigns")),
            "replays": pa.Table.from_pylist(replayed, schema=arrow_schema("replays")),
        }
    )

    def say(target_id: str, ok: bool, **label: str) -> None:
        store.command("record_outcome", target="call", target_id=target_id, ok=ok, **label)

    say(ids[0], True, label="correct")
    say("r0", False, label="correct")
    say("r0", True, label="as good")  # a person's mark is another figure
    say(ids[1], True, label="correct")
    say("r1", True, label="safe")  # nothing to compare with
    say(ids[2], False)
    say("r2", True)  # without a label on either side
    say(ids[3], True, label="as good")
    say("r3", True, label="as good")
    shared = {"campaign_id": "c1", "candidate": "tiny", "variant": "as_is", "design": "fixed"}
    assert rows(store, "replay_outcomes") == [
        shared | {"call_id": ids[0], "cluster": "run-0", "label": "correct", "recorded_ok": True, "replayed_ok": False},
        shared | {"call_id": ids[2], "cluster": "run-2", "label": "", "recorded_ok": False, "replayed_ok": True},
    ]
