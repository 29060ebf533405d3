"""Which calls count: production's. A call that states no environment counts as production, since most apps state none.

An environment counts as production unless its name is one of those that say they are not.
"""

from __future__ import annotations

PRODUCTION, EVERY = "production", "all"
REPLAY = "replay"  # what suffice itself asked a candidate
_NAMES = (
    "dev", "development", "devel", "test", "testing", "tests", "staging", "stage", "stg", "qa", "uat", "ci", "local",
    "localhost", "sandbox", "preview", "integration", "preprod", "pre-production", "replay",
)  # fmt: skip
# As they are spelled: a comparison with a list is cheaper for a database than a function of every row.
NOT_PRODUCTION = tuple(spelled for name in _NAMES for spelled in (name, name.capitalize(), name.upper()))


def is_production(environment: str | None) -> bool:
    """Whether a call of this environment counts."""
    return environment not in NOT_PRODUCTION
