"""HTTP stacks, one file each. A transport hands over raw exchanges and knows no vendor.

A transport is a module with ``MODULES``, the import names it can patch, and ``patch(module)``, which wraps
the seam that every request passes and returns a function that takes the wrapper off again. Nothing is
imported here on the app's behalf: a library is patched when the app imports it. While no recorder is
active, a wrapper passes everything straight through, so that taking it off is never urgent: where
another tool has wrapped the seam after us, ours stays in place, silent.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol

import wrapt

from suffice.announce import log_once
from suffice.transports import aiohttp, httpx, requests, urllib3
from suffice.transports.seams import Unpatch


class Transport(Protocol):
    """What the module of a transport has."""

    @property
    def MODULES(self) -> tuple[str, ...]:  # noqa: N802
        """Import names of the libraries it can patch, for instance ``("httpx", "httpx2")``."""

    def patch(self, module: Any) -> Unpatch:
        """Wrap the library's seam. Raises AttributeError where the library has no such seam."""


TRANSPORTS: tuple[Transport, ...] = (httpx, requests, urllib3, aiohttp)

_patched: dict[str, Unpatch] = {}
_hooked: set[str] = set()


def install() -> None:
    """Patch what is imported, and the rest as it gets imported. Calling it again does nothing new."""
    for transport in TRANSPORTS:
        for name in transport.MODULES:
            if name not in _hooked:
                _hooked.add(name)
                wrapt.register_post_import_hook(_patcher(transport), name)
            elif name in sys.modules and name not in _patched:
                _patcher(transport)(sys.modules[name])


def remove() -> None:
    """Take the wrappers off, as far as they lie on top. An import hook stays, and does nothing."""
    for name in list(_patched):
        _patched.pop(name)()


def patched() -> tuple[str, ...]:
    """The libraries that are patched now."""
    return tuple(sorted(_patched))


def _patcher(transport: Transport) -> Callable[[ModuleType], None]:
    def patch(module: ModuleType) -> None:
        name = module.__name__
        if name in _patched:
            return
        try:
            _patched[name] = transport.patch(module)
        except Exception:
            if not _being_imported(module):  # else install() is called again when it is whole
                log_once(f"patching {name}")

    return patch


def _being_imported(module: ModuleType) -> bool:
    """``suffice run`` starts at the first HTTP library, which may be imported in the middle of another."""
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))
