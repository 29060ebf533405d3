"""The gate: whatever leaves the process went through here, in the mode that ``capture`` says.

Spans go through ``attributes`` (content as plain JSON values, which leave as JSON text), imported calls through
``call``; both end in the same few functions. What the table in ``kinds.py`` does not know is masked in "full" and
"masked" and does not leave in "hashed" and "metrics". Going through twice changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

from suffice import semconv
from suffice.config import CaptureMode, Settings
from suffice.messages_json import Pieces, encode_json, encode_messages
from suffice.privacy import kinds
from suffice.privacy.addresses import url
from suffice.privacy.hashing import Hasher
from suffice.privacy.masking import Masker
from suffice.privacy.pseudonyms import Pseudonyms, is_opaque
from suffice.privacy.secret import project_key
from suffice.wire.call import Call

_TEXTS = (str, list, tuple)
_ONE_WORD = re.compile(r"[\w.:\-/]{1,64}\Z")


class Gate:
    """One mode, one project."""

    def __init__(self, settings: Settings) -> None:
        self.mode: CaptureMode = settings.capture
        self._hides_text = self.mode in ("hashed", "metrics")
        self._masker = Masker(None, settings.mask, settings.redact)
        if self.mode != "full":
            key = project_key(settings.project, settings.secret, settings.key)
            self._pseudonyms = Pseudonyms(key)
            self._masker = Masker(self._pseudonyms, settings.mask, settings.redact)
            self._hasher = Hasher(key, self._pseudonyms)

    def attributes(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A span's attributes as they may leave. JSON values leave as JSON text, and may come as such."""
        leaves = self.attributes_in_pieces(given, lambda: None)
        return {name: str(value) if isinstance(value, Pieces) else value for name, value in leaves.items()}

    def attributes_in_pieces(self, given: Mapping[str, Any], breathe: Callable[[], None]) -> dict[str, Any]:
        """The same with long texts as ``Pieces``. ``breathe`` is called after what takes long with them."""
        kept: dict[str, Any] = {}
        for name, value in given.items():
            if name in kinds.FACTS:  # most are
                leaves = self._fact(name, value)
            elif name in kinds.MESSAGES and isinstance(value, list):
                leaves = encode_messages(self._content(name, value) or [], breathe)
            else:
                leaves = self._attribute(name, value)
            if name in kinds.CONTENT:
                breathe()
            if leaves is not None:
                kept[name] = leaves
        return kept

    def label(self, text: str) -> str:
        """A name (of a span, a run, a task) as it may leave."""
        return self._masker.text(text)

    def call(self, call: Call) -> Call:
        """A copy of the call, its content as it may leave."""
        content = {
            "system_instructions": self._content(semconv.SYSTEM_INSTRUCTIONS, call.system_instructions) or [],
            "input_messages": self._content(semconv.INPUT_MESSAGES, call.input_messages) or [],
            "output_messages": self._content(semconv.OUTPUT_MESSAGES, call.output_messages) or [],
            "tool_definitions": self._content(semconv.TOOL_DEFINITIONS, call.tool_definitions) or [],
            "response_format": self._content(semconv.RESPONSE_FORMAT, call.response_format),
            "parameters": self._content(semconv.PARAMETERS, call.parameters) or {},
            "error_message": self._error(call.error_message) if call.error_message else None,
            "error_type": call.error_type and self._masker.text(call.error_type),
            "request_model": call.request_model and self._masker.text(call.request_model),
            "response_model": call.response_model and self._masker.text(call.response_model),
        }
        if call.usage is not None:
            content["usage"] = replace(call.usage, raw=self._content(semconv.USAGE_RAW, call.usage.raw))
        return replace(call, **cast(Any, content))

    def _fact(self, name: str, value: Any) -> Any:
        is_text = isinstance(value, _TEXTS) and name not in kinds.MACHINES
        return self._masker.value(value) if is_text else value

    def _attribute(self, name: str, value: Any) -> Any:
        if name in kinds.CONTENT or name in kinds.NUMBERS_ONLY:
            return _as_json(self._content(name, _as_value(value)))
        if name in kinds.IDS:
            return self._id(kinds.IDS[name], str(value))
        if name in kinds.LABELS:
            return self._label(name, str(value))
        if name == semconv.TAGS:
            return _as_json(self._tags(_as_value(value)))
        if not isinstance(value, _TEXTS):
            return value if not self._hides_text or name.startswith(semconv.REQUEST_PREFIX) else None
        if name == semconv.ERROR_MESSAGE:
            return self._error(str(value))
        if name in kinds.ADDRESSES and not self._hides_text:
            return self._masker.text(url(str(value)))
        return None if self._hides_text else self._masker.value(value)

    def _content(self, name: str, value: Any) -> Any:
        if not value:
            return value
        if self.mode == "metrics":
            return _numbers(value) if name in kinds.NUMBERS_ONLY else None
        if self.mode != "hashed":
            return self._masker.value(value)
        hasher = self._hasher
        if name in kinds.MESSAGES:
            return [hasher.message(each) for each in value if isinstance(each, dict)]
        if name == semconv.SYSTEM_INSTRUCTIONS:
            return hasher.message({"role": "system", "parts": value})["parts"]
        if name == semconv.TOOL_DEFINITIONS:
            return [hasher.tool(each) for each in value if isinstance(each, dict)]
        if name == semconv.RESPONSE_FORMAT:
            return hasher.schema(value)
        return hasher.parameters(value) if name == semconv.PARAMETERS else _numbers(value)

    def _id(self, kind: str, value: str) -> str:
        if self._hides_text:
            return self._pseudonyms.id(kind, value)
        return value if kind == "run" and is_opaque(value) else self._masker.text(value)

    def _label(self, name: str, value: str) -> str | None:
        if self._hides_text and name == semconv.OUTCOME_LABEL and not _ONE_WORD.match(value):
            return self._pseudonyms.id("label", value)  # a sentence is no label
        return self._masker.text(value)

    def _tags(self, tags: Any) -> Any:
        if not isinstance(tags, dict) or not self._hides_text:
            return self._masker.value(tags)
        return {
            self._masker.text(str(name)): self._pseudonyms.id("tag", value) if isinstance(value, str) else value
            for name, value in tags.items()
        }

    def _error(self, message: str) -> str | None:
        if self.mode == "metrics":
            return None
        return self._pseudonyms.id("text", message) if self.mode == "hashed" else self._masker.text(message)


@lru_cache(maxsize=8)
def gate_of(settings: Settings) -> Gate:
    """The gate of a recorder's settings."""
    return Gate(settings)


def _as_value(value: Any) -> Any:
    """A content attribute as its JSON value: our own spans give that, a span that was gated before gives text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _as_json(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return encode_json(value) if value else None


def _numbers(value: Any) -> Any:
    """Of a JSON value what is a number, under its keys."""
    if isinstance(value, dict):
        inner = {k: _numbers(v) for k, v in value.items()}
        return {k: v for k, v in inner.items() if v is not None}
    return value if isinstance(value, int | float) else None
