"""The spool taken in and the analysis run, with a real store and journal and children that do what we say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector.otlp_samples import chat_body
from collector.processes import wait_until

from suffice.spool import write_spool
from suffice_collector import minder as module
from suffice_collector.children import Child
from suffice_collector.ingest import Ingest, now_entry
from suffice_collector.minder import Minder, take_in_spool
from suffice_collector.schedule import AnalysisSchedule
from suffice_store.file_store import FileStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FileStore]:
    with FileStore(str(tmp_path / "calls.duckdb")) as opened:
        yield opened


@pytest.fixture
def ingest(store: FileStore, tmp_path: Path) -> Iterator[Ingest]:
    started = Ingest(store, tmp_path / "journal")
    yield started
    started.close()


def stored(store: FileStore) -> int:
    return int(store.read("overview").column("calls")[0].as_py())


def test_the_spool_is_taken_in_once(
    store: FileStore, ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUFFICE_SPOOL", str(tmp_path / "spool"))
    assert take_in_spool(ingest) == 0
    write_spool(tmp_path / "spool", chat_body(3), 3)
    write_spool(tmp_path / "spool", b"\xff\xff", 1)
    write_spool(tmp_path / "spool", chat_body(2), 2)
    assert take_in_spool(ingest) == 5
    assert take_in_spool(ingest) == 0
    wait_until(lambda: stored(store) == 5, "the spooled calls")
    (left,) = (tmp_path / "spool").iterdir()
    assert left.name.endswith(".malformed")
    assert left.read_bytes() == b"\xff\xff"


def test_what_finds_no_room_waits_in_the_spool(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUFFICE_SPOOL", str(tmp_path / "spool"))
    write_spool(tmp_path / "spool", chat_body(3), 3)
    full = Ingest(store, tmp_path / "journal", max_backlog_spans=0)
    assert take_in_spool(full) == 0
    full.close()
    roomy = Ingest(store, tmp_path / "journal")
    assert take_in_spool(roomy) == 3
    roomy.close()
    assert stored(store) == 3


class FakeAnalyses:
    """Stands in for ``suffice analyze``: says which projects were analysed, and ends with a given code."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.projects: list[str] = []
        self.running = 0
        self.most_at_once = 0
        self.go_on = threading.Event()

    def __call__(self, project: str) -> Child:
        self.projects.append(project)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        return FakeRun(self)  # type: ignore[return-value]


class FakeRun:
    def __init__(self, owner: FakeAnalyses) -> None:
        self._owner = owner
        self.last_lines = ["what it said"]

    def poll(self) -> int | None:
        return self._owner.code if self._owner.go_on.is_set() else None

    def end(self) -> None:
        self._owner.running -= 1


def minding(store: FileStore, ingest: Ingest, analyses: FakeAnalyses, **schedule: bool) -> Minder:
    made = Minder(store, ingest, "http://x", schedule=AnalysisSchedule(**schedule), dashboard=None, analyse=analyses)
    made.start()
    return made


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SUFFICE_SPOOL", str(tmp_path / "empty-spool"))
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    monkeypatch.setattr(module, "CHECK_S", 0.01)


def test_new_calls_are_analysed_by_themselves_one_run_at_a_time(store: FileStore, ingest: Ingest) -> None:
    analyses = FakeAnalyses()
    minder = minding(store, ingest, analyses)
    ingest.accept_blocking(now_entry(chat_body(60), json=False, gzip=False))
    ingest.accept_blocking(now_entry(chat_body(70, resource={"suffice.project": "p"}), json=False, gzip=False))
    wait_until(lambda: analyses.projects, "the first analysis")
    wait_until(lambda: stored(store) == 60, "all calls")
    analyses.go_on.set()
    wait_until(lambda: len(analyses.projects) == 2, "the second project's turn")
    minder.close()
    assert sorted(analyses.projects) == ["default", "p"]
    assert analyses.most_at_once == 1


def test_on_demand_only(store: FileStore, ingest: Ingest) -> None:
    analyses = FakeAnalyses()
    minder = minding(store, ingest, analyses, automatic=False)
    ingest.accept_blocking(now_entry(chat_body(60), json=False, gzip=False))
    wait_until(lambda: stored(store) == 60, "all calls")
    assert minder.analyze_now() == {"asked": True, "running": False}
    wait_until(lambda: analyses.projects == ["default"], "the analysis")
    wait_until(lambda: minder.analyze_now("p")["running"], "the run under way")
    analyses.go_on.set()
    wait_until(lambda: analyses.projects == ["default", "p"], "the analysis asked for meanwhile")
    minder.close()


def test_a_failed_run_is_one_line(store: FileStore, ingest: Ingest, caplog: pytest.LogCaptureFixture) -> None:
    analyses = FakeAnalyses(code=1)
    analyses.go_on.set()
    minder = minding(store, ingest, analyses)
    minder.analyze_now()
    wait_until(lambda: "ended with 1: what it said" in caplog.text, "the line")
    minder.close()
