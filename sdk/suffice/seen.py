"""What this process has seen, for ``suffice doctor``: which clients asked, in which formats, and what went wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suffice.capture import Capture
    from suffice.finishing import Finished

LIMIT = 100  # names; an app that makes up user agents must not make us grow


class Seen:
    """Counts since the recorder started. Written by the recorder's thread alone."""

    def __init__(self) -> None:
        self.clients: Counter[str] = Counter()  # by user agent
        self.formats: Counter[str] = Counter()
        self.completeness: Counter[str] = Counter()
        self.not_calls: Counter[str] = Counter()  # paths that looked like a call's, bodies that were none
        self.cut = 0  # calls too large for a request, which were shortened

    def call(self, capture: Capture, finished: Finished) -> None:
        _count(self.clients, finished.client)
        _count(self.formats, finished.call.wire_format)
        _count(self.completeness, finished.call.completeness)

    def something_else(self, capture: Capture) -> None:
        _count(self.not_calls, capture.url.partition("?")[0][:200])

    def as_dict(self) -> dict[str, Any]:
        return {
            "clients": dict(self.clients.most_common()),
            "formats": dict(self.formats.most_common()),
            "completeness": dict(self.completeness.most_common()),
            "not_calls": dict(self.not_calls.most_common()),
            "cut": self.cut,
        }


def _count(counter: Counter[str], name: str) -> None:
    counter[name if name in counter or len(counter) < LIMIT else "others"] += 1
