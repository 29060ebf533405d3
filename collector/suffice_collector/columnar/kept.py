"""Where what was compiled is kept, and whether it is."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from pathlib import Path


def _folder() -> Path:
    """A folder for these sources alone: numba knows a function by its own file, and here they are built into each
    other over files. Beside the package where that can be written, as with Python's own caches."""
    here = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for source in sorted(here.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"native-{digest.hexdigest()}"
    beside = here / "__pycache__" / name
    try:
        beside.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "suffice" / name
    return beside


CACHE = _folder()
_DONE = CACHE / "done"


def has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


def is_compiled() -> bool:
    """Whether all of it is, so that to load it takes a second only."""
    return has_numba() and _DONE.exists()


def note_compiled() -> None:
    _DONE.touch()
