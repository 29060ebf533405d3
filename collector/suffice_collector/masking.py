"""Masked text for who may see calls but not what is personal in them: the rules of the SDK's own masking.

The names that stand for masked values are this process's own: equal within it, and linked to nothing outside.
"""

from __future__ import annotations

import secrets
from typing import Any

from suffice.privacy.masking import Masker
from suffice.privacy.pseudonyms import Pseudonyms

_masker = Masker(Pseudonyms(secrets.token_bytes(32)))


def masked_text(text: str) -> str:
    """The text without credentials and without what is personal."""
    return _masker.text(text)


def masked_value(value: Any) -> Any:
    """The same for every text in a JSON value, keys and long numbers included."""
    return _masker.value(value)
