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

from suffice_analysis.discovery.documents import Documents, bounds
from suffice_analysis.discovery.text import Grams, sorted_distinct

FEW_RUNS = 20  # with fewer runs in all, twice is recurring
RECURS = 3
EDGE_WORDS = 20  # 12 to 30 make no difference on the recordings
EXACT_RUNS = 4  # a message's runs that are counted one by one; further ones are added up

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Template grams, ascending, with their weights, their evenness, and how often they stand at a message's edge."""

    grams: Grams
    weights: Floats
    evenness: Floats
    at_edge: Floats  # share of their places within the first EDGE_WORDS of a message or its last

    def rows(self, documents: Documents) -> sparse.csr_matrix:
        """float32 [documents, grams]: each document's template grams by weight, rows of length 1 (or empty)."""
        return unit_rows(self.weighted_rows(documents))

    def weighted_rows(self, documents: Documents) -> sparse.csr_matrix:
        """The same before the rows are brought to length 1."""
        every = documents.grams
        if len(self.grams):
            at = np.minimum(np.searchsorted(self.grams, every), len(self.grams) - 1)
            known = self.grams[at] == every
        else:
            at, known = np.zeros(0, dtype=np.int64), np.zeros(len(every), dtype=bool)
        starts = bounds(known)[documents.starts]
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
    messages: Sequence[str],
    runs_of: Sequence[npt.NDArray[np.int64]],
    grams_of: Callable[[Sequence[str]], Sequence[Grams]],
) -> Vocabulary:
    """The grams that recur over runs.

    ``messages`` are distinct message hashes, ``runs_of`` the distinct run groups each was sent in,
    ``grams_of`` reads each message's grams in order.
    """
    ordered = grams_of(messages)
    sizes = np.asarray([len(each) for each in ordered], dtype=np.int64)
    every = np.concatenate(ordered) if ordered else np.zeros(0, dtype=np.uint64)
    grams, at = np.unique(every, return_inverse=True)
    if not len(grams):
        nothing = np.zeros(0, dtype=np.float32)
        return Vocabulary(grams.astype(np.uint64), nothing, nothing, nothing)
    _, numbered = np.unique(np.concatenate(runs_of), return_inverse=True)
    run_count = int(numbered.max()) + 1
    runs_with = _runs_with(at, sizes, numbered, np.asarray([len(runs) for runs in runs_of]), len(grams))
    evenness, at_edge = _places(at, sizes, runs_with)
    recurring = runs_with >= (2 if run_count < FEW_RUNS else RECURS)
    weights = np.log1p(runs_with) * evenness
    chosen = (values[recurring].astype(np.float32) for values in (weights, evenness, at_edge))
    return Vocabulary(grams[recurring], *chosen)


def _runs_with(at: Ints, sizes: Ints, numbered: Ints, runs_each: Ints, grams: int) -> npt.NDArray[np.int64]:
    """In how many runs each gram was sent. ``at``: the gram at each place, message after message, ``sizes`` of them each;
    ``numbered``: the runs of each message, ``runs_each`` of them."""
    message = np.repeat(np.arange(len(sizes)), sizes)
    once = sorted_distinct(message * np.int64(grams) + at)  # each gram once in each message
    message, gram = once // grams, once % grams
    exact = np.minimum(runs_each, EXACT_RUNS)
    more = np.bincount(gram, weights=(runs_each - exact)[message], minlength=grams).astype(np.int64)
    times = exact[message]
    first = (np.cumsum(runs_each) - runs_each)[message]
    within = np.arange(int(times.sum())) - np.repeat(np.cumsum(times) - times, times)
    run = numbered[np.repeat(first, times) + within]
    run_count = int(numbered.max()) + 1
    pairs = sorted_distinct(np.repeat(gram, times) * np.int64(run_count) + run)
    return np.bincount(pairs // run_count, minlength=grams) + more


def _places(at: Ints, sizes: Ints, runs_with: Ints) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(evenness, share at an edge) of each gram, over all its places."""
    runs = runs_with[at]
    ends = np.cumsum(sizes)
    alike = np.minimum(runs[1:], runs[:-1]) / np.maximum(runs[1:], runs[:-1])
    borders = ends[:-1]
    alike[borders[(borders > 0) & (borders < len(at))] - 1] = 0.0  # neighbours are of one message
    better = np.zeros(len(at))
    better[:-1] = alike
    better[1:] = np.maximum(better[1:], alike)
    place = np.arange(len(at)) - np.repeat(ends - sizes, sizes)
    edge = (place < EDGE_WORDS) | (place >= np.repeat(sizes, sizes) - EDGE_WORDS)
    count = len(runs_with)
    seen = np.maximum(np.bincount(at, minlength=count), 1.0)
    even = np.bincount(at, weights=better, minlength=count)
    return even / seen, np.bincount(at[edge], minlength=count) / seen
