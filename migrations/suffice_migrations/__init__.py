"""The schema's history, as a package, so that it is found in an installed wheel too.

``upgrade`` brings a database to ``head()`` and is run whenever a file is opened. Each step is written
out by hand (never ``metadata.create_all``), and a test compares the result with ``suffice_store.tables``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Select, column, select, table
from sqlalchemy.exc import SQLAlchemyError

from suffice.errors import SufficeError

if TYPE_CHECKING:  # Alembic is imported where there is something to migrate: it costs as much as opening the file
    from alembic.config import Config
    from alembic.script import ScriptDirectory

HEAD = "0009"  # the newest revision in ``versions``

__all__ = ["current", "head", "upgrade"]


def head() -> str:
    """The newest schema this version of suffice knows."""
    return HEAD


def current(engine: Engine) -> str | None:
    """The schema the database has; None where it has none yet."""
    with engine.connect() as connection:
        return _current(connection)


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to ``head()`` in one transaction. Returns the revisions before and after.

    Raises SufficeError when the database was written by a newer suffice: its tables may hold what this
    version would misread.
    """
    if _states(engine, HEAD):
        return HEAD, HEAD
    from alembic import command

    with engine.begin() as connection:
        before = _current(connection)
        known = {script.revision for script in _scripts().walk_revisions()}
        if before is not None and before not in known:
            raise SufficeError(
                f"the database has schema {before}, which is newer than this suffice knows ({head()}): "
                "upgrade with pip install -U 'suffice[server]'"
            )
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, head()


def _states(engine: Engine, revision: str) -> bool:
    """Whether the database says so of itself; a database without a version says nothing."""
    stated: Select[Any] = select(column("version_num")).select_from(table("alembic_version"))
    try:
        with engine.connect() as connection:
            return connection.execute(stated).scalars().all() == [revision]
    except SQLAlchemyError:
        return False


def _current(connection: Connection) -> str | None:
    from alembic.runtime.migration import MigrationContext

    if connection.dialect.name == "duckdb":  # the driver tells Alembic of itself only where Alembic came first
        import duckdb_sqlalchemy.alembic_impl  # noqa: F401

    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
