"""Where the demo stores its calls: a file made anew each time, and never one that holds anything else.

The mark of a demo database is in its content: each service in it is named ``simulated-...``. A copy, a
rename or a forgotten side file can't fool that.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from suffice.errors import UsageError
from suffice_store.file_store import FileStore

DEFAULT_DATABASE = Path("suffice-demo.duckdb")
SERVICE_PREFIX = "simulated-"


def prepare_database(path: Path) -> Path:
    """The path, with nothing there or an empty database.

    A database of an earlier demo is deleted. Raises UsageError for a file that holds anything else, and SufficeError for
    one that is no database or that another process has open.
    """
    if not path.exists():
        return path
    services = _services(path)
    foreign = sorted(name for name in services if not name.startswith(SERVICE_PREFIX))
    if foreign:
        other = path.with_name(f"other-{path.name}")
        raise UsageError(
            f"{path} holds calls that are not the demo's (service {foreign[0] or 'unknown'}), and the demo does not mix "
            f"with them: keep it and run 'suffice demo --db {other}' (make demo ARGS=\"--db {other}\"), or delete it"
        )
    if services:
        _delete(path)
    return path


def _services(path: Path) -> list[str]:
    with FileStore(str(path)) as store:  # never through a collector that holds it: it would be deleted under it
        return [str(row["key"] or "") for row in store.read("spend", by="service").to_pylist()]


def _delete(path: Path) -> None:
    path.unlink()
    for suffix in (".wal", ".tmp", ".journal"):
        beside = path.with_name(path.name + suffix)
        if beside.is_dir():
            shutil.rmtree(beside)
        else:
            beside.unlink(missing_ok=True)
