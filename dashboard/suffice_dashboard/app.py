"""The entry script of the dashboard: look and navigation. The pages are in ``views/``."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from suffice_analysis.report.wording import SIMULATED_WORDS
from suffice_dashboard import addresses, first_reads, people, pieces, project, queries, states
from suffice_dashboard.pieces import e
from suffice_dashboard.theme import style_sheet

ASSETS = Path(__file__).with_name("assets")


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="suffice", page_icon=str(ASSETS / "icon.svg"), layout="wide")
    st.html(style_sheet())
    st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
    people.require()
    project.keep()
    queries.start_page()
    # The page of one task is reached from Tasks; its links work all the same.
    task_shown: Literal["visible", "hidden"] = "visible" if "task_id" in st.query_params else "hidden"
    pages = [
        st.Page("views/overview.py", title="Overview", icon=":material/space_dashboard:", default=True),
        st.Page("views/tasks.py", title="Tasks", icon=":material/category:", url_path="tasks"),
        st.Page("views/task.py", title="Task", icon=":material/target:", url_path="task", visibility=task_shown),
        st.Page("views/savings.py", title="Savings", icon=":material/savings:", url_path="savings"),
        st.Page("views/decisions.py", title="Decisions", icon=":material/rule:", url_path="decisions"),
        st.Page("views/runs.py", title="Runs", icon=":material/account_tree:", url_path="runs"),
        st.Page("views/replay.py", title="Replay", icon=":material/replay:", url_path="replay"),
        st.Page("views/calls.py", title="Calls", icon=":material/forum:", url_path="calls"),
        st.Page("views/quality.py", title="Quality", icon=":material/verified:", url_path="quality"),
        st.Page("views/health.py", title="Health", icon=":material/monitor_heart:", url_path="health"),
        st.Page("views/settings.py", title="Settings", icon=":material/settings:", url_path="settings"),
    ]
    missing = addresses.unknown_page(addresses.asked_page(), (page.url_path for page in pages))
    if missing and "/" not in missing:  # a page of its own: else Streamlit lays a dialog over it
        pages.append(
            st.Page(partial(states.show_no_page, missing), title="Not found", url_path=missing, visibility="hidden")
        )
    chosen = st.navigation(pages)
    if not missing:
        first_reads.begin(chosen.url_path)
    with suppress(Exception):  # what is wrong with the reads, the page itself says
        if queries.read_simulated():
            st.html(pieces.watermark(SIMULATED_WORDS))
    if missing:
        states.show_no_page(missing)
    else:
        chosen.run()
    settings = project.settings_shown()
    with st.sidebar:
        st.html(f'<p class="sf-foot">Project {e(settings.project)}<br>{e(settings.server)}</p>')
        people.foot()


main()
