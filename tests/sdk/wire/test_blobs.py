"""The bytes of files never stay; what they are does."""

from __future__ import annotations

import base64
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.wire.blobs import blob_part, modality_of, uri_part, without_bytes

HELLO = {"blake2b": blake2b(b"hello", digest_size=16).hexdigest(), "size": 5}


def test_a_blob_is_its_type_hash_and_size() -> None:
    assert blob_part("aGVsbG8=", "image/png") == {"type": "blob", "modality": "image", "mime_type": "image/png"} | HELLO
    assert blob_part("aGVsbG8=", None, "audio") == {"type": "blob", "modality": "audio"} | HELLO


def test_what_is_no_base64_is_measured_as_text() -> None:
    assert blob_part("abc", None)["size"] == 3


@given(st.binary())
def test_the_size_is_the_files(raw: bytes) -> None:
    assert blob_part(base64.b64encode(raw).decode(), None)["size"] == len(raw)


@given(st.binary())
def test_the_url_safe_letters_are_the_same_file(raw: bytes) -> None:
    assert blob_part(base64.urlsafe_b64encode(raw).decode(), None) == blob_part(base64.b64encode(raw).decode(), None)


@given(st.text(st.characters()))
def test_any_text_is_some_blob(text: str) -> None:
    assert blob_part(text, None)["type"] == "blob"
    assert uri_part(text)["type"] in ("blob", "uri")


def test_addresses() -> None:
    assert uri_part("https://e.org/a", "image") == {"type": "uri", "modality": "image", "uri": "https://e.org/a"}
    assert uri_part("s3://b/a") == {"type": "uri", "uri": "s3://b/a"}
    data = uri_part("data:image/png;base64,aGVsbG8=", "image")
    assert data == {"type": "blob", "modality": "image", "mime_type": "image/png"} | HELLO
    assert uri_part("data:,hello", None, "text/plain")["mime_type"] == "text/plain"


@pytest.mark.parametrize(("mime", "modality"), [("video/mp4", "video"), ("application/pdf", "file"), (None, "file")])
def test_modalities(mime: str | None, modality: str) -> None:
    assert modality_of(mime) == modality


def test_files_inside_any_json_are_taken_out() -> None:
    pdf = {"type": "blob", "modality": "file", "mime_type": "application/pdf"} | HELLO
    sent: dict[str, Any] = {
        "source": {"type": "base64", "media_type": "application/pdf", "data": "aGVsbG8="},
        "list": ["data:application/pdf;base64,aGVsbG8=", "data: no file", 1],
        "data": "not a file: no media type",
    }
    assert without_bytes(sent) == {"source": pdf, "list": [pdf, "data: no file", 1], "data": sent["data"]}
