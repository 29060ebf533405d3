"""The five most important sentences of the last analysis, as the demo, the report and the dashboard say them."""

from __future__ import annotations

from suffice_analysis.report.model import read_report
from suffice_store.store import Store


def read_headlines(store: Store, project: str = "default") -> list[str]:
    """Five sentences for a person. Raises SufficeError when nothing has been analysed."""
    return read_report(store, project=project, texts=False).headlines
