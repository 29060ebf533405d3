"""``suffice``: how a command that can't go on ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from suffice.cli import COMMANDS, main


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        ("raise KeyboardInterrupt", 1, "suffice: interrupted; what was stored stays stored\n"),
        (
            "import not_there_at_all",
            1,
            "suffice: 'suffice slow' needs not_there_at_all: pip install 'suffice[server]'\n",
        ),
    ],
)
def test_what_ends_the_import_of_a_command_is_one_line(
    raised: str, code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Loading takes a second or two, in which somebody may change their mind."""
    (tmp_path / "slow_command.py").write_text(raised)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(COMMANDS, "slow", ("slow_command", "server", "takes its time"))
    assert main(["slow"]) == code
    assert capsys.readouterr().err == said
