"""The table of docs/privacy.md is what the gate does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from suffice import semconv
from suffice.config import read_settings
from suffice.privacy import gate_of
from suffice.privacy.pseudonyms import PSEUDONYM

MODES = ("full", "masked", "hashed", "metrics")
SAID = "words of bob@example.com with sk-abcdefghijk"
TEXT = {"role": "user", "parts": [{"type": "text", "content": SAID}]}
TOOLS = {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "f", "arguments": {"a": SAID}}, {"type": "tool_call_response", "id": "1", "response": {"b": SAID}}]}  # fmt: skip
ROWS: dict[str, dict[str, Any]] = {
    "messages, system instructions": {semconv.INPUT_MESSAGES: [TEXT], semconv.OUTPUT_MESSAGES: [TEXT], semconv.SYSTEM_INSTRUCTIONS: TEXT["parts"]},
    "arguments and results of tools": {semconv.INPUT_MESSAGES: [TOOLS], semconv.OUTPUT_MESSAGES: [TOOLS]},
    "tool definitions, response format": {semconv.TOOL_DEFINITIONS: [{"name": "f", "description": SAID}], semconv.RESPONSE_FORMAT: {"type": "json_schema", "json_schema": {"name": SAID}}},
    "error message": {semconv.ERROR_MESSAGE: SAID},
    "parameters (temperature, stop, ...)": {semconv.PARAMETERS: {"temperature": 0.5, "stop": [SAID]}},
    "usage object as the vendor sent it": {semconv.USAGE_RAW: {"n": 1, "note": SAID}},
    "user, session, run id": {semconv.USER_ID: SAID, semconv.CONVERSATION_ID: SAID, semconv.RUN_ID: SAID},
    "tags": {semconv.TAGS: {"a": SAID}},
    "agent, task, run name, call site": dict.fromkeys((semconv.AGENT_NAME, semconv.TASK_NAME, semconv.RUN_NAME, semconv.CALL_SITE), SAID),
    "outcome label": {semconv.OUTCOME_LABEL: SAID},
    "any other attribute of a span": {"exception.message": SAID, "http.target": SAID, "x": [SAID]},
    "models, tokens, times, status, server address": {semconv.REQUEST_MODEL: "m", semconv.INPUT_TOKENS: 3, semconv.TIME_TO_FIRST_CHUNK: 0.1, semconv.STATUS_CODE: 200, semconv.SERVER_ADDRESS: "10.0.0.1"},
}  # fmt: skip


def stated() -> dict[str, list[str]]:
    page = (Path(__file__).resolve().parents[3] / "docs" / "privacy.md").read_text()
    lines = [line for line in page.split("\n\n")[2].splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: rest for name, *rest in cells}


def what_leaves(name: str, value: Any, mode: str) -> str:
    left = gate_of(read_settings(capture=mode, secret="s", environ={})).attributes({name: value}).get(name)
    if left is None:
        return "no"
    if left == value:
        return "yes"
    text = left if isinstance(left, str) else json.dumps(left)
    assert "abcdefghijk" not in text
    if "words of" in text:
        return "keys masked" if "bob@example.com" in text else "masked"
    assert "bob@" not in text
    inner = json.loads(text) if text[:1] in "[{" else text
    if isinstance(inner, str) or name == semconv.TAGS:
        (only,) = inner.values() if isinstance(inner, dict) else (inner,)
        assert PSEUDONYM.fullmatch(only)
        return "pseudonym"
    flat = isinstance(inner, dict) and all(isinstance(each, int | float) for each in inner.values())
    return "numbers" if flat else "hashed"


def test_the_table_names_what_the_code_knows() -> None:
    assert list(stated()) == list(ROWS)


@pytest.mark.parametrize("row", list(ROWS))
def test_each_row_is_what_the_gate_does(row: str) -> None:
    left = [{what_leaves(name, value, mode) for name, value in ROWS[row].items()} for mode in MODES]
    assert left == [{cell} for cell in stated()[row]]
