"""What came in an earlier batch is found again, makes the same rows, and is forgotten in time."""

from __future__ import annotations

from typing import Any

from store.synthetic import START_NS, call_record, text

from suffice_store.appending import build_tables
from suffice_store.texts import KnownTexts, MessageRow, ToolsetRow

TOOLS = [{"type": "function", "name": "f"}]
PARTS: Any = {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": 1}}]}


def test_a_batch_is_the_same_whatever_is_known() -> None:
    records = [
        call_record(0, messages=[text("user", "hello"), PARTS, text("user", "half \ud800")], tool_definitions=TOOLS),
        call_record(1, messages=[text("developer", "hello"), text("system", "hello")]),
    ]
    known = KnownTexts()
    alone = build_tables(records, START_NS)
    for _ in range(2):
        assert build_tables(records, START_NS, known) == alone


def test_projects_share_nothing() -> None:
    known = KnownTexts()
    told = [
        build_tables([call_record(0, project=project, tool_definitions=TOOLS)], START_NS, known)
        for project in ("a", "b")
    ]
    for name, key in (("messages", "message_hash"), ("toolsets", "toolset_hash")):
        assert [set(each[name]["project"].to_pylist()) for each in told] == [{"a"}, {"b"}]
        assert not set(told[0][name][key].to_pylist()) & set(told[1][name][key].to_pylist())


def test_the_oldest_are_forgotten_by_their_size() -> None:
    known = KnownTexts(most_chars=1_000)
    for number in range(100):
        known.keep((number,), MessageRow("p", str(number), "user", "x" * 100, 100))
    assert known.find((99,)) is not None
    assert known.find((0,)) is None
    assert sum(known.find((number,)) is not None for number in range(100)) <= 2 * 1_000 // 300 + 1


def test_what_is_asked_for_stays() -> None:
    known = KnownTexts(most_chars=1_000)
    for number in range(100):
        known.keep((number,), ToolsetRow("p", str(number), "x" * 100, 1))
        known.find((0,))
    assert known.find((0,)) is not None
