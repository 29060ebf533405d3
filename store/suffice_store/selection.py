"""What a deletion is about: a project, a user, a run, what is older than a moment; what is named together narrows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from suffice.errors import SufficeError


@dataclass(frozen=True, slots=True)
class Selection:
    """At least one is named. ``before_ns`` is Unix time: calls that started (or, untimed, arrived) before it."""

    project: str | None = None
    user: str | None = None
    run: str | None = None
    before_ns: int | None = None

    def __post_init__(self) -> None:
        named = (self.project, self.user, self.run)
        if any(each is not None and (not isinstance(each, str) or not each) for each in named):
            raise SufficeError("a project, user or run to delete must be named by a text")
        if self.before_ns is not None and (isinstance(self.before_ns, bool) or not isinstance(self.before_ns, int)):
            raise SufficeError("'before_ns' must be Unix nanoseconds, a whole number")
        if self.before_ns is None and not any(named):
            raise SufficeError("say what to delete: a project, a user, a run, or a moment before which calls go")

    @property
    def whole_project(self) -> bool:
        """Whether a project goes with everything in it."""
        return self.user is None and self.run is None and self.before_ns is None

    def noted(self) -> dict[str, Any]:
        """For the audit log: who was deleted can be checked against it and not be read out of it."""
        said: dict[str, Any] = {}
        if self.project is not None:
            said["project"] = self.project
        for name in ("user", "run"):
            value = getattr(self, name)
            if value is not None:
                said[f"{name}_sha256"] = sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        if self.before_ns is not None:
            said["before"] = datetime.fromtimestamp(self.before_ns // 10**9, UTC).isoformat()
        return said


def parse_moment(text: str) -> int:
    """``2026-11-01`` or ``2026-11-01T12:30:00Z`` as Unix nanoseconds; without a zone it is UTC. Raises SufficeError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SufficeError(f"'{text}' is no date: write 2026-11-01 or 2026-11-01T12:30:00Z") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) * 10**9
