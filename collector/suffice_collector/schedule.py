"""When the analysis runs by itself: soon after news, never over and over, and each project in its turn.

Pure: told what is stored and what the clock says. Due when MANY_CALLS are new, or some are and none came for
QUIET_S. After a run it rests four times as long as the run took, so that it takes at most a fifth of a core.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CHECK_S = 10.0
MANY_CALLS = 50
QUIET_S = 30.0
REST = 4.0  # times the last run's own time
LONGEST_FAILURE_REST_S = 600.0


@dataclass(slots=True)
class _Project:
    calls: int = 0
    analysed_calls: int = 0
    last_new_at: float = 0.0
    asked: bool = False
    rests_until: float = 0.0
    failures: int = 0


class AnalysisSchedule:
    """Times are seconds of one monotonic clock."""

    def __init__(self, every_s: float | None = None, *, automatic: bool = True) -> None:
        """``every_s``: not more often than this. ``automatic`` False: only when asked."""
        self._every_s = every_s
        self._automatic = automatic
        self._projects: dict[str, _Project] = {}

    def analysed(self, project: str, calls: int) -> None:
        """What an earlier process's published analysis covered."""
        self._of(project).analysed_calls = calls

    def ask(self, project: str) -> None:
        """Somebody wants it now."""
        self._of(project).asked = True

    def is_known(self, project: str) -> bool:
        return project in self._projects

    def see(self, calls: Mapping[str, int], now: float) -> None:
        """What is stored: calls by project."""
        for name, count in calls.items():
            project = self._of(name)
            if count != project.calls:
                project.calls = count
                project.last_new_at = now

    def due(self, now: float) -> str | None:
        """The project whose turn it is, if any."""
        asked = [name for name, project in self._projects.items() if project.asked]
        if asked:
            return asked[0]
        news = {name: _news(project, now) for name, project in self._projects.items() if now >= project.rests_until}
        name = max(news, key=lambda each: news[each], default=None)
        return name if self._automatic and name is not None and news[name] > 0 else None

    def started(self, project: str) -> None:
        of = self._of(project)
        of.asked = False
        of.analysed_calls = of.calls

    def ended(self, project: str, now: float, took_s: float, *, failed: bool) -> None:
        """After a failure it rests twice as long each time."""
        of = self._of(project)
        of.failures = of.failures + 1 if failed else 0
        rest = max(REST * took_s, CHECK_S)
        if failed:
            of.analysed_calls = -1  # what was to be analysed is still new
            rest = min(rest * 2**of.failures, max(rest, LONGEST_FAILURE_REST_S))
        of.rests_until = now + max(rest, self._every_s or 0.0)

    def _of(self, project: str) -> _Project:
        return self._projects.setdefault(project, _Project())


def _news(project: _Project, now: float) -> int:
    """New calls, where they are enough or have settled; else 0."""
    new = project.calls - project.analysed_calls
    if project.calls == 0 or new == 0:
        return 0
    settled = now - project.last_new_at >= QUIET_S
    return abs(new) if new >= MANY_CALLS or settled else 0
