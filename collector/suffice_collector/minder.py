"""What ``suffice up`` does beside answering: the dashboard kept running, the analysis run, reports written, the spool taken in.

One thread that looks around twice a second; every failure is one line in the log, and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from suffice.spool import take_spool
from suffice_collector.bodies import BodyTooLargeError
from suffice_collector.children import Child, KeptRunning
from suffice_collector.ingest import BusyError, Ingest, now_entry
from suffice_collector.journal import JournalUnavailableError
from suffice_collector.otlp import MalformedBodyError
from suffice_collector.reporting import Reporter
from suffice_collector.schedule import CHECK_S, AnalysisSchedule
from suffice_store.store import Store

log = logging.getLogger("suffice.up")

LOOK_S = 0.5
SPOOL_S = 60.0
ANALYSIS_NICE = 10


class Minder:
    """Starts with ``start``; ``close`` ends its children."""

    def __init__(
        self,
        store: Store,
        ingest: Ingest,
        server: str,
        *,
        schedule: AnalysisSchedule,
        dashboard: Callable[[], Child] | None,
        analyse: Callable[[str], Child] | None = None,
        reporter: Reporter | None = None,
    ) -> None:
        self._store = store
        self._ingest = ingest
        self._reporter = reporter
        self._schedule = schedule
        self._dashboard = None if dashboard is None else KeptRunning("dashboard", dashboard)
        self._analyse = analyse or (
            lambda project: Child("analysis", ["analyze", "--server", server, "--project", project], nice=ANALYSIS_NICE)
        )
        self._analysis: tuple[str, Child, float] | None = None
        self._analysed: dict[str, int] = {}  # projects that a report can be made of
        self._asked = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="suffice-minder", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def analyze_now(self, project: str = "default") -> dict[str, Any]:
        """For the command: the next look starts it, or the end of the run under way."""
        with self._asked:
            self._schedule.ask(project)
        return {"asked": True, "running": self._analysis is not None}

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        next_check = next_spool = 0.0
        while not self._closing.is_set():
            now = time.monotonic()
            try:
                if self._dashboard is not None:
                    self._dashboard.step()
                if now >= next_spool:
                    next_spool = now + SPOOL_S
                    take_in_spool(self._ingest)
                if now >= next_check:
                    next_check = now + CHECK_S
                    self._look_at_store(now)
                    if self._reporter is not None and self._analysis is None:  # not both at once
                        self._reporter.step(self._analysed)
                self._mind_analysis(now)
            except Exception:
                log.exception("minding failed; going on")
            self._closing.wait(LOOK_S)
        if self._dashboard is not None:
            self._dashboard.end()
        if self._analysis is not None:
            self._analysis[1].end()
        if self._reporter is not None:
            self._reporter.end()

    def _look_at_store(self, now: float) -> None:
        calls = {row["project"]: int(row["calls"]) for row in self._store.read("projects").to_pylist()}
        if self._reporter is not None:
            analysed = {each: self._store.read("analyses", project=each).to_pylist() for each in calls}
            self._analysed = {each: int(rows[0]["calls"]) for each, rows in analysed.items() if rows}
        with self._asked:
            for project in calls:
                if not self._schedule.is_known(project):
                    earlier = self._store.read("analyses", project=project).to_pylist()
                    if earlier:
                        self._schedule.analysed(project, int(earlier[0]["calls"]))
            self._schedule.see(calls, now)

    def _mind_analysis(self, now: float) -> None:
        if self._analysis is not None:
            project, child, started = self._analysis
            code = child.poll()
            if code is None:
                return
            child.end()
            self._analysis = None
            if code:
                said = child.last_lines[-1] if child.last_lines else "it said nothing"
                log.warning("the analysis of project %s ended with %d: %s", project, code, said)
            with self._asked:
                self._schedule.ended(project, now, now - started, failed=code != 0)
        with self._asked:
            due = self._schedule.due(now)
            if due is not None:
                self._schedule.started(due)
        if due is not None:
            log.info("analysing project %s", due)
            self._analysis = (due, self._analyse(due), now)


def take_in_spool(ingest: Ingest) -> int:
    """What SDKs kept while no collector ran; returns the spans taken. A file goes once its spans are on disk."""
    taken = 0
    for file, body in take_spool():
        try:
            request = ingest.accept_blocking(now_entry(body, json=False, gzip=False))
        except (BusyError, JournalUnavailableError) as error:
            file.release()
            log.warning("the rest of the spool has to wait: %s", error)
            break
        except (MalformedBodyError, BodyTooLargeError) as error:
            bad = file.path.with_name(file.path.name + ".malformed")
            file.path.rename(bad)
            log.error("%s is no OTLP request (%s) and stays there", bad, error)
            continue
        file.discard()
        taken += request.count
    if taken:
        log.info("took in %d spans that waited in the spool", taken)
    return taken
