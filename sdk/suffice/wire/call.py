"""Call: one LLM request and its answer, in one form whatever the vendor.

Messages keep the shape of the OpenTelemetry GenAI conventions (semantic-conventions-genai v0.1.0:
``role`` and ``parts``), as plain JSON values, so that the span attribute, the stored row and what
the analysis reads are the same thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

Json = None | bool | int | float | str | list[Any] | dict[str, Any]


class Message(TypedDict):
    """One message. Parts by ``type``:

    ``text`` {content} · ``reasoning`` {content} · ``tool_call`` {id, name, arguments (parsed JSON,
    or the string as sent where it does not parse)} · ``tool_call_response`` {id, response} ·
    ``blob`` {modality, mime_type, blake2b, size} (never the bytes) · ``uri`` {modality?, uri} ·
    ``file`` {file_id} · ``refusal`` {content} · anything else ``generic`` {...as sent}.
    """

    role: str
    parts: list[dict[str, Any]]
    name: NotRequired[str]
    finish_reason: NotRequired[str]


class ToolDefinition(TypedDict):
    """One tool offered to the model. ``parameters`` is a JSON schema."""

    type: str
    name: str
    description: NotRequired[str]
    parameters: NotRequired[Any]
    strict: NotRequired[bool]  # the answer must match the schema; only where it was asked for


Completeness = Literal["complete", "partial", "error"]
UsageSource = Literal["reported", "estimated", "absent"]


@dataclass(slots=True)
class Usage:
    """Tokens of one call, with one meaning for every vendor.

    ``input_tokens`` includes cached ones, ``output_tokens`` includes reasoning; the others are
    subsets. None means "not stated", which is not 0.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    source: UsageSource = "reported"
    raw: dict[str, Any] | None = None  # the vendor's usage object, as it came


@dataclass(slots=True)
class Call:
    """What was asked and what was answered. Where and when is the span's (or the record's) business."""

    wire_format: str  # "openai.chat", "anthropic.messages", ... or "" for one read from foreign telemetry
    operation: str  # gen_ai.operation.name: "chat", "text_completion", "embeddings"
    provider: str  # gen_ai.provider.name
    request_model: str | None = None
    response_model: str | None = None
    system_instructions: list[dict[str, Any]] = field(default_factory=list)  # parts given apart from the messages
    input_messages: list[Message] = field(default_factory=list)
    output_messages: list[Message] = field(default_factory=list)  # one per choice
    tool_definitions: list[ToolDefinition] = field(default_factory=list)
    usage: Usage | None = None
    parameters: dict[str, Any] = field(default_factory=dict)  # temperature, max_tokens, ... by GenAI name's last part
    response_format: dict[str, Any] | None = None  # as sent: {"type": "json_schema", ...}
    stream: bool = False
    response_id: str | None = None
    finish_reasons: list[str] = field(default_factory=list)  # stop, length, content_filter, tool_call, error
    service_tier: str | None = None  # the response's, else the request's
    completeness: Completeness = "complete"
    status_code: int | None = None
    error_type: str | None = None
    error_message: str | None = None

    def request_messages(self) -> list[Message]:
        """The whole request as messages: system instructions given apart come first, with role ``system``."""
        if not self.system_instructions:
            return self.input_messages
        return [{"role": "system", "parts": self.system_instructions}, *self.input_messages]
