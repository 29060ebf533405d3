"""Synthetic fleets: calls as the read ``analysis_calls`` gives them, made from a few lines of templates."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from suffice.wire.canonical import canonical_json, canonical_message, chains, content_hash, message_hash
from suffice_analysis.discovery.types import MessageText

WORDS = ["amber", "bridge", "candle", "drift", "engine", "falcon", "garden", "harbor", "island", "jacket", "kernel", "lantern", "meadow", "needle", "orchid", "pepper", "quarry", "ribbon", "saddle", "timber", "umbrella", "velvet", "walnut", "yonder", "zephyr", "anchor", "basket", "copper", "dolphin", "ember", "feather", "glacier", "hollow", "ivory", "jungle", "kettle", "ladder", "marble", "nectar", "oyster", "pillow", "quiver", "rocket", "silver", "thunder", "urchin", "violet", "willow", "yarrow", "zigzag", "apricot", "blossom", "cabin", "desert", "eclipse", "forest", "granite", "hazel", "indigo", "jasper", "kelp", "lagoon", "maple", "nova", "opal", "prairie", "quartz", "raven", "sierra", "tundra", "uplift", "vessel", "whisper", "xylem", "yacht", "zenith"]  # fmt: skip


@dataclass(frozen=True)
class Said:
    """One call to be made: messages as (role, text or a list of parts), and the task it truly is."""

    messages: Sequence[tuple[str, Any]]
    answer: str = "ok"
    label: str = ""
    tools: Sequence[Mapping[str, Any]] = ()
    response_format: Mapping[str, Any] | None = None
    operation: str = "chat"
    task_name: str | None = None
    agent_name: str | None = None


@dataclass
class Fleet:
    """Calls as a table, with their texts and toolsets; ``labels`` aligned with the rows."""

    calls: pa.Table
    texts: dict[str, MessageText]
    toolsets: dict[str, list[Any]]
    labels: list[str]

    def part(self, rows: Sequence[int]) -> Fleet:
        """Some of the calls, in the order given."""
        return Fleet(
            self.calls.take(pa.array(rows, pa.int64())), self.texts, self.toolsets, [self.labels[r] for r in rows]
        )


def make_fleet(said: Iterable[Said]) -> Fleet:
    texts: dict[str, MessageText] = {}
    toolsets: dict[str, list[Any]] = {}
    rows: list[dict[str, Any]] = []
    labels: list[str] = []

    def stored(role: str, text: Any) -> str:
        return _store({"role": role, "parts" if isinstance(text, list) else "content": text}, texts)

    for n, call in enumerate(said):
        hashes = [stored(role, text) for role, text in call.messages]
        answer = stored("assistant", call.answer)
        before, after = chains(hashes, [role for role, _ in call.messages], answer)
        toolset = None
        if call.tools:
            toolset = content_hash("default", list(call.tools))
            toolsets[toolset] = list(call.tools)
        rows.append(
            {
                "call_id": f"call-{n}",
                "external_id": f"x{n}",
                "run_id": f"run-{n}",
                "service": "shop",
                "model": "gpt-5",
                "agent_name": call.agent_name,
                "task_name": call.task_name,
                "operation": call.operation,
                "input_hashes": hashes,
                "output_hashes": [answer],
                "chain_before": before,
                "chain_after": after,
                "toolset_hash": toolset,
                "response_format": json.dumps(call.response_format) if call.response_format else None,
            }
        )
        labels.append(call.label)
    return Fleet(pa.Table.from_pylist(rows, SCHEMA), texts, toolsets, labels)


SCHEMA = pa.schema(
    [
        (name, pa.list_(pa.string()) if name.endswith("put_hashes") else pa.string())
        for name in [
            "call_id",
            "external_id",
            "run_id",
            "service",
            "model",
            "agent_name",
            "task_name",
            "operation",
            "input_hashes",
            "output_hashes",
            "chain_before",
            "chain_after",
            "toolset_hash",
            "response_format",
        ]
    ]
)


def words(rng: random.Random, count: int) -> str:
    """Free text: random words that rarely repeat four in a row."""
    return " ".join(rng.choice(WORDS) for _ in range(count))


def tool(name: str, *parameters: str) -> dict[str, Any]:
    return {
        "type": "function",
        "name": name,
        "description": f"{name} something",
        "parameters": {"type": "object", "properties": {each: {"type": "string"} for each in parameters}},
    }


TEMPLATES = {
    "extract": "Extract the sender, the date and the total amount from the letter below and answer in JSON.\n\nLetter:\n{x}",
    "classify": "Decide which department a ticket belongs to: billing, shipping, returns or other.\nTicket: {x}\nDepartment:",
    "route": "You route requests of customers to one of our five specialised agents. Request: {x}. Name the agent only.",
    "summarise": "Summarise the meeting transcript that follows in three bullet points for a busy manager.\n\n{x}",
    "sql": "Write one SQLite query for the question, using the schema given.\nSchema: orders(id, day, total)\nQuestion: {x}",
    "review": "You are a senior engineer. Review the following change for bugs and security problems.\n```diff\n{x}\n```",
    "plan": "Break the goal into at most five steps, each with the tool it needs. Goal: {x}\nPlan:",
    "translate": "Translate the product description into German, keeping the units and the brand names.\n{x}",
    "sentiment": "Is the review positive, negative or neutral? Answer with a single word.\nReview: {x}\nSentiment:",
    "title": "Suggest a title of at most eight words for the blog post given here:\n{x}",
    "dedupe": "Do these two company records describe the same company? Reply yes or no.\nRecords: {x}",
    "rewrite": "Rewrite the answer so that it is polite, short and free of jargon. Answer: {x}\nRewritten answer:",
}


def templated(label: str, rng: random.Random, length: int = 25) -> Said:
    return Said([("user", TEMPLATES[label].format(x=words(rng, rng.randint(5, length))))], label=label)


def agent_fleet(each: int = 25, seed: int = 1) -> list[Said]:
    """Twelve tasks of differing kind, ``each`` calls of each, shuffled."""
    rng = random.Random(seed)
    said = [templated(label, rng) for label in TEMPLATES for _ in range(each)]
    rng.shuffle(said)
    return said


def one_off(rng: random.Random) -> Said:
    return Said([("user", words(rng, rng.randint(6, 40)))], label="one-off")


def conversation(system: str, label: str, rng: random.Random, steps: int, tools: Sequence[Any] = ()) -> list[Said]:
    """An agent's run: each step resends the history before it."""
    messages: list[tuple[str, str]] = [("system", system), ("user", words(rng, 12))]
    said: list[Said] = []
    for _ in range(steps):
        answer = words(rng, 10)
        said.append(Said(list(messages), answer, label, tools))
        messages += [("assistant", answer), ("user", words(rng, 8))]
    return said


def read_recording(path: Path) -> tuple[list[dict[str, Any]], Fleet]:
    """A neutral call log (JSON Lines, gz) as a fleet; labels are left empty."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        logged = [json.loads(line) for line in lines]
    return logged, make_recorded_fleet(logged)


def make_recorded_fleet(logged: Sequence[Mapping[str, Any]]) -> Fleet:
    texts: dict[str, MessageText] = {}
    toolsets: dict[str, list[Any]] = {}
    rows: list[dict[str, Any]] = []
    for call in logged:
        hashes = [_store(message, texts) for message in call["request"]["messages"]]
        answer = _store(call["response"]["choices"][0]["message"], texts)
        before, after = chains(hashes, [m["role"] for m in call["request"]["messages"]], answer)
        tools = [{"type": "function", **each["function"]} for each in call["request"].get("tools") or ()]
        toolset = content_hash("default", tools) if tools else None
        if toolset:
            toolsets[toolset] = tools
        rows.append(
            {
                "call_id": call["id"],
                "external_id": call["id"],
                "operation": "chat",
                "input_hashes": hashes,
                "output_hashes": [answer],
                "chain_before": before,
                "chain_after": after,
                "toolset_hash": toolset,
            }
        )
    return Fleet(pa.Table.from_pylist(rows, SCHEMA), texts, toolsets, [""] * len(rows))


def _store(message: Mapping[str, Any], texts: dict[str, MessageText]) -> str:
    parts: list[dict[str, Any]] = list(message.get("parts") or ())
    if message["role"] == "tool":
        parts = [{"type": "tool_call_response", "id": message.get("tool_call_id"), "response": message.get("content")}]
    elif message.get("content"):
        parts = [{"type": "text", "content": message["content"]}]
    for each in message.get("tool_calls") or ():
        parts.append({"type": "tool_call", "id": each["id"], **each["function"]})
    canonical = canonical_message({"role": message["role"], "parts": parts})
    hashed = message_hash("default", canonical)
    texts[hashed] = MessageText(canonical["role"], canonical_json(canonical).decode("utf-8", "replace"))
    return hashed
