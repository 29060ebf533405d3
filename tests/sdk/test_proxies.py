"""The app's proxy settings are the app's: the way to the collector is direct."""

from __future__ import annotations

from typing import Any

import pytest
from sdk.local_servers import Server, Sink
from sdk.transports.drivers import BODY, DRIVERS, PATH, SyncHttpx

import suffice


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"])
async def test_delivery_to_loopback_takes_no_proxy(
    name: str, provider: Server, sink: Sink, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = next(library for library, make in DRIVERS.values() if make is SyncHttpx)
    record()
    await SyncHttpx(library).post(provider.url + PATH, BODY)
    monkeypatch.setenv(name, "http://127.0.0.1:1")  # nobody there
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert suffice.flush() == (1, 0, 0)
    assert len(sink.calls) == 1
