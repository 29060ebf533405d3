"""Columns that stand below each other where the window is narrow (the style sheet knows them by their key)."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def side_by_side(name: str, left: float, right: float) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Two columns in the proportion ``left`` to ``right``; ``name`` is unique on the page."""
    with st.container(key=f"sf-stack-{name}"):
        first, second = st.columns([left, right], gap="large")
    return first, second
