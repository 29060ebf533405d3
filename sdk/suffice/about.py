"""Whom and what calls are for: user, session, agent and tags, nested, the innermost word counts.

Kept in a context variable as an immutable stack, like runs and tasks (see ``context``). Tags are labels of the
program's (``team``, ``feature``, ``tier``): few, short, and never content.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType, TracebackType
from typing import Any, NamedTuple, ParamSpec, Self, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")
Tag = str | int | float | bool
MAX_TAGS = 32
MAX_CHARS = 256  # of a name or a value; longer ones are cut
_NO_TAGS: Mapping[str, Tag] = MappingProxyType({})


class About(NamedTuple):
    """None: nobody said."""

    user: str | None = None
    session: str | None = None
    agent: str | None = None
    tags: Mapping[str, Tag] = _NO_TAGS

    def within(self, outer: About) -> About:
        """This, and what only the outer one says."""
        tags = {**outer.tags, **self.tags} if outer.tags and self.tags else self.tags or outer.tags
        return About(self.user or outer.user, self.session or outer.session, self.agent or outer.agent, tags)


NOTHING = About()
_stack: ContextVar[tuple[About, ...]] = ContextVar("suffice_about", default=())


def current_about() -> About:
    """What is said here."""
    stack = _stack.get()
    return stack[-1] if stack else NOTHING


def push(about: About) -> None:
    """Say it from here on, until ``pop``."""
    stack = _stack.get()
    _stack.set((*stack, about.within(stack[-1]) if stack else about))


def pop() -> None:
    _stack.set(_stack.get()[:-1])


def as_tags(tags: Mapping[str, Any] | None) -> Mapping[str, Tag]:
    """Tags as they are kept: names and texts cut, other values as text."""
    if not tags:
        return _NO_TAGS
    kept = {
        str(name)[:MAX_CHARS]: value if isinstance(value, bool | int | float) else str(value)[:MAX_CHARS]
        for name, value in list(tags.items())[:MAX_TAGS]
        if value is not None
    }
    return MappingProxyType(kept)


class Scope:
    """What can be used as ``with``, ``async with``, and as a decorator of functions and coroutine functions."""

    def enter(self) -> None: ...

    def leave(self) -> None: ...

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            name = type(self).__name__
            raise TypeError(f"@suffice.{name} can't wrap the generator {function.__qualname__}; use 'with' inside it")
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaiting(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self:
                    return await function(*args, **kwargs)

            return cast("Callable[P, R]", awaiting)

        @functools.wraps(function)
        def calling(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return calling


class using(Scope):  # noqa: N801 - used like a function: `with suffice.using(user=..., tags={...})`
    """Say for whom and for what the calls inside are, with a run or without. Nests: the innermost word counts."""

    def __init__(
        self,
        user: str | None = None,
        session: str | None = None,
        agent: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        user, session, agent = (None if each is None else str(each) for each in (user, session, agent))
        self.about = About(user, session, agent, as_tags(tags))

    def enter(self) -> None:
        push(self.about)

    def leave(self) -> None:
        pop()
