"""Records to rows: canonical messages once each, chains, JSON columns, and values no table can hold."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from store.synthetic import START_NS, call_record, text

from suffice.wire.call import Usage
from suffice.wire.canonical import canonical_json, canonical_message, chain_hash, content_hash, message_hash
from suffice_store.appending import build_tables
from suffice_store.arrow_schema import arrow_schema
from suffice_store.records import OutcomeRecord, SpanRecord


def row(**changes: Any) -> dict[str, Any]:
    return build_tables([call_record(0, **changes)], START_NS)["calls"].to_pylist()[0]


def test_every_table_has_its_schema() -> None:
    span = SpanRecord("default", "t", "s", None, "tool", 1, "scope", None, START_NS, START_NS + 5, "ok", {"k": 1})
    outcome = OutcomeRecord("default", "run", "run-0", True, 0.5, None, "test", START_NS)
    tools = [{"type": "function", "name": "f"}]
    tables = build_tables([call_record(0, tool_definitions=tools), span, outcome], START_NS)
    assert {name: table.schema for name, table in tables.items()} == {
        name: arrow_schema(name) for name in ("calls", "spans", "outcomes", "messages", "toolsets")
    }
    assert tables["spans"].to_pylist()[0]["attributes"] == '{"k":1}'
    assert tables["outcomes"].to_pylist()[0]["score"] == 0.5
    assert tables["toolsets"].to_pylist() == [
        {"project": "default", "toolset_hash": content_hash("default", tools), "tools": '[{"name":"f","type":"function"}]',
         "tool_count": 1, "received_ns": START_NS}
    ]  # fmt: skip


def test_nothing_makes_no_tables() -> None:
    assert build_tables([], START_NS) == {}


def test_a_message_is_one_row_however_it_is_spelled_or_repeated() -> None:
    plain = text("user", "hello")
    spelled: Any = {
        "role": "user",
        "parts": [{"type": "text", "content": "hel"}, {"type": "text", "content": "lo", "cache_control": 1}],
    }
    records = [call_record(n, messages=[message], answer=None) for n, message in enumerate((plain, spelled, plain))]
    tables = build_tables(records, START_NS)
    digest = message_hash("default", canonical_message(plain))
    assert tables["messages"].select(["message_hash", "role", "content", "chars"]).to_pylist() == [
        {"message_hash": digest, "role": "user", "content": '{"parts":[{"content":"hello","type":"text"}],"role":"user"}', "chars": 5}
    ]  # fmt: skip
    assert tables["calls"].column("input_hashes").to_pylist() == [[digest]] * 3


@given(
    st.text(),
    st.lists(
        st.one_of(
            st.fixed_dictionaries({"type": st.just("text"), "content": st.text(st.characters(codec=None))}),
            st.fixed_dictionaries(
                {
                    "type": st.just("tool_call"),
                    "id": st.text(),
                    "arguments": st.dictionaries(st.text(), st.one_of(st.floats(allow_nan=False), st.integers())),
                }
            ),
        )
    ),
)
def test_a_message_is_written_as_the_canonical_form_says(role: str, parts: list[dict[str, Any]]) -> None:
    """Text takes a faster writer: it must write the very same bytes, or no hash would be found again."""
    message: Any = {"role": role, "parts": parts}
    canonical = canonical_message(message)
    (stored,) = build_tables([call_record(0, messages=[message], answer=None)], START_NS)["messages"].to_pylist()
    assert stored["content"].encode() == canonical_json(canonical).decode("utf-8", "replace").encode()
    assert stored["message_hash"] == message_hash("default", canonical)


def test_the_same_message_of_two_projects_is_two() -> None:
    tables = build_tables([call_record(0), call_record(0, project="other")], START_NS)
    assert tables["messages"].num_rows == 6
    assert len(set(tables["messages"].column("message_hash").to_pylist())) == 6


def test_a_call_s_answer_is_the_next_one_s_history() -> None:
    history = [text("user", "hello")]
    first = call_record(0, messages=history, answer="hi")
    second = call_record(1, messages=[*history, text("assistant", "hi"), text("user", "more")], answer="bye")
    before, after = (
        build_tables([first, second], START_NS)["calls"].column(n).to_pylist() for n in ("chain_before", "chain_after")
    )
    assert before == [None, after[0]]
    hashes = [message_hash("default", canonical_message(m)) for m in (history[0], text("assistant", "hi"))]
    assert after[0] == chain_hash(hashes)


def test_instructions_given_apart_are_the_first_message() -> None:
    apart = row(system_instructions=[{"type": "text", "content": "be brief"}], messages=[text("user", "q")])
    together = row(messages=[text("system", "be brief"), text("user", "q")])
    assert apart["input_hashes"] == together["input_hashes"]


def test_what_is_not_known_is_null_and_a_call_without_usage_says_so() -> None:
    call = row(usage=Usage(source="absent"), started_ns=None, parameters={}, response_format=None)
    unknown = ("started_ns", "input_tokens", "usage_raw", "parameters", "response_format", "toolset_hash", "attributes")
    assert {name: call[name] for name in unknown} == dict.fromkeys(unknown)
    assert (call["started_day"], call["usage_source"]) == (0, "absent")


def test_json_columns_hold_what_came() -> None:
    call = row(
        usage=Usage(1, 2, raw={"prompt_tokens": 1}), response_format={"type": "json_object"}, attributes={"x": {1, 2}}
    )
    assert (call["usage_raw"], call["response_format"]) == ('{"prompt_tokens":1}', '{"type":"json_object"}')
    assert call["attributes"] == '{"x": "{1, 2}"}'  # what JSON has no form for is written as text


def test_values_no_table_can_hold_do_not_stop_a_batch() -> None:
    call = row(
        started_ns=2**70,
        ended_ns=-5,
        usage=Usage(2**70, -1),
        error_message="half a pair: \ud83d",
        messages=[text("user", "half a pair: \ud83d")],
    )
    assert (call["started_ns"], call["ended_ns"], call["input_tokens"], call["output_tokens"]) == (None,) * 4
    assert call["error_message"] == "half a pair: ?"


def test_a_thousand_calls_keep_their_order() -> None:
    tables = build_tables((call_record(n) for n in range(1000)), START_NS)
    assert tables["calls"].column("external_id").to_pylist() == [f"ext-{n}" for n in range(1000)]
    assert tables["messages"].num_rows == 1002  # the system message, the answer, a question each
    assert isinstance(tables["calls"], pa.Table)
