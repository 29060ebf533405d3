"""Which tries belong to one call: what a client numbers, and what merely failed and came again."""

from __future__ import annotations

import contextvars
from typing import Any

import pytest

from suffice import attempts
from suffice.capture import Capture

URL = "https://api.example.com/v1/chat/completions"


def tried(
    status: int | None = 200,
    body: bytes = b"{}",
    url: str = URL,
    numbered: int | None = None,
    ending: Any = "end",
) -> Capture:
    """One try from begin to end; its span has been made."""
    capture = Capture(lambda _: None, "POST", url)
    capture.request_body = body
    if numbered is not None:
        capture.request_headers = [(b"X-Stainless-Retry-Count", str(numbered).encode())]
    attempts.begin_attempt(capture)
    capture.status = status
    capture.end(ending)
    assert capture.attempt is not None
    capture.attempt.span_ids.text = f"span {id(capture)}"
    return capture


def chain(*captures: Capture) -> list[tuple[int, list[int]]]:
    """Each try's number and which of these it names as earlier."""
    names = [f"span {id(capture)}" for capture in captures]
    return [(c.attempt.number, [names.index(each) for each in c.attempt.retry_of()]) for c in captures if c.attempt]


@pytest.fixture(autouse=True)
def _no_call_before() -> None:
    attempts._last.set(None)


@pytest.mark.parametrize("status", [None, 408, 409, 425, 429, 500, 502, 503, 529])
def test_what_failed_and_comes_again_is_one_call(status: int | None) -> None:
    ending = "error" if status is None else "end"
    found = chain(tried(status, ending=ending), tried(status, ending=ending), tried(), tried())
    assert found == [(1, []), (2, [0]), (3, [0, 1]), (1, [])]


@pytest.mark.parametrize(
    "second", [{"body": b"{ }"}, {"body": b"[]"}, {"url": URL + "/x"}], ids=["longer", "other bytes", "other address"]
)
def test_another_question_is_another_call(second: dict[str, Any]) -> None:
    assert chain(tried(503), tried(**second)) == [(1, []), (1, [])]


@pytest.mark.parametrize("status", [200, 400, 401, 404, 422])
def test_what_nobody_retries_is_a_call_of_its_own(status: int) -> None:
    assert chain(tried(status), tried()) == [(1, []), (1, [])]


def test_a_cancelled_try_is_the_apps_own_end() -> None:
    assert chain(tried(None, ending="cancelled"), tried()) == [(1, []), (1, [])]


def test_a_numbered_try_follows_the_one_before_whatever_became_of_it() -> None:
    assert chain(tried(200, numbered=0), tried(body=b"{ }", numbered=1)) == [(1, []), (2, [0])]


def test_a_numbered_try_whose_first_was_not_seen_keeps_its_number() -> None:
    assert chain(tried(numbered=2)) == [(3, [])]


@pytest.mark.parametrize("header", ["", "x", "-1", "99999999999"])
def test_a_number_that_is_none_is_one(header: str) -> None:
    capture = Capture(lambda _: None, "POST", URL)
    capture.request_headers = [(b"x-stainless-retry-count", header.encode())]
    attempts.begin_attempt(capture)
    assert capture.attempt is not None
    assert capture.attempt.number == 1


def test_long_after_it_is_another_call(monkeypatch: pytest.MonkeyPatch) -> None:
    first = tried(503)
    monkeypatch.setattr(attempts, "LONGEST_WAIT_NS", -1)
    assert chain(first, tried()) == [(1, []), (1, [])]


def test_another_context_is_another_call() -> None:
    first = contextvars.copy_context().run(tried, 503)
    assert chain(first, tried()) == [(1, []), (1, [])]


def test_endless_tries_name_the_last_ones_only() -> None:
    captures = [tried(503) for _ in range(40)]
    last = captures[-1].attempt
    assert last is not None
    assert (last.number, len(last.retry_of())) == (40, attempts.MOST_TRIES)


def test_a_try_whose_span_was_never_made_is_not_named() -> None:
    lost = tried(503)
    assert lost.attempt is not None
    lost.attempt.span_ids.text = None
    assert chain(tried())[0] == (2, [])
