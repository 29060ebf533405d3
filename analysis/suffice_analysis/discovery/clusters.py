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
SCAFFOLD_SHARE = 0.9  # grams of a task in this share of its rows tell nothing about what is within it
WITHIN_SHARE, OUTSIDE_SHARE = 0.6, 0.15  # a part's own grams: in most of it, in few of the others
PART_SHARE, PART_ROWS = 0.05, 5  # the least a part must hold, or it is content that happens to recur
SCAFFOLD_GRAMS = (
    12  # from there on what recurs beside it may be a question that many ask, so a part must be instruction by
)
PART_GRAMS, PART_OF_SCAFFOLD = (
    15,
    0.3,
)  # its length: 12 words in one stretch are 15 grams, and this share of the scaffold
PARTS_COVER = 0.9  # parts split a task only where nearly all of it falls into one of them
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


def split_by_contrast(
    rows: sparse.csr_matrix, evenness: npt.NDArray[np.float32], strength: float, free: Labels
) -> list[Labels]:
    """Positions of the parts of one task that share a scaffold (a long system prompt) but ask different things.

    The scaffold is left out and the rest clustered again. The parts count only if nearly every row is in
    one that has a template of its own of at least ``strength``; else the task stays whole, because what
    recurs in it is content (the same question asked in some runs), not instruction. Under a scaffold, a part is
    instruction by its length, or because at least as much free text follows it: ``free`` counts each row's grams
    that do not recur. A question that many ask, with an order number and a name, is neither.
    """
    n = rows.shape[0]
    whole = [np.arange(n, dtype=np.int64)]
    if n < 2 * PART_ROWS:
        return whole
    shares = np.bincount(rows.indices, minlength=rows.shape[1]) / n
    told = (shares < SCAFFOLD_SHARE) & (shares > 0)
    rest = unit_rows((rows @ sparse.diags(told.astype(np.float32))).tocsr())
    rest.eliminate_zeros()
    some = np.flatnonzero(np.diff(rest.indptr) > 0)
    if len(some) < PARTS_COVER * n:
        return whole
    part_of = np.full(n, -1, dtype=np.int64)
    part_of[some] = cluster_rows(rest[some])[1]
    least = max(PART_ROWS, PART_SHARE * n)
    scaffold = int((shares >= SCAFFOLD_SHARE).sum())
    least_own = max(PART_GRAMS, PART_OF_SCAFFOLD * scaffold) if scaffold >= SCAFFOLD_GRAMS else 0
    kept: list[Labels] = []
    for part in range(int(part_of.max()) + 1):
        members = np.flatnonzero(part_of == part)
        if len(members) < least or len(members) == n:
            continue
        inside = np.bincount(rest[members].indices, minlength=rows.shape[1])
        outside = (shares * n - inside) / (n - len(members))
        own = (inside / len(members) >= WITHIN_SHARE) & (outside <= OUTSIDE_SHARE) & told
        if evenness[own].sum() >= strength and (own.sum() >= least_own or own.sum() <= np.median(free[members])):
            kept.append(members)
    covered = sum(len(members) for members in kept)
    if len(kept) < 2 or covered < PARTS_COVER * n:
        return whole
    stray = np.setdiff1d(whole[0], np.concatenate(kept))
    return [*kept, stray] if len(stray) else kept


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
