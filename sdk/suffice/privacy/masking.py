"""Masking: text with credentials gone and personal data replaced by pseudonyms, in whatever it is nested.

Agents resend their history: a text seen before is not searched again (its length and hash are kept, not the text).
Fails closed: where a pattern or the app's own function breaks, the text goes, not the call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from suffice.privacy.credentials import MASK, find_credentials, is_secret_field, looks_quick
from suffice.privacy.personal import find_personal, is_card
from suffice.privacy.pseudonyms import Pseudonyms

REMOVED = "[removed]"  # in place of a text that could not be masked
_SHORT = 5  # no secret is shorter
_REMEMBERED = 8192
_REMEMBERED_SHORT = 1024  # names of models and machines, roles, types of parts
_SHORT_TEXT = 100  # characters
_LONG_TEXT = 50_000  # to hash it takes 75 µs, and more than to look for credentials in prose
_LISTS = (list, tuple)
_LONGEST_KEY = 64
_CARD_NUMBER = 10**12  # numbers from here on may be a card's
_PHONE_FIELD = re.compile(r"phone|mobile|(?:^|_)(?:tel|cell|fax|whatsapp)(?:$|_)", re.IGNORECASE)
_PHONE_VALUE = re.compile(r"\+?[0-9(][0-9 ().\-/]{5,18}[0-9]")

Redact = Callable[[str], str]


class Masker:
    """Masks for one project. ``pseudonyms`` None: credentials alone (and what the app itself asked for)."""

    def __init__(
        self, pseudonyms: Pseudonyms | None, patterns: Sequence[re.Pattern[str]] = (), redact: Redact | None = None
    ) -> None:
        self._pseudonyms = pseudonyms
        self._patterns = tuple(patterns)
        self._redact = redact
        self._credentials_only = pseudonyms is None and not self._patterns and redact is None
        self._clean: set[tuple[int, int]] = set()
        self._clean_short: set[tuple[int, int]] = set()
        self._keys: dict[str, str] = {}  # names of fields: few, and everywhere

    def text(self, text: str) -> str:
        """The text as it may leave."""
        length = len(text)
        if length < _SHORT and not self._patterns and self._redact is None:
            return text
        if length >= _LONG_TEXT and self._credentials_only and looks_quick(text):
            return self._masked_or_removed(text)
        seen = (length, hash(text))
        clean, most = (self._clean_short, _REMEMBERED_SHORT) if length < _SHORT_TEXT else (self._clean, _REMEMBERED)
        if seen in clean:
            return text
        masked = self._masked_or_removed(text)
        if masked == text and self._redact is None:
            if len(clean) >= most:
                clean.clear()
            clean.add(seen)
        return masked

    def value(self, value: Any, field: str = "") -> Any:
        """Any JSON with its texts masked, keys and long numbers included. ``field``: the name it stands under."""
        if isinstance(value, str):
            return self._field(value, field)
        if isinstance(value, dict):
            return {self._key(key): self.value(each, key) for key, each in value.items()}
        if isinstance(value, _LISTS):
            return [self.value(each, field) for each in value]
        if isinstance(value, int) and not isinstance(value, bool) and self._pseudonyms is not None:
            return self._number(value, field)
        return value

    def _key(self, key: Any) -> Any:
        if not isinstance(key, str):
            return key
        known = self._keys.get(key)
        if known is None:
            known = self.text(key)
            if len(key) <= _LONGEST_KEY and self._redact is None:
                if len(self._keys) >= _REMEMBERED:
                    self._keys.clear()
                self._keys[key] = known
        return known

    def _field(self, text: str, field: str) -> str:
        if field and text:
            if is_secret_field(field) and not text.startswith("<") and MASK not in text:
                return MASK
            if self._pseudonyms is not None and _is_phone_field(field) and _PHONE_VALUE.fullmatch(text.strip()):
                return self._pseudonyms.name("phone", re.sub(r"[^0-9+]", "", text))
        return self.text(text)

    def _number(self, number: int, field: str) -> int | str:
        pseudonyms = self._pseudonyms
        assert pseudonyms is not None
        if number >= _CARD_NUMBER and is_card(str(number)):
            return pseudonyms.name("card", str(number))
        if field and 10**6 <= number < 10**15 and _is_phone_field(field):
            return pseudonyms.name("phone", str(number))
        return number

    def _masked_or_removed(self, text: str) -> str:
        try:
            return self._masked(text)
        except Exception:
            return REMOVED

    def _masked(self, text: str) -> str:
        for pattern in self._patterns:
            text = pattern.sub(self._own, text)
        gone = [(start, end, MASK) for start, end in find_credentials(text)]
        if self._pseudonyms is not None:
            name = self._pseudonyms.name
            gone += [(each.start, each.end, name(each.kind, each.value)) for each in find_personal(text)]
        if gone:
            text = _replaced(text, gone)
        if self._redact is not None:
            text = self._redact(text)
            if not isinstance(text, str):
                return REMOVED
        return text

    def _own(self, match: re.Match[str]) -> str:
        if not match[0]:
            return ""
        kind = match.lastgroup or "masked"
        kind = kind if kind.isascii() and kind.isalpha() and kind.islower() else "masked"
        return self._pseudonyms.name(kind, match[0]) if self._pseudonyms is not None else MASK


@lru_cache(maxsize=4096)
def _is_phone_field(name: str) -> bool:
    return _PHONE_FIELD.search(name) is not None


def _replaced(text: str, gone: list[tuple[int, int, str]]) -> str:
    """The text with the spans replaced. Of two that overlap the outer end counts, and the first one's replacement."""
    pieces: list[str] = []
    position = 0
    for start, end, replacement in sorted(gone, key=lambda span: (span[0], -span[1])):
        if start >= position:
            pieces += (text[position:start], replacement)
        position = max(position, end)
    pieces.append(text[position:])
    return "".join(pieces)
