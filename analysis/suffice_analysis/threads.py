"""Threads: which call continues which, from content alone.

A call's ``chain_before`` is the hash of the history it was sent, a call's ``chain_after`` that of its
request with its answer (see ``suffice.wire.canonical``). Where they are equal, the later call goes on
where the earlier one ended. No trace id is needed: on tau_bench this links every call with history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.int64]
Chains: TypeAlias = Sequence[str | None] | Any  # Any: a pyarrow column


def previous_calls(chain_before: Sequence[str | None], chain_after: Sequence[str | None]) -> IntArray:
    """For each call the position of the call it continues, -1 = none. Of several equal ones, the last before it.

    Calls stand in order of time; a call that stands later than its continuation is still found.
    """
    latest: dict[str, int] = {}
    previous = np.full(len(chain_before), -1, dtype=np.int64)
    for i, (before, after) in enumerate(zip(chain_before, chain_after, strict=True)):
        if before is not None:
            previous[i] = latest.get(before, -1)
        if after is not None:
            latest[after] = i
    for i in np.flatnonzero(previous < 0).tolist():  # logs out of order
        before = chain_before[i]
        if before is not None and latest.get(before, i) != i:
            previous[i] = latest[before]
    return previous


def run_groups(chain_before: Chains, chain_after: Chains) -> IntArray:
    """For each call the number of its run group: calls that hang together by their chains. A lone call is its own.

    Two runs that are equal from the first message on fall into one group: their content cannot tell them apart.
    """
    n = len(chain_before)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    both = pa.concat_arrays([_strings(chain_before), _strings(chain_after)]).dictionary_encode().indices
    stated = both.is_valid().to_numpy(zero_copy_only=False)
    chains = both.fill_null(0).to_numpy(zero_copy_only=False)[stated].astype(np.int64) + n
    calls = np.tile(np.arange(n, dtype=np.int64), 2)[stated]
    size = int(chains.max(initial=n - 1)) + 1
    edges = coo_matrix((np.ones(len(calls), dtype=np.int8), (calls, chains)), shape=(size, size))
    _, group = connected_components(edges, directed=False)
    return np.asarray(group[:n], dtype=np.int64)


def _strings(chains: Chains) -> pa.Array:
    if isinstance(chains, pa.ChunkedArray):
        return chains.combine_chunks().cast(pa.string())
    return pa.array(chains, pa.string())
