"""One's own judge: ``FILE.py:function(recorded, given, labels)`` or ``command:...``.

The function gets both answers as text (tool calls as JSON) and returns True, False or None (unjudged), or a share of 1. The command gets
``{"recorded", "given"}`` as JSON on stdin and ends with 0 (as good), 1 (not), 2 (can't say).
"""

from __future__ import annotations

import importlib.util
import json
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suffice.errors import UsageError
from suffice_analysis.judges.frame import Frame
from suffice_analysis.judges.judgement import Judgement, failed, passed, unjudged
from suffice_analysis.judges.said import Said

TIMEOUT_S = 60.0
GOOD_FROM = 0.5  # a share from which an answer passes


@dataclass(frozen=True)
class OwnJudge:
    """Fits every answer. What it raises is no verdict."""

    NAME: str
    decide: Callable[[str, str], Any]

    def fits(self, recorded: Said, frame: Frame) -> bool:
        """All of them."""
        return True

    def judge(self, recorded: Said, given: Said, frame: Frame) -> Judgement:
        """By the user's own word."""
        try:
            said = self.decide(as_text(recorded), as_text(given))
        except Exception as error:
            return unjudged(self.NAME, f"it raised {type(error).__name__}: {error}")
        if said is None:
            return unjudged(self.NAME, "it could not say")
        score = float(said)
        return (
            passed(self.NAME, "as good", score)
            if score >= GOOD_FROM
            else failed(self.NAME, "wrong", "not as good", score)
        )


def load_judge(text: str) -> OwnJudge:
    """``FILE.py:function`` or ``command:...``. Raises UsageError."""
    kind, _, rest = text.partition(":")
    if kind == "command" and rest:
        return OwnJudge("own command", lambda recorded, given: _run(shlex.split(rest), recorded, given))
    path, _, name = text.rpartition(":")
    if not path or not Path(path).is_file():
        raise UsageError(f"'{text}' is no judge: FILE.py:function, or command:...")
    spec = importlib.util.spec_from_file_location("suffice_own_judge", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return OwnJudge(f"own {name}", getattr(module, name))
    except Exception as error:
        raise UsageError(f"the judge {text} can't be loaded: {type(error).__name__}: {error}") from None


def as_text(said: Said) -> str:
    """Its text, its tool calls as JSON behind it."""
    calls = [
        json.dumps({"tool": c.name, "arguments": c.arguments}, ensure_ascii=False, default=str) for c in said.calls
    ]
    return "\n".join([*([said.text] if said.text else []), *calls])


def _run(command: list[str], recorded: str, given: str) -> bool | None:
    told = json.dumps({"recorded": recorded, "given": given}, ensure_ascii=False)
    code = subprocess.run(
        command, input=told, text=True, capture_output=True, timeout=TIMEOUT_S, check=False
    ).returncode
    if code not in (0, 1, 2):
        raise RuntimeError(f"exit code {code}")
    return {0: True, 1: False, 2: None}[code]
