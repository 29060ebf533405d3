"""The house rules that a tool can check: typed packages, dispatchable commands, module size, nothing that must not be shipped."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from suffice.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = [ROOT / p for p in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]


def tracked(*patterns: str) -> list[Path]:
    out = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=False)
    if out.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / p for p in out.stdout.decode().split("\0") if p and (ROOT / p).exists()]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.name)
def test_every_package_is_typed_and_says_what_it_is(package: Path) -> None:
    assert (package / "py.typed").is_file()
    assert (package / "__init__.py").read_text().startswith('"""')


def test_every_module_says_what_it_is() -> None:
    silent = [
        p
        for package in PACKAGES
        for p in package.rglob("*.py")
        if not p.read_text().lstrip().startswith(('"""', 'r"""', "# "))
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_main(name: str) -> None:
    module, extra, line = COMMANDS[name]
    assert callable(import_module(module).main)
    assert extra in ("", *PYPROJECT["project"]["optional-dependencies"])
    assert line


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"{name}" in shown
    assert "completion" not in shown
    assert not re.search(r"<\w", shown)  # FILE, not <list[Path]>


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paint"]) == 2
    assert "there is no command 'paint'" in capsys.readouterr().err


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(COMMANDS, "up", ("suffice_not_installed.up", "server", ""))
    assert main(["up"]) == 1
    assert "pip install 'suffice[server]'" in capsys.readouterr().err


def test_no_module_outgrows_its_room() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for package in PACKAGES
        for p in package.rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 400
    }
    assert long == {}


# Written so that it does not match itself: this file is searched too.
TELLING = re.compile(
    r"(--(extra-)?index[-]url|--find[-]links|\"resolved\": *\"https?:|registry = \"https?:|(?<![\w./])/(work|root|home/\w+)/)"
)


@pytest.mark.parametrize(
    "line", ["--extra-" + "index-url x", "--find" + "-links x", "cd /ro" + "ot/x", "/home/" + "me/x"]
)
def test_what_tells_of_a_machine_is_found(line: str) -> None:
    assert TELLING.search(line)


def test_nothing_tells_of_the_machine_it_was_made_on() -> None:
    told = []
    for path in tracked(
        "*.py", "*.md", "*.toml", "*.txt", "*.yml", "*.yaml", "Makefile", "Dockerfile", ".ci/run", "*.csv", "*.json"
    ):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if TELLING.search(line):
                told.append(f"{path.relative_to(ROOT)}:{number}")
    assert told == []


def test_locked_requirements_carry_hashes_and_no_addresses() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        pins = re.findall(r"^[a-z0-9][\w.\-\[\]]*==\S+", text, flags=re.M)
        assert pins, path.name
        assert text.count("--hash=sha256:") >= len(pins), path.name
        assert re.search(r"https?:", text) is None, path.name


def test_bytes_in_a_test_id_are_not_looked_at() -> None:
    """xdist's workers must find the same ids; gzip's header holds the second, random ids compress to any length."""
    from conftest import pytest_make_parametrize_id

    bodies = [b"\x1f\x8b\x08\x00" + rest for rest in (b"\x80\xd7\x04k", b"\x81\xd7\x04k", b"longer than those")]
    assert {pytest_make_parametrize_id(body, "body") for body in bodies} == {"body-bytes"}
    assert pytest_make_parametrize_id("text", "body") is None
