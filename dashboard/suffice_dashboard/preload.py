"""What pages need is loaded before the server says that it is ready: the first reader waits one to two seconds less.

Loading only: no row is read, no page drawn. It runs when Streamlit's runtime is there, since the caches of ``queries`` hang on it.
"""

from __future__ import annotations

import gc
import inspect
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import PIL.Image  # noqa: F401  (Streamlit asks for it with the first icon)

from suffice_dashboard.settings import DEFAULT_SERVER
from suffice_store import open_store


@asynccontextmanager
async def preloaded(_: object) -> AsyncIterator[None]:
    """The lifespan of the server: everything is loaded before it answers.

    Streamlit collects garbage after every run of a page: 0.2 s over all these modules, which never die. So they are left out.
    """
    preload()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def preload() -> None:
    """Every page's modules, and what the libraries below load with their first use."""
    views = import_module("suffice_dashboard.views")
    for module in pkgutil.iter_modules(views.__path__):
        import_module(f"{views.__name__}.{module.name}")
    open_store(
        server=DEFAULT_SERVER
    ).close()  # the HTTP client loads its transport when it is made (0.3 s); nothing is sent
    _draw()
    inspect.stack()  # Streamlit looks once through every module for how it was started (0.1 s), and what it finds is kept


def _draw() -> None:
    """A map that nobody sees: Plotly loads its parts with the first one."""
    import_module("suffice_dashboard.charts.tasks").task_map([], []).to_json()
