"""What a project's policy says has to go: every call counts, those of staging too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from store.synthetic import call_record

from suffice_collector.retention import due
from suffice_store.appending import build_tables
from suffice_store.file_store import FileStore
from suffice_store.keeping import NS_PER_DAY
from suffice_store.selection import Selection

NOW = 20_000 * NS_PER_DAY + 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    with FileStore(str(tmp_path / "s.duckdb")) as opened:
        yield opened


def put(store: FileStore, project: str, age_days: int, environment: str | None = None) -> None:
    start = NOW - age_days * NS_PER_DAY
    record = call_record(age_days, project=project, started_ns=start, ended_ns=start + 1, environment=environment)
    store.append(build_tables([record], NOW))


def test_only_what_is_older_than_its_own_projects_policy(store: FileStore) -> None:
    for project in ("a", "b", "c"):
        put(store, project, 40)
        put(store, project, 1)
    store.command("set_retention", project="a", max_age_days=30)
    store.command("set_retention", project="b", max_age_days=90)
    assert due(store, NOW) == [Selection(project="a", before_ns=(20_000 - 30) * NS_PER_DAY)]


@pytest.mark.parametrize("environment", ["staging", "test", "production"])
def test_an_environment_that_does_not_count_is_kept_no_longer(store: FileStore, environment: str) -> None:
    """Only production counts in sums; what is stored, and has to go, is all."""
    put(store, "a", 40, environment)
    store.command("set_retention", project="a", max_age_days=30)
    assert [selection.project for selection in due(store, NOW)] == ["a"]


def test_nothing_is_due_without_a_policy(store: FileStore) -> None:
    put(store, "a", 4_000)
    assert due(store, NOW) == []
