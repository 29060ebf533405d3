"""Bedrock's content blocks: objects of one key that names the kind, ``{"text": ...}``, ``{"toolUse": {...}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suffice.wire.blobs import blob_part, uri_part, without_bytes
from suffice.wire.lenient import as_list, as_object, as_objects, as_text
from suffice.wire.parts import text_of, text_parts
from suffice.wire.written import arguments_object, json_text, read_arguments

_MEDIA = ("image", "document", "video", "audio")
_DOCUMENT_TYPES = {"pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "csv": "text/csv"}


def content_parts(content: Any) -> list[dict[str, Any]]:
    """Blocks as parts; Nova's older bodies and some gateways send text instead."""
    if isinstance(content, str):
        return text_parts(content)
    return [part for block in as_objects(content) for part in block_parts(block)]


def block_parts(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    if isinstance(text := block.get("text"), str):
        return text_parts(text)
    if use := as_object(block.get("toolUse")):
        part = {"type": "tool_call", "id": as_text(use.get("toolUseId")), "name": as_text(use.get("name")) or ""}
        return [part | {"arguments": read_arguments(use.get("input"))}]
    if result := as_object(block.get("toolResult")):
        part = {"type": "tool_call_response", "id": as_text(result.get("toolUseId"))}
        part |= {"response": _tool_response(result.get("content"))}
        return [part | ({"is_error": True} if result.get("status") == "error" else {})]
    if reasoning := as_object(block.get("reasoningContent")):
        thought = as_text(as_object(reasoning.get("reasoningText")).get("text"))
        return [{"type": "reasoning", "content": thought}] if thought else []  # redacted: only the vendor reads it
    if cited := as_object(block.get("citationsContent")):
        return content_parts(cited.get("content"))
    for kind in _MEDIA:
        if media := as_object(block.get(kind)):
            return _media_parts(kind, media)
    if "cachePoint" in block or not block:
        return []
    kept = without_bytes({k: v for k, v in block.items() if v is not None})
    return [kept if isinstance(kept.get("type"), str) else {"type": next(iter(kept), "generic"), **kept}]


def _tool_response(content: Any) -> Any:
    blocks = as_objects(content)
    if len(blocks) == 1 and isinstance(blocks[0].get("json"), dict):
        return without_bytes(blocks[0]["json"])
    parts = content_parts(content)
    return text_of(parts) if all(part["type"] == "text" for part in parts) else parts


def _media_parts(kind: str, media: Mapping[str, Any]) -> list[dict[str, Any]]:
    source, form = as_object(media.get("source")), as_text(media.get("format"))
    modality = "file" if kind == "document" else kind
    if isinstance(data := source.get("bytes"), str):
        mime_type = _DOCUMENT_TYPES.get(str(form)) if kind == "document" else f"{kind}/{form}" if form else None
        return [blob_part(data, mime_type, modality)]
    if address := as_text(as_object(source.get("s3Location")).get("uri")):
        part = uri_part(address, modality)
        return [part | ({"format": form} if form else {})]
    if isinstance(source.get("text"), str):
        return text_parts(source["text"])
    return content_parts(source.get("content"))


def written_block(part: Mapping[str, Any]) -> dict[str, Any]:
    match part["type"]:
        case "text" | "refusal":
            return {"text": part["content"]}
        case "reasoning":
            return {"reasoningContent": {"reasoningText": {"text": part["content"]}}}
        case "tool_call":
            use = {"name": part["name"], "input": arguments_object(part.get("arguments"))}
            return {"toolUse": use | ({"toolUseId": part["id"]} if part.get("id") else {})}
        case "tool_call_response":
            result = {"content": _written_response(part.get("response"))}
            result |= {"toolUseId": part["id"]} if part.get("id") else {}
            return {"toolResult": result | ({"status": "error"} if part.get("is_error") else {})}
        case "uri":
            kind = part.get("modality") if part.get("modality") in _MEDIA else "document"
            form = {"format": part["format"]} if "format" in part else {}
            return {str(kind): form | {"source": {"s3Location": {"uri": part["uri"]}}}}
        case kind if isinstance(part.get(kind), dict):  # one of the vendor's own, named by what it holds
            return {k: v for k, v in part.items() if k != "type"}
        case _:
            return dict(part)


def _written_response(response: Any) -> list[dict[str, Any]]:
    if isinstance(response, list):
        return [
            written_block(part) if isinstance(part, dict) and "type" in part else {"text": json_text(part)}
            for part in as_list(response)
        ]
    if isinstance(response, dict):
        return [{"json": response}]
    return [] if response is None or response == "" else [{"text": json_text(response)}]
