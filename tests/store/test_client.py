"""``suffice.Client`` in a notebook, on a file and before a collector."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from store.conftest import serving
from store.synthetic import START_NS, call_record

import suffice
from suffice.errors import SufficeError
from suffice_store.appending import build_tables
from suffice_store.client import Client
from suffice_store.file_store import FileStore


def test_a_file_in_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "s.duckdb")
    with FileStore(path) as store:
        store.append(build_tables([call_record(0), call_record(1), call_record(0, project="b")], START_NS))
    monkeypatch.setenv("SUFFICE_DB", path)
    assert suffice.Client is Client
    with Client() as client:
        assert client.overview()["paid_usd"] == Decimal("0.007")
        calls = client.calls(search="question 1")
        assert len(calls) == 1
        frame = calls.pandas()
        assert (frame.model[0], frame.paid_usd[0]) == ("gpt-4o-2024-08-06", Decimal("0.0035"))
        assert "question 1" in calls._repr_html_()
        assert [row["role"] for row in client.conversation(frame.call_id[0])] == ["system", "user", "assistant"]
        assert client.call("none") is client.task("none") is None
        for empty in (client.tasks(), client.savings(), client.estimates(""), client.evidence(), client.analyses()):
            assert len(empty) == 0
        assert [row["calls"] for row in client.spend("day")] == [2]
        client.command("decide", kind="rename", task_id="t", value="x")
    with Client(db=path, project="b") as other:
        assert other.overview()["calls"] == 1
        assert other.read("decisions").dicts() == []


def test_a_collector_with_a_key(file_store: FileStore, tmp_path: Path) -> None:
    file_store.append(build_tables([call_record(0)], START_NS))
    with serving(file_store, tmp_path, key="secret") as server:
        with Client(server, key="secret") as client:
            assert client.overview()["calls"] == 1
        with Client(server) as stranger, pytest.raises(SufficeError, match="SUFFICE_KEY"):
            stranger.overview()


def test_no_file_is_made_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SufficeError, match=r"there is no database at ./suffice.duckdb"):
        Client()
    assert list(tmp_path.iterdir()) == []
