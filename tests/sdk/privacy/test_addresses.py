"""Of URLs and headers only the harmless part is taken, in every mode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice.privacy import addresses


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("https://u:p@h:8443/v1/messages?key=AIza123&beta=true#f", "https://h:8443/v1/messages?key&beta"),
        ("http://[::1]:11434/v1/chat/completions?x", "http://[::1]:11434/v1/chat/completions?x"),
        ("https://h/sk-abcdefghijk/v1", "https://h/sk-[masked]"),
        ("http://[half/v1", ""),
        ("http://h:port/v1", ""),
    ],
)
def test_url(before: str, after: str) -> None:
    assert addresses.url(before) == after


def test_headers_are_a_list_of_the_harmless() -> None:
    raw = [(b"Authorization", b"Bearer x"), (b"X-Api-Key", b"x"), (b"Cookie", b"x"), (b"api-key", b"x"), (b"new", b"x")]
    kept = [(b"Content-Type", b"application/json"), (b"x-stainless-retry-count", b"2")]
    assert addresses.request_headers(raw + kept) == {"content-type": "application/json", "x-stainless-retry-count": "2"}
    assert addresses.response_headers([(b"Set-Cookie", b"x"), (b"Content-Encoding", b"gzip")]) == {
        "content-encoding": "gzip"
    }


@given(st.text(), st.from_regex(r"sk-[A-Za-z0-9]{8,40}", fullmatch=True), st.text())
def test_a_key_never_survives(before: str, key: str, after: str) -> None:
    assert key not in addresses.text(f"{before} {key} {after}")
