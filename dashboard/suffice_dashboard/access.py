"""The key, asked once a session when the dashboard listens beyond loopback."""

from __future__ import annotations

import time

import streamlit as st

from suffice_dashboard.pieces import e
from suffice_dashboard.settings import read_settings, same_key

_WRONG_KEY_SECONDS = 0.5  # a pause after a wrong key, so that guessing is slow


def require_key() -> bool:
    """True where no key is needed or the right one was given in this session; else draws the question."""
    settings = read_settings()
    if not settings.ask_key or st.session_state.get("key-accepted"):
        return True
    if settings.key is None:  # asked to guard, but with nothing: stay shut
        st.error("This dashboard was told to ask for a key, but SUFFICE_KEY is not set. Set it and start again.")
        return False
    _, middle, _ = st.columns([1, 1.4, 1])
    with middle, st.form("key-form"):
        text = (
            "This dashboard is open to your network. Its key is the value of SUFFICE_KEY on the machine that runs it."
        )
        st.html(f'<h2 class="sf-title">Key</h2><p class="sf-note">{e(text)}</p>')
        given = st.text_input("Key", type="password", label_visibility="collapsed", placeholder="SUFFICE_KEY")
        if st.form_submit_button("Open", type="primary"):
            if same_key(given, settings.key):
                st.session_state["key-accepted"] = True
                st.rerun()
            time.sleep(_WRONG_KEY_SECONDS)
            st.error("That is not the key. It is the value of SUFFICE_KEY where the dashboard was started.")
    return False
