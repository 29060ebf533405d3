"""The named reads: the only way to what is stored, and the only SQL of the project.

``docs/read-api.md`` lists them with their parameters and columns; a test holds it and ``READS`` together.
Aggregates are made in the database; only texts behind hashes and users' names are added in Python.
"""

from __future__ import annotations

from suffice.errors import SufficeError
from suffice_store.reads import (
    administration,
    alerts,
    analysis_input,
    calls,
    capture,
    catalogue,
    cost_truth,
    funnel,
    links,
    moves,
    replays,
    results,
    runs,
    steps,
    totals,
)
from suffice_store.reads.registry import Parameter, Read

__all__ = ["READS", "Parameter", "Read", "find_read"]

READS: dict[str, Read] = {
    read.name: read
    for module in (
        totals,
        calls,
        links,
        runs,
        steps,
        analysis_input,
        results,
        replays,
        catalogue,
        cost_truth,
        funnel,
        moves,
        capture,
        administration,
        alerts,
    )
    for read in module.READS
}


def find_read(name: str) -> Read:
    """The read of this name. Raises SufficeError listing those there are."""
    read = READS.get(name)
    if read is None:
        raise SufficeError(f"there is no read '{name}'; there are {', '.join(sorted(READS))}")
    return read
