"""Pictures, sound and files: kept as what they are, how large, and a hash. The bytes never."""

from __future__ import annotations

import base64
import re
from hashlib import blake2b
from typing import Any

from suffice.wire.lenient import as_text

_MODALITIES = ("image", "audio", "video")
_STANDARD = str.maketrans("-_", "+/", "\r\n ")  # google-genai sends the URL-safe letters
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


def blob_part(data: str, mime_type: str | None, modality: str | None = None) -> dict[str, Any]:
    """A ``blob`` part for base64 text. What is no base64 is hashed and measured as the text it is."""
    raw = _decoded(data)
    part: dict[str, Any] = {"type": "blob", "modality": modality or modality_of(mime_type)}
    if mime_type:
        part["mime_type"] = mime_type
    return part | {"blake2b": blake2b(raw, digest_size=16).hexdigest(), "size": len(raw)}


def _decoded(data: str) -> bytes:
    standard = data.translate(_STANDARD)
    if len(standard) % 4 == 0 and _BASE64.fullmatch(standard):
        return base64.b64decode(standard)
    return data.encode("utf-8", "surrogatepass")


def uri_part(uri: str, modality: str | None = None, mime_type: str | None = None) -> dict[str, Any]:
    """A ``uri`` part; a ``data:`` URI becomes a ``blob``."""
    if uri.startswith("data:"):
        head, _, data = uri[5:].partition(",")
        return blob_part(data, head.split(";")[0] or mime_type, modality)
    part: dict[str, Any] = {"type": "uri"}
    if modality:
        part["modality"] = modality
    return part | {"uri": uri}


def modality_of(mime_type: str | None) -> str:
    kind = (mime_type or "").split("/")[0]
    return kind if kind in _MODALITIES else "file"


def without_bytes(value: Any) -> Any:
    """Any JSON with embedded files replaced by blobs: objects with ``data`` and a media type, and data URIs."""
    if isinstance(value, str):
        return uri_part(value) if value.startswith("data:") and ";base64," in value[:200] else value
    if isinstance(value, list):
        return [without_bytes(each) for each in value]
    if isinstance(value, dict):
        data, mime = as_text(value.get("data")), as_text(value.get("media_type") or value.get("mime_type"))
        if data and (value.get("type") == "base64" or mime):
            return blob_part(data, mime)
        return {k: without_bytes(v) for k, v in value.items()}
    return value
