"""Shapes of credentials. They leave in no mode; what stays is the prefix, so that a person sees which key it was.

A text is looked at for single rare characters (``-`` and ``_`` behind a vendor's prefix, ``=`` and ``:`` behind a word
like "password", the J of a JWT), and for what stands around them: C finds a character at 50 GB/s, a substring at 1, and
a pattern tries 0.2. Prefixes are those the vendors document; a random string without one is an id as often as a key, and
is not taken for one.
"""

from __future__ import annotations

import re
from functools import lru_cache

MASK = "[masked]"
Span = tuple[int, int]  # of the part that goes

# The prefix's last character is the mark. What follows an underscore must be a run: hf_hub_download is a function.
_DASHED = ("sk-", "xoxa-", "xoxb-", "xoxe-", "xoxp-", "xoxr-", "xoxs-", "xapp-", "glpat-", "pypi-", "nvapi-", "pplx-",
           "tvly-", "xai-")  # fmt: skip
_SCORED = ("gsk_", "hf_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_", "shpat_", "whsec_", "dop_v1_", "sk_live_",
           "sk_test_", "rk_live_", "rk_test_", "github_pat_", "dckr_pat_", "lin_api_")  # fmt: skip
_AFTER_DASH = re.compile(r"(?:(?<=sk-)(?:ant-|proj-|or-|svcacct-))?(?P<secret>[A-Za-z0-9_\-./+*]{6,}=*)")
_AFTER_SCORE = re.compile(r"(?P<secret>[A-Za-z0-9*]{8}[A-Za-z0-9_*]*)")

# Words that name a secret before ':' or '='; by their ends first, which is what most names fail
_NAME_ENDS = ("key", "token", "authorization", "password", "passwd", "passphrase", "pwd", "secret")
_NAMED = re.compile(
    r"""(?:(?:api|access|secret|account|private|auth|encryption|master|signing|subscription)[\-_ ]?key
        |[\-_ ]token|(?<![^\W_])token|[a-z]Token|authorization|passw(?:or)?d|passphrase|(?<![^\W_])pwd|secret)\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_VALUE = re.compile(
    r"""[ \t]{0,4}(?:\\?["'])?(?:(?:bearer|basic|token)[ ]+)?(?P<secret>[A-Za-z0-9_\-./+*!@\#$%^&~]{6,}=*)""",
    re.VERBOSE | re.IGNORECASE,
)
_NO_SECRETS = frozenset({"string", "number", "integer", "boolean", "object", "required", "optional", "undefined"})
_NAME_CHARS = 40
_AFTER_NAME = " \t\"'\\"

_BEFORE_DASH = frozenset(prefix[-2] for prefix in _DASHED)
_BEFORE_SCORE = frozenset(prefix[-2] for prefix in _SCORED)
_NAME_PAIRS = frozenset(spelled for name in _NAME_ENDS for spelled in (name[-2:], name[-2:].upper(), name[-2:].title()))
_BEFORE_VALUE = frozenset(pair[-1] for pair in _NAME_PAIRS) | frozenset(_AFTER_NAME)

# (rare character, what stands around it, where in that it stands, pattern from there on, whether it must start a word)
_RARE: tuple[tuple[str, str | tuple[str, ...], int, re.Pattern[str], bool], ...] = (
    ("A", ("AKIA", "ASIA"), 0, re.compile(r"A[KS]IA(?P<secret>[A-Z0-9]{12,})"), True),
    ("z", "AIza", 2, re.compile(r"AIza(?P<secret>[A-Za-z0-9_\-]{6,})"), True),
    ("9", "ya29.", 3, re.compile(r"ya29\.(?P<secret>[A-Za-z0-9_\-.]{6,})"), True),
    ("G", "SG.", 1, re.compile(r"SG\.(?P<secret>[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,})"), True),
    (
        "J",
        "eyJ",
        2,
        re.compile(r"eyJ(?P<secret>[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){1,2})"),
        True,
    ),  # a JWT, also cut short
    ("V", "PRIVATE KEY", 3, re.compile(r"PRIVATE KEY(?: BLOCK)?-----(?P<secret>[^-]+)"), False),
    (
        "/",
        "hooks.slack.com/services/",
        15,
        re.compile(r"hooks\.slack\.com/services/(?P<secret>[A-Za-z0-9/]{8,})"),
        False,
    ),
)
_LOOKED_AT = ("-", "_", ":", "=", *(char for char, *_ in _RARE))
_BEARER = re.compile(r"earer +(?P<secret>[A-Za-z0-9_\-./+*~]*[0-9./+_][A-Za-z0-9_\-./+*~]{4,}=*)")
_LOGIN = re.compile(r"://[^\s/:@\"']{0,64}:(?P<secret>[^\s/@\"']{1,128})@")
_LOGIN_CHARS = 3 + 64 + 1 + 128
_SECRET_FIELD = re.compile(
    r"(?:(?:api|access|secret|private|account)[\-_ ]?key|client[\-_ ]?secret|passw(?:or)?d|passphrase"
    r"|authorization|(?:access|refresh|auth|id|bearer|session|csrf)[\-_ ]?token)s?$|^(?:token|secret|pwd|bearer)$",
    re.IGNORECASE,
)


def find_credentials(text: str) -> list[Span]:
    """The parts of a text that are keys, tokens or passwords. They may overlap, and come in no order."""
    found: list[Span] = []
    _add_prefixed(found, text, "-", _BEFORE_DASH, _DASHED, _AFTER_DASH)
    _add_prefixed(found, text, "_", _BEFORE_SCORE, _SCORED, _AFTER_SCORE)
    _add_named(found, text, ":")
    _add_named(found, text, "=")
    for char, mark, offset, pattern, is_prefix in _RARE:
        at = text.find(char, offset)
        while at >= 0:
            start = at - offset
            if text.startswith(mark, start) and (not is_prefix or _is_word_start(text, start)):
                _add(found, pattern.match(text, start))
            at = text.find(char, at + 1)
    if "earer " in text:
        found += [match.span("secret") for match in _BEARER.finditer(text)]
    at = text.find("@")
    while at >= 0:
        start = text.rfind("://", max(0, at - _LOGIN_CHARS), at)
        if start >= 0:
            _add(found, _LOGIN.match(text, start))
        at = text.find("@", at + 1)
    return found


def looks_quick(text: str) -> bool:
    """Whether few of a long text's characters are such that their surroundings are looked at: prose, not code."""
    return sum(text.count(char, 0, 4000) for char in _LOOKED_AT) < 60


def _add_prefixed(
    found: list[Span],
    text: str,
    char: str,
    before: frozenset[str],
    prefixes: tuple[str, ...],
    pattern: re.Pattern[str],
) -> None:
    """What follows a vendor's prefix that ends in ``char``."""
    at = text.find(char, 1)
    while at >= 0:
        if text[at - 1] in before and text.endswith(prefixes, 0, at + 1) and _starts_word(text, at + 1, prefixes):
            _add(found, pattern.match(text, at + 1))
        at = text.find(char, at + 1)


def _add_named(found: list[Span], text: str, char: str) -> None:
    """What a word like "password" is set to with ``char``."""
    at = text.find(char, 1)
    while at >= 0:
        if text[at - 1] in _BEFORE_VALUE and text[max(0, at - 8) : at].rstrip(_AFTER_NAME)[-2:] in _NAME_PAIRS:
            name = text[max(0, at - _NAME_CHARS) : at].rstrip(_AFTER_NAME)
            if name.lower().endswith(_NAME_ENDS) and _NAMED.search(name):
                value = _VALUE.match(text, at + 1)
                if value is not None and not _is_code(value["secret"].lower()):
                    found.append(value.span("secret"))
        at = text.find(char, at + 1)


def _add(found: list[Span], match: re.Match[str] | None) -> None:
    if match is not None:
        found.append(match.span("secret"))


def _is_code(value: str) -> bool:
    """Whether what a secret's name is set to is a type or another name: ``api_key=self.api_key``."""
    return value in _NO_SECRETS or (value.endswith(_NAME_ENDS) and value.replace("_", "").replace(".", "").isalpha())


@lru_cache(maxsize=4096)
def is_secret_field(name: str) -> bool:
    """Whether a field of this name holds a credential, whatever it looks like."""
    return len(name) <= _NAME_CHARS and _SECRET_FIELD.search(name) is not None


def _starts_word(text: str, end: int, prefixes: tuple[str, ...]) -> bool:
    """Whether one of the prefixes ends at ``end`` and starts a word: "task-" and "risk-" are none."""
    start = min((end - len(each) for each in prefixes if text.endswith(each, 0, end)), default=None)
    return start is not None and _is_word_start(text, start)


def _is_word_start(text: str, start: int) -> bool:
    return start == 0 or not text[start - 1].isalnum() or is_escape(text, start)


def is_escape(text: str, start: int) -> bool:
    r"""Whether the letter before ``start`` is that of a written-out ``\n``: texts hold JSON."""
    return start >= 2 and text[start - 2 : start] in ("\\n", "\\t", "\\r")
