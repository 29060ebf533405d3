"""Masked text keeps its sense: the same value has the same name, keys go, numbers and fields are looked at too."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from suffice.privacy.masking import REMOVED, Masker
from suffice.privacy.personal import _VERSION
from suffice.privacy.pseudonyms import PSEUDONYM, Pseudonyms

NAMES = Pseudonyms(b"k" * 32)
MASKER = Masker(NAMES)


def named(text: str) -> list[str]:
    return PSEUDONYM.findall(text)


def test_the_same_value_has_the_same_name_in_any_spelling() -> None:
    masked = MASKER.text("From Bob@Example.com to bob%40example.com, cc eve@example.com; DE89 3704 0044 0532 0130 00")
    bob, again, eve, iban = named(masked)
    assert bob == again != eve
    assert iban == named(MASKER.text("de89370400440532013000"))[0]
    assert masked == f"From {bob} to {bob}, cc {eve}; {iban}"
    assert (bob[:7], iban[:6]) == ("<email:", "<iban:")


def test_another_project_has_other_names() -> None:
    other = Masker(Pseudonyms(b"o" * 32))
    assert named(other.text("bob@example.com")) != named(MASKER.text("bob@example.com"))


def test_values_are_masked_wherever_they_are_nested() -> None:
    masked = MASKER.value(
        {
            "to": ["bob@example.com", {"cc": "eve@example.com"}],
            "bob@example.com": 1,
            "card": 4111111111111111,
            "phone_number": "4155552671",
            "mobile": 4155552671,
            "password": "short",
            "api_key": "",
            "n": 12,
            "ok": True,
            "none": None,
        }
    )
    bob = NAMES.name("email", "bob@example.com")
    assert masked == {
        "to": [bob, {"cc": NAMES.name("email", "eve@example.com")}],
        bob: 1,
        "card": NAMES.name("card", "4111111111111111"),
        "phone_number": NAMES.name("phone", "4155552671"),
        "mobile": NAMES.name("phone", "4155552671"),
        "password": "[masked]",
        "api_key": "",
        "n": 12,
        "ok": True,
        "none": None,
    }


def test_full_masks_credentials_only() -> None:
    text = "bob@example.com has sk-abcdefghijk and 4111 1111 1111 1111"
    assert Masker(None).text(text) == "bob@example.com has sk-[masked] and 4111 1111 1111 1111"
    assert Masker(None).value({"card": 4111111111111111, "token": "abc"}) == {"card": 4111111111111111, "token": "[masked]"}  # fmt: skip


def test_own_patterns_are_masked_in_any_mode() -> None:
    patterns = [re.compile(r"ACME-\d+"), re.compile(r"(?P<customer>C\d{3})")]
    assert Masker(None, patterns).text("ACME-12 for C123") == "[masked] for [masked]"
    masked = Masker(NAMES, patterns).text("ACME-12 for C123, C123")
    kept = NAMES.name("customer", "C123")
    assert masked == f"{NAMES.name('masked', 'ACME-12')} for {kept}, {kept}"


def test_the_apps_function_comes_last_and_fails_closed() -> None:
    assert (
        Masker(NAMES, (), str.upper).text("hello bob@example.com")
        == f"HELLO {NAMES.name('email', 'bob@example.com').upper()}"
    )
    calls = []

    def broken(text: str) -> str:
        calls.append(text)
        raise RuntimeError("no")

    assert Masker(NAMES, (), broken).value(["secret words", 1, "more words"]) == [REMOVED, 1, REMOVED]
    assert Masker(NAMES, (), broken).text("secret words") == REMOVED
    assert Masker(NAMES, (), lambda text: None).text("secret words") == REMOVED  # type: ignore[arg-type, return-value]
    assert calls


def test_a_text_seen_before_is_not_searched_again() -> None:
    masker = Masker(NAMES)
    clean, dirty = "nothing to see here " * 20, "mail bob@example.com " * 20
    first = [masker.text(clean), masker.text(dirty)]
    assert [masker.text(clean), masker.text(dirty)] == first
    assert len(masker._clean) == 1


@pytest.mark.parametrize(
    "text", ["", "a", "@", "sk-", "::", "+", "<email:bcdfghjk>", "[masked]", "\ud800", "٣٣٣٣٣٣٣٣٣"]
)
def test_small_things_stay(text: str) -> None:
    assert MASKER.text(text) == text


SECRETS = st.sampled_from(["bob@example.com", "+49 171 2345678", "4111 1111 1111 1111", "DE89370400440532013000", "203.0.113.7", "2001:db8::1:7", "sk-abcdefghijk1234"])  # fmt: skip
AROUND = st.text(st.characters(codec="utf-8"), max_size=40)


@given(AROUND, SECRETS, AROUND)
def test_masking_twice_changes_nothing_and_never_raises(before: str, secret: str, after: str) -> None:
    assume(not _VERSION.search(f"{before} "))  # "section 203.0.113.7" is a number of a section, on purpose
    once = MASKER.text(f"{before} {secret} {after}")
    assert secret not in once
    assert MASKER.text(once) == once


@given(st.text(max_size=200))
def test_text_without_digits_marks_or_names_is_left_alone(text: str) -> None:
    plain = re.sub(r"[0-9@:=_\-%]", "", text).replace("eyJ", "").replace("A", "")
    assert MASKER.text(plain) == plain
