"""Names and addresses that can only mean this machine, and binds that need a key."""

from __future__ import annotations

import pytest

from suffice.errors import UsageError
from suffice_collector.guard import check_bind, is_loopback


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)
    check_bind(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.0.0.1", "evil.example", "localhost.evil.example"])
def test_reachable_from_elsewhere(host: str) -> None:
    assert not is_loopback(host)
    check_bind(host, "key")
    with pytest.raises(UsageError, match="SUFFICE_KEY"):
        check_bind(host, None)
