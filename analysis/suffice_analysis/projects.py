"""What to say where a project has no calls and others have: most often its name was misspelt."""

from __future__ import annotations

from suffice.errors import SufficeError
from suffice_store.console import format_count
from suffice_store.store import Store

SHOWN = 5


def missing_words(store: Store, project: str) -> str | None:
    """One line that names the projects with calls, most first; None where this one has some, nobody has, or one may not know."""
    try:
        rows = store.read("projects", project=project).to_pylist()
    except SufficeError:  # a key for one project alone
        return None
    calls = {str(row["project"]): int(row["calls"]) for row in rows if row["calls"]}
    if not calls or project in calls:
        return None
    most = sorted(calls, key=lambda name: (-calls[name], name))
    named = ", ".join(f"{name} ({format_count(calls[name])})" for name in most[:SHOWN])
    more = f" and {len(most) - SHOWN} more" if len(most) > SHOWN else ""
    return f"no project '{project}' has calls; calls are in {named}{more}"
