"""Which texts are stored already, for some two million of the last ones, in 32 MB.

Asking the database for each text costs more with every text it holds (0.9 µs a span at 2 million, 7.4 at 20 million).
A text that is not found here, though it is stored, is stored again and compacted later; one that is found here is stored
for certain, since only what was committed is noted. Hashes of 128 bits stand in a table by their first bits; a newer one
takes the place of an older.
"""

from __future__ import annotations

import binascii
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa

PLACES = 1 << 21
_HEX_DIGITS = 32  # of a hash, see suffice.wire.canonical


class Seen:
    """``note`` what was committed; ``forget`` when rows may have gone."""

    def __init__(self, places: int = PLACES) -> None:
        """``places`` is a power of two. The table is made when something is noted first."""
        self._places = places
        self._keys: npt.NDArray[np.uint64] | None = None

    def has(self, hashes: pa.ChunkedArray) -> pa.Array:
        """For each hash whether it was noted, and not forgotten since."""
        if self._keys is None:
            return pa.array(np.zeros(len(hashes), dtype=bool))
        keys = _as_numbers(hashes)
        return pa.array((self._keys[self._place_of(keys)] == keys).all(axis=1))

    def note(self, hashes: pa.ChunkedArray) -> None:
        if self._keys is None:
            self._keys = np.zeros((self._places, 2), dtype=np.uint64)
        keys = _as_numbers(hashes)
        self._keys[self._place_of(keys)] = keys

    def forget(self) -> None:
        self._keys = None

    def _place_of(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.intp]:
        return (keys[:, 0] & np.uint64(self._places - 1)).astype(np.intp)


def _as_numbers(hashes: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """Two numbers for each hash."""
    whole = pa.array([], pa.string()) if not hashes.num_chunks else pa.concat_arrays(hashes.chunks)
    _, offsets, digits = whole.buffers()
    if len(whole) and len(offsets) >= 4 * (len(whole) + 1):
        ends = np.frombuffer(offsets, np.int32)[whole.offset : whole.offset + len(whole) + 1]
        if (np.diff(ends) == _HEX_DIGITS).all():
            try:
                return _pairs(binascii.unhexlify(digits.slice(int(ends[0]), int(ends[-1] - ends[0]))))
            except ValueError:  # not hex
                pass
    return _pairs(b"".join(blake2b(each.encode(), digest_size=16).digest() for each in whole.to_pylist()))


def _pairs(raw: bytes) -> npt.NDArray[np.uint64]:
    return np.frombuffer(raw, dtype=np.uint64).reshape(-1, 2)
