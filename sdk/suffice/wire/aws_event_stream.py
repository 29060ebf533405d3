"""AWS event-stream frames: https://smithy.io/2.0/aws/amazon-eventstream.html.

A frame: total length and header length (4 bytes each, big endian), CRC-32 of those eight bytes, headers,
payload, CRC-32 of all before it. The checksums find where frames are, they do not decide what is read: a
frame whose payload was damaged on the way is given as it came (a recorder shows what the app got), while
a prelude whose checksum is wrong means that the lengths can't be trusted, so reading stops there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

CONTENT_TYPE = "vnd.amazon.eventstream"
PRELUDE_BYTES = 12  # two lengths and their checksum
SMALLEST_BYTES = PRELUDE_BYTES + 4
LARGEST_BYTES = 24 * 1024 * 1024  # 16 MiB of payload is the protocol's limit, 128 KiB of headers

_FIXED_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # header value type -> bytes; 6, 7 have a length
_BYTES, _STRING = 6, 7


class Frame(NamedTuple):
    headers: dict[str, str]  # those whose value is a string: ":event-type", ":message-type", ":exception-type"
    payload: bytes
    intact: bool  # the checksum over the whole frame is right


def starts_with_frame(body: bytes) -> bool:
    """Whether the body begins with a prelude whose checksum is right: no text does, but for one in 2**32."""
    return _lengths(body, 0) is not None


def parse_frames(body: bytes) -> Iterator[Frame]:
    """The whole frames in order; what is cut off or unreadable at the end is left out."""
    at = 0
    while found := _lengths(body, at):
        total, header_bytes = found
        if at + total > len(body):
            return
        end = at + total - 4
        start = at + PRELUDE_BYTES + header_bytes
        headers = _headers(body[at + PRELUDE_BYTES : start])
        yield Frame(headers, body[start:end], crc32(body[at:end]) == int.from_bytes(body[end : end + 4], "big"))
        at += total


def frame_bytes(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame, for whoever answers as AWS does. Header values are written as strings."""
    written = b"".join(
        bytes([len(name.encode())])
        + name.encode()
        + bytes([_STRING])
        + struct.pack(">H", len(value.encode()))
        + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", SMALLEST_BYTES + len(written) + len(payload), len(written))
    frame = prelude + struct.pack(">I", crc32(prelude)) + written + payload
    return frame + struct.pack(">I", crc32(frame))


def _lengths(body: bytes, at: int) -> tuple[int, int] | None:
    """Total and header length of the frame there; None where its prelude is not whole or not right."""
    if at + PRELUDE_BYTES > len(body):
        return None
    total, header_bytes, checksum = struct.unpack_from(">III", body, at)
    if not SMALLEST_BYTES + header_bytes <= total <= LARGEST_BYTES:
        return None
    return (total, header_bytes) if crc32(body[at : at + 8]) == checksum else None


def _headers(block: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    while at < len(block):
        name_end = at + 1 + block[at]
        if name_end >= len(block):
            break
        name, kind = block[at + 1 : name_end].decode("utf-8", "replace"), block[name_end]
        at = name_end + 1
        size = _FIXED_SIZES.get(kind)
        if size is None:
            if kind not in (_BYTES, _STRING):
                break  # a type of a later protocol: nothing after it can be found
            size = int.from_bytes(block[at : at + 2], "big")
            at += 2
            if kind == _STRING:
                headers[name] = block[at : at + size].decode("utf-8", "replace")
        at += size
    return headers
