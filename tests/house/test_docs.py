"""The docs can't rot: every file they name exists, every command they show is a command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from suffice.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PACKAGE_ROOTS = (
    "sdk/",
    "store/",
    "collector/",
    "analysis/",
    "dashboard/",
    "migrations/",
    "examples/",
    "tests/",
    "benchmarks/",
    "docs/",
)


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_architecture_names_only_files_that_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = {m for m in re.findall(r"[\w./-]+", text) if m.startswith(PACKAGE_ROOTS)}
    assert len(named) > 20, "the page names the files of both paths"
    assert [n for n in sorted(named) if not (ROOT / n.rstrip(".")).exists()] == []


def test_architecture_stays_a_page_one_reads() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_relative_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", path.read_text())
    assert [t for t in targets if not (path.parent / t).exists()] == []


@pytest.mark.parametrize("path", DOCS, ids=ids)
def test_commands_shown_are_commands(path: Path) -> None:
    shown = set(re.findall(r"(?:`|^ {4}|^\$ )suffice ([a-z]+)(?=[ `\n])", path.read_text(), flags=re.M))
    assert shown <= set(COMMANDS), f"{path.name} shows commands that do not exist: {sorted(shown - set(COMMANDS))}"


def test_readme_commands_are_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:`|^)make (\w+)", (ROOT / "README.md").read_text(), flags=re.M):
        assert re.search(rf"^{target}:", makefile, flags=re.M), target


def test_every_word_of_the_glossary_stands_once() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\*", (ROOT / "docs/glossary.md").read_text(), flags=re.M)
    assert len(words) == len(set(words)) > 30
