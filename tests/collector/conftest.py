"""What the tests of compiled functions wait for."""

from __future__ import annotations

import contextlib

import pytest
from collector.processes import wait_until

from suffice_collector.columnar.kept import is_compiled


@pytest.fixture(scope="session")
def compiled() -> None:
    """Until what the session's start had compiled is there. Where that failed, each compiles for itself and says why."""
    with contextlib.suppress(AssertionError):
        wait_until(is_compiled, "compiled functions", 150)
