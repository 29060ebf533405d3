"""Stored texts by their hash, kept as Arrow: a million calls' texts fit beside the analysis.

As a dict of Python objects two million messages took 2.1 GB; as Arrow columns with a sorted index of their hashes they
take what they are. A text becomes a Python object when it is looked at, and not before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from suffice_analysis.discovery.types import MessageText


class StoredTexts(Mapping[str, MessageText]):
    """Message hash -> role and content, over batches with the columns ``message_hash``, ``role``, ``content``."""

    def __init__(self, batches: Iterable[pa.RecordBatch | pa.Table] = ()) -> None:
        self._contents: list[pa.Array] = []
        hashes: list[npt.NDArray[np.bytes_]] = []
        roles: list[npt.NDArray[np.int32]] = []
        self._roles: list[str] = []
        starts = [0]
        for batch in batches:
            for part in batch.to_batches() if isinstance(batch, pa.Table) else [batch]:
                self._contents.append(part["content"])
                hashes.append(_as_bytes(part["message_hash"]))
                roles.append(self._coded(part["role"]))
                starts.append(starts[-1] + part.num_rows)
        self._starts = starts
        every = np.concatenate(hashes) if hashes else np.zeros(0, dtype="S32")
        self._order = np.argsort(every, kind="stable")
        self._hashes = every[self._order]
        self._role_of = np.concatenate(roles) if roles else np.zeros(0, dtype=np.int32)

    def __getitem__(self, message_hash: str) -> MessageText:
        row = self._row(message_hash)
        if row < 0:
            raise KeyError(message_hash)
        chunk = bisect_right(self._starts, row) - 1
        content = self._contents[chunk][row - self._starts[chunk]].as_py()
        return MessageText(self._roles[self._role_of[row]], content)

    def role(self, message_hash: str) -> str:
        """Who said it, without its text; empty where nothing is stored."""
        row = self._row(message_hash)
        return self._roles[self._role_of[row]] if row >= 0 else ""

    def _row(self, message_hash: str) -> int:
        key = message_hash.encode()
        at = int(np.searchsorted(self._hashes, np.bytes_(key)))
        return int(self._order[at]) if at < len(self._hashes) and self._hashes[at] == key else -1

    def columns(self, hashes: Sequence[str]) -> tuple[pa.Array, pa.Array]:
        """(roles, contents) of what is stored under each hash, empty (``""`` and ``"[]"``) where nothing is."""
        if not len(self._hashes) or not hashes:
            roles, contents = [""] * len(hashes), ["[]"] * len(hashes)
            return pa.array(roles, pa.string()), pa.array(contents, pa.large_string())
        wanted = np.array(hashes, dtype="S")
        at = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        stored = self._hashes[at] == wanted
        rows = self._order[at]
        chunks = np.where(stored, np.searchsorted(self._starts, rows, side="right") - 1, -1)
        taken: list[pa.Array] = []
        order: list[npt.NDArray[np.int64]] = []
        for chunk in np.unique(chunks).tolist():
            places = np.flatnonzero(chunks == chunk)
            order.append(places)
            inside = pa.array(rows[places] - self._starts[chunk]) if chunk >= 0 else None
            found = pa.array(["[]"] * len(places)) if inside is None else self._contents[chunk].take(inside)
            taken.append(found.cast(pa.large_string()))
        back = np.argsort(np.concatenate(order), kind="stable")
        codes = pa.array(self._role_of[rows], mask=~stored)
        roles = pa.DictionaryArray.from_arrays(codes, pa.array(self._roles, pa.string())).cast(pa.string())
        return roles.fill_null(""), pa.concat_arrays(taken).take(pa.array(back))

    def __iter__(self) -> Iterator[str]:
        return (each.decode() for each in self._hashes.tolist())

    def __len__(self) -> int:
        return len(self._hashes)

    def have_role(self, hashes: pa.Array, role: str) -> npt.NDArray[np.bool_]:
        """For each hash whether a text of this role is stored under it; all of them in one pass."""
        if not len(self._hashes) or role not in self._roles:
            return np.zeros(len(hashes), dtype=bool)
        wanted = _as_bytes(hashes)
        at = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        found = self._hashes[at] == wanted
        return np.asarray(found & (self._role_of[self._order[at]] == self._roles.index(role)))

    def lengths(self, hashes: pa.Array) -> npt.NDArray[np.int64]:
        """Characters of what is stored under each hash, 0 where nothing is."""
        if not len(self._hashes):
            return np.zeros(len(hashes), dtype=np.int64)
        every = np.concatenate([pc.utf8_length(each).to_numpy(zero_copy_only=False) for each in self._contents])
        wanted = _as_bytes(hashes)
        at = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        return np.where(self._hashes[at] == wanted, every[self._order[at]], 0).astype(np.int64)

    def _coded(self, roles: pa.Array) -> npt.NDArray[np.int32]:
        encoded = roles.cast(pa.string()).fill_null("").dictionary_encode()
        codes = []
        for role in encoded.dictionary.to_pylist():
            if role not in self._roles:
                self._roles.append(role)
            codes.append(self._roles.index(role))
        taken = np.asarray(codes, dtype=np.int32)
        return np.asarray(taken[encoded.indices.to_numpy(zero_copy_only=False)])


def _as_bytes(hashes: pa.Array) -> npt.NDArray[np.bytes_]:
    return np.asarray(hashes.cast(pa.string()).to_numpy(zero_copy_only=False).astype("S"))
