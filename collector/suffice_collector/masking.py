"""Masked text for who may see calls but not what is personal in them: the rules of the SDK's own masking."""

from __future__ import annotations

import re
from typing import Any

from suffice.redact import text as without_credentials

_PERSONAL = re.compile(
    r"(?P<email>[\w.+\-]+@[\w\-]+\.[\w.\-]+)|(?P<iban>\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b)"
    r"|(?P<number>\+?\d(?:[ \-./()]?\d){7,18})"
)


def masked_text(text: str) -> str:
    """The text without credentials, e-mail addresses, account, card and phone numbers."""
    return _PERSONAL.sub(lambda found: f"[{found.lastgroup}]", without_credentials(text))


def masked_value(value: Any) -> Any:
    """The same for every text in a JSON value, keys included."""
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list):
        return [masked_value(each) for each in value]
    if isinstance(value, dict):
        return {masked_text(key): masked_value(each) for key, each in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**8:
        return "[number]"
    return value
