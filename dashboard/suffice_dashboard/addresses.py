"""Whether the address names a page there is. Streamlit shows the first page for any other, without a word."""

from __future__ import annotations

from collections.abc import Iterable

from streamlit.runtime.scriptrunner import get_script_run_ctx


def asked_page() -> str:
    """The page that the address named when it was opened; "" for the first page, and once one was chosen by the menu."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or context.pages_manager.intended_page_script_hash:
        return ""
    return context.pages_manager.intended_page_name or ""


def unknown_page(asked: str, known: Iterable[str]) -> str:
    """``asked`` where it is none of the ``known`` pages' paths, else ""."""
    name = asked.strip("/")
    return "" if name in {"", *known} else name
