"""Personal data with a shape: e-mail, phone, card, IBAN, IP address. Each candidate is checked before it counts.

One pattern looks for rare marks (a digit, ``@``, ``:``, ``+``), the rest is tried only there: 20 µs/kB of prose
instead of 290. What is found names its kind; two kinds never overlap. docs/privacy.md says how well it finds, beside
Presidio. Names and addresses of people have no shape: ``init(mask=..., redact=...)`` is for those.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

from suffice.privacy.credentials import is_escape


class Found(NamedTuple):
    """Where it stands, what it is, and the value in the one spelling that its name is made of."""

    start: int
    end: int
    kind: str
    value: str


_MARKS = re.compile(
    r"""[0-9+(@%:](?:
        (?<=@)(?=[^\W_])(?P<at>)
      | (?<=%)40(?=[A-Za-z0-9])(?P<at_sign>)
      | (?<=[0-9])(?<![0-9].)(?:
            (?<=[A-Za-z]{2}.)(?=[0-9][ ]?[A-Za-z0-9]{4})(?P<iban>)
          | (?:(?<![\w.].)|(?<=\\[ntr].))(?=[0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9])(?P<ipv4>)
          | (?<![0-9][.,].)(?=[0-9 ().\-/]{7})(?P<digits>)
        )
      | (?<=[+(])(?=[0-9 ().\-/]{7})(?P<plus>)
      | (?<=:)(?=[0-9A-Fa-f:]{0,4}:|[0-9A-Fa-f]{1,4}[:\]/\s"',;)]|[0-9A-Fa-f]{1,4}\Z)(?P<colon>)
    )""",
    re.VERBOSE,
)
_LOCAL_PART = re.compile(r"[^\W_](?:[\w.+'\-]|%2[Bb]){0,63}\Z|\w\Z")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}|[^\W_][\w\-]{0,61}(?:\.[\w\-]{0,61})*\Z")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?=[0-9])|(?![0-9]))){4}(?!\.?[0-9]|[\w])")
_VERSION = re.compile(r"(?:\bv|version|release|ver\.?|section|§)[\s:=]*\Z", re.IGNORECASE)
_IPV6_LEFT = re.compile(r"(?:(?<![\w.:])|(?<=\\[ntr]))[0-9A-Fa-f:]{0,39}\Z")
_IPV6 = re.compile(r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]{0,4})(?![\w:])")
_CARD = re.compile(r"[0-9](?:[ \-]?[0-9]){12,18}(?![0-9A-Za-z])")  # within hex digits stands no card
_CARD_STARTS = re.compile(r"4|5[1-5]|2[2-7]|3[0-9]|6")
_DATE = re.compile(r"[0-9]{1,4}[./\-][0-9]{1,2}[./\-][0-9]{1,4}(?![0-9])|[0-9]{1,2}:[0-9]{2}")
_PHONES = (
    re.compile(r"\+[0-9]{1,3}(?:[ .\-/]?\(?[0-9]{1,14}\)?){1,6}(?![0-9])"),
    re.compile(r"00[1-9][0-9]{0,2}[ .\-/(](?:[ .\-/]?\(?[0-9]{1,14}\)?){1,6}(?![0-9])"),
    re.compile(r"(?:\([2-9][0-9]{2}\)[ .\-]?|[2-9][0-9]{2}[ .\-])[0-9]{3}[ .\-][0-9]{4}(?![0-9])"),
    re.compile(r"\(?0[1-9][0-9]{1,4}\)?(?:[ /\-]{1,3}[0-9]{2,8}){1,4}(?![0-9\-])"),
)
_PHONE_WORD = re.compile(
    r"(?:(?<![^\W_])(?:tele|cell|mobile)?phone|(?-i:(?<=[a-z])Phone)|\btel|mobile|\bcell|\bfax|whatsapp|telefon|handy|mobil|call (?:me|us|him|her|them))"
    r"(?:[ _\-]?(?:number|no|nr|nummer))?[\w\"']{0,2}[\s:.=#\"'(]{0,5}(?:(?:is|at|on|under)\s{1,2})?\Z",
    re.IGNORECASE,
)
_ANY_PHONE = re.compile(r"\+?\(?[0-9](?:[ .\-/()]{0,2}[0-9]){6,14}(?![0-9])")
_BEFORE = 32  # characters looked at for a word like "phone"

# ISO 13616: how long a country's IBAN is
_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18,
    "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24,
    "SI": 19, "SK": 24, "SM": 27, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip


def find_personal(text: str) -> Iterator[Found]:
    """What a text holds, from left to right, without overlaps."""
    end = 0
    for match in _MARKS.finditer(text):
        at = match.start()
        if at < end:
            continue
        found = _CHECKS[match.lastgroup or ""](text, at)
        if found is not None and found.start >= end:
            end = found.end
            yield found


def is_card(digits: str) -> bool:
    """Whether 13 to 19 digits are a card's number: first digits that are given out, and Luhn's sum."""
    if not 13 <= len(digits) <= 19 or not _CARD_STARTS.match(digits) or len(set(digits)) < 2:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_iban(compact: str) -> bool:
    """Whether it is as long as its country's are and the number is 1 modulo 97."""
    if len(compact) != _IBAN_LENGTHS.get(compact[:2]):
        return False
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _email(text: str, at: int) -> Found | None:
    host = at + (3 if text[at] == "%" else 1)
    local = _LOCAL_PART.search(text, max(0, at - 65), at)
    domain = _DOMAIN.match(text, host)
    if local is None or domain is None:
        return None
    start = local.start() + (1 if is_escape(text, local.start() + 1) and local.end() - local.start() > 1 else 0)
    if not text[start].isalnum():
        return None  # the n of a written-out line break, then a sign: a decorator in a diff
    return Found(start, domain.end(), "email", f"{text[start:at]}@{domain[0]}".lower())


def _iban(text: str, at: int) -> Found | None:
    start = at - 2
    before = text[start - 1 : start] if start else ""
    if before.isalnum() and not is_escape(text, start):
        return _digits(text, at)
    length = _IBAN_LENGTHS.get(text[start:at].upper(), 0)
    end, compact = start, list[str]()
    while end < len(text) and len(compact) < length:
        if text[end].isascii() and text[end].isalnum():
            compact.append(text[end].upper())
        elif text[end] not in " -":
            break
        end += 1
    value = "".join(compact)
    if text[end : end + 1].isalnum() or not length or not is_iban(value):
        return _digits(text, at)
    return Found(start, end, "iban", value)


def _ipv4(text: str, at: int) -> Found | None:
    match = _IPV4.match(text, at)
    if match is None or _VERSION.search(text, max(0, at - 12), at):
        return _digits(text, at)
    if match[0].startswith(("127.0.", "0.", "255.")):
        return None
    return Found(at, match.end(), "ip", match[0])


def _ipv6(text: str, at: int) -> Found | None:
    left = _IPV6_LEFT.search(text, max(0, at - 39), at)
    match = _IPV6.match(text, left.start()) if left is not None else None
    if match is None or match.end() <= at:
        return None
    written = match[0].rstrip(":") if match[0].endswith(":") and not match[0].endswith("::") else match[0]
    try:
        address = IPv6Address(written)
    except AddressValueError:
        return None
    groups = [group for group in written.split(":") if group]
    few = len(groups) < 3 and not (len(groups) == 2 and len(groups[0]) == 4)  # a slice [1::2], a C++ a::b
    if address.is_loopback or address.is_unspecified or few:
        return None
    return Found(match.start(), match.start() + len(written), "ip", address.compressed)


def _digits(text: str, at: int) -> Found | None:
    card = _CARD.match(text, at)
    for end in _group_ends(card[0]) if card is not None else ():  # "4111 1111 1111 1111 12/27": what follows is no part
        digits = re.sub(r"[ \-]", "", text[at : at + end])
        if is_card(digits):
            return Found(at, at + end, "card", digits)
    return None if text[at - 1 : at].isalpha() and not is_escape(text, at) else _phone(text, at)


def _phone(text: str, at: int) -> Found | None:
    if at and text[at - 1] == "+":
        return None  # the mark before has been tried
    if not _DATE.match(text, at):
        for pattern in _PHONES:
            match = pattern.match(text, at)
            for end in _group_ends(match[0]) if match is not None else ():
                if 8 <= sum(map(str.isdigit, text[at : at + end])) <= 15:
                    return _as_phone(text, at, at + end)
    if _PHONE_WORD.search(text, max(0, at - _BEFORE), at):
        match = _ANY_PHONE.match(text, at)
        if match is not None:
            return _as_phone(text, at, match.end())
    return None


def _as_phone(text: str, start: int, end: int) -> Found:
    if text[end - 1] == ")" and "(" not in text[start:end]:
        end -= 1
    return Found(start, end, "phone", re.sub(r"[^0-9+]", "", text[start:end]))


def _group_ends(run: str) -> list[int]:
    """Where a run of digits and separators can end: the whole of it first, then before each separator."""
    return [len(run), *(at for at in range(len(run) - 1, 0, -1) if run[at - 1].isdigit() and not run[at].isdigit())]


_CHECKS: dict[str, Callable[[str, int], Found | None]] = {
    "at": _email,
    "at_sign": _email,
    "iban": _iban,
    "ipv4": _ipv4,
    "digits": _digits,
    "plus": _phone,
    "colon": _ipv6,
}
