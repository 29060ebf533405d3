"""Long work on the file while the collector goes on: deletion, compaction, retention; one at a time, in a thread.

A deletion takes what waits in the spool and in the journal into the store first, so that it is found, and forgets the
journal's files once their rows are in the store: they hold the bodies as they came.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from suffice.errors import SufficeError
from suffice.spool import spool_directory
from suffice_collector.collector import Collector
from suffice_collector.minder import take_in_spool
from suffice_store.audit import AuditLog
from suffice_store.file_store import DatabaseStore
from suffice_store.rewriting import rewrite, room
from suffice_store.selection import Selection

log = logging.getLogger("suffice.maintenance")

DRAIN_S = 60.0  # for what is acknowledged to be in the store before and after a deletion


class Maintenance:
    """The state of the last work, for ``GET /api/v1/maintenance``."""

    def __init__(self, collector: Collector, audit: AuditLog) -> None:
        self._collector = collector
        self._audit = audit
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {"state": "idle"}
        self._thread: threading.Thread | None = None

    def state(self) -> dict[str, Any]:
        """``state``: idle, running, done or failed; ``action``, ``step``, and at the end ``removed`` or ``error``."""
        with self._lock:
            return dict(self._state)

    def delete(self, selection: Selection, actor: str, role: str, reason: str) -> dict[str, Any]:
        """Begin a deletion. Raises SufficeError when something else runs or there is no room."""
        details = selection.noted()
        return self._begin("delete", actor, role, reason, details, lambda say: self._rewrite(selection, say))

    def vacuum(self, actor: str, role: str, reason: str) -> dict[str, Any]:
        """Begin to write the file anew without its unused space."""
        return self._begin("vacuum", actor, role, reason, {}, lambda say: self._rewrite(None, say))

    def wait(self, timeout_s: float | None = None) -> None:
        """Until nothing runs."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _begin(
        self,
        action: str,
        actor: str,
        role: str,
        reason: str,
        details: dict[str, Any],
        work: Callable[..., dict[str, int]],
    ) -> dict[str, Any]:
        store = self._file()
        needs = room(store)
        needs.check()
        with self._lock:
            if self._state["state"] == "running":
                raise SufficeError(f"a {self._state['action']} is running already; wait for its end")
            self._state = {
                "state": "running", "action": action, "step": "starting", "bytes_needed": needs.needed,
                "bytes_free": needs.free,
            }  # fmt: skip
        project = str(details.get("project") or "")
        try:
            self._audit.note(actor, role, action, project=project, reason=reason, details=details)
        except OSError as error:
            self._end(state="failed", error=f"the audit log can't be written: {error}")
            raise SufficeError(f"nothing was done, since the audit log can't be written: {error.strerror}") from None

        def run() -> None:
            began = time.monotonic()
            try:
                removed = work(self._say)
            except Exception as error:
                log.exception("%s failed", action)
                self._end(state="failed", error=str(error).splitlines()[0] if str(error) else type(error).__name__)
                return
            log.info("%s took %.1f s, removed %s", action, time.monotonic() - began, removed or "nothing")
            self._audit.note(
                actor, role, f"{action} done", project=project, reason=reason, details={"removed": removed}
            )
            self._end(state="done", removed=removed, seconds=round(time.monotonic() - began, 1))

        self._thread = threading.Thread(target=run, name="suffice-maintenance", daemon=True)
        self._thread.start()
        return self.state()

    def _rewrite(self, selection: Selection | None, say: Callable[[str], None]) -> dict[str, int]:
        ingest = self._collector.ingest
        if selection is None:
            return rewrite(self._file(), None, say)
        say("taking in what waits")
        take_in_spool(ingest)
        ingest.settle(DRAIN_S)
        removed = rewrite(self._file(), selection, say)
        ingest.settle(DRAIN_S)  # the journal's files from before the exchange go
        if malformed := forget_malformed():
            removed["spool files that nothing could read"] = malformed
        return removed

    def _say(self, step: str) -> None:
        with self._lock:
            self._state["step"] = step

    def _end(self, **found: Any) -> None:
        with self._lock:
            self._state = {**self._state, "step": "", **found}

    def _file(self) -> DatabaseStore:
        store = self._collector.store
        if not isinstance(store, DatabaseStore):
            raise SufficeError("only the process that holds the file can do that")
        return store


def forget_malformed() -> int:
    """Remove the files of the spool that nobody could read: whose they are cannot be known. Returns how many."""
    gone = 0
    for path in spool_directory().glob("*.malformed"):
        path.unlink(missing_ok=True)
        gone += 1
    return gone
