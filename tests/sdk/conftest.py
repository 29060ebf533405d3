"""Fixtures of the SDK's tests: a provider, a sink, and a recording process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sdk.local_servers import Server, Sink, provider_server, serving
from sdk.programs import Programs

import suffice


@pytest.fixture(scope="session")
def provider() -> Iterator[Server]:
    with serving(provider_server()) as server:
        yield server
        server.release.set()


@pytest.fixture
def sink() -> Iterator[Sink]:
    with serving(Sink()) as server:
        yield server
        server.release.set()


@pytest.fixture(autouse=True)
def _own_spool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No test touches the developer's spool, and none leaves a recorder behind."""
    monkeypatch.setenv("SUFFICE_SPOOL", str(tmp_path / "spool"))
    yield
    suffice.shutdown(timeout=5)


@pytest.fixture
def record(sink: Sink) -> Iterator[Callable[..., None]]:
    """``init`` towards the sink, quietly."""

    def start(**settings: Any) -> None:
        suffice.init(**({"endpoint": sink.url, "service": "tests", "quiet": True} | settings))

    yield start
    suffice.shutdown(timeout=5)


@pytest.fixture
def run(provider: Server, sink: Sink, tmp_path: Path) -> Programs:
    return Programs(provider.url, sink.url, tmp_path)
