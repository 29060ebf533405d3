"""Who may do what: API keys, the people of the dashboard, and how both are changed.

A key is ``sfk_ID_SECRET``. Its secret has 256 random bits, so that one SHA-256 is all the hashing it needs (a slow hash
is for words that people choose); it is shown once, when made. A key belongs to one project, or with ``*`` to all.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store.tables_access import api_keys, members

SCOPES = ("ingest", "read", "admin")
ROLES = ("reader", "analyst", "auditor", "admin")  # each sees what the one before it sees
EVERY_PROJECT = "*"
LIMITS = ("requests_per_minute", "bytes_per_minute", "max_body_bytes")

CREATE_KEY = ("label", "scopes", "role", *LIMITS, "recorded_by")
REVOKE_KEY = ("key_id", "recorded_by")
SET_MEMBER = ("email", "role", "recorded_by")

_PREFIX = "sfk"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_NOBODY = sha256(b"").hexdigest()  # compared with where there is no such key, so that both take the same time

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An active key as stored. A limit of None is no limit."""

    project: str
    key_id: str
    name: str
    secret_hash: str
    scopes: frozenset[str]
    role: str | None
    requests_per_minute: int | None = None
    bytes_per_minute: int | None = None
    max_body_bytes: int | None = None


def read_keys(connection: sa.Connection) -> dict[str, ApiKey]:
    """The active keys by id."""
    rows = connection.execute(sa.select(api_keys).order_by(api_keys.c.recorded_ns, api_keys.c.active.desc()))
    latest = {row.key_id: row for row in rows}  # a revocation stands behind what it revokes
    return {
        row.key_id: ApiKey(
            row.project, row.key_id, row.name, row.secret_hash, frozenset(row.scopes.split(",")), row.role,
            row.requests_per_minute, row.bytes_per_minute, row.max_body_bytes,
        )
        for row in latest.values()
        if row.active
    }  # fmt: skip


def read_members(connection: sa.Connection) -> dict[tuple[str, str], str]:
    """(project, email) -> role."""
    rows = connection.execute(sa.select(members).order_by(members.c.recorded_ns))
    latest = {(row.project, row.email): row.role for row in rows}
    return {place: role for place, role in latest.items() if role is not None}


def find_key(keys: Mapping[str, ApiKey], given: str) -> ApiKey | None:
    """The active key that ``given`` is, compared in constant time."""
    prefix, _, rest = given.partition("_")
    key_id, _, secret = rest.partition("_")
    key = keys.get(key_id) if prefix == _PREFIX else None
    same = hmac.compare_digest(_hash(secret), key.secret_hash if key else _NOBODY)
    return key if key is not None and same else None


def create_key(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """Make a key and tell it: the only time that it can be read."""
    scopes = _scopes(arguments["scopes"])
    key_id, secret = secrets.token_hex(5), secrets.token_urlsafe(32)
    label = arguments["label"]
    if not isinstance(label, str) or not 0 < len(label.strip()) <= 100:
        raise SufficeError("'label' must be a text of 1 to 100 characters that says who holds the key")
    row = {
        "project": arguments["project"],
        "key_id": key_id,
        "name": label.strip(),
        "secret_hash": _hash(secret),
        "scopes": ",".join(scopes),
        "role": _role_of_key(scopes, arguments["role"]),
        **{limit: _limit(limit, arguments[limit]) for limit in LIMITS},
        "active": True,
        "recorded_by": arguments["recorded_by"] or "unknown",
        "recorded_ns": now_ns,
    }
    connection.execute(api_keys.insert().values(row))
    told = ("project", "key_id", "name", "scopes", "role")
    return {**{name: row[name] for name in told}, "key": f"{_PREFIX}_{key_id}_{secret}"}


def revoke_key(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """No request with this key is answered any more."""
    key = read_keys(connection).get(str(arguments["key_id"]))
    if key is None or arguments["project"] not in (key.project, EVERY_PROJECT):
        raise SufficeError(f"there is no active key '{str(arguments['key_id'])[:40]}' in this project")
    row = {
        "project": key.project,
        "key_id": key.key_id,
        "name": key.name,
        "secret_hash": "",
        "scopes": ",".join(each for each in SCOPES if each in key.scopes),
        "role": key.role,
        "active": False,
        "recorded_by": arguments["recorded_by"] or "unknown",
        "recorded_ns": now_ns,
    }
    connection.execute(api_keys.insert().values(row))
    return {"key_id": key.key_id, "name": key.name, "revoked": True}


def set_member(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    """Give a person a role in the project; null takes it away."""
    email, role = str(arguments["email"]).strip().lower(), arguments["role"]
    if not _EMAIL.fullmatch(email) or len(email) > 320:
        raise SufficeError(f"'email' must be an e-mail address, not '{email[:100]}'")
    if role is not None and role not in ROLES:
        raise SufficeError(f"'role' must be one of {', '.join(ROLES)}, or null for none, not '{str(role)[:40]}'")
    row = {"project": arguments["project"], "email": email, "role": role}
    noted = {"recorded_by": arguments["recorded_by"] or "unknown", "recorded_ns": now_ns}
    connection.execute(members.insert().values({**row, **noted}))
    return row


def _scopes(given: Any) -> list[str]:
    named = given.split(",") if isinstance(given, str) else given
    wanted = {str(each).strip() for each in named} if isinstance(named, (list, tuple)) else set()
    if not wanted or wanted - set(SCOPES):
        raise SufficeError(f"'scopes' must be some of {', '.join(SCOPES)}, with commas between them")
    return [each for each in SCOPES if each in wanted]


def _role_of_key(scopes: list[str], role: Any) -> str | None:
    if role is not None and role not in ROLES:
        raise SufficeError(f"'role' must be one of {', '.join(ROLES)}, not '{str(role)[:40]}'")
    if "admin" in scopes:
        if role not in (None, "admin"):
            raise SufficeError("a key with scope admin has role admin: give it scope read for less")
        return "admin"
    if "read" not in scopes:
        if role is not None:
            raise SufficeError("a role is what reads show: it needs scope read")
        return None
    if role == "admin":
        raise SufficeError("role admin needs scope admin")
    return role or "reader"


def _limit(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**53:
        raise SufficeError(f"'{name}' must be a whole number from 1, not '{str(value)[:40]}'")
    return value


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
