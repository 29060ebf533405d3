"""Heads: the part of a request that can be template, once for all calls that share it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from analysis.discovery.fleets import Said, make_fleet, tool

from suffice_analysis.discovery.heads import Shape, form_of, read_heads, tool_features


def test_an_agents_steps_are_one_head_sent_in_one_run() -> None:
    first = [("system", "s"), ("user", "u")]
    fleet = make_fleet(
        [Said(first, "a1"), Said([*first, ("assistant", "a1"), ("user", "x")], "a2"), Said([("user", "other")], "b")]
    )
    heads = read_heads(fleet.calls, fleet.texts, fleet.toolsets)
    same = heads.of_call[0]
    assert heads.of_call.tolist() == [same, same, 1 - same]
    assert heads.calls[same] == 2
    assert heads.runs[same] == 1
    assert heads.messages[same] == tuple(fleet.calls["input_hashes"][0].as_py())


def test_one_request_sent_in_two_runs() -> None:
    fleet = make_fleet([Said([("user", "u")], "a"), Said([("user", "u")], "b")])
    heads = read_heads(fleet.calls, fleet.texts, fleet.toolsets)
    assert (heads.calls.tolist(), heads.runs.tolist()) == ([2], [2])


def test_tools_form_and_operation_are_part_of_it() -> None:
    messages = [("user", "u")]
    fleet = make_fleet(
        [
            Said(messages),
            Said(messages, tools=[tool("search", "query")]),
            Said(messages, response_format={"type": "json_object"}),
            Said(messages, operation="embeddings"),
        ]
    )
    heads = read_heads(fleet.calls, fleet.texts, fleet.toolsets)
    assert [heads.shape(h) for h in heads.of_call] == [
        Shape("chat", frozenset(), ""),
        Shape("chat", frozenset({"search", "search.query"}), ""),
        Shape("chat", frozenset(), "json_object"),
        Shape("embeddings", frozenset(), ""),
    ]


def test_a_request_that_starts_with_an_answer_or_holds_nothing_has_an_empty_head() -> None:
    fleet = make_fleet([Said([("assistant", "a"), ("user", "u")]), Said([])])
    heads = read_heads(fleet.calls, fleet.texts, fleet.toolsets)
    assert heads.messages == [()]
    assert heads.of_call.tolist() == [0, 0]


def test_no_calls() -> None:
    fleet = make_fleet([])
    heads = read_heads(fleet.calls, fleet.texts, fleet.toolsets)
    assert (heads.messages, heads.of_call.tolist()) == ([], [])


def test_texts_that_are_not_stored_do_not_break_it() -> None:
    fleet = make_fleet([Said([("user", "u")])])
    assert len(read_heads(fleet.calls, {}, {}).messages) == 1


@pytest.mark.parametrize(
    ("response_format", "form"),
    [
        (None, ""),
        ("", ""),
        ("{broken", ""),
        ({"type": "text"}, ""),
        ({"type": "json_object"}, "json_object"),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"properties": {"b": {}, "a": {}}}}},
            "json_schema:n(a,b)",
        ),
        ({"type": "json_schema", "name": "n", "schema": {}}, "json_schema:n()"),
        ({"type": "json_schema", "json_schema": "odd"}, "json_schema"),
        (json.dumps({"type": "json_object"}), "json_object"),
    ],
)
def test_the_form_asked_for(response_format: Any, form: str) -> None:
    assert form_of(response_format) == form


def test_tools_of_one_name_with_other_parameters_differ() -> None:
    assert tool_features([tool("submit", "a")]) != tool_features([tool("submit", "b")])
    assert tool_features([{"type": "web_search", "name": ""}]) == frozenset({"web_search"})
