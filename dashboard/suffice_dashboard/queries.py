"""The named reads, cached: the only place of the dashboard that touches the store.

Reads of an analysis are cached for as long as that analysis can be the latest (its id is part of the key); reads of
the traffic for a few seconds. Rows are plain dicts; all of these reads aggregate in the database or have a limit.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import streamlit as st

from suffice.errors import SufficeError
from suffice_analysis.report.wording import is_simulated
from suffice_dashboard import people
from suffice_dashboard.people import Person
from suffice_dashboard.project import settings_shown
from suffice_dashboard.settings import Settings, read_settings
from suffice_store import Store, open_store
from suffice_store.cancelling import Cancel
from suffice_store.reads.replays import MARK
from suffice_store.remote_store import RemoteStore

Row = dict[str, Any]
Filters = dict[str, Any]

LIVE_SECONDS = 5
ANALYSIS_SECONDS = 600
PAGE_SIZE = 50
USERS_OFFERED = 200
READING = 4  # reads of pages beside each other
SEARCHING = 8  # searches of all who look, each until it is stopped

_Key = tuple[str, str, str, Person | None, tuple[tuple[str, Any], ...]]
_readers = ThreadPoolExecutor(READING, thread_name_prefix="reads")
_searchers = ThreadPoolExecutor(SEARCHING, thread_name_prefix="searches")
_begun = threading.local()  # the reads that this run of a page has begun
_kept_until: dict[_Key, float] = {}  # what the caches below hold, so that it is not begun again


@st.cache_resource(show_spinner=False, max_entries=100)
def _opened(settings: Settings, person: Person | None) -> Store:
    if person is None:
        return open_store(server=settings.server, key=settings.key)
    said = {"X-Suffice-User": person.email, "X-Suffice-Project": settings.project}
    if person.reason:
        said["X-Suffice-Reason"] = quote(person.reason, safe=" ,.:;!?()/@#&+*")  # a header is ASCII
    return RemoteStore(settings.server, key=settings.key, headers=said)


def _store(settings: Settings, person: Person | None) -> Store:
    """With the rights of who is logged in. What is read through it is cached by person: ``person`` is in every key."""
    return _opened(settings, person)


def _read(
    name: str, server: str, project: str, person: Person | None, parameters: tuple[tuple[str, Any], ...]
) -> list[Row]:
    store = _store(replace(read_settings(), server=server, project=project), person)
    rows: list[Row] = store.read(name, project=project, **dict(parameters)).to_pylist()
    return rows


def _given(parameters: Row) -> tuple[tuple[str, Any], ...]:
    """What tells reads of one name apart."""
    return tuple(sorted((name, value) for name, value in parameters.items() if value is not None))


def _fetch(key: _Key, seconds: float) -> list[Row]:
    """What ``ahead`` has begun, else read now. Called where the caches hold nothing."""
    begun = getattr(_begun, "reads", {}).pop(key, None)
    rows: list[Row] = _read(*key) if begun is None else begun.result()
    _kept_until[key] = time.monotonic() + seconds
    return rows


def start_page() -> None:
    """At the start of a run of a page: what an earlier one has begun and not asked for is no concern of this one."""
    _begun.reads = {}
    now = time.monotonic()
    for key in [key for key, until in _kept_until.copy().items() if until < now]:
        _kept_until.pop(key, None)


def ahead(reads: Iterable[tuple[str, Row]]) -> None:
    """Begin these reads beside each other; the page asks for each of them soon, and is told there what goes wrong."""
    settings, person = settings_shown(), people.current()
    reads_begun: dict[_Key, Future[list[Row]]] = getattr(_begun, "reads", {})
    for name, parameters in reads:
        key = (name, settings.server, settings.project, person, _given(parameters))
        if key not in reads_begun and _kept_until.get(key, 0.0) < time.monotonic():
            reads_begun[key] = _readers.submit(_read, *key)
    _begun.reads = reads_begun


def ahead_of_analysis(analysis: Row | None, *reads: tuple[str, Row]) -> None:
    """The same of reads of an analysis."""
    if analysis is not None:
        ahead((name, {**parameters, "analysis_id": analysis["analysis_id"]}) for name, parameters in reads)


@st.cache_data(ttl=LIVE_SECONDS, max_entries=500, show_spinner=False)
def _live(
    name: str, server: str, project: str, person: Person | None, parameters: tuple[tuple[str, Any], ...]
) -> list[Row]:
    return _fetch((name, server, project, person, parameters), LIVE_SECONDS)


@st.cache_data(ttl=ANALYSIS_SECONDS, max_entries=500, show_spinner=False)
def _analysed(
    name: str, server: str, project: str, person: Person | None, parameters: tuple[tuple[str, Any], ...]
) -> list[Row]:
    return _fetch((name, server, project, person, parameters), ANALYSIS_SECONDS)


def read_live(name: str, **parameters: Any) -> list[Row]:
    """A read of the traffic: at most ``LIVE_SECONDS`` old."""
    settings = settings_shown()
    return _live(name, settings.server, settings.project, people.current(), _given(parameters))


def read_analysed(name: str, analysis: Row | None, **parameters: Any) -> list[Row]:
    """A read of one analysis; [] where there is none. Renames change it: ``forget`` empties the cache."""
    if analysis is None:
        return []
    settings = settings_shown()
    parameters["analysis_id"] = analysis["analysis_id"]
    return _analysed(name, settings.server, settings.project, people.current(), _given(parameters))


def _who() -> str:
    """By whom a change is made, for its record."""
    person = people.current()
    return person.email if person else "dashboard"


def report_maker(ending: str) -> Callable[[], bytes]:
    """What makes the report of the last analysis in the format of that ending, with the rights of who looks now."""
    settings = settings_shown()
    store = _store(settings, people.current())

    def made() -> bytes:
        # Loaded when asked for: no page needs the formats to be drawn.
        from suffice_analysis.report.formats import renderer
        from suffice_analysis.report.model import read_report

        return renderer(Path(f"suffice-report{ending}"))(read_report(store, project=settings.project, texts=False))

    return made


def forget() -> None:
    """Drop everything cached, after a command or when the person asks to look again."""
    _live.clear()
    _analysed.clear()
    _health.clear()
    _kept_until.clear()


def read_latest_analysis() -> Row | None:
    """The latest published analysis, a row of ``analysis_runs``."""
    return next(iter(read_live("analyses")), None)


def read_overview(filters: Filters) -> Row:
    """The one row of the read ``overview``."""
    return read_live("overview", **filters)[0]


def read_funnel(filters: Filters) -> Row:
    """The one row of the read ``funnel``: what is left from the bill to the tasks."""
    within = {key: value for key, value in filters.items() if key not in ("task_id", "environment")}
    return read_live("funnel", **within)[0]


def read_spend(by: str, filters: Filters) -> list[Row]:
    """USD, tokens and calls by ``model``, ``service``, ``day``, ``hour``, ``task``, ..."""
    return read_live("spend", by=by, **filters)


def read_filter_values() -> dict[str, list[str]]:
    """What can be filtered by: dimension -> values, most calls first."""
    values: dict[str, list[str]] = {}
    for row in sorted(read_live("filters"), key=lambda row: -row["calls"]):
        if row["value"]:
            values.setdefault(row["dimension"], []).append(row["value"])
    return values


def read_simulated() -> bool:
    """Whether nothing here is real traffic."""
    values: dict[str, list[str]] = {}
    for row in read_live("filters"):
        values.setdefault(row["dimension"], []).append(row["value"])
    return is_simulated(values.get("service", ()), values.get("environment", ()))


def read_users() -> list[str]:
    """The users with most calls; [] where this key may not see who they are."""
    return [row["user_id"] for row in read_live("users", limit=USERS_OFFERED) if row["user_id"]]


def read_tasks(analysis: Row | None) -> list[Row]:
    """The tasks of an analysis, those that users ignore left out."""
    return [row for row in read_analysed("tasks", analysis) if not row.get("ignored")]


def read_task(analysis: Row | None, task_id: str) -> Row | None:
    """One task, or None where this analysis has no such task."""
    return next(iter(read_analysed("task", analysis, task_id=task_id)), None)


def read_task_models(task_ids: Iterable[str]) -> list[Row]:
    """The read ``task_models`` of these tasks. It looks at their calls (a second for a million), so of no others."""
    wanted = [("task_models", {"task_id": task_id}) for task_id in task_ids]
    ahead(wanted)
    return [row for name, parameters in wanted for row in read_live(name, **parameters)]


def read_headline(analysis: Row | None) -> dict[str, Row]:
    """The estimates over all calls together, by measure (``expected_share_cost``, ``proven_share_calls``, ...)."""
    return {row["measure"]: row for row in read_analysed("estimates", analysis, task_id="")}


def page_of(filters: Filters, order: str, page: int) -> Row:
    """The parameters of one page of calls, and one row more where there is a next page."""
    return {"order": order, "limit": PAGE_SIZE + 1, "offset": page * PAGE_SIZE, **filters}


def begin(name: str, cancel: Cancel, **parameters: Any) -> Future[list[Row]]:
    """A read that ``cancel`` ends, in the background and not cached."""
    settings, person = settings_shown(), people.current()
    key = (name, settings.server, settings.project, person, _given(parameters))

    def read() -> list[Row]:
        with cancel.reading():
            return _read(*key)

    return _searchers.submit(read)


def read_call(call_id: str) -> Row | None:
    """One call with everything known about it, or None."""
    return next(iter(read_live("call", call_id=call_id)), None)


def read_conversation(call_id: str) -> list[Row]:
    """The messages of a call: its request, then its answer."""
    return read_live("conversation", call_id=call_id)


def page_number(text: str | None) -> int:
    """The page of an address, from 0; 0 for what is no page."""
    return max(0, int(text) - 1) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


def read_runs(filters: Filters, *, run: str | None, errors_only: bool, order: str, page: int) -> list[Row]:
    """One page of runs, and one row more where there is a next page."""
    return read_live(
        "runs",
        run=run or None,
        errors_only=errors_only or None,
        order=order,
        limit=PAGE_SIZE + 1,
        offset=page * PAGE_SIZE,
        **filters,
    )


def read_run_steps(run_id: str) -> list[Row]:
    """Everything a run did, its calls among it, in order of time."""
    return read_live("run_steps", run_id=run_id)


def read_run_attempts(run_id: str) -> list[Row]:
    """The failed attempts of a run's calls."""
    return read_live("run_attempts", run_id=run_id)


def read_run(run_id: str) -> list[Row]:
    """The calls of a run in order of time."""
    return read_live("run_calls", run_id=run_id)


def read_replays(task_id: str | None = None) -> list[Row]:
    """What became of each replayed call, of one task or of all."""
    return read_live("replays", task_id=task_id)


def read_campaigns() -> list[Row]:
    """The campaigns, the latest first."""
    return read_live("replay_campaigns")


def read_marks() -> list[Row]:
    """What people said of replayed answers."""
    return read_live("replay_marks")


def change(command: str, **arguments: Any) -> Row:
    """Carry out a command of docs/read-api.md on this project unless another is named, and look at everything anew. Raises SufficeError when refused."""
    settings = settings_shown()
    answer: Row = _store(settings, people.current()).command(command, **{"project": settings.project, **arguments})
    forget()
    return answer


def mark_answer(replay_call_id: str, ok: bool) -> None:
    """Say whether a replayed answer is as good as the recorded one. Raises SufficeError when refused."""
    change("record_outcome", target="call", target_id=replay_call_id, ok=ok, label=MARK, source=_who())


def rename_task(task_id: str, name: str) -> None:
    """Give a task a person's name. Raises SufficeError when refused."""
    change("decide", kind="rename", task_id=task_id, value=name, decided_by=_who())


def decide_move(task_id: str, value: Row) -> None:
    """Write down how far moving a task has come. Raises SufficeError when refused."""
    change("decide", kind="move", task_id=task_id, value=value, decided_by=_who())


def analyze_now() -> None:
    """Ask the collector to run the analysis. Raises SufficeError when refused."""
    change("analyze_now")


def read_health() -> Row:
    """How the collector is; where these pages read a file themselves, what the file tells."""
    settings = settings_shown()
    return _health(settings.server, settings.project, people.current())


@st.cache_data(ttl=LIVE_SECONDS, max_entries=10, show_spinner=False)
def _health(server: str, project: str, person: Person | None) -> Row:
    store = _store(replace(read_settings(), project=project), person)
    look = getattr(store, "look", None)
    found: Row = look() if look is not None else {}
    quality = store.read("quality", project=project).to_pylist()[0]
    return {"dead_letters": quality["dead_letters"], "duplicate_calls": quality["duplicate_calls"], **found}


def read_you() -> Row:
    """Who these pages are to the collector: ``actor``, ``role``, ``scopes``, ``project``. Over a file, its owner."""
    return read_health().get("you") or {
        "actor": "the owner of the file",
        "role": "admin",
        "scopes": ["admin"],
        "project": None,
    }


def may_spend() -> bool:
    """Whether who looks may start what sends recorded content away and costs money: with a login, only admins."""
    return people.current() is None or read_you()["role"] == "admin"


def read_dead_letters() -> list[Row]:
    """Requests that could not be stored, newest first; of all projects, where that may be asked. [] where nothing may."""
    return read_allowed("dead_letters", limit=PAGE_SIZE) or []


def read_allowed(name: str, **parameters: Any) -> list[Row] | None:
    """A read for administrators: of all projects, else of this one; None where this key may not ask."""
    settings = settings_shown()
    for project in ("*", settings.project):
        with suppress(SufficeError):
            return _live(name, settings.server, project, people.current(), _given(parameters))
    return None


def retry_letters() -> Row:
    """Try the dead letters again. Raises SufficeError when refused."""
    maintain = getattr(_store(settings_shown(), people.current()), "maintain", None)
    if maintain is None:
        raise SufficeError("a running collector tries them again: start one with 'suffice up'")
    counts: Row = maintain("retry_letters")
    forget()
    return counts


def since_ns(days: float | None) -> int | None:
    """The start of "the last N days", from a full hour (of up to a day's part, minute), so that sums and cache are of use."""
    if days is None:
        return None
    step = (60 if days < 1 else 3600) * 10**9
    return (time.time_ns() - int(days * 86_400 * 10**9)) // step * step
