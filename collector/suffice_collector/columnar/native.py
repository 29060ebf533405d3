"""Functions that numba compiles: they work on bytes in arrays, hold no Python object, and leave the interpreter free.

What they compile to is kept (``kept.CACHE``), so that it is compiled once an installation (half a minute) and loaded
afterwards. Importing this module takes a second and raises ImportError where numba is not installed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import extending
from numba.core import cgutils, types

from suffice_collector.columnar.kept import CACHE

intrinsic: Any = extending.intrinsic  # takes its first argument away, which types can't say
_Function = TypeVar("_Function", bound=Callable[..., Any])

SEED = np.uint64(int.from_bytes(os.urandom(8), "little"))  # so that nobody can choose what collides


def native(function: _Function) -> _Function:
    """Compiled at its first call, or read from the cache."""
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(CACHE)
    try:
        return cast(_Function, numba.njit(nogil=True, cache=True, boundscheck=False)(function))
    finally:
        config.CACHE_DIR = before


def inlined(function: _Function) -> _Function:
    """Put into those that call it: a call costs a count of the references to each array given."""
    return cast(_Function, numba.njit(nogil=True, boundscheck=False, inline="always")(function))


@intrinsic  # type: ignore[untyped-decorator]
def load8(typing_context: Any, array: Any, index: Any) -> Any:
    """The eight bytes at an index of a byte array, least first. The caller knows that there are eight."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        from llvmlite import ir  # type: ignore[import-untyped]

        data = context.make_array(signature.args[0])(context, builder, given[0]).data
        pointer = builder.bitcast(builder.gep(data, [given[1]]), ir.IntType(64).as_pointer())
        loaded = builder.load(pointer)
        loaded.align = 1
        return loaded

    return types.uint64(array, types.int64), generate


@native
def hash_bytes(b: Any, start: int, length: int, seed: Any) -> Any:
    """64 bits, eight bytes at a time; not a cryptographic hash, so that what it finds is compared."""
    h = seed ^ (np.uint64(length) * np.uint64(0x9E3779B97F4A7C15))
    p, end = start, start + length
    while p + 8 <= end:
        h = (h ^ load8(b, p)) * np.uint64(0xD6E8FEB86659FD93)
        h ^= h >> np.uint64(32)
        p += 8
    tail, shift = np.uint64(0), np.uint64(0)
    while p < end:
        tail |= np.uint64(b[p]) << shift
        shift += np.uint64(8)
        p += 1
    h = (h ^ tail) * np.uint64(0xD6E8FEB86659FD93)
    h ^= h >> np.uint64(32)
    h *= np.uint64(0xD6E8FEB86659FD93)
    return h ^ (h >> np.uint64(29))


@native
def same_bytes(a: Any, at: int, b: Any, start: int, length: int) -> bool:
    p = 0
    while p + 8 <= length:
        if load8(a, at + p) != load8(b, start + p):
            return False
        p += 8
    while p < length:
        if a[at + p] != b[start + p]:
            return False
        p += 1
    return True


@intrinsic  # type: ignore[untyped-decorator]
def _copy(typing_context: Any, to: Any, at: Any, source: Any, start: Any, length: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        to_type, _, source_type, _, _ = signature.args
        there = builder.gep(context.make_array(to_type)(context, builder, given[0]).data, [given[1]])
        here = builder.gep(context.make_array(source_type)(context, builder, given[2]).data, [given[3]])
        cgutils.raw_memcpy(  # type: ignore[no-untyped-call]
            builder, there, here, given[4], 1
        )
        return context.get_dummy_value()

    return types.void(to, types.int64, source, types.int64, types.int64), generate


@native
def copy(to: Any, at: int, source: Any, start: int, length: int) -> int:
    """Where the copy ends. A loop takes ten times as long."""
    _copy(to, at, source, start, length)
    return at + length


@native
def plain(b: Any, start: int, end: int) -> int:
    """Where the first byte is that JSON text would write otherwise, or that is not ASCII; ``end`` where none is."""
    p = start
    while p + 32 <= end:
        odd = np.uint8(0)
        for i in range(32):
            c = b[p + i]
            odd |= np.uint8(c < 32) | np.uint8(c > 127) | np.uint8(c == 34) | np.uint8(c == 92)
        if odd:
            break
        p += 32
    while p < end:
        c = b[p]
        if c < 32 or c > 127 or c == 34 or c == 92:
            return p
        p += 1
    return end


@native
def character(b: Any, p: int, end: int) -> int:
    """The bytes of the UTF-8 character at ``p``, which is not ASCII; 0 where it is none."""
    c = b[p]
    if 0xC2 <= c <= 0xDF:
        size = 2
    elif 0xE0 <= c <= 0xEF:
        size = 3
    elif 0xF0 <= c <= 0xF4:
        size = 4
    else:
        return 0
    if p + size > end:
        return 0
    for i in range(1, size):
        if b[p + i] & 0xC0 != 0x80:
            return 0
    second = b[p + 1]
    if (c == 0xE0 and second < 0xA0) or (c == 0xED and second > 0x9F):
        return 0
    if (c == 0xF0 and second < 0x90) or (c == 0xF4 and second > 0x8F):
        return 0
    return size


@native
def is_utf8(b: Any, start: int, end: int) -> bool:
    p = start
    while p < end:
        if b[p] < 128:
            p += 1
            continue
        size = character(b, p, end)
        if size == 0:
            return False
        p += size
    return True


@native
def varint(b: Any, p: int, end: int) -> tuple[Any, int]:
    """A number of the protobuf encoding and where it ends; -1 where it does not."""
    value, shift = np.uint64(0), np.uint64(0)
    while p < end and shift < np.uint64(70):
        c = np.uint64(b[p])
        p += 1
        if shift < np.uint64(64):
            value |= (c & np.uint64(0x7F)) << shift
        if c < np.uint64(128):
            return value, p
        shift += np.uint64(7)
    return np.uint64(0), -1


@native
def field(b: Any, p: int, end: int) -> Any:
    """A field's number and kind, and where its contents begin and end; number -1 where it is malformed."""
    tag, p = varint(b, p, end)
    if p < 0 or tag >> np.uint64(3) == np.uint64(0) or tag > np.uint64(0xFFFFFFFF):
        return -1, 0, 0, 0
    number, kind = np.int64(tag >> np.uint64(3)), np.int64(tag & np.uint64(7))
    if kind == 0:
        _, after = varint(b, p, end)
        if after < 0:
            return -1, 0, 0, 0
        return number, kind, p, after
    if kind == 2:
        size, p = varint(b, p, end)
        if p < 0 or size > np.uint64(end - p):
            return -1, 0, 0, 0
        return number, kind, p, p + np.int64(size)
    size_of = 8 if kind == 1 else 4
    if (kind != 1 and kind != 5) or p + size_of > end:
        return -1, 0, 0, 0
    return number, kind, p, p + size_of
