"""Shapes of credentials. They leave in no mode; what stays is the prefix, so that a person sees which key it was.

A text is looked at for rare marks first (``-`` and ``_`` behind a vendor's prefix, ``=`` and ``:`` behind a word like
"password", a few substrings), since one pattern that tries every position costs several times as much. Prefixes are
those the vendors document; a random string without one is an id as often as a key, and is not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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

_MARKS = re.compile(
    rf"""[-_:=](?:
        (?<=[{"".join(sorted({p[-2] for p in _DASHED}))}]-)(?=[A-Za-z0-9_./+*\-]{{6}})(?P<dash>)
      | (?<=[{"".join(sorted({p[-2] for p in _SCORED}))}]_)(?=[A-Za-z0-9*]{{8}})(?P<score>)
      | (?<=[ydntYDNT"'\\ ][:=])(?=[ \t]{{0,4}}(?:\\?["'])?[A-Za-z0-9_\-./+*!@\#$%^&~]{{5}})(?P<name>)
    )""",
    re.VERBOSE,
)

# (substring that must be there, pattern, whether the prefix must start a word)
_RARE: tuple[tuple[str, re.Pattern[str], bool], ...] = (
    ("AKIA", re.compile(r"AKIA(?P<secret>[A-Z0-9]{12,})"), True),
    ("ASIA", re.compile(r"ASIA(?P<secret>[A-Z0-9]{12,})"), True),
    ("AIza", re.compile(r"AIza(?P<secret>[A-Za-z0-9_\-]{6,})"), True),
    ("ya29.", re.compile(r"ya29\.(?P<secret>[A-Za-z0-9_\-.]{6,})"), True),
    ("SG.", re.compile(r"SG\.(?P<secret>[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,})"), True),
    ("eyJ", re.compile(r"eyJ(?P<secret>[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*){1,2})"), True),  # a JWT, also cut short
    ("PRIVATE KEY", re.compile(r"PRIVATE KEY(?: BLOCK)?-----(?P<secret>[^-]+)"), False),
    ("earer ", re.compile(r"earer +(?P<secret>[A-Za-z0-9_\-./+*~]*[0-9./+_][A-Za-z0-9_\-./+*~]{4,}=*)"), False),
    ("://", re.compile(r"://[^\s/:@\"']{0,64}:(?P<secret>[^\s/@\"']{1,128})@"), False),
    ("hooks.slack.com", re.compile(r"hooks\.slack\.com/services/(?P<secret>[A-Za-z0-9/]{8,})"), False),
)
_SECRET_FIELD = re.compile(
    r"(?:(?:api|access|secret|private|account)[\-_ ]?key|client[\-_ ]?secret|passw(?:or)?d|passphrase"
    r"|authorization|(?:access|refresh|auth|id|bearer|session|csrf)[\-_ ]?token)s?$|^(?:token|secret|pwd|bearer)$",
    re.IGNORECASE,
)


def find_credentials(text: str) -> Iterator[Span]:
    """The parts of a text that are keys, tokens or passwords. They may overlap, and come in no order."""
    for match in _MARKS.finditer(text):
        at = match.end()
        if match.lastgroup == "name":
            name = text[max(0, at - 1 - _NAME_CHARS) : at - 1].rstrip(" \t\"'\\")
            found = _VALUE.match(text, at) if name.lower().endswith(_NAME_ENDS) and _NAMED.search(name) else None
            if found is not None and not _is_code(found["secret"].lower()):
                yield found.span("secret")
            continue
        dash = match.lastgroup == "dash"
        if _starts_word(text, at, _DASHED if dash else _SCORED):
            found = (_AFTER_DASH if dash else _AFTER_SCORE).match(text, at)
            if found is not None:
                yield found.span("secret")
    for mark, pattern, is_prefix in _RARE:
        if mark in text:
            for match in pattern.finditer(text):
                if not is_prefix or _starts_word(text, match.start() + len(mark), (mark,)):
                    yield match.span("secret")


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
    return start is not None and (start == 0 or not text[start - 1].isalnum() or is_escape(text, start))


def is_escape(text: str, start: int) -> bool:
    r"""Whether the letter before ``start`` is that of a written-out ``\n``: texts hold JSON."""
    return start >= 2 and text[start - 2 : start] in ("\\n", "\\t", "\\r")
