"""What a trace's tree shows: nested spans of one call, a stream told in two spans; and what only looks so."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from collector.duplicates.tellings import call, find, mark

BARE: dict[str, Any] = {"tokens": (None, None)}


class TestNestedSame:
    def test_the_outer_without_tokens_is_marked(self) -> None:
        outer = call("o", operation="embeddings", **BARE)
        assert find(outer, call("i", parent="o", operation="embeddings")) == [mark("o", "i", "nested_same")]

    @pytest.mark.parametrize(
        "inner",
        [
            [{"operation": "chat"}], [{"model": "other"}], [{"scope": "other"}], [{"error": "timeout"}],
            [{"asked": "this"}], [{}, {"span": "i2"}],
        ],
        ids=["operation", "model", "emitter", "failed", "words", "two-of-them"],
    )  # fmt: skip
    def test_near_misses(self, inner: list[dict[str, Any]]) -> None:
        outer = call("o", operation="embeddings", asked="that", **BARE)
        told = [
            call(f"i{n}", parent="o", **{"operation": "embeddings", "asked": "that", **each})
            for n, each in enumerate(inner)
        ]
        assert find(outer, *told) == []


class TestAncestors:
    def test_a_failed_try_without_usage_costs_nothing(self) -> None:
        tries = call("a", parent="o", error="503", **BARE), call("b", parent="o", model="fallback", start=8, end=9)
        wrapper = call("o", scope="wrapper", start=0, end=9)  # it waited before it tried again
        assert find(wrapper, *tries, call("z", parent="y")) == [mark("o", "a", "ancestor_tokens")]

    def test_equal_sums_side_by_side_stay(self) -> None:
        """Two agents, each with a call of the same tokens: neither holds the other."""
        assert find(call("a", parent="x"), call("b", parent="x", start=5, end=6)) == []


class TestSplitStream:
    REQUEST: ClassVar[dict[str, Any]] = {"parent": "p", "asked": "hi", "start": 0, "end": 0.1, **BARE}
    ANSWER: ClassVar[dict[str, Any]] = {
        "parent": "p", "asked": "hi", "answered": "ho", "start": 0.101, "end": 1, "stream": True,
    }  # fmt: skip

    def test_the_request_is_marked(self) -> None:
        told = call("q", **self.REQUEST), call("a", **self.ANSWER)
        assert find(*told) == find(*reversed(told)) == [mark("q", "a", "split_stream")]

    def test_two_equal_streams_in_parallel_stay_two(self) -> None:
        told = [call(f"q{n}", **self.REQUEST) for n in (1, 2)] + [call(f"a{n}", **self.ANSWER) for n in (1, 2)]
        marks = find(*told)
        assert sorted(each.call_id for each in marks) == ["id-q1", "id-q2"]
        assert sorted(str(each.duplicate_of) for each in marks) == ["id-a1", "id-a2"]

    @pytest.mark.parametrize(
        "differs",
        [
            {"parent": "other"}, {"asked": "hello"}, {"model": "gpt-5"}, {"scope": "other"}, {"stream": False},
            {"start": 3, "end": 4},
        ],
        ids=lambda differs: "-".join(differs),
    )  # fmt: skip
    def test_near_misses(self, differs: dict[str, Any]) -> None:
        assert find(call("q", **self.REQUEST), call("a", **{**self.ANSWER, **differs})) == []

    def test_a_stream_that_failed_stays(self) -> None:
        assert find(call("q", **{**self.REQUEST, "error": "cut"}), call("a", **self.ANSWER)) == []
