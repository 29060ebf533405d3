"""A taken port names its holder."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from suffice.errors import SufficeError
from suffice_collector.ports import bind, holder_of


def test_a_free_port_is_bound() -> None:
    with bind("127.0.0.1", 0) as sock:
        assert sock.getsockname()[1] > 0


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="only Linux tells who listens")
def test_a_taken_port_names_pid_and_command_and_the_way_out() -> None:
    with bind("127.0.0.1", 0) as held:
        port = held.getsockname()[1]
        assert holder_of(port) is not None
        with pytest.raises(SufficeError) as refused:
            bind("127.0.0.1", port, option="--dashboard-port")
    message = str(refused.value)
    assert f"port {port} is taken by pid {os.getpid()} (" in message
    assert Path(sys.executable).name[:6] in message
    assert "--dashboard-port" in message
    assert "\n" not in message


def test_a_port_in_the_hands_of_nobody() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert holder_of(unused.getsockname()[1]) is None


@pytest.mark.parametrize("host", ["203.0.113.77", "no such host.invalid"])
def test_an_address_of_another_machine(host: str) -> None:
    with pytest.raises(SufficeError, match=r"--host .* is no address of this machine"):
        bind(host, 0)
