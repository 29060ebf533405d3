"""How a small model goes wrong: the answer keeps its form and loses its substance.

Wrong answers have to look like real ones (right form, wrong content), or any check of the form
would find them all and a replay on the demo would be too easy.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from random import Random
from typing import Any

from suffice_demo.tasks.base import Answer, Ask, ToolCall


def spoil(seen: Ask, good: Answer, rng: Random) -> Answer:
    """An unacceptable answer in the form of ``good``."""
    if good.tool_calls:
        first, *rest = good.tool_calls
        return replace(good, tool_calls=(_other_call(seen, first, rng), *rest))
    if seen.tools and rng.random() < 0.7:  # small models call a function where none fits
        return replace(good, text="", tool_calls=(ToolCall(rng.choice(seen.tools).name, {}),))
    if good.text.startswith("{"):
        return replace(good, text=_other_fields(good.text, rng))
    if len(good.text.split()) <= 2:
        return replace(good, text=_other_label(seen, good.text, rng))
    return replace(good, text=_lost_substance(good.text, rng))


def _other_call(seen: Ask, call: ToolCall, rng: Random) -> ToolCall:
    others = [tool.name for tool in seen.tools if tool.name != call.name]
    if others and rng.random() < 0.6:
        return replace(call, name=rng.choice(others))
    return replace(call, arguments={name: _other_value(value, rng) for name, value in call.arguments.items()})


def _other_fields(text: str, rng: Random) -> str:
    fields: dict[str, Any] = json.loads(text)
    name = rng.choice(sorted(fields))
    return json.dumps(fields | {name: _other_value(fields[name], rng)})


def _other_value(value: Any, rng: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.randrange(1, 10)
    if isinstance(value, list):
        return value[1:] if value else ["EUR 1.00"]
    if isinstance(value, str) and value:
        changed: str = re.sub(
            r"\d", lambda found: str((int(found.group()) + rng.randrange(1, 10)) % 10), value, count=3
        )
        return changed if changed != value else f"not {value}"
    return "unknown"


def _other_label(seen: Ask, label: str, rng: Random) -> str:
    if label in ("yes", "no"):
        return "no" if label == "yes" else "yes"
    labels: list[str] = re.findall(r"^- (\w+):", seen.system, re.MULTILINE)
    return rng.choice([each for each in labels if each != label] or ["other"])


def _lost_substance(text: str, rng: Random) -> str:
    """Every second line, sentence or, of a single sentence, word is gone; the numbers that are left are wrong."""
    breaks = "\n" if "\n" in text else " "
    parts = text.splitlines() if "\n" in text else re.split(r"(?<=[.?]) ", text)
    parts = parts if len(parts) > 1 else text.split()
    shorter = breaks.join(part for n, part in enumerate(parts) if n % 2 == 0 or part.startswith("```"))
    return re.sub(r"\d+", lambda found: str(int(found.group()) + rng.randrange(1, 30)), shorter)
