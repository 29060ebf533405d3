"""The fleet in a real store, and pages that read it in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dashboard import fleet
from streamlit.testing.v1 import AppTest

from suffice_dashboard import queries
from suffice_dashboard.launch import APP
from suffice_store.file_store import FileStore

Open = Callable[..., AppTest]


@pytest.fixture(scope="session")
def tables() -> dict[str, list[dict[str, Any]]]:
    """The fleet's rows."""
    return fleet.fleet_tables()


@pytest.fixture(scope="session")
def fleet_store(tables: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[FileStore]:
    """A store that holds the fleet."""
    with FileStore(str(tmp_path_factory.mktemp("fleet") / "fleet.duckdb")) as store:
        store.append(fleet.as_arrow(tables))
        yield store


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[FileStore]:
    """A store with nothing in it."""
    with FileStore(str(tmp_path / "empty.duckdb")) as store:
        yield store


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open a page on a store: ``open_page(store, "views/tasks.py", task_id=...)``."""

    def open_it(store: object, path: str = "views/overview.py", **parameters: str) -> AppTest:
        monkeypatch.setattr(queries, "_store", lambda settings, person: store)
        queries.forget()
        app = AppTest.from_file(str(APP), default_timeout=30)
        app.query_params.update(parameters)
        if path != "views/overview.py":
            app.switch_page(path)
        return app.run()

    return open_it


def shown(app: AppTest) -> str:
    """Everything the page wrote as HTML, markdown or code, and its labels, as one text."""
    return "\n".join(
        str(next((text for name in ("body", "code_text", "label") if (text := getattr(element.proto, name, ""))), ""))
        for element in _elements(app)
    )


def _elements(app: AppTest) -> Iterator[Any]:
    for block in (app.main, app.sidebar):
        yield from (element for element in _leaves(block) if hasattr(element, "proto"))


def _leaves(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        if hasattr(child, "children"):
            yield from _leaves(child)
        yield child
