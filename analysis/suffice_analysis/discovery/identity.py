"""Identity: a task keeps its id from analysis to analysis.

A new task's id is made from its template's grams, so the same data give the same id. Where tasks of an
earlier analysis are known, their recognisers are run over the same heads, and a task that holds most of
what a known one recognises (or is mostly recognised by it) takes over its id. Of the parts of a split the
larger keeps it; of merged tasks the larger gives it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

OVERLAP = 0.5  # of the calls of either, from which two tasks are the same


def keep_known_ids(
    fresh: Sequence[str],
    task_of: npt.NDArray[np.int64],
    known: Sequence[str],
    known_of: npt.NDArray[np.int64],
    calls: npt.NDArray[np.int64],
) -> list[str]:
    """The id of each task: a known one where it is the same task, else the fresh one.

    ``task_of`` and ``known_of`` are positions in ``fresh`` and ``known`` for each head (-1 = none),
    ``calls`` how often each head was called.
    """
    ids = list(fresh)
    if not known:
        return _distinct(ids, taken=set())
    together = np.zeros((len(fresh), len(known)))
    both = (task_of >= 0) & (known_of >= 0)
    np.add.at(together, (task_of[both], known_of[both]), calls[both])
    of_task, of_known = together.sum(axis=1), together.sum(axis=0)
    pairs = np.argwhere(together > 0)
    order = sorted(pairs.tolist(), key=lambda p: (-together[p[0], p[1]], fresh[p[0]], known[p[1]]))
    done_tasks: set[int] = set()
    done_known: set[int] = set()
    for t, k in order:
        shared = together[t, k]
        if t in done_tasks or k in done_known or shared < OVERLAP * min(of_task[t], of_known[k]):
            continue
        ids[t] = known[k]
        done_tasks.add(t)
        done_known.add(k)
    return _distinct(ids, taken=set(known))


def _distinct(ids: list[str], taken: set[str]) -> list[str]:
    """Two tasks may not share an id, nor a new one take that of a known one which was not found again."""
    seen: set[str] = set()
    for i, each in enumerate(ids):
        n = 2
        while ids[i] in seen:
            ids[i] = f"{each}-{n}"
            n += 1
        seen.add(ids[i])
    return ids
