"""suffice: which of your agents' LLM calls does a small language model suffice for?

    import suffice
    suffice.init()

records every LLM call of the process, whatever client makes it. Importing costs next to nothing: the
rest is loaded by ``init()``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from suffice.about import using
from suffice.context import run, task
from suffice.errors import SufficeError
from suffice.sdk import flush, headers, init, outcome, shutdown

if TYPE_CHECKING:
    from suffice.delivery import Delivery

__all__ = [
    "Client",
    "Delivery",
    "SufficeError",
    "flush",
    "headers",
    "init",
    "outcome",
    "run",
    "shutdown",
    "task",
    "using",
]


def __getattr__(name: str) -> Any:
    """What is not needed to record is loaded when it is asked for."""
    if name == "Delivery":
        return import_module("suffice.delivery").Delivery
    if name == "Client":
        try:
            return import_module("suffice_store.client").Client
        except ModuleNotFoundError as missing:
            raise SufficeError(f"suffice.Client needs {missing.name}: pip install 'suffice[server]'") from missing
    raise AttributeError(f"module 'suffice' has no attribute {name!r}")
