"""Keys, tokens and passwords are found by their shape, wherever they stand; what only looks a little like one stays."""

from __future__ import annotations

import pytest

from suffice.privacy.credentials import find_credentials, is_secret_field, looks_quick
from suffice.privacy.masking import Masker

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7\nq+/=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Incorrect API key provided: sk-proj-abcdefgh1234.", "Incorrect API key provided: sk-proj-[masked]"),
        ("sk-ant-api03-abcdef-XYZ_1 is no key", "sk-ant-[masked] is no key"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [masked]"),
        ("authorization=Basic dXNlcjpwYXNz", "authorization=Basic [masked]"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA[masked]"),
        ("key AIzaSyA-1234567890", "key AIza[masked]"),
        ("api_key=abcdef123", "api_key=[masked]"),
        ("passphrase=hunter22 and passphrase: hunter22", "passphrase=[masked] and passphrase: [masked]"),
        ('{"password": "hunter22"}', '{"password": "[masked]"}'),
        (r"{\"api_key\": \"abcdef123\"}", r"{\"api_key\": \"[masked]\"}"),
        (r"a list\nsk-abcdefghijk", r"a list\nsk-[masked]"),
        ("ghp_abcdefghijkl and hf_abcdefghijkl", "ghp_[masked] and hf_[masked]"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "sk_live_[masked]"),
        ("github_pat_11ABCDEFG0abcdefghij_klmnop", "github_pat_[masked]"),
        ("glpat-abcdefghij1234567890", "glpat-[masked]"),
        ("xoxb-123456789012-abcdefABCDEF", "xoxb-[masked]"),
        (f"token {JWT}!", "token eyJ[masked]!"),
        (JWT[:40], "eyJ[masked]"),
        (PEM, "-----BEGIN RSA PRIVATE KEY-----[masked]-----END RSA PRIVATE KEY-----"),
        ("postgres://app:s3cret@db:5432/x", "postgres://app:[masked]@db:5432/x"),
        ("https://hooks.slack.com/services/T00/B00/a1b2c3d4", "https://hooks.slack.com/services/[masked]"),
        ("curl -H 'Bearer a1b2c3d4e5'", "curl -H 'Bearer [masked]'"),
        ("AccountKey=abc/def+ghi==;Endpoint", "AccountKey=[masked];Endpoint"),
    ],
)  # fmt: skip
def test_found(before: str, after: str) -> None:
    assert Masker(None).text(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "a basic authentication",
        "the bearer of this letter",
        "rate limit reached for gpt-4o: 30000 TPM",
        "ask-me-anything, a risk-averse task",
        "from huggingface_hub import hf_hub_download",
        "npm_config_registry is set",
        "max_tokens: 100000",
        '{"password": {"type": "string"}}',
        "password: string",
        'headers = {"X-API-KEY": self.serper_api_key}',
        "self.api_key = api_key",
        "the key: value pairs",
        "primary key: customer_id",
        "monkey: banana",
        "https://example.com:8080/path@2x",
        "eyJust a word",
        "chatcmpl-abc123def456, call_abc123def456, toolu_01ABC, msg_01XYZ",
        "123e4567-e89b-12d3-a456-426614174000",
        "d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_left_alone(text: str) -> None:
    assert list(find_credentials(text)) == []


@pytest.mark.parametrize("name", ["password", "api_key", "apiKey", "X-API-Key", "access_token", "Authorization", "client_secret", "token"])  # fmt: skip
def test_secret_fields(name: str) -> None:
    assert is_secret_field(name)


@pytest.mark.parametrize("name", ["max_tokens", "next_page_token", "key", "passage", "author", "tokens", "secretary"])
def test_other_fields(name: str) -> None:
    assert not is_secret_field(name)


@pytest.mark.parametrize("filling", ["all is well today, thank you. ", '{"a_key": 1, "b-c": "x=y"}, '])
def test_a_key_in_a_long_text_is_found_every_time_it_comes(filling: str) -> None:
    text = filling * 4000
    assert looks_quick(text) == filling.startswith("all")
    hidden = text[:70_000] + " sk-abcdefghijk " + text[70_000:]
    masker = Masker(None)
    for _ in range(2):
        assert masker.text(text) == text
        assert masker.text(hidden) == hidden.replace("abcdefghijk", "[masked]")
