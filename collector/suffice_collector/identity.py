"""Who is asking: the one key of the environment, a stored API key, a person behind the dashboard, or this machine.

An identity says what may be done (scopes), in which project, and what text is shown (role). Everything that decides
about access asks it, and it is made in one place.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from suffice.errors import SufficeError
from suffice_store.access import EVERY_PROJECT, ROLES, SCOPES, ApiKey, find_key, read_keys, read_members
from suffice_store.store import Store

USER_HEADER = "x-suffice-user"  # the e-mail address of who sits before the dashboard; only an admin's key may say it
REASON_HEADER = "x-suffice-reason"  # why an auditor looks at unmasked text
MAX_REASON = 500


class RefusedError(Exception):
    """The request is not answered. ``status`` is 401 (who are you), 403 (not you) or 404."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what of it is allowed. ``project`` None is every project."""

    actor: str
    role: str | None
    scopes: frozenset[str]
    project: str | None = None
    key: ApiKey | None = None  # where limits and counts are kept by
    reason: str = ""

    def may(self, scope: str) -> bool:
        """Whether something of this scope is allowed; admin is everything."""
        return scope in self.scopes or "admin" in self.scopes

    def sees(self, role: str) -> bool:
        """Whether reads show at least what this role sees."""
        return self.role is not None and ROLES.index(self.role) >= ROLES.index(role)

    def told(self) -> dict[str, Any]:
        """What whoever asks may know of itself: ``project`` null is every one."""
        scopes = [each for each in SCOPES if each in self.scopes]
        return {"actor": self.actor, "role": self.role, "scopes": scopes, "project": self.project}

    def project_for(self, asked: str | None) -> str:
        """The project that a request is about. Raises RefusedError for one that is not this key's."""
        if self.project is None:
            return asked or "default"
        if asked not in (None, "", self.project):
            raise RefusedError(403, f"this key is for another project than '{asked[:100]}'")
        return self.project


ALL = frozenset(SCOPES)
LOCAL = Identity("this machine", "admin", ALL)


class Keyring:
    """The keys there are. ``reload`` after they change; the process that holds the store is the only one that can."""

    def __init__(self, store: Store | None, key: str | None, *, inner_key: str | None = None) -> None:
        """``key`` is SUFFICE_KEY, the admin of everything; ``inner_key`` one that only our own children are given."""
        self._store = store
        self._required = bool(key)
        self._own = [
            (name, each.encode()) for name, each in (("SUFFICE_KEY", key), ("suffice itself", inner_key)) if each
        ]
        self._lock = threading.Lock()
        self._keys: Mapping[str, ApiKey] = {}
        self._members: Mapping[tuple[str, str], str] = {}
        self.reload()

    def reload(self) -> None:
        """Read keys and people anew."""
        connected = getattr(self._store, "connected", None)
        if connected is None:
            return
        with self._lock, connected() as connection:
            self._keys, self._members = read_keys(connection), read_members(connection)

    @property
    def needed(self) -> bool:
        """Whether requests need a key: one is set, or keys are stored."""
        return self._required or bool(self._keys)

    def identify(self, headers: Mapping[str, str]) -> Identity:
        """Who sends these headers (names in lower case). Raises RefusedError."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else ""
        identity = self._of_key(given) if self.needed or given else None
        if identity is None:
            if self.needed and given:
                raise RefusedError(401, "this collector does not know that key: is SUFFICE_KEY right?")
            if self.needed:
                raise RefusedError(401, "this collector needs a key: send 'Authorization: Bearer KEY' (SUFFICE_KEY)")
            identity = LOCAL  # an app that sends a key where none is asked for is not turned away
        reason = " ".join(headers.get(REASON_HEADER, "").split())[:MAX_REASON]
        if (email := headers.get(USER_HEADER)) is not None:
            identity = self._on_behalf(identity, email.strip().lower(), headers.get("x-suffice-project"))
        return replace(identity, reason=reason)

    def _of_key(self, given: str) -> Identity | None:
        presented = given.encode("utf-8", "surrogateescape")
        owns = [name for name, secret in self._own if hmac.compare_digest(presented, secret)]
        key = find_key(self._keys, given)
        if owns:
            return Identity(owns[0], "admin", ALL)
        if key is None:
            return None
        project = None if key.project == EVERY_PROJECT else key.project
        return Identity(f"key {key.key_id} ({key.name})", key.role, key.scopes, project, key)

    def _on_behalf(self, identity: Identity, email: str, project: str | None) -> Identity:
        """A person's rights, which are at most those of the key that speaks for them."""
        if not identity.may("admin"):
            raise RefusedError(403, "only a key with scope admin may speak for a person")
        name = identity.project_for(project)
        role = self._members.get((name, email)) or self._members.get((EVERY_PROJECT, email))
        if role is None:
            raise RefusedError(
                403, f"{email[:100]} has no role in project '{name[:100]}': suffice keys member {email[:100]} reader"
            )
        scopes = ALL if role == "admin" else frozenset({"read"})
        return Identity(f"{email} through {identity.actor}", role, scopes, name, identity.key)


def check_project_name(name: str) -> None:
    """Raises SufficeError for one that a journal entry could not carry."""
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= 200:
        raise SufficeError("a project's name must have 1 to 200 bytes")
