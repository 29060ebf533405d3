"""Clusters: rows of template grams to templates, and templates to tasks.

Two cuts of one average-linkage tree over cosine distance: near-equal rows are a template, templates that
share about a third of their weight are a task (the versions that a prompt went through). Above a few
thousand distinct rows, near-equal rows are first gathered around leaders, so the tree stays small and
the cost stays linear.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from suffice_analysis.discovery.vocabulary import unit_rows

TEMPLATE_DISTANCE = 0.35
TASK_DISTANCE = 0.68  # MetaGPT: 0.65 to 0.70 are within 0.01 of the best ARI and AMI
LEADER_SIMILARITY = 0.75
TREE_ROWS = 3000
BLOCK_ROWS = 512

Labels = npt.NDArray[np.int64]


def cluster_rows(rows: sparse.csr_matrix) -> tuple[Labels, Labels]:
    """(template, task) of each unit row, -1 = beyond what one round holds. Empty rows must not be among them."""
    n = rows.shape[0]
    if n == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    leader_of = gather_near_equal(rows) if n > TREE_ROWS else np.arange(n, dtype=np.int64)
    count = int(leader_of.max()) + 1
    inside = np.flatnonzero(leader_of >= 0)
    gather = sparse.csr_matrix((np.ones(len(inside)), (leader_of[inside], inside)), shape=(count, n))
    centres = unit_rows((gather @ rows).tocsr())
    template, task = _cut(centres)
    none = leader_of < 0
    templates, tasks = template[leader_of], task[leader_of]
    templates[none] = tasks[none] = -1
    return templates, tasks


def gather_near_equal(rows: sparse.csr_matrix) -> Labels:
    """For each row the number of its leader: an earlier row within LEADER_SIMILARITY. At most TREE_ROWS leaders."""
    n = rows.shape[0]
    leader_of = np.full(n, -1, dtype=np.int64)
    leaders: list[int] = []
    for start in range(0, n, BLOCK_ROWS):
        block = rows[start : start + BLOCK_ROWS]
        if leaders:
            similar = np.asarray((block @ rows[leaders].T).todense())
            best = similar.argmax(axis=1)
            near = similar[np.arange(len(best)), best] >= LEADER_SIMILARITY
            leader_of[start : start + len(best)][near] = best[near]
        open_rows = np.flatnonzero(leader_of[start : start + block.shape[0]] < 0)
        if not len(open_rows) or len(leaders) >= TREE_ROWS:
            continue
        among = np.asarray((block[open_rows] @ block[open_rows].T).todense())
        for k, row in enumerate(open_rows):
            if leader_of[start + row] >= 0 or len(leaders) >= TREE_ROWS:
                continue
            near_rows = open_rows[among[k] >= LEADER_SIMILARITY]
            near_rows = near_rows[leader_of[start + near_rows] < 0]
            leader_of[start + near_rows] = len(leaders)
            leader_of[start + row] = len(leaders)
            leaders.append(start + int(row))
    return leader_of


def _cut(centres: sparse.csr_matrix) -> tuple[Labels, Labels]:
    if centres.shape[0] == 1:
        return np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    distance = 1.0 - np.clip(np.asarray((centres @ centres.T).todense(), dtype=np.float64), 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), "average")
    template = fcluster(tree, TEMPLATE_DISTANCE, "distance") - 1
    task = fcluster(tree, TASK_DISTANCE, "distance") - 1
    return template.astype(np.int64), task.astype(np.int64)
