"""Reports on a schedule: one of each project for each day, week or month, written once in it, as soon as there is an analysis.

What is written says what is due: a report's file names the first day of its period, so that a restart neither skips nor
repeats one. The JSON beside it is written last, and the next report tells what changed since it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from suffice.errors import UsageError
from suffice_collector.children import Child

log = logging.getLogger("suffice.reports")

EVERY = ("day", "week", "month")
ENDINGS = (".html", ".pdf", ".md", ".xlsx", ".csv")
AGAIN_S = 600.0  # after a failure
NICE = 10


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """How often, where to, and in which formats (JSON besides)."""

    every: str
    folder: Path
    endings: tuple[str, ...] = (".html",)

    @staticmethod
    def of(every: str | None, folder: str | None, formats: str) -> ReportPlan | None:
        """From the options. Raises UsageError where they don't go together."""
        if every is None and folder is None:
            return None
        if every is None or folder is None:
            raise UsageError("--report-every and --report-to belong together: give both")
        if every not in EVERY:
            raise UsageError(f"--report-every is one of {', '.join(EVERY)}, not '{every}'")
        endings = tuple(f".{each.strip().lstrip('.').lower()}" for each in formats.split(",") if each.strip())
        if unknown := [each for each in endings if each not in (*ENDINGS, ".json")]:
            known = ", ".join(each[1:] for each in (*ENDINGS, ".json"))
            raise UsageError(f"--report-format has no '{unknown[0][1:]}'; there are {known}")
        path = Path(folder).expanduser()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--report-to {folder} can't be written: {error.strerror}") from None
        return ReportPlan(every, path, tuple(each for each in endings if each != ".json"))

    def file(self, project: str, start: date, ending: str) -> Path:
        """``DIR/suffice-default-2026-11-23.html``."""
        return self.folder / f"suffice-{_slug(project)}-{start.isoformat()}{ending}"

    def previous(self, project: str, start: date) -> Path | None:
        """The JSON of the latest report before that period."""
        pattern = re.compile(rf"suffice-{re.escape(_slug(project))}-\d{{4}}-\d\d-\d\d\.json")
        earlier = sorted(each for each in self.folder.glob("*.json") if pattern.fullmatch(each.name))
        before = [each for each in earlier if each.name < self.file(project, start, ".json").name]
        return before[-1] if before else None


def period_start(today: date, every: str) -> date:
    """The first day of the period that a day lies in: weeks begin on Monday."""
    if every == "week":
        return today - timedelta(days=today.weekday())
    return today.replace(day=1) if every == "month" else today


class Reporter:
    """Called every now and then from one thread: starts what is due, one report at a time, and reads how it ended."""

    def __init__(
        self,
        plan: ReportPlan,
        server: str,
        *,
        start: Callable[[list[str]], Child] | None = None,
        today: Callable[[], date] = lambda: datetime.now(UTC).date(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._server, self._today, self._clock = plan, server, today, clock
        self._start = start or (lambda arguments: Child("report", arguments, nice=NICE))
        self._running: tuple[str, Child] | None = None
        self._not_before: dict[str, float] = {}

    def step(self, analysed: Mapping[str, int]) -> None:
        """``analysed``: the projects that have an analysis, with its calls."""
        if self._running is not None and not self._ended(*self._running):
            return
        start = period_start(self._today(), self._plan.every)
        for project in sorted(analysed):
            waits = self._clock() < self._not_before.get(project, 0.0)
            if not waits and not self._plan.file(project, start, ".json").exists():
                self._running = project, self._start(self.arguments(project, start))
                return

    def arguments(self, project: str, start: date) -> list[str]:
        """The command that writes it: the JSON last, since it says that all is done."""
        files = [self._plan.file(project, start, ending) for ending in (*self._plan.endings, ".json")]
        written = [word for file in files for word in ("-o", str(file))]
        previous = self._plan.previous(project, start)
        since = ["--previous", str(previous)] if previous else []
        return ["report", *written, *since, "--server", self._server, "--project", project]

    def end(self) -> None:
        if self._running is not None:
            self._running[1].end()

    def _ended(self, project: str, child: Child) -> bool:
        code = child.poll()
        if code is None:
            return False
        child.end()
        self._running = None
        if code:
            said = child.last_lines[-1] if child.last_lines else "it said nothing"
            self._not_before[project] = self._clock() + AGAIN_S
            log.warning("the report of project %s ended with %d: %s", project, code, said)
        else:
            log.info("the report of project %s is in %s", project, self._plan.folder)
        return True


def _slug(project: str) -> str:
    """The project in a file's name; where that can't hold it all, with a few digits of its hash."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", project)[:60].strip(".")
    return plain if plain == project else f"{plain}_{blake2b(project.encode(), digest_size=4).hexdigest()}"
