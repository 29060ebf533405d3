"""Schemas learnt from documents, and the check against them: the same answers as the ``jsonschema`` package gives."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suffice_analysis.plan.schemas import learn_schema, violation

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([0.5, 1.0, 2.5]) | st.sampled_from("abc")
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
ORDERS = [{"id": n, "kind": "new" if n % 2 else "old", "lines": [{"sku": f"s{n}", "n": 1.5}]} for n in range(20)]


@settings(max_examples=150, deadline=None)
@given(st.lists(documents, min_size=1, max_size=5), documents)
def test_the_check_says_what_jsonschema_says(seen: list[Any], other: Any) -> None:
    schema = learn_schema(seen)
    jsonschema.Draft202012Validator.check_schema(schema)
    for value in (*seen, other):
        assert (violation(value, schema) is None) == jsonschema.Draft202012Validator(schema).is_valid(value)


@given(st.lists(documents, min_size=1, max_size=5))
def test_what_it_was_learnt_from_is_always_as_it_says(seen: list[Any]) -> None:
    schema = learn_schema(seen)
    assert [violation(each, schema) for each in seen] == [None] * len(seen)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": "7"}, "id is string, not integer"),
        ({"kind": "newish"}, "kind is none of the 2 values seen"),
        ({"more": 1}, "more was never seen"),
        ({"lines": [{"n": 1}]}, "lines[0].sku is missing"),
        ({"lines": [{"sku": "s1", "n": "1"}]}, "lines[0].n is string, not number"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: dict[str, Any], said: str) -> None:
    assert violation({**ORDERS[1], **change}, learn_schema(ORDERS)) == said


def test_a_stated_schema_is_read_too() -> None:
    schema = {
        "anyOf": [
            {"const": 1},
            {"type": "object", "required": ["x"], "properties": {"x": {"oneOf": [{"type": "null"}]}}},
        ]
    }
    assert [violation(each, schema) for each in (1, {"x": None}, True, {"x": 2})] == [
        None, None, "it fits none of 2 shapes", "it fits none of 2 shapes",
    ]  # fmt: skip
    assert violation({"a": 1}, {"allOf": [{"required": ["a"]}, {"properties": {"a": False}}]}) == "a may not be there"


def test_a_few_values_seen_often_are_a_closed_set_and_many_are_not() -> None:
    assert learn_schema(["x", "y"] * 5)["enum"] == ["x", "y"]
    assert "enum" not in learn_schema(["x", "y"])
    assert "enum" not in learn_schema([str(n) for n in range(40)] * 9)
    assert learn_schema([]) == {}
