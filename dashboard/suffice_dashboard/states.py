"""What a page shows when it can't show its content: nothing there yet, no collector, something broke.

Each state is a sentence and the thing to do. ``guarded`` puts them round a page, so that no traceback is ever shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import wraps

import streamlit as st

from suffice.errors import SufficeError
from suffice_dashboard import queries
from suffice_dashboard.formatting import shorten
from suffice_dashboard.pieces import e, link
from suffice_dashboard.settings import DEFAULT_SERVER, read_settings

WATCH_SECONDS = 4

_log = logging.getLogger("suffice.dashboard")


def guarded(page: Callable[[], None]) -> Callable[[], None]:
    """The page, with an error state in place of an exception."""

    @wraps(page)
    def shown() -> None:
        try:
            page()
        except (SufficeError, OSError) as error:
            show_unreachable(error)
        except Exception:
            _log.exception("the page %s failed", page.__module__)
            show_broken()

    return shown


def show_unreachable(error: Exception) -> None:
    """The collector does not answer, or refused a read."""
    server = read_settings().server
    if "SUFFICE_KEY" in str(error):  # it answers, and refuses: the store's own line says where the key is set
        _box("The collector refuses the key", f"{server}: {error}.")
        _retry()
        return
    if "has no role in project" in str(error):
        _box("You have no role here", f"{error}. An admin gives one with that command.")
        _retry()
        return
    if "X-Suffice-Reason" in str(error):
        _box(
            "Say why you look",
            "Auditors see unmasked text and say why. Write the reason at the foot of the menu; it is kept in the audit log.",
        )
        return
    _box(
        "The collector does not answer as it should",
        f"Nothing usable came from {server}: start it with the line below, or point the dashboard at another one with "
        "suffice dashboard --server URL.",
    )
    st.code("suffice up", language="bash")
    _retry()


def show_no_page(name: str) -> None:
    """The address names no page."""
    _box(
        "There is no such page",
        f"No page has the address “{shorten(name, 60)}”. All pages stand in the menu on the left.",
    )
    st.html(f'<p class="sf-lead">{link("./", "Open the overview →")}</p>')


def show_broken() -> None:
    """Something in the page itself went wrong."""
    _box(
        "This page could not be drawn",
        "That is a fault of the dashboard, not of your data. The reason is in the log of the process that runs "
        "suffice dashboard; nothing that was recorded is lost.",
    )
    _retry()


def show_no_calls() -> None:
    """The first rung: nothing was recorded yet."""
    _box(
        "Waiting for the first call",
        "Nothing is recorded yet. Put these two lines at the start of your agent and run it; its calls appear here a "
        "second or two after they end. Nothing leaves this machine.",
    )
    st.code("import suffice\nsuffice.init()", language="python")
    server = read_settings().server.rstrip("/")
    if server != DEFAULT_SERVER:  # the SDK and the import look there by themselves, nowhere else
        st.markdown(
            "This collector is not where suffice looks by itself, so tell the app, and the terminal you import from:"
        )
        st.code(f"export SUFFICE_ENDPOINT={server}", language="bash")
    left, right = st.columns(2)
    with left:
        st.markdown("**Have logs already?** Import them:")
        st.code("suffice import calls.jsonl", language="bash")
    with right:
        st.markdown("**Just looking?** Simulated agents, the whole path:")
        st.code("suffice demo", language="bash")
    _retry("Look again")
    _watch_for_calls()


@st.fragment(run_every=WATCH_SECONDS)
def _watch_for_calls() -> None:
    """Draw the whole page anew once there is a call, without anybody pressing anything."""
    with suppress(SufficeError, OSError):
        if queries.read_overview({})["calls"]:
            st.rerun()


def show_nothing_analysed() -> None:
    """No task to show: because there are no calls, or no analysis of them."""
    calls = queries.read_overview({})["calls"]
    if calls:
        show_no_analysis(calls)
    else:
        show_no_calls()


def show_no_analysis(calls: int) -> None:
    """Calls are there, no analysis was published yet."""
    _box(
        "The tasks are not worked out yet",
        f"{calls:,} {'call is' if calls == 1 else 'calls are'} recorded, and no analysis has finished. suffice up runs "
        "one by itself after a minute or so; where only a collector runs, start one with the line below.",
    )
    st.code("suffice analyze", language="bash")
    with st.container(horizontal=True):
        _retry("Look again")
        if st.button("Analyse now", icon=":material/play_arrow:"):
            ask_for_analysis()


def ask_for_analysis() -> None:
    """Start an analysis and say so, or say why not."""
    try:
        queries.analyze_now()
        st.toast("The analysis was started; its results appear here by themselves.")
    except SufficeError as error:
        st.warning(str(error))


def show_nothing_found(what: str, hint: str) -> None:
    """A filter or an id that finds nothing."""
    _box(what, hint)


def _box(title: str, text: str) -> None:
    st.html(f'<div class="sf-empty" role="status"><h2>{e(title)}</h2><p class="sf-lead">{e(text)}</p></div>')


def _retry(label: str = "Try again") -> None:
    if st.button(label, icon=":material/refresh:", key=f"retry-{label}"):
        queries.forget()
        st.rerun()
