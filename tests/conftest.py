"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: that is a timed assertion, it fails on a busy machine. CI sees the same cases every time; others explore.
settings.register_profile("suffice", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("suffice")

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("SUFFICE_SHARED", ROOT.parent / "shared")) / "data"


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named after their argument alone: they hold seconds (gzip's header) and random ids (even their
    length, once compressed), and xdist's workers, each collecting for itself, must find the same tests."""
    return f"{argname}-bytes" if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: one of minutes that begins last keeps one worker busy while the other has nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


COMPILING = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What reads spans by columns is compiled once an installation (35 s), by the first worker and beside its slow tests.
    Two that met the first of its tests together compiled it twice, and each collector under load began anew."""
    wanted = any("columnar" in item.nodeid for item in session.items) and not session.config.option.collectonly
    if wanted and os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0":
        from suffice_collector.columnar import start_compiling
        from suffice_collector.columnar.kept import has_numba, is_compiled

        if has_numba() and not is_compiled():
            session.config.stash[COMPILING] = start_compiling(nice=0)


def pytest_unconfigure(config: pytest.Config) -> None:
    if (compiling := config.stash.get(COMPILING, None)) is not None:
        compiling.kill()
        compiling.wait()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real recordings beside the checkout. A user's clone has none: those tests are skipped."""
    if not SHARED.is_dir():
        pytest.skip(f"no recordings at {SHARED}; set SUFFICE_SHARED to the folder that holds data/")
    return SHARED


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the developer's own settings."""
    for name in [n for n in os.environ if n.startswith(("SUFFICE_", "OTEL_")) and n != "SUFFICE_SHARED"]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_main_module() -> Iterator[None]:
    """Streamlit's AppTest leaves the page as ``__main__``; a process spawned by a later test would begin with it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
