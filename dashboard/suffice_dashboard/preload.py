"""What pages need is loaded before the server says that it is ready: the first reader waits a second less.

Only what no cache of Streamlit's hangs on: pages themselves are loaded when they are opened.
"""

from __future__ import annotations

import suffice_analysis.moves
import suffice_analysis.next_steps
import suffice_analysis.quality
import suffice_analysis.realised
import suffice_analysis.slice_words  # noqa: F401
from suffice_dashboard.charts.spend import spend_over_time


def preload() -> None:
    """Draw a chart that nobody sees: Plotly loads its parts with the first one."""
    row = {"paid_usd": 1, "calls": 1, "error_calls": 0, "unpriced_calls": 0}
    days = [{"key": f"2026-01-0{day}", **row} for day in (1, 2)]
    spend_over_time(days, "day").to_json()
