"""Every call is counted once, truly: delivered, dropped, or pending in the spool."""

from __future__ import annotations

import stat
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from free_ports import free_port
from sdk.local_servers import Server, Sink, decode_spans, serving

import suffice
from suffice import context
from suffice.spool import read_spool, take_spool

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


def ask(provider: Server, times: int = 1) -> None:
    with httpx2.Client() as client:
        for _ in range(times):
            client.post(f"{provider.url}/v1/chat/completions", json=BODY).raise_for_status()


@pytest.mark.parametrize(
    ("statuses", "expected", "stored"),
    [
        ([], (3, 0, 0), 3),
        ([(400, 0)], (0, 3, 0), 0),  # refused for good: gone, and said so
        ([(500, 0)], (0, 3, 0), 0),  # not to be sent again, by the OTLP specification
        ([(503, 0)], (0, 0, 3), 0),  # later: waits
        ([(429, 0)], (0, 0, 3), 0),
        ([(401, 0)], (0, 0, 3), 0),  # a wrong key is mended by a person, the calls wait
        ([(200, 2)], (1, 2, 0), 3),  # partial success
        ([(413, 0)], (3, 0, 0), 3),  # too large together: sent in halves
        ([(413, 0)] * 5, (0, 3, 0), 0),  # each one too large
        ([(0, 0)], (0, 0, 3), 0),  # breaks off on a fresh connection
    ],
)
def test_what_the_collector_says_is_what_is_counted(
    statuses: list[tuple[int, int]],
    expected: tuple[int, int, int],
    stored: int,
    provider: Server,
    sink: Sink,
    record: Any,
    one_batch: None,
) -> None:
    sink.statuses = list(statuses)
    record()
    ask(provider, 3)
    assert suffice.flush() == expected
    assert len(sink.calls) == stored


def test_calls_wait_in_the_spool_and_are_sent_when_the_collector_is_back(provider: Server, tmp_path: Path) -> None:
    port = free_port()
    suffice.init(f"http://127.0.0.1:{port}", quiet=True)
    ask(provider, 2)
    assert suffice.flush() == (0, 0, 2)
    waiting = list(read_spool())
    assert sum(each.calls for each in waiting) == 2
    assert sum(len(decode_spans(each.read())) for each in waiting) == 2
    assert {stat.S_IMODE(each.path.stat().st_mode) for each in waiting} == {0o600}
    assert stat.S_IMODE(waiting[0].path.parent.stat().st_mode) == 0o700
    with serving(Sink(port)) as sink:
        ask(provider)
        assert suffice.flush() == (3, 0, 0)
        assert len(sink.calls) == 3
        assert list(read_spool()) == []
        suffice.shutdown()


def test_a_collector_that_comes_back_gets_the_spool_without_a_new_call(
    provider: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suffice.delivery.FIRST_BACKOFF_S", 0.05)
    port = free_port()
    suffice.init(f"http://127.0.0.1:{port}", quiet=True)
    ask(provider)
    assert suffice.flush() == (0, 0, 1)
    recorder = context.recorder
    assert recorder is not None
    with serving(Sink(port)) as sink:
        for _ in range(200):
            if recorder.delivery() == (1, 0, 0):
                break
            sink.release.wait(0.05)
        assert recorder.delivery() == (1, 0, 0)
        assert len(sink.calls) == 1
        suffice.shutdown()


def test_a_later_process_sends_what_an_earlier_one_left(provider: Server, sink: Sink, record: Any) -> None:
    sink.statuses = [(503, 0)]
    record()
    ask(provider)
    assert suffice.shutdown() == (0, 0, 1)
    record()
    assert suffice.flush() == (0, 0, 0)
    ask(provider)
    assert suffice.flush() == (1, 0, 0)  # the other one was not this recorder's
    assert len(sink.calls) == 2
    assert list(read_spool()) == []


def test_without_a_spool_calls_wait_in_memory_and_end_with_the_process(provider: Server) -> None:
    port = free_port()
    suffice.init(f"http://127.0.0.1:{port}", quiet=True, spool=False)
    ask(provider, 2)
    assert suffice.flush() == (0, 0, 2)
    with serving(Sink(port)) as sink:
        ask(provider)
        assert suffice.flush() == (3, 0, 0)
        assert len({call["span_id"] for call in sink.calls}) == 3
        sink.statuses = [(503, 0)]
        ask(provider)
        assert suffice.shutdown() == (3, 1, 0)


def test_what_waits_in_memory_is_bounded(provider: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    suffice.init(f"http://127.0.0.1:{free_port()}", quiet=True, spool=False)
    monkeypatch.setattr("suffice.delivery.MAX_WAITING_BYTES", 3000)
    for _ in range(5):
        ask(provider)
        suffice.flush()
    delivered, dropped, pending = suffice.flush()
    assert (delivered, dropped + pending) == (0, 5)
    assert pending in (1, 2, 3)


def test_a_spool_that_cannot_be_written_drops_and_counts(provider: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    suffice.init(f"http://127.0.0.1:{free_port()}", quiet=True, spool=tmp_path / "file")
    ask(provider)
    assert suffice.flush() == (0, 1, 0)


def test_a_full_spool_drops_the_oldest_and_counts(provider: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    suffice.init(f"http://127.0.0.1:{free_port()}", quiet=True)
    ask(provider)
    assert suffice.flush() == (0, 0, 1)
    (first,) = read_spool()
    monkeypatch.setattr("suffice.spool.write_spool.__kwdefaults__", {"max_bytes": first.size + 100})
    ask(provider)
    assert suffice.flush() == (0, 1, 1)
    (second,) = read_spool()
    assert second.path != first.path


@pytest.fixture
def one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly the calls are made."""
    monkeypatch.setattr("suffice.worker.LINGER_S", 60.0)
    monkeypatch.setattr("suffice.worker.FIRST_LINGER_S", 60.0)


def test_a_full_queue_drops_and_counts(
    provider: Server, sink: Sink, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr("suffice.worker.Worker._linger", lambda _: go_on.wait(30))
    record()
    monkeypatch.setattr("suffice.worker.MAX_HELD_BYTES", 100)
    ask(provider, 3)  # the first is over the bound, but alone
    monkeypatch.setattr("suffice.worker.MAX_HELD_BYTES", 10**7)
    ask(provider)
    go_on.set()
    assert suffice.flush() == (2, 2, 0)


def test_a_collector_that_hangs_holds_nobody_longer_than_asked(provider: Server, sink: Sink, record: Any) -> None:
    sink.statuses = [(-1, 0)]
    record()
    ask(provider, 2)
    assert suffice.flush(timeout=0.3) == (0, 0, 2)
    ask(provider)
    assert suffice.shutdown(timeout=0.3) == (0, 0, 3)  # what was being sent and what stood behind it: kept
    assert sum(len(decode_spans(body)) for _, body in take_spool()) == 3


def test_the_key_is_sent_and_nothing_of_the_hosts(
    provider: Server, sink: Sink, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-vendor-key=theirs")
    record(key="ours")
    ask(provider)
    assert suffice.flush() == (1, 0, 0)
    (post,) = sink.posts
    assert post["path"] == "/v1/traces"
    assert post["headers"]["authorization"] == "Bearer ours"
    assert "x-vendor-key" not in post["headers"]


def test_a_call_in_the_middle_of_nothing_is_not_counted(provider: Server, sink: Sink, record: Any) -> None:
    record()
    body = {"model": "m", "messages": "text"}  # the path of a chat, the body of something else
    with httpx2.Client(transport=httpx2.MockTransport(lambda request: httpx2.Response(200, text="pong"))) as client:
        client.post("http://other/bin/chat/completions", json=body)
    assert suffice.flush() == (0, 0, 0)


# --- nobody set an endpoint -----------------------------------------------------------------------


@pytest.fixture
def default_port(monkeypatch: pytest.MonkeyPatch) -> int:
    port = free_port()
    monkeypatch.setattr("suffice.config.DEFAULT_ENDPOINT", f"http://127.0.0.1:{port}")
    return port


def test_nothing_answers(provider: Server, default_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    suffice.init()
    ask(provider)
    assert suffice.flush() == (0, 0, 1)
    ask(provider)
    suffice.flush()
    lines = [line for line in capsys.readouterr().err.splitlines() if "nothing answers" in line]
    assert len(lines) == 1
    assert lines[0].startswith(
        f"suffice: nothing answers at http://127.0.0.1:{default_port} (Connection refused); calls"
    )
    assert lines[0].endswith("'suffice up' takes them in")


@pytest.mark.parametrize("health", [{"service": "somebody else"}, {}, []])
def test_somebody_else_answers_and_gets_no_content(
    health: Any, provider: Server, default_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Sink(default_port)) as other:
        other.health = health
        suffice.init(key="secret")
        ask(provider)
        assert suffice.flush() == (0, 0, 1)
        assert other.posts == []
        suffice.shutdown()
    assert f"what answers at http://127.0.0.1:{default_port} is not suffice" in capsys.readouterr().err


def test_suffice_answers(provider: Server, default_port: int) -> None:
    with serving(Sink(default_port)) as sink:
        suffice.init(quiet=True)
        ask(provider)
        assert suffice.flush() == (1, 0, 0)
        assert len(sink.calls) == 1
        suffice.shutdown()
