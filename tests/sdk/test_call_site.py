"""The first frame that is the app's."""

from __future__ import annotations

import json
from pathlib import Path
from sys import _getframe
from types import FrameType
from typing import Any

import pytest

from suffice import call_site


def here() -> FrameType:
    return _getframe(1)


def test_the_caller_is_found_behind_libraries() -> None:
    seen: list[Any] = []

    class Encoder(json.JSONEncoder):
        def default(self, value: Any) -> Any:
            seen.append(call_site.find(_getframe(1)))  # from inside the standard library
            return None

    json.dumps(object(), cls=Encoder)
    assert seen[0][0] == __file__
    assert seen[0][1] == "test_the_caller_is_found_behind_libraries"


def test_described_from_where_modules_are_looked_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path / "src")])
    monkeypatch.chdir(tmp_path)
    file = str(tmp_path / "src" / "agents" / "triage.py")
    assert call_site.describe((file, "Agent.run", 7)) == "agents/triage.py:Agent.run:7"
    assert call_site.describe(("/elsewhere/tool.py", "main", 1)) == "tool.py:main:1"
    assert call_site.describe(("<stdin>", "<module>", 1)) == "<stdin>:<module>:1"
    assert call_site.describe(None) is None


@pytest.mark.parametrize(
    ("file", "app"),
    [
        ("<stdin>", True),
        ("<frozen importlib._bootstrap>", False),
        ("/venv/lib/python3.12/site-packages/openai/_client.py", False),
        ("/usr/lib/python3/dist-packages/x.py", False),
        (json.__file__, False),
        (call_site.__file__, False),
        ("/srv/app.py", True),
    ],
)
def test_what_is_the_app(file: str, app: bool) -> None:
    assert call_site._belongs_to_app(file) is app


def test_nothing_of_the_app_on_the_stack() -> None:
    assert call_site.find(None) is None
