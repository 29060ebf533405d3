"""Ports for the servers that tests start."""

from __future__ import annotations

import os
import random
import socket

FIRST, LAST = (
    20_000,
    32_767,
)  # below the ports that Linux gives to outgoing connections, which come and go (32768-60999)
_drawn = random.Random(os.getpid())


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on; another test process is unlikely to draw the same before it is used."""
    while True:
        port = _drawn.randint(FIRST, LAST)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                continue
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
