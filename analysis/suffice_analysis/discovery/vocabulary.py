"""Vocabulary: the 4-grams that are template, and how much each says.

A gram is template if it recurs over distinct runs (97 % of a request's text does). It weighs

    weight = log(1 + runs) * evenness

``evenness`` is the mean, over where it stands, of how alike its own and its better neighbour's number
of runs are (min / max): inside a template neighbours recur together, while a common phrase in free text
("what is the best") stands between rare ones. Weighing by rarity (idf) instead favours what a few runs
happen to share: on MetaGPT ARI 0.32 against 0.57.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from suffice_analysis.discovery.text import Grams, sorted_distinct

FEW_RUNS = 20  # with fewer runs in all, twice is recurring
RECURS = 3
EDGE_WORDS = 20  # 12 to 30 make no difference on the recordings
EXACT_RUNS = 4  # a message's runs that are counted one by one; further ones are added up

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Template grams, ascending, with their weights, their evenness, and how often they stand at a message's edge."""

    grams: Grams
    weights: Floats
    evenness: Floats
    at_edge: Floats  # share of their places within the first EDGE_WORDS of a message or its last

    def rows(self, documents: Sequence[Grams]) -> sparse.csr_matrix:
        """float32 [documents, grams]: each document's template grams by weight, rows of length 1 (or empty)."""
        return unit_rows(self.weighted_rows(documents))

    def weighted_rows(self, documents: Sequence[Grams]) -> sparse.csr_matrix:
        """The same before the rows are brought to length 1."""
        sizes = np.asarray([len(grams) for grams in documents], dtype=np.int64)
        every = np.concatenate(documents) if len(documents) else np.zeros(0, dtype=np.uint64)
        if len(self.grams):
            at = np.minimum(np.searchsorted(self.grams, every), len(self.grams) - 1)
            known = self.grams[at] == every
        else:
            at, known = np.zeros(0, dtype=np.int64), np.zeros(len(every), dtype=bool)
        ends = np.cumsum(sizes)
        counted = np.concatenate([[0], np.cumsum(known)])
        starts = counted[np.concatenate([[0], ends])].astype(np.int64)
        flat = at[known] if len(self.grams) else at
        return sparse.csr_matrix((self.weights[flat], flat, starts), shape=(len(documents), max(len(self.grams), 1)))


def unit_rows(rows: sparse.csr_matrix) -> sparse.csr_matrix:
    """Each row divided by its length; empty rows stay empty."""
    length = row_lengths(rows)
    length[length == 0] = 1.0
    scaled = rows.multiply(1.0 / length[:, None]).tocsr().astype(np.float32)
    scaled.sort_indices()
    return scaled


def row_lengths(rows: sparse.csr_matrix) -> npt.NDArray[np.float64]:
    """The Euclidean length of each row."""
    return np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float64)).ravel()


def learn_vocabulary(
    messages: Sequence[str], runs_of: Sequence[npt.NDArray[np.int64]], grams_of: Callable[[str], Grams]
) -> Vocabulary:
    """The grams that recur over runs.

    ``messages`` are distinct message hashes, ``runs_of`` the distinct run groups each was sent in,
    ``grams_of`` reads a message's grams in order.
    """
    ordered = [grams_of(message) for message in messages]
    distinct = [sorted_distinct(each) for each in ordered]
    every = np.concatenate(distinct) if distinct else np.zeros(0, dtype=np.uint64)
    grams, index = np.unique(every, return_inverse=True)
    if not len(grams):
        nothing = np.zeros(0, dtype=np.float32)
        return Vocabulary(grams.astype(np.uint64), nothing, nothing, nothing)
    _, numbered = np.unique(np.concatenate(runs_of), return_inverse=True)
    run_count = int(numbered.max()) + 1
    numbered_runs = np.split(numbered, np.cumsum([len(runs) for runs in runs_of])[:-1])
    sizes = np.asarray([len(each) for each in distinct])
    spans = np.concatenate([[0], np.cumsum(sizes)])
    pair_grams: list[npt.NDArray[np.int64]] = []
    pair_runs: list[npt.NDArray[np.int64]] = []
    more = np.zeros(len(grams), dtype=np.int64)
    for k, runs in enumerate(numbered_runs):
        own = index[spans[k] : spans[k + 1]]
        exact = runs[:EXACT_RUNS]
        pair_grams.append(np.tile(own, len(exact)))
        pair_runs.append(np.repeat(exact, len(own)))
        more[own] += len(runs) - len(exact)
    pairs = np.unique(np.concatenate(pair_grams) * np.int64(run_count) + np.concatenate(pair_runs))
    runs_with = np.bincount(pairs // run_count, minlength=len(grams)) + more
    evenness, at_edge = _places(ordered, grams, runs_with)
    recurring = runs_with >= (2 if run_count < FEW_RUNS else RECURS)
    weights = np.log1p(runs_with) * evenness
    chosen = (values[recurring].astype(np.float32) for values in (weights, evenness, at_edge))
    return Vocabulary(grams[recurring], *chosen)


def _places(
    ordered: Sequence[Grams], grams: Grams, runs_with: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(evenness, share at an edge) of each gram, over all its places."""
    even = np.zeros(len(grams))
    edge = np.zeros(len(grams))
    seen = np.zeros(len(grams))
    for each in ordered:
        at = np.searchsorted(grams, each)
        runs = runs_with[at]
        alike = np.minimum(runs[1:], runs[:-1]) / np.maximum(runs[1:], runs[:-1])
        better = np.zeros(len(each))
        better[:-1] = alike
        better[1:] = np.maximum(better[1:], alike)
        np.add.at(even, at, better)
        np.add.at(edge, np.concatenate([at[:EDGE_WORDS], at[EDGE_WORDS:][-EDGE_WORDS:]]), 1.0)
        np.add.at(seen, at, 1.0)
    seen = np.maximum(seen, 1.0)
    return even / seen, edge / seen
