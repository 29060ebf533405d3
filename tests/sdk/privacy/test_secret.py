"""A project's key is the same in every process of the project, and another project's tells nothing of it."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from suffice.privacy.pseudonyms import Pseudonyms
from suffice.privacy.secret import project_key, secret_file


def test_secret_then_key_then_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    by_secret, by_key = project_key("p", "s", "k"), project_key("p", None, "k")
    assert by_secret == project_key("p", "s", None) != by_key
    assert not secret_file().exists()
    by_file = project_key("p", None, None)
    assert by_file == project_key("p", None, None) not in (by_secret, by_key)
    assert project_key("other", None, None) != by_file
    assert stat.S_IMODE(secret_file().stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    program = "from suffice.privacy.secret import project_key; print(project_key('p', None, None).hex())"
    environment = {"XDG_STATE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment, text=True)
        for _ in range(3)
    ]
    assert len({process.communicate(timeout=60)[0] for process in running}) == 1


def test_without_a_place_for_the_file_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    (tmp_path / "suffice").write_text("a file where the folder would be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert project_key("p", None, None) != project_key("p", None, None)
    assert "SUFFICE_SECRET" in caplog.text


def test_a_half_written_file_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    secret_file().parent.mkdir()
    secret_file().write_bytes(b"short")
    assert len(project_key("p", None, None)) == 32
    assert "delete it" in caplog.text


def test_names() -> None:
    names = Pseudonyms(b"k" * 32)
    assert names.name("email", "a@b.c") == "<email:cvqkfjgt>"
    assert names.name("email", "x") != names.name("phone", "x")
    assert names.id("user", "bob") == names.name("user", "bob")
    opaque = ["d41d8cd98f00b204e9800998ecf8427e", "123e4567-e89b-12d3-a456-426614174000", f"{'a' * 32}:{'b' * 16}", "<user:bcdfghjk>"]  # fmt: skip
    assert [names.id("run", each) for each in opaque] == opaque
    assert names.id("user", "4111111111111111") != "4111111111111111"  # a card's number looks like hex digits
    assert names.id("user", opaque[0]) == names.name("user", opaque[0])
    assert len({names.name("n", str(i)) for i in range(20_000)}) == 20_000
