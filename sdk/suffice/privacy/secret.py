"""The key that a project's pseudonyms and hashes are made with: the same in every process of the project.

From ``SUFFICE_SECRET`` (or ``init(secret=...)``), else from the project's ``SUFFICE_KEY``, else from a secret that is
made once for this user and kept in a file only they can read. Who knows it can try out values; who only has the
stored calls can't. Another secret gives other names: nothing links over the change.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

logger = logging.getLogger("suffice")
FILE_NAME = "secret"
_BYTES = 32


def project_key(project: str, secret: str | None, collector_key: str | None) -> bytes:
    """32 bytes for one project; another project's names can't be matched with these. Never raises."""
    material = (secret or collector_key or "").encode("utf-8", "surrogatepass") or _secret_of_user()
    inner = blake2b(material, digest_size=_BYTES, person=b"suffice-secret").digest()
    return blake2b(project.encode("utf-8", "surrogatepass"), key=inner, digest_size=_BYTES).digest()


def secret_file(environ: Mapping[str, str] | None = None) -> Path:
    """``~/.local/state/suffice/secret``."""
    state = (os.environ if environ is None else environ).get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "suffice" / FILE_NAME


def _secret_of_user() -> bytes:
    try:
        return _kept_secret(secret_file())
    except (OSError, RuntimeError) as error:  # RuntimeError: no home directory
        logger.warning(
            "suffice can't keep a secret (%s): pseudonyms differ from process to process; set SUFFICE_SECRET", error
        )
        return secrets.token_bytes(_BYTES)


def _kept_secret(path: Path) -> bytes:
    """Read it, or make it. Of two processes that make it at once, the first one's counts."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_secret(path)
    made = secrets.token_bytes(_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(made)
    return made


def _read_secret(path: Path) -> bytes:
    """The file's bytes; another process may be about to write them."""
    for _ in range(50):
        kept = path.read_bytes()
        if len(kept) >= _BYTES:
            return kept
        time.sleep(0.01)
    raise OSError(f"{path} holds no secret; delete it")
