"""Times and outcomes, as the many logs spell them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from suffice.wire.lenient import as_object, as_text
from suffice_store.records import OutcomeRecord

_LIMIT_NS = 2**63 - 1


def parse_time_ns(value: Any) -> int | None:
    """Unix nanoseconds of a number (seconds, ms, us or ns, told by its size) or of ISO text (UTC without an offset).

    None for anything else, and for what no clock shows: "not known" is better than 1970.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return _epoch_ns(value)
    if not isinstance(value, str):
        return None
    try:
        return _epoch_ns(float(value) if "." in value else int(value))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    ns = ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
    return ns if 0 < ns <= _LIMIT_NS else None


def _epoch_ns(number: float) -> int | None:
    if not 0 < number < float(_LIMIT_NS):  # also NaN
        return None
    for below, factor in ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (_LIMIT_NS, 1)):
        if number < below:
            ns = number * factor if isinstance(number, int) else round(number * factor)
            return ns if 0 < ns <= _LIMIT_NS else None
    return None


def parse_outcome(value: Any, project: str, call_id: str, source: str, recorded_ns: int) -> OutcomeRecord | None:
    """The outcome of a call: true or false, a score, a label, or an object of ``ok``, ``score``, ``label``."""
    ok: bool | None = None
    score: float | None = None
    label: str | None = None
    if isinstance(value, bool):
        ok = value
    elif isinstance(value, int | float):
        score = float(value)
    elif isinstance(value, str):
        label = as_text(value)
    else:
        stated = as_object(value)
        ok = stated["ok"] if isinstance(stated.get("ok"), bool) else None
        number = stated.get("score")
        score = float(number) if isinstance(number, int | float) and not isinstance(number, bool) else None
        label = as_text(stated.get("label"))
    if score is not None and not abs(score) < float("inf"):
        score = None
    if ok is None and score is None and label is None:
        return None
    return OutcomeRecord(project, "call", call_id, ok, score, label, source, recorded_ns)
