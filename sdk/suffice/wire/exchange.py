"""Exchange: the raw HTTP bodies of one attempt, as a transport hands them over.

Holds bytes and strings only: never a client, a response or an exception of the app (keeping an
exception alive pins its frames and was seen to change an app's behaviour).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["end", "closed_early", "abandoned", "error", "cancelled"]


@dataclass(slots=True)
class Exchange:
    """One HTTP request and what came back. Header names are lower case, credentials already dropped."""

    method: str
    url: str  # with the query string's values removed
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    status: int | None = None  # None: no answer came
    response_headers: Mapping[str, str] = field(default_factory=dict)
    response_body: bytes = b""  # content-encoding already undone
    streamed: bool = False
    ending: Ending = "end"
    error_type: str | None = None  # the exception's class name
    error_message: str | None = None
    started_ns: int = 0  # Unix time
    first_chunk_ns: int | None = None
    ended_ns: int = 0
    attempt: int = 1
    retry_of: list[str] = field(default_factory=list)  # "trace_id:span_id" of each attempt before it
