"""Who asked for a replay, and the allow-list: recorded content goes to this machine, to where it was before, or where a person allowed it.

The store decides (the command ``begin_replay``); each beginning leaves a line in the audit log, by the collector where one runs,
else here.
"""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from suffice_store.audit import audit_log
from suffice_store.file_store import DatabaseStore
from suffice_store.store import Store


def person() -> str:
    """Whoever runs this process, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def allow_host(store: Store, project: str, host: str, reason: str = "") -> Mapping[str, Any]:
    """An entry of the allow-list, with its line in the audit log. Raises SufficeError."""
    told = {"host": host, "reason": reason}
    if isinstance(store, DatabaseStore):
        audit_log(store.path).note(person(), "admin", "allow_host", project=project, details=told)
    return store.command("allow_host", project=project, **told, allowed=True, recorded_by=person())


class AuditedStore:
    """A store that notes each begun replay in the file's audit log; a collector's does so by itself."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def command(self, name: str, **arguments: Any) -> dict[str, Any]:
        """See ``Store.command``."""
        answer = self._store.command(name, **arguments)
        if name == "begin_replay" and isinstance(self._store, DatabaseStore):
            told = {key: value for key, value in arguments.items() if key not in ("project", "recorded_by")}
            because = {"because": answer.get("because")}
            audit_log(self._store.path).note(
                person(), "admin", name, project=str(arguments.get("project") or ""), details=told | because
            )
        return answer

    def read(self, name: str, **parameters: Any) -> pa.Table:
        """See ``Store.read``."""
        return self._store.read(name, **parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
