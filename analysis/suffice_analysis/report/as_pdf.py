"""The report as PDF: the HTML's pages on paper, by one layout, so the two can't differ. No browser: PlutoPrint sets the pages."""

from __future__ import annotations

import io

from suffice.errors import SufficeError
from suffice_analysis.report.as_html import render_html
from suffice_analysis.report.model import Report


def render_pdf(report: Report) -> bytes:
    """An A4 document. Raises SufficeError, one line, where PlutoPrint is not installed."""
    try:
        import plutoprint  # its libraries weigh 145 MB: an extra, loaded when a PDF is asked for
    except ImportError as missing:
        raise SufficeError(f"a PDF needs {missing.name}: pip install 'suffice[pdf]', or print the .html") from None

    class Nothing(plutoprint.ResourceFetcher):
        """The report holds all it shows; whatever a text may ask for, no file is read and no address asked."""

        def fetch_url(self, url: str) -> plutoprint.ResourceData:
            raise ValueError(f"a report fetches nothing: {url[:80]}")

    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)  # the margins stand in the template's @page
    book.custom_resource_fetcher = Nothing()
    book.load_html(render_html(report, paper=True))
    out = io.BytesIO()
    book.write_to_pdf_stream(out)
    return out.getvalue()
