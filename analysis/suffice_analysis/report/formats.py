"""Which format a file name asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from suffice.errors import UsageError
from suffice_analysis.report.as_csv import render_csv
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.as_json import render_json
from suffice_analysis.report.as_markdown import render_markdown
from suffice_analysis.report.as_pdf import render_pdf
from suffice_analysis.report.as_xlsx import render_xlsx
from suffice_analysis.report.model import Report

FORMATS: dict[str, Callable[[Report], str | bytes]] = {
    ".html": render_html,
    ".pdf": render_pdf,
    ".md": render_markdown,
    ".json": render_json,
    ".csv": render_csv,
    ".xlsx": render_xlsx,
}


def renderer(path: Path) -> Callable[[Report], bytes]:
    """The function that renders ``path``. Raises UsageError for an ending that can't be written."""
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise UsageError(f"can't tell a report's format from '{path.name}': end it in {_known()}")
    render = FORMATS[ending]

    def render_bytes(report: Report) -> bytes:
        rendered = render(report)
        return rendered if isinstance(rendered, bytes) else rendered.encode("utf-8", errors="replace")

    return render_bytes


def _known() -> str:
    return ", ".join(FORMATS)
