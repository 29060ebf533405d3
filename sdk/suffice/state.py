"""What each recording process says of itself, for ``suffice doctor``: a small file beside the spool.

A file, and not the collector's word: it tells of calls that never arrived, and is there when no collector is. Names,
counts and reasons; nothing of what was asked or answered. Not written where the app wants no spool.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from suffice.spool import spool_directory

WRITTEN_EVERY_S = 5.0
KEPT = 20  # processes; the oldest go
SHOWN_FOR_S = 24 * 3600.0


def state_directory(*, environ: Mapping[str, str] | None = None) -> Path:
    return spool_directory(environ=environ) / "processes"


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Put ``state`` (with ``pid`` and ``started``, Unix seconds) where the last one was. Never raises."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        for each in (folder.parent, folder):  # the parent is the spool; mkdir gives its mode to the last folder only
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{int(state['started'] * 1000)}-{state['pid']}.json"
        is_new = not path.exists()
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(json.dumps(state))
        partial.rename(path)
        if is_new:
            for old in sorted(folder.glob("*.json"))[:-KEPT]:
                old.unlink(missing_ok=True)


def read_states(folder: Path | None = None, *, now: float | None = None) -> list[dict[str, Any]]:
    """What the processes of the last day said, newest first; ``running`` is found out here."""
    now = time.time() if now is None else now
    states = []
    for path in sorted((state_directory() if folder is None else folder).glob("*.json"), reverse=True):
        try:
            state = json.loads(path.read_text())
            if now - state["written"] > SHOWN_FOR_S:
                continue
            state["running"] = not state["ended"] and _is_alive(state["pid"])
            states.append(state)
        except (OSError, ValueError, KeyError, TypeError):
            continue  # half a file, or somebody else's
    return states


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
