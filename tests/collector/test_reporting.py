"""Reports on a schedule: one a period, by what lies in the folder; one at a time; a failure waits; the real command at last."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from analysis.traffic import by_instructions, shop_traffic
from collector.processes import Process, wait_until
from free_ports import free_port

from suffice.errors import UsageError
from suffice_analysis import pipeline
from suffice_collector.reporting import Reporter, ReportPlan, period_start
from suffice_store.file_store import FileStore

THURSDAY = date(2026, 11, 26)


class FakeChild:
    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.code: int | None = None
        self.last_lines = ["suffice: no"]
        self.ended = 0

    def poll(self) -> int | None:
        return self.code

    def end(self) -> None:
        self.ended += 1


def reporter(folder: Path, started: list[FakeChild], now: list[float], today: date = THURSDAY) -> Reporter:
    def start(arguments: list[str]) -> FakeChild:
        started.append(FakeChild(arguments))
        return started[-1]

    plan = ReportPlan.of("week", str(folder), "html, .XLSX,json")
    assert plan is not None
    return Reporter(plan, "http://c", start=start, today=lambda: today, clock=lambda: now[0])  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("every", "first"), [("day", date(2026, 11, 26)), ("week", date(2026, 11, 23)), ("month", date(2026, 11, 1))]
)
def test_a_period_begins(every: str, first: date) -> None:
    assert period_start(THURSDAY, every) == first
    assert period_start(first, every) == first


def test_one_a_period_and_project_one_at_a_time(tmp_path: Path) -> None:
    started: list[FakeChild] = []
    each = reporter(tmp_path / "new" / "folder", started, [0.0])
    each.step({})
    assert started == [], "nothing was analysed yet"
    each.step({"shop": 10, "desk": 10})
    each.step({"shop": 10, "desk": 10})
    (desk,) = started
    folder = str(tmp_path / "new" / "folder" / "suffice-desk-2026-11-23")
    assert desk.arguments == [
        "report", "-o", f"{folder}.html", "-o", f"{folder}.xlsx", "-o", f"{folder}.json", "--server", "http://c", "--project", "desk",
    ]  # fmt: skip
    Path(f"{folder}.json").write_text("{}")
    desk.code = 0
    each.step({"shop": 10, "desk": 10})
    assert [child.arguments[-1] for child in started] == ["desk", "shop"]
    assert desk.ended == 1
    each.end()
    assert started[1].ended == 1


def test_the_next_period_tells_what_changed_since(tmp_path: Path) -> None:
    started: list[FakeChild] = []
    for name in (
        "suffice-shop-2026-11-09",
        "suffice-shop-2026-11-16",
        "suffice-shop-b-2026-11-22",
        "suffice-shop-2026-11-30",
    ):
        (tmp_path / f"{name}.json").write_text("{}")
    reporter(tmp_path, started, [0.0]).step({"shop": 1})
    arguments = started[0].arguments
    assert arguments[arguments.index("--previous") + 1].endswith("/suffice-shop-2026-11-16.json")


def test_a_failure_is_a_line_and_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    started, now = [], [0.0]  # type: ignore[var-annotated]
    each = reporter(tmp_path, started, now)
    each.step({"shop": 1})
    started[0].code = 1
    each.step({"shop": 1})
    assert "the report of project shop ended with 1: suffice: no" in caplog.text
    now[0] = 599.0
    each.step({"shop": 1})
    assert len(started) == 1
    now[0] = 601.0
    each.step({"shop": 1})
    assert len(started) == 2


def test_a_projects_name_makes_a_file_name(tmp_path: Path) -> None:
    plan = ReportPlan("day", tmp_path)
    names = {plan.file(project, THURSDAY, ".html").name for project in ("a/b", "a_b", "a b", "../../etc", "…")}
    assert len(names) == 5
    assert all("/" not in name and name.startswith("suffice-") for name in names)


@pytest.mark.parametrize(
    ("every", "folder", "formats", "said"),
    [
        ("week", None, "html", "belong together"),
        (None, "x", "html", "belong together"),
        ("hour", "x", "html", "is one of day, week, month, not 'hour'"),
        ("week", "x", "docx", "has no 'docx'; there are html, pdf"),
        ("week", "/proc/nowhere", "html", "can't be written"),
    ],
)
def test_options_that_dont_go_together(
    every: str | None, folder: str | None, formats: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ReportPlan.of(None, None, "html") is None
    with pytest.raises(UsageError, match=said):
        ReportPlan.of(every, folder, formats)


def test_up_writes_it_by_itself(tmp_path: Path) -> None:
    """The real processes: collector, and the report beside it."""
    db, folder = tmp_path / "s.duckdb", tmp_path / "reports"
    with FileStore(str(db)) as store:
        shop_traffic(120).fill(store)
        pipeline.analyze(store, find=by_instructions)
    port = free_port()
    options = ["up", "--db", str(db), "--port", str(port), "--grpc-port", "0", "--no-dashboard", "--analyze-every", "0"]
    running = Process(
        [*options, "--report-every", "month", "--report-to", str(folder), "--report-format", "md"],
        port,
        tmp_path / "log",
    )
    with running.running():
        wait_until(lambda: list(folder.glob("*.json")), "the report")
        (file,) = folder.glob("*.json")
        wait_until(lambda: file.read_text().endswith("}\n"), "all of it")
    assert json.loads(file.read_text())["schema"] == "suffice.report/1"
    assert file.with_suffix(".md").read_text().startswith("# What small models could take over")
    assert file.stem.startswith("suffice-default-")
    assert file.stem.endswith("-01")
