"""Test writing for a small function: a pytest module."""

from __future__ import annotations

import re
from random import Random

from suffice_demo.tasks import source_code
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """Write pytest tests for the given function. Cover the ordinary case, the empty or missing case and one boundary. Use plain
asserts and small fakes made with SimpleNamespace, no mocks, no network. Return one Python code block."""


def ask(rng: Random) -> Ask:
    functions = "\n\n\n".join(source_code.clean(rng) for _ in range(rng.randrange(1, 4)))
    module = rng.choice(source_code.THINGS) + "s"
    return say(SYSTEM, f"Module `shop.{module}`:\n\n```python\n{functions}\n```", max_tokens=1500)


def answer(seen: Ask, _rng: Random) -> Answer:
    text = seen.last_user_text
    module = re.search(r"Module `([\w.]+)`", text)
    functions = re.findall(r"def (\w+)\(([^)]*)\)", text)
    where = module.group(1) if module else "shop"
    lines = [
        "from types import SimpleNamespace",
        "",
        f"from {where} import {', '.join(sorted({name for name, _ in functions}))}",
    ]
    for name, parameters in functions:
        lines += ["", "", *_tests(name, parameters)]
    return Answer("```python\n" + "\n".join(lines) + "\n```")


def _tests(name: str, parameters: str) -> list[str]:
    field = name.rsplit("_", 1)[-1]
    if name.startswith("clip_"):
        return [
            f"def test_{name}_stays_inside():",
            f"    assert {name}(150) == 100",
            f"    assert {name}(-1) == 0",
            f"    assert {name}(40) == 40",
        ]
    if name.startswith("has_"):
        thing = parameters.strip()
        return [
            f"def test_{name}():",
            f"    assert {name}(SimpleNamespace({field}=3))  # a {thing} with one",
            f"    assert not {name}(SimpleNamespace({field}=None))",
            f"    assert not {name}(SimpleNamespace({field}=0))",
        ]
    empty = "0" if name.startswith("mean_") else "{}" if "_by_" in name else "[]"
    return [
        f"def test_{name}_of_nothing():",
        f"    assert {name}([]) == {empty}",
        "",
        "",
        f"def test_{name}_keeps_all():",
        f"    items = [SimpleNamespace({field}=2), SimpleNamespace({field}=1)]",
        f"    assert {name}(items)",
    ]


TASK = Task("write_tests", "Write pytest tests for the given function", ask, answer)
