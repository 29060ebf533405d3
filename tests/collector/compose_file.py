"""Reads the part of YAML that docker-compose.yml is written in: maps, block lists, JSON flow values, plain words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_compose(path: Path) -> Any:
    lines = []
    for number, raw in enumerate(path.read_text().splitlines(), start=1):
        line = re.sub(r"(^|\s)#.*$", "", raw).rstrip()
        if line.strip():
            lines.append((len(line) - len(line.lstrip()), line.strip(), number))
    value, rest = _block(lines, 0)
    assert not rest, f"line {rest[0][2]} is indented strangely"
    return value


def _block(lines: list[tuple[int, str, int]], indent: int) -> tuple[Any, list[tuple[int, str, int]]]:
    if lines[0][1].startswith("- "):
        items = []
        while lines and lines[0][0] == indent and lines[0][1].startswith("- "):
            items.append(_scalar(lines[0][1][2:]))
            lines = lines[1:]
        return items, lines
    found: dict[str, Any] = {}
    while lines and lines[0][0] == indent:
        key, colon, value = lines[0][1].partition(":")
        assert colon, f"line {lines[0][2]} is no 'key: value'"
        lines = lines[1:]
        if value.strip():
            found[key] = _scalar(value.strip())
        elif lines and lines[0][0] > indent:
            found[key], lines = _block(lines, lines[0][0])
        else:
            found[key] = None
    return found, lines


def _scalar(text: str) -> Any:
    return json.loads(text) if text[0] in '["{' or text in ("true", "false") or text.isdigit() else text


def interpolate(value: str, variables: Mapping[str, str]) -> str:
    """``${NAME:?reason}`` as compose does it: the reason is the error where NAME is unset or empty."""

    def replace(match: re.Match[str]) -> str:
        given = variables.get(match["name"], "")
        if not given:
            raise LookupError(match["reason"])
        return given

    return re.sub(r"\$\{(?P<name>\w+):\?(?P<reason>[^}]*)\}", replace, value)
