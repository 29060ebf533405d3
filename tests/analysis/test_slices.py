"""Slices of a task: found where the model does something else, not where it does not; the same for a router."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from analysis.discovery.fleets import make_fleet, tool, words

from suffice_analysis.discovery.types import MessageText
from suffice_analysis.slices import condition_words, find_slices, holds, slice_of
from suffice_analysis.texts import StoredTexts
from suffice_analysis.visible import Visible, read_visible, request_visible, script_of, tools_word


def seen(last: list[str], step: list[int] | None = None) -> Visible:
    n = len(last)
    same = np.array(["latin"] * n, dtype=object)
    steps = np.array(step or [0] * n, dtype=np.int64)
    return Visible(
        {"last": np.array(last, dtype=object), "script": same, "tools": same}, {"step": steps, "chars": steps + 100}
    )


def traffic(n: int, rng: random.Random) -> tuple[list[str], list[str | None], list[str]]:
    last = [rng.choice(["user", "tool:search", "tool:book"]) for _ in range(n)]
    done = {"user": "tool:search", "tool:search": "tool:book", "tool:book": "answer:long_text"}
    actions: list[str | None] = [done[each] if rng.random() < 0.9 else "answer:json" for each in last]
    return last, actions, [f"run-{i // 3}" for i in range(n)]


def test_what_tells_the_actions_apart_is_found() -> None:
    last, actions, runs = traffic(600, random.Random(1))
    visible = seen(last)
    found = find_slices("t", np.arange(600), visible, actions, runs)
    assert {(s.name, s.action) for s in found} == {
        ("after user", "tool:search"),
        ("after search", "tool:book"),
        ("after book", "answer:long_text"),
    }
    assert sum(s.calls for s in found) == 600
    for each in found:
        assert each.action_low is not None
        assert each.action_high is not None
        assert each.action_low < 0.9 < each.action_high
        assert each.n < 0.6 * each.calls  # described on the half that did not choose


def test_what_tells_nothing_is_no_slice() -> None:
    rng = random.Random(2)
    last, _, runs = traffic(600, rng)
    actions: list[str | None] = [rng.choice(["answer:json", "tool:x"]) for _ in last]
    assert find_slices("t", np.arange(600), seen(last), actions, runs) == []


def test_what_no_call_is_in_is_no_slice() -> None:
    """All calls have one of three last messages, so "after anything else" is empty: analyze fell over such a slice."""
    last, actions, runs = traffic(600, random.Random(1))
    assert {s.name: s.calls for s in find_slices("t", np.arange(600), seen(last), actions, runs)} == {
        f"after {each.removeprefix('tool:')}": last.count(each) for each in ("user", "tool:search", "tool:book")
    }


@pytest.mark.parametrize("n", [0, 1, 30])
def test_few_calls_have_no_slices(n: int) -> None:
    last, actions, runs = traffic(n, random.Random(3))
    assert find_slices("t", np.arange(n), seen(last), actions, runs) == []


def test_depth_in_the_run() -> None:
    rng = random.Random(4)
    step = [rng.randrange(6) for _ in range(500)]
    actions: list[str | None] = ["tool:plan" if each == 0 else "answer:short_text" for each in step]
    found = find_slices("t", np.arange(500), seen(["user"] * 500, step), actions, [str(i) for i in range(500)])
    assert {s.name for s in found} == {"step 1", "from step 2 on"}


def test_a_request_is_in_the_slice_that_its_call_is_in() -> None:
    last, actions, runs = traffic(300, random.Random(5))
    visible = seen(last)
    found = find_slices("t", np.arange(300), visible, actions, runs)
    as_stored = [{"slice_id": s.slice_id, "conditions": s.conditions} for s in found]
    for i in range(50):
        (own,) = [s.slice_id for s in found if holds(s.conditions, visible, np.array([i]))[0]]
        assert (
            slice_of(as_stored, {"last": last[i], "script": "latin", "tools": "latin", "step": 0, "chars": 100}) == own
        )


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"feature": "last", "is": "tool:search"}, "after search"),
        ({"feature": "last", "not_in": ["user"]}, "after anything else"),
        ({"feature": "tools", "not_in": ["a"]}, "other tools"),
        ({"feature": "step", "from": 0, "below": 1}, "step 1"),
        ({"feature": "step", "from": 2, "below": None}, "from step 3 on"),
        ({"feature": "step", "from": 0, "below": 4}, "steps 1 to 4"),
        ({"feature": "chars", "from": 0, "below": 1200}, "under 1,200 characters"),
        ({"feature": "chars", "from": 1200, "below": None}, "from 1,200 characters"),
    ],
)
def test_conditions_in_words(condition: dict[str, Any], said: str) -> None:
    assert condition_words(condition) == said


def message(role: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": role, "parts": list(parts)}


def test_what_is_visible_is_the_same_in_a_request_and_in_stored_calls() -> None:
    import json

    import pyarrow as pa

    rng = random.Random(6)
    call = {"type": "tool_call", "id": "1", "name": "search", "arguments": {"q": "x"}}
    said = [
        message("system", {"type": "text", "content": "Du hilfst."}),
        message("user", {"type": "text", "content": words(rng, 5)}),
        message("assistant", call),
        message("tool", {"type": "tool_call_response", "id": "1", "response": "Привет, мир"}),
    ]
    contents = [json.dumps(each, ensure_ascii=False) for each in said]
    hashes = [f"{i:032x}" for i in range(4)]
    rows = pa.table({"message_hash": hashes, "role": [m["role"] for m in said], "content": contents})
    tools = [tool("search", "q")]
    inputs = [hashes[: n + 1] for n in range(4)] + [[]]
    calls = pa.table({"input_hashes": pa.array(inputs, pa.list_(pa.string())), "toolset_hash": ["t"] * 5})
    messages = [MessageText(m["role"], c) for m, c in zip(said, contents, strict=True)]
    for texts in (StoredTexts([rows]), dict(zip(hashes, messages, strict=True))):
        visible = read_visible(calls, texts, {"t": tools})
        for n in range(4):
            got = {name: values[n] for name, values in {**visible.categories, **visible.numbers}.items()}
            assert got == request_visible(messages[: n + 1], tools)
    assert visible.categories["last"].tolist() == ["system", "user", "assistant", "tool:search", "nothing"]
    assert visible.categories["script"].tolist()[3] == "cyrillic"
    assert visible.numbers["step"].tolist() == [0, 0, 1, 1, 0]


def test_words_for_scripts_and_tools() -> None:
    assert [script_of(t) for t in ("abc", "你好", "かな", "12", "Ещё a")] == [
        "latin",
        "cjk",
        "japanese",
        "none",
        "cyrillic",
    ]
    assert tools_word([]) == "none"
    assert tools_word([{"name": n} for n in "dcba"]) == "a, b and 2 more"


def test_no_calls() -> None:
    assert len(read_visible(make_fleet([]).calls, {}, {})) == 0
