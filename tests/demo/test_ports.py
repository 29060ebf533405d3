"""The usual port where it is free, another where it is not."""

from __future__ import annotations

import socket

from suffice_demo.ports import LOOPBACK, choose_port, free_port


def test_a_free_port_is_taken_as_asked() -> None:
    port = free_port()
    assert choose_port(port) == port


def test_a_taken_port_gives_another_that_can_be_bound() -> None:
    with socket.create_server((LOOPBACK, 0)) as holder:
        taken = holder.getsockname()[1]
        port = choose_port(taken)
        assert port != taken
        with socket.create_server((LOOPBACK, port)):
            pass
