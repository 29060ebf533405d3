"""A body is read as the app read it; a truncated one as far as it goes."""

from __future__ import annotations

import gzip
import random
import sys
import types
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.decoding import decode_body


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


@given(st.binary())
def test_round_trips(data: bytes) -> None:
    assert decode_body(data, "") == data
    assert decode_body(data, "identity") == data
    assert decode_body(gzip.compress(data), "gzip") == data
    assert decode_body(zlib.compress(data), "Deflate") == data
    assert decode_body(gzip.compress(zlib.compress(data)), "deflate, gzip") == data


def test_raw_deflate_as_some_servers_send_it() -> None:
    assert decode_body(raw_deflate(b"hello" * 10), "deflate") == b"hello" * 10


def test_a_truncated_body_gives_its_beginning() -> None:
    data = bytes(range(256)) * 40
    got = decode_body(gzip.compress(data)[:-60], "gzip")
    assert 0 < len(got) <= len(data)
    assert data.startswith(got)


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_a_truncated_body_of_the_newer_codecs(encoding: str) -> None:
    """Their one-shot decoders refuse it; many blocks, as a stream has, give what came before the cut."""
    codec = pytest.importorskip({"br": "brotli", "zstd": "backports.zstd"}[encoding])
    data = random.Random(1).randbytes(600_000)
    packed = codec.compress(data)
    with pytest.raises(Exception, match=r".+"):
        codec.decompress(packed[:-1000])
    got = decode_body(packed[:-1000], encoding)
    assert 0 < len(got) < len(data)
    assert data.startswith(got)


@pytest.mark.parametrize(("encoding", "reason"), [("gzip", "not what content-encoding says"), ("snappy", "not known")])
def test_what_cannot_be_read_says_why(encoding: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_body(b"no such thing", encoding)


@pytest.mark.parametrize(("encoding", "name"), [("br", "brotli"), ("zstd", "zstandard")])
def test_codecs_are_used_where_the_app_has_them(encoding: str, name: str, monkeypatch: Any) -> None:
    for absent in ("brotli", "brotlicffi", "compression.zstd", "backports.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(ValueError, match="no codec installed"):
        decode_body(b"x", encoding)

    class Decompressor:
        def decompressobj(self) -> Decompressor:
            return self

        def decompress(self, data: bytes) -> bytes:
            return data.upper()

    codec = types.SimpleNamespace(
        Decompressor=Decompressor, ZstdDecompressor=Decompressor, error=OSError, ZstdError=OSError
    )
    monkeypatch.setitem(sys.modules, name, codec)
    assert decode_body(b"abc", encoding) == b"ABC"
