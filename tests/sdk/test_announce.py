"""The two lines that a person sees, each once."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from sdk.local_servers import Server, Sink

import suffice
from suffice import announce
from suffice.announce import FirstCall, first_call_line

BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
FIRST = FirstCall("c1", "gpt-4o-mini", 1234, 5)


@pytest.mark.parametrize(
    ("first", "paid", "link", "line"),
    [
        (FIRST, "0.000005", "http://d", "gpt-4o-mini, 1,234 tokens in, 5 out, $0.000005 http://d"),
        (FIRST, "12.5", None, "gpt-4o-mini, 1,234 tokens in, 5 out, $12.50"),
        (FIRST, None, None, "gpt-4o-mini, 1,234 tokens in, 5 out, unpriced"),
        (FIRST, "what?", None, "gpt-4o-mini, 1,234 tokens in, 5 out, unpriced"),
        (FirstCall("c", None, None, None), None, None, "unknown model, ? tokens in, ? out, unpriced"),
    ],
)
def test_the_line(first: FirstCall, paid: str | None, link: str | None, line: str) -> None:
    assert first_call_line(first, paid, link) == f"first call recorded: {line}"


def test_what_no_collector_was_asked_is_not_called_unpriced() -> None:
    line = first_call_line(FIRST, None, None, reached=False)
    assert line.endswith("5 out, its cost is not known before a collector answers")


@pytest.fixture
def ask(provider: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(announce, "_first_call_said", False)

    def post(times: int) -> None:
        for _ in range(times):
            httpx2.post(f"{provider.url}/v1/chat/completions", json=BODY)

    return post


def test_it_is_said_once(ask: Any, sink: Sink, record: Any, capsys: pytest.CaptureFixture[str]) -> None:
    record(quiet=False, project="p")
    ask(3)
    suffice.shutdown()
    (line,) = capsys.readouterr().err.splitlines()
    (asked,) = sink.asked
    assert asked["project"] == "p"
    assert line.endswith(f"$0.000123 http://127.0.0.1:8501/calls?call_id={asked['call_id']}")
    record(quiet=False)
    ask(1)
    suffice.shutdown()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("rows", [[[None]], []])
def test_without_a_price_it_says_unpriced(
    rows: Any, ask: Any, sink: Sink, record: Any, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announce, "COST_WAIT_S", 0.2)
    sink.cost_rows = rows
    record(quiet=False)
    ask(1)
    suffice.shutdown()
    assert ", unpriced http://127.0.0.1:8501/calls?call_id=" in capsys.readouterr().err


def test_quiet_says_nothing(ask: Any, sink: Sink, record: Any, capsys: pytest.CaptureFixture[str]) -> None:
    record()
    ask(1)
    suffice.shutdown()
    assert (capsys.readouterr().err, sink.asked) == ("", [])


def test_a_closed_stderr_does_no_harm(ask: Any, record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    record(quiet=False)
    ask(1)
    assert suffice.flush() == (1, 0, 0)
    suffice.shutdown()
