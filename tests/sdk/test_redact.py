"""Nothing shaped like a credential leaves; mode ``metrics`` lets no text through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suffice import redact, semconv


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Incorrect API key provided: sk-proj-abcdefgh1234.", "Incorrect API key provided: sk-proj-[masked]"),
        ("sk-ant-api03-abcdef-XYZ_1 is no key", "sk-ant-[masked] is no key"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [masked]"),
        ("authorization=Basic dXNlcjpwYXNz", "authorization=Basic [masked]"),
        ("a basic authentication", "a basic authentication"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA[masked]"),
        ("key AIzaSyA-1234567890", "key AIza[masked]"),
        ("api_key=abcdef123", "api_key=[masked]"),
        ('{"password": "hunter22"}', '{"password": "[masked]"}'),
        ("ghp_abcdefghijkl and hf_abcdefghijkl", "ghp_[masked] and hf_[masked]"),
        ("rate limit reached for gpt-4o: 30000 TPM", "rate limit reached for gpt-4o: 30000 TPM"),
        ("ask-me-anything, a risk-averse task", "ask-me-anything, a risk-averse task"),
    ],
)
def test_text(before: str, after: str) -> None:
    assert redact.text(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("https://u:p@h:8443/v1/messages?key=AIza123&beta=true#f", "https://h:8443/v1/messages?key&beta"),
        ("http://[::1]:11434/v1/chat/completions?x", "http://[::1]:11434/v1/chat/completions?x"),
        ("https://h/sk-abcdefghijk/v1", "https://h/sk-[masked]"),
    ],
)
def test_url(before: str, after: str) -> None:
    assert redact.url(before) == after


def test_headers_are_a_list_of_the_harmless() -> None:
    raw = [(b"Authorization", b"Bearer x"), (b"X-Api-Key", b"x"), (b"Cookie", b"x"), (b"api-key", b"x"), (b"new", b"x")]
    kept = [(b"Content-Type", b"application/json"), (b"x-stainless-retry-count", b"2")]
    assert redact.request_headers(raw + kept) == {"content-type": "application/json", "x-stainless-retry-count": "2"}
    assert redact.response_headers([(b"Set-Cookie", b"x"), (b"Content-Encoding", b"gzip")]) == {
        "content-encoding": "gzip"
    }


def test_full_keeps_everything_but_masks_errors_and_addresses() -> None:
    given_ = {
        semconv.INPUT_MESSAGES: "sk-abcdefghijk is what the user wrote",
        semconv.ERROR_MESSAGE: "no key sk-abcdefghijk",
        "url.full": "https://u:p@h/x?key=1",
        "n": 1,
    }
    assert redact.attributes(given_, "full") == given_ | {
        semconv.ERROR_MESSAGE: "no key sk-[masked]",
        "url.full": "https://h/x?key",
    }


def test_metrics_keeps_names_and_numbers() -> None:
    kept = redact.attributes(
        {
            semconv.REQUEST_MODEL: "m",
            semconv.INPUT_TOKENS: 3,
            semconv.INPUT_MESSAGES: "text",
            semconv.ERROR_MESSAGE: "text",
            semconv.PARAMETERS: '{"temperature": 0.5, "user": "text", "a": {"b": 1, "c": "text"}, "l": ["text"]}',
            semconv.USAGE_RAW: '{"prompt_tokens": 3, "service_tier": "text"}',
            semconv.REQUEST_PREFIX + "temperature": 0.5,
            semconv.REQUEST_PREFIX + "stop_sequences": ["text"],
            "anything": "text",
        },
        "metrics",
    )
    assert kept == {
        semconv.REQUEST_MODEL: "m",
        semconv.INPUT_TOKENS: 3,
        semconv.PARAMETERS: '{"temperature": 0.5, "a": {"b": 1}}',
        semconv.USAGE_RAW: '{"prompt_tokens": 3}',
        semconv.REQUEST_PREFIX + "temperature": 0.5,
    }


@given(st.text(), st.from_regex(r"sk-[A-Za-z0-9]{8,40}", fullmatch=True), st.text())
def test_a_key_never_survives(before: str, key: str, after: str) -> None:
    assert key not in redact.text(f"{before} {key} {after}")


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_metrics_lets_no_unknown_text_through(given_: dict[str, object]) -> None:
    assert redact.attributes({f"x.{name}": value for name, value in given_.items()}, "metrics") == {}
