"""What the injected ``sitecustomize`` calls. A Python that never imports an HTTP library pays next to nothing."""

from __future__ import annotations

from typing import Any

import wrapt

_LIBRARIES = (
    "aiohttp",
    "httpx",
    "httpx2",
    "requests",
    "urllib3",
)  # as suffice.transports has them; importing that would load OpenTelemetry


def record_when_needed() -> None:
    """Call ``suffice.init()`` as soon as a library is imported that calls can be made with."""
    for name in _LIBRARIES:
        wrapt.register_post_import_hook(_start, name)


def _start(_: Any) -> None:
    import suffice
    from suffice import context, transports

    if context.recorder is None:  # else the program called init itself, with settings of its own
        suffice.init()
    else:
        transports.install()  # what was half imported when it was done first
