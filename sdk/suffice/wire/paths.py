"""What a URL's path says of a call: its model."""

from __future__ import annotations

from urllib.parse import quote, unquote


def segment_after(path: str, name: str) -> str | None:
    """The segment that follows the last ``/name/``, unquoted: ``/model/x%3A0/converse`` gives ``x:0`` for ``model``."""
    _, found, rest = path.rpartition(f"/{name}/")
    return unquote(rest.partition("/")[0]) or None if found else None


def deployment_of(path: str) -> str | None:
    """Azure's deployment, where the body names no model."""
    return segment_after(path, "deployments") if "/openai/deployments/" in path else None


def quoted(segment: str) -> str:
    return quote(segment, safe="")


def action_of(path: str) -> str:
    """Google's custom methods: ``.../models/x:generateContent`` gives ``generateContent``; "" without one."""
    return path.rpartition("/")[2].rpartition(":")[2] if ":" in path.rpartition("/")[2] else ""


def model_before_action(path: str) -> str | None:
    """The model that such a path names: ``.../models/x:generateContent`` gives ``x``."""
    return unquote(path.rpartition("/")[2].rpartition(":")[0]) or None


def bedrock_model(path: str) -> str | None:
    """The model of ``/model/ID/converse``; of an ARN of a model or an inference profile its last part."""
    model = segment_after(path, "model")
    return model.rpartition("/")[2] if model and model.startswith("arn:") else model
