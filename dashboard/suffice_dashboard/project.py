"""The project that is shown: it stands in the address of every page, so that a link shows the same thing to whoever may see it.

Links within the pages name it where it is not the one that this dashboard was started for: a link opens a new session.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from suffice_dashboard.settings import Settings, read_settings

NAME = "project"
_KEPT = "sf-project"  # Streamlit's own menu drops the address's query; the session remembers


def keep() -> None:
    """At the start of every page: the project is in the address."""
    project = st.query_params.get(NAME) or st.session_state.get(_KEPT) or read_settings().project
    st.session_state[_KEPT] = project
    if st.query_params.get(NAME) != project:
        st.query_params[NAME] = project


def shown() -> str:
    """The project of the address; outside of a page the one this process was started for."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return read_settings().project
    return st.query_params.get(NAME) or read_settings().project


def settings_shown() -> Settings:
    """The settings, with the project that is shown."""
    return replace(read_settings(), project=shown())


def query() -> dict[str, str]:
    """What a link within the pages must name."""
    return {} if shown() == read_settings().project else {NAME: shown()}


def in_project(address: str) -> str:
    """A page's address, in the project that is shown."""
    return f"{address}{'&' if '?' in address else '?'}{urlencode(named)}" if (named := query()) else address
