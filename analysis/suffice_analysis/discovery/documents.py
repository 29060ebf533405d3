"""Documents: the distinct grams of heads, flat and in order, and the two work units that read them from texts.

As one array with its bounds a million calls' documents take what their grams take; as one numpy array each they took
a fifth more and a second look at every one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from suffice_analysis.discovery.text import GramReader, Grams, ranges, sorted_distinct
from suffice_analysis.discovery.types import MessageText

NO_GRAMS = np.zeros(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Documents:
    """``grams`` of all documents one after another, each ascending; document ``i`` stands at starts[i] to starts[i + 1]."""

    grams: Grams
    starts: npt.NDArray[np.int64]  # [documents + 1]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> Grams:
        return self.grams[self.starts[place] : self.starts[place + 1]]

    def sizes(self) -> npt.NDArray[np.int64]:
        """How many grams each has."""
        return np.diff(self.starts)

    def take(self, places: npt.NDArray[np.int64]) -> Documents:
        """Some of them, in the order given."""
        sizes = self.sizes()[places]
        return Documents(self.grams[ranges(self.starts[places], sizes)], bounds(sizes))

    def part(self, first: int, end: int) -> Documents:
        """Those from ``first`` to before ``end``."""
        starts = self.starts[first : end + 1]
        return Documents(self.grams[starts[0] : starts[-1]], starts - starts[0])

    def arrow(self) -> pa.LargeListArray:
        """The same as large_list<uint64>."""
        return pa.LargeListArray.from_arrays(pa.array(self.starts), pa.array(self.grams))


def of_arrays(documents: Sequence[Grams]) -> Documents:
    """Documents of one array each."""
    sizes = np.asarray([len(each) for each in documents], dtype=np.int64)
    return Documents(np.concatenate(documents) if len(documents) else NO_GRAMS, bounds(sizes))


def of_arrow(lists: Any) -> Documents:
    """Documents of a large_list<uint64> column of a batch that stands for itself (no slice)."""
    starts = lists.offsets.to_numpy().astype(np.int64)
    return Documents(lists.values.to_numpy()[starts[0] : starts[-1]], starts - starts[0])


def together(parts: Sequence[Documents]) -> Documents:
    """Those of several, one after another."""
    if len(parts) == 1:
        return parts[0]
    sizes = np.concatenate([part.sizes() for part in parts]) if parts else np.zeros(0, dtype=np.int64)
    return Documents(np.concatenate([part.grams for part in parts]) if parts else NO_GRAMS, bounds(sizes))


def bounds(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """int64 [sizes + 1]: where each begins, and where the last ends."""
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(sizes, dtype=np.int64)])


def distinct_grams(pieces: Sequence[Any]) -> Grams:
    """One sorted array of the distinct grams of several messages."""
    kept = [piece for piece in pieces if len(piece)]
    return sorted_distinct(np.concatenate(kept)) if kept else NO_GRAMS


def read_grams(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Work unit: messages (``role``, ``content``) -> the ``grams`` of each, in order."""
    found = _reader().grams_of(_messages(batch["role"], batch["content"]))
    return pa.RecordBatch.from_arrays([of_arrays(found).arrow()], ["grams"])


def read_documents(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Work unit: heads (``roles`` and ``contents``, lists of dictionary-encoded text) -> the distinct ``grams`` of each.

    A message that stands in many heads, as a system message does, is sent and read once.
    """
    starts = batch["contents"].offsets.to_numpy().tolist()
    roles, contents = batch["roles"].values, batch["contents"].values
    found = _reader().grams_of(_messages(roles.dictionary, contents.dictionary))
    pieces = [found[k] for k in contents.indices.to_numpy().tolist()]
    read = [distinct_grams(pieces[start:end]) for start, end in pairwise(starts)]
    return pa.RecordBatch.from_arrays([of_arrays(read).arrow()], ["grams"])


def heads_batch(heads: Sequence[Sequence[int]], roles: pa.Array, contents: pa.Array) -> pa.RecordBatch:
    """What ``read_documents`` takes: of each head the places of its messages in ``roles`` and ``contents``."""
    starts = pa.array(bounds(np.asarray([len(head) for head in heads], dtype=np.int64)).astype(np.int32))
    places = pa.array([place for head in heads for place in head], pa.int32())
    columns = [
        pa.ListArray.from_arrays(starts, pa.DictionaryArray.from_arrays(places, texts)) for texts in (roles, contents)
    ]
    return pa.RecordBatch.from_arrays(columns, ["roles", "contents"])


def _messages(roles: pa.Array, contents: pa.Array) -> list[MessageText]:
    return list(map(MessageText, roles.to_pylist(), contents.to_pylist()))


@cache
def _reader() -> GramReader:
    """One of a process: it knows the words that it has seen."""
    return GramReader()
