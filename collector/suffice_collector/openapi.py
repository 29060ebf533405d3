"""The read API as an OpenAPI 3.1 document, made of the registries that the routes work with."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from suffice_store.changes import COMMANDS
from suffice_store.reads import READS
from suffice_store.reads.registry import MAX_TEXT, Parameter

_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_REFUSALS = {
    "400": "a parameter or argument does not fit", "401": "no key, or none that is known", "403": "not for this key",
    "404": "there is no such thing", "409": "not now", "413": "too much at once", "415": "another content type is needed",
    "429": "over the limits of the key; Retry-After says how long to wait", "503": "not now; send again",
}  # fmt: skip


def describe() -> dict[str, Any]:
    """The document."""
    paths: dict[str, Any] = {f"/api/v1/read/{name}": {"get": _read(name)} for name in READS}
    paths |= {f"/api/v1/commands/{name}": {"post": _command(name)} for name in COMMANDS}
    paths["/api/v1/health"] = {"get": _operation("health", "How the collector is.", {"type": "object"})}
    audit = _operation("audit", "The newest lines of the audit log.", {"type": "object"})
    audit["parameters"] = [
        _parameter(Parameter("project")),
        _parameter(Parameter("limit", "integer", low=1, high=10_000)),
    ]
    paths["/api/v1/audit"] = {"get": audit}
    paths["/api/v1/maintenance"] = {"get": _operation("maintenance", "What runs on the file.", {"type": "object"})}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "suffice",
            "version": version("suffice"),
            "description": "Reads and commands of a collector.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _read(name: str) -> dict[str, Any]:
    read = READS[name]
    rows = {
        "type": "object",
        "required": ["columns", "rows"],
        "properties": {
            "columns": {"type": "array", "items": {"type": "string"}},
            "rows": {"type": "array", "items": {"type": "array"}},
        },
    }
    operation = _operation(f"read_{name}", f"Columns: {', '.join(read.columns)}.", rows)
    operation["parameters"] = [_parameter(each) for each in read.parameters]
    return operation


def _command(name: str) -> dict[str, Any]:
    command = COMMANDS[name]
    operation = _operation(
        f"command_{name}", f"Arguments: {', '.join(command.arguments) or 'none'}.", {"type": "object"}
    )
    body = {
        "type": "object",
        "properties": {**{str(each): {} for each in command.arguments}, "project": {"type": "string"}},
        "required": [str(each) for each in command.needed],  # SQLAlchemy's quoted_name is no plain str
        "additionalProperties": False,
    }
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _operation(name: str, text: str, answer: dict[str, Any]) -> dict[str, Any]:
    refused = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "operationId": name,
        "description": text,
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": answer}}},
            **{status: {"description": why, "content": refused} for status, why in _REFUSALS.items()},
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "maxLength": MAX_TEXT},
        "integer": {"type": "integer", "minimum": parameter.low, "maximum": parameter.high},
        "flag": {"type": "boolean"},
        "choice": {"type": "string", "enum": list(parameter.choices)},
    }
    return {"name": parameter.name, "in": "query", "required": parameter.required, "schema": kinds[parameter.kind]}
