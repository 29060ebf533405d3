"""What has the wrong shape is read as absent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.lenient import (
    MAX_DEPTH,
    as_count,
    as_list,
    as_object,
    as_objects,
    as_text,
    first_count,
    has_surrogates,
    parse_arguments,
    parse_json,
    parse_object,
    without_lone_surrogates,
)


@pytest.mark.parametrize("body", [b"", b"{", b"nul", b"[" * 200_000, b"1" * 5000, b'{"a": 1}}'])
def test_what_does_not_parse_is_none(body: bytes) -> None:
    assert parse_json(body) is None
    assert parse_object(body) == {}


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_what_others_could_not_walk_does_not_parse() -> None:
    assert parse_json(nested(MAX_DEPTH)) is not None
    assert parse_json(nested(MAX_DEPTH + 1)) is None
    assert parse_arguments(nested(500).decode()) == nested(500).decode()


def test_broken_utf_8_is_replaced_not_refused() -> None:
    assert parse_json(b'{"a": "x\xffy"}') == {"a": "x\ufffdy"}


@given(st.binary() | st.text())
def test_parsing_never_raises(body: bytes | str) -> None:
    parse_json(body)


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (7.0, 7),
        (2**62, 2**62),
        *((each, None) for each in (7.5, -1, True, "7", None, float("nan"), float("inf"), 2**63, [])),
    ],
)
def test_counts(value: Any, count: int | None) -> None:
    assert as_count(value) == count


def test_shapes() -> None:
    assert (as_text("a"), as_text(""), as_text(1)) == ("a", None, None)
    assert (as_object([]), as_list({}), as_objects([1, {"a": 1}, None])) == ({}, [], [{"a": 1}])
    assert first_count(None, "x", 0, 5) == 0
    assert first_count() is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [(None, {}), ("", {}), ("{}", {}), ('{"a": 1}', {"a": 1}), ('{"a":', '{"a":'), ({"a": 1}, {"a": 1})],
)
def test_arguments(sent: Any, read: Any) -> None:
    assert parse_arguments(sent) == read


def test_half_a_pair_becomes_the_replacement_character() -> None:
    assert has_surrogates(b'"\\ud83d"')
    assert not has_surrogates(b'"\\u00e9"')
    value = {"a\ud83d": ["x\ud83dy", "\ud83d\ude00", 1, None]}
    assert without_lone_surrogates(value) == {"a\ufffd": ["x\ufffdy", "\U0001f600", 1, None]}


@given(st.text(st.characters()))
def test_cleaned_text_can_be_encoded(text: str) -> None:
    assert without_lone_surrogates(text).encode() == without_lone_surrogates(without_lone_surrogates(text)).encode()
