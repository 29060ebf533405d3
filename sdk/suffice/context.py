"""Runs and tasks: what the app says a call belongs to.

Kept in context variables as immutable stacks, so that they nest, follow ``await`` and new asyncio tasks,
and need no tokens (a token must be given back in the context that made it, which an abandoned generator
never does). Nothing is attached to OpenTelemetry's own context: the host's spans keep their parents.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from suffice.about import NOTHING, About, Scope, as_tags, current_about, pop, push

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

    from suffice.capture import Capture, RawHeaders
    from suffice.config import Settings
    from suffice.delivery import Delivery


class ActiveRecorder(Protocol):
    """What the rest of the SDK sees of the recorder; transports so know no wire format."""

    settings: Settings
    provider: TracerProvider
    attaches_context: bool

    def wants(self, method: str, url: str) -> bool: ...

    def begin(self, method: str, url: str, headers: RawHeaders, body: bytes) -> Capture | None: ...

    def start_run(self, run: Run) -> None: ...

    def end_run(self, run: Run, error_type: str | None) -> None: ...

    def headers(self) -> dict[str, str]: ...

    def record_outcome(
        self, target: str, target_id: str, ok: bool | None, score: float | None, label: str | None
    ) -> None: ...

    def delivery(self) -> Delivery: ...

    def pending(self) -> bool: ...

    def note_patched(self) -> None: ...

    def flush(self, timeout: float | None) -> Delivery: ...

    def shutdown(self, timeout: float) -> Delivery: ...


recorder: ActiveRecorder | None = None  # the one that init() started; None before it and after shutdown()

_tasks: ContextVar[tuple[str, ...]] = ContextVar("suffice_tasks", default=())
_runs: ContextVar[tuple[Run, ...]] = ContextVar("suffice_runs", default=())
_last_step: ContextVar[tuple[Run, int] | None] = ContextVar("suffice_last_step", default=None)


class Place(NamedTuple):
    """Where a call stands: its task's name, its run, its step within the run, whom it is for."""

    task: str | None
    run: Run | None
    step: int | None
    about: About = NOTHING
    run_id: str | None = None  # of a run that is open in the service that called this one


class task(Scope):  # noqa: N801 - used like a function: `with suffice.task("triage")`, `@suffice.task("triage")`
    """Name the recurring kind of call that is made inside. Nests: the innermost name counts.

    Works as ``with``, and as a decorator of functions and coroutine functions.
    """

    def __init__(self, name: str) -> None:
        self.name = str(name)

    def enter(self) -> None:
        _tasks.set((*_tasks.get(), self.name))

    def leave(self) -> None:
        _tasks.set(_tasks.get()[:-1])


class Run:
    """One agent execution. Use it as ``with suffice.run("planner") as run`` (or ``async with``); it nests.

    Its calls share one trace and are numbered from 1. ``id`` is the one given, else made from the trace;
    ``None`` until the run is entered. ``headers``: those of the request that this run answers; where the caller sent
    ``suffice.headers()`` along, the run stands under the caller's. Without ``init()`` it does nothing.
    """

    def __init__(
        self,
        name: str | None = None,
        id: str | None = None,
        user: str | None = None,
        session: str | None = None,
        agent: str | None = None,
        tags: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.id = id
        self.user = user
        self.session = session
        self.agent = agent
        self.tags = as_tags(tags)
        self.headers = headers
        self.span: Span | None = None
        self.outer: Run | None = None
        self._steps: Iterator[int] = itertools.count(1)

    @property
    def agent_name(self) -> str | None:
        return self.agent or self.name

    def hear(self, outer: About) -> None:
        """Take over what is said outside of it and not by itself. Its agent is its own."""
        self.user = self.user or outer.user
        self.session = self.session or outer.session
        self.tags = About(tags=self.tags).within(About(tags=outer.tags)).tags

    def next_step(self, attempt: int) -> int:
        """The number of the call that starts now. A further attempt of a call keeps the call's number."""
        last = _last_step.get()
        if attempt > 1 and last is not None and last[0] is self:
            return last[1]
        step = next(self._steps)
        _last_step.set((self, step))
        return step

    def __enter__(self) -> Self:
        self.outer = current_run()
        self.hear(current_about())
        if recorder is not None:
            recorder.start_run(self)
        _runs.set((*_runs.get(), self))
        push(About(self.user, self.session, self.agent_name, self.tags))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _runs.set(_runs.get()[:-1])
        pop()
        if recorder is not None:
            recorder.end_run(self, None if kind is None else kind.__name__)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


run = Run


def current_run() -> Run | None:
    """The innermost run that is open here."""
    runs = _runs.get()
    return runs[-1] if runs else None


def current_task() -> str | None:
    """The innermost task's name."""
    tasks = _tasks.get()
    return tasks[-1] if tasks else None


def current_place(attempt: int = 1) -> Place:
    """Where a call that starts now stands. Counts a step."""
    tasks = _tasks.get()
    run = current_run()
    step = run.next_step(attempt) if run is not None else None
    return Place(tasks[-1] if tasks else None, run, step, current_about())
