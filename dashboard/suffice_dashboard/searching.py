"""A search of the calls: the newest hits at once, then how many there are in all; whoever waits can stop it.

The page waits in short steps, and with each it gives way to what the person does: Stop, another search, another page. Whatever
ends the waiting ends the read, in the collector too (``suffice_store.cancelling``).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from suffice_dashboard import queries
from suffice_dashboard.formatting import plural, render_count
from suffice_dashboard.pieces import e
from suffice_dashboard.queries import LIVE_SECONDS, PAGE_SIZE, Row
from suffice_store.cancelling import Cancel

STEP_S = 0.2
SHOWN_AFTER_S = 0.4  # a faster search ends before anybody could stop it
_LAST = "sf-search"


@dataclass(slots=True)
class Search:
    """One page of hits of one search, as this session knows it. ``calls``: how many there are in all, None = not known."""

    asked: dict[str, Any]
    rows: list[Row] | None = None
    calls: int | None = None
    stopped: bool = False
    at: float = field(default_factory=time.monotonic)


def show(asked: dict[str, Any], page: int, draw: Callable[[list[Row]], None]) -> Search:
    """Draw the hits with ``draw``, above them how many of how many. ``asked``: the parameters of the read ``calls``."""
    search = _known(asked)
    words = st.empty()
    if search.rows is None and not search.stopped:
        search.rows = _wait(words, "Searching", search, "calls", asked)
    if search.rows is None:
        _stopped(words, search, "The search was stopped.")
        return search
    with words:
        _say(said(page, len(search.rows), search.calls))
    draw(search.rows)
    if search.calls is None:
        search.calls = whole(page, len(search.rows))
    if search.calls is None and not search.stopped:
        counted = {key: value for key, value in asked.items() if key not in ("order", "limit", "offset")}
        found = _wait(words, f"{said(page, len(search.rows), None)}, counting all", search, "search_count", counted)
        search.calls = found[0]["calls"]
    if search.calls is None:
        _stopped(words, search, f"{said(page, len(search.rows), None)}; counting all was stopped.")
    else:
        with words:
            _say(said(page, len(search.rows), search.calls))
    return search


def said(page: int, found: int, calls: int | None) -> str:
    """``50 of 1,234 calls``; ``Calls 51–100 of 1,234``. ``found``: rows of this page, one more where there is a next page."""
    shown = min(found, PAGE_SIZE)
    if page == 0:
        return (
            f"{render_count(shown)} of {plural(calls, 'call')}"
            if calls is not None
            else f"The first {plural(shown, 'call')}"
        )
    first = page * PAGE_SIZE + 1
    of = f" of {render_count(calls)}" if calls is not None else ""
    return f"Calls {render_count(first)}–{render_count(first + shown - 1)}{of}"


def whole(page: int, found: int) -> int | None:
    """How many calls there are in all, where this page is the last one and tells."""
    return page * PAGE_SIZE + found if found <= PAGE_SIZE and (found or not page) else None


def _known(asked: dict[str, Any]) -> Search:
    """What this session last searched, if it is the same and still fresh; or a stopped one, which stays so until it is asked anew."""
    last: Search | None = st.session_state.get(_LAST)
    if last is None or last.asked != asked or not (last.stopped or time.monotonic() - last.at < LIVE_SECONDS):
        last = st.session_state[_LAST] = Search(asked)
    return last


def _wait(words: Any, doing: str, search: Search, name: str, parameters: dict[str, Any]) -> list[Row]:
    """The rows of a read. Streamlit ends this run at the next thing that it draws, once the person has done something."""
    cancel, begun = Cancel(), time.monotonic()
    reading: Future[list[Row]] = queries.begin(name, cancel, **parameters)
    line: Any = None
    try:
        while True:
            try:
                return reading.result(timeout=STEP_S)
            except TimeoutError:
                if reading.done():
                    raise
            seconds = time.monotonic() - begun
            if not _watched():
                st.stop()
            if seconds < SHOWN_AFTER_S:
                continue
            if line is None:
                with words.container(horizontal=True, vertical_alignment="center"):
                    line = st.empty()
                    key = f"stop-{name}"  # one run may wait for both reads
                    st.button("Stop", icon=":material/stop:", key=key, on_click=_stop, args=(search,))
            with line:
                _say(f"{doing} … {seconds:.1f} s")
    finally:
        cancel.cancel()


def _watched() -> bool:
    """Whether a browser is still there: Streamlit keeps the run of one that has left, in case it comes back."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is None or not runtime.exists() or runtime.get_instance().is_active_session(context.session_id)


def _stop(search: Search) -> None:
    search.stopped = True


def _stopped(words: Any, search: Search, text: str) -> None:
    with words.container(horizontal=True, vertical_alignment="center"):
        _say(text)
        st.button("Search again", icon=":material/refresh:", key="search-again", on_click=_forget)


def _forget() -> None:
    st.session_state.pop(_LAST, None)


def _say(text: str) -> None:
    st.html(f'<p class="sf-note" role="status">{e(text)}</p>')
