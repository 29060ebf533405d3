"""What each page asks first, whatever it finds: begun beside each other before the page is drawn."""

from __future__ import annotations

from suffice_dashboard import queries
from suffice_dashboard.queries import USERS_OFFERED, Row

_FILTERED: tuple[tuple[str, Row], ...] = (("overview", {}), ("users", {"limit": USERS_OFFERED}))
_OF_PAGE: dict[str, tuple[tuple[str, Row], ...]] = {
    "": _FILTERED,
    "calls": _FILTERED,
    "savings": (("unpriced_models", {}),),
    "decisions": (("task_model_days", {}), ("decision_log", {"kind": "move"})),
}
_WITHOUT_ANALYSIS = ("calls", "runs", "quality", "health", "settings")


def begin(page: str) -> None:
    """For the page at this path ("" is Overview). All ask for ``filters``, for whether the data is simulated."""
    queries.ahead(
        [("filters", {}), *_OF_PAGE.get(page, ()), *([] if page in _WITHOUT_ANALYSIS else [("analyses", {})])]
    )
