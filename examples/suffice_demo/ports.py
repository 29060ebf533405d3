"""Which port to take: the usual one, or a free one when somebody has it."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def choose_port(usual: int) -> int:
    """``usual`` where it is free, else one the system picks."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((LOOPBACK, usual))
            probe.listen(1)
            return usual
    except OSError:
        return free_port()


def free_port() -> int:
    """A port nobody listens on, as the system picks it."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
