"""Exchanges made by hand, each with the whole Call it must become: ``golden/<format>/<case>.json``.

A case holds ``url``, ``request``, ``status`` and one of ``response`` (a JSON body), ``events`` (a
stream: ``[event, data]``, data as JSON or text), ``lines`` (a stream of JSON lines), ``frames`` (AWS's:
``[event type, payload]``; a ``chunk``'s payload is wrapped) or ``text`` (any other body); and ``call``, or null.
``python tests/sdk/wire/goldens.py`` writes ``call`` anew: read the diff before committing it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from suffice.wire.aws_event_stream import frame_bytes
from suffice.wire.call import Call
from suffice.wire.exchange import Exchange
from suffice.wire.registry import parse_exchange

FOLDER = Path(__file__).parent / "golden"
PATHS = sorted(FOLDER.glob("*/*.json"))
DEFAULTS = asdict(Call(wire_format="", operation="chat", provider=""))


def load(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def golden(name: str) -> dict[str, Any]:
    """The case of that name: ``openai.chat/plain``."""
    return load(FOLDER / f"{name}.json")


def exchange_of(case: dict[str, Any]) -> Exchange:
    body, content_type = b"", "application/json"
    if "events" in case:
        body, content_type = stream_bytes(case["events"]), "text/event-stream; charset=utf-8"
    elif "lines" in case:
        body, content_type = line_bytes(case["lines"]), "application/x-ndjson"
    elif "frames" in case:
        body, content_type = aws_bytes(case["frames"]), "application/vnd.amazon.eventstream"
    elif "text" in case:
        body, content_type = case["text"].encode(), "text/plain"
    elif "response" in case:
        body = json.dumps(case["response"]).encode()
    return Exchange(
        method="POST",
        url=case["url"],
        request_headers={"content-type": "application/json"},
        request_body=json.dumps(case["request"]).encode(),
        status=case["status"],
        response_headers={"content-type": content_type, **case.get("response_headers", {})},
        response_body=body,
        streamed=any(each in case for each in ("events", "lines", "frames")),
        ending="end",
        error_type=case.get("error_type"),
        error_message=case.get("error_message"),
    )


def stream_bytes(events: list[list[Any]]) -> bytes:
    lines = []
    for name, data in events:
        text = data if isinstance(data, str) else json.dumps(data)
        lines.append((f"event: {name}\n" if name else "") + f"data: {text}\n\n")
    return "".join(lines).encode()


def line_bytes(lines: list[Any]) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in lines).encode()


def aws_bytes(frames: list[list[Any]]) -> bytes:
    written = b""
    for kind, payload in frames:
        told_as = "exception" if kind.endswith("Exception") else "event"
        if kind == "chunk":
            payload = {"bytes": base64.b64encode(json.dumps(payload).encode()).decode(), "p": "abc"}
        headers = {f":{told_as}-type": kind, ":content-type": "application/json", ":message-type": told_as}
        written += frame_bytes(headers, json.dumps(payload).encode())
    return written


def told(call: Call | None) -> dict[str, Any] | None:
    """What a call says beyond the defaults, so that a golden file shows what matters."""
    if call is None:
        return None
    said = {key: value for key, value in asdict(call).items() if value != DEFAULTS[key]}
    if call.usage:
        said["usage"] = {k: v for k, v in asdict(call.usage).items() if v is not None and k != "raw"}
    return said


if __name__ == "__main__":
    for each in PATHS:
        case = load(each)
        case["call"] = told(parse_exchange(exchange_of(case)))
        each.write_text(json.dumps(case, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
