"""BLAKE2b-128 of bytes in an array (RFC 7693), as ``suffice.wire.canonical`` makes its hashes; tests hold both together."""

from __future__ import annotations

from typing import Any

import numpy as np

from suffice_collector.columnar.native import native

BLOCK = 128
_IV = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
_PARAMETERS = np.uint64(0x01010000 ^ 16)  # 16 bytes of digest, no key


@native
def _mix(a: Any, b: Any, c: Any, d: Any, x: Any, y: Any) -> Any:
    a = a + b + x
    d = d ^ a
    d = (d >> np.uint64(32)) | (d << np.uint64(32))
    c = c + d
    b = b ^ c
    b = (b >> np.uint64(24)) | (b << np.uint64(40))
    a = a + b + y
    d = d ^ a
    d = (d >> np.uint64(16)) | (d << np.uint64(48))
    c = c + d
    b = b ^ c
    b = (b >> np.uint64(63)) | (b << np.uint64(1))
    return a, b, c, d


@native
def _turn(
    v: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any, g: Any, h: Any,
    i: Any, j: Any, k: Any, q: Any, m: Any, n: Any, o: Any, p: Any,
) -> Any:  # fmt: skip
    v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15 = v
    v0, v4, v8, v12 = _mix(v0, v4, v8, v12, a, b)
    v1, v5, v9, v13 = _mix(v1, v5, v9, v13, c, d)
    v2, v6, v10, v14 = _mix(v2, v6, v10, v14, e, f)
    v3, v7, v11, v15 = _mix(v3, v7, v11, v15, g, h)
    v0, v5, v10, v15 = _mix(v0, v5, v10, v15, i, j)
    v1, v6, v11, v12 = _mix(v1, v6, v11, v12, k, q)
    v2, v7, v8, v13 = _mix(v2, v7, v8, v13, m, n)
    v3, v4, v9, v14 = _mix(v3, v4, v9, v14, o, p)
    return v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15


@native
def blake2b_128(words: Any, length: int, digest: Any) -> None:
    """Into ``digest`` (two numbers). ``words``: the bytes as numbers of eight, with 0 behind up to a whole block."""
    h0, h1, h2, h3, h4, h5, h6, h7 = (
        _IV[0] ^ _PARAMETERS, _IV[1], _IV[2], _IV[3], _IV[4], _IV[5], _IV[6], _IV[7]
    )  # fmt: skip
    blocks = max(1, (length + BLOCK - 1) // BLOCK)
    for block in range(blocks):
        last = block == blocks - 1
        at = block * 16
        hashed = np.uint64(length if last else (block + 1) * BLOCK)
        m0, m1, m2, m3 = words[at], words[at + 1], words[at + 2], words[at + 3]
        m4, m5, m6, m7 = words[at + 4], words[at + 5], words[at + 6], words[at + 7]
        m8, m9, m10, m11 = words[at + 8], words[at + 9], words[at + 10], words[at + 11]
        m12, m13, m14, m15 = words[at + 12], words[at + 13], words[at + 14], words[at + 15]
        v = (
            h0, h1, h2, h3, h4, h5, h6, h7, _IV[0], _IV[1], _IV[2], _IV[3],
            _IV[4] ^ hashed, _IV[5], ~_IV[6] if last else _IV[6], _IV[7],
        )  # fmt: skip
        # the order of the words in each of the twelve turns, written out: with a table it takes a third longer
        v = _turn(v, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
        v = _turn(v, m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3)
        v = _turn(v, m11, m8, m12, m0, m5, m2, m15, m13, m10, m14, m3, m6, m7, m1, m9, m4)
        v = _turn(v, m7, m9, m3, m1, m13, m12, m11, m14, m2, m6, m5, m10, m4, m0, m15, m8)
        v = _turn(v, m9, m0, m5, m7, m2, m4, m10, m15, m14, m1, m11, m12, m6, m8, m3, m13)
        v = _turn(v, m2, m12, m6, m10, m0, m11, m8, m3, m4, m13, m7, m5, m15, m14, m1, m9)
        v = _turn(v, m12, m5, m1, m15, m14, m13, m4, m10, m0, m7, m6, m3, m9, m2, m8, m11)
        v = _turn(v, m13, m11, m7, m14, m12, m1, m3, m9, m5, m0, m15, m4, m8, m6, m2, m10)
        v = _turn(v, m6, m15, m14, m9, m11, m3, m0, m8, m12, m2, m13, m7, m1, m4, m10, m5)
        v = _turn(v, m10, m2, m8, m4, m7, m6, m1, m5, m15, m11, m9, m14, m3, m12, m13, m0)
        v = _turn(v, m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15)
        v = _turn(v, m14, m10, m4, m8, m9, m15, m13, m6, m1, m12, m0, m2, m11, m7, m5, m3)
        h0, h1, h2, h3 = h0 ^ v[0] ^ v[8], h1 ^ v[1] ^ v[9], h2 ^ v[2] ^ v[10], h3 ^ v[3] ^ v[11]
        h4, h5, h6, h7 = h4 ^ v[4] ^ v[12], h5 ^ v[5] ^ v[13], h6 ^ v[6] ^ v[14], h7 ^ v[7] ^ v[15]
    digest[0], digest[1] = h0, h1
