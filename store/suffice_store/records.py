"""CallRecord: a Call with its place in time, run and service. What dialects and importers hand to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from suffice.wire.call import Call

RETRY = "retry"  # the rule of a mark that takes a failed attempt out of the counts


@dataclass(slots=True)
class CallRecord:
    """One call as the store takes it. Times are Unix nanoseconds in UTC; None is "not known"."""

    call: Call
    call_id: str
    project: str = "default"
    external_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None
    run_id: str | None = None  # the app's own run id, else the trace id
    run_name: str | None = None
    step: int | None = None
    service: str | None = None
    environment: str | None = None
    team: str | None = None
    owner: str | None = None
    cost_centre: str | None = None
    agent_name: str | None = None
    task_name: str | None = None  # the name the app gave (suffice.task, prompt name)
    conversation_id: str | None = None
    user_id: str | None = None
    tags: dict[str, str | int | float | bool] = field(default_factory=dict)
    call_site: str | None = None  # file:function:line
    server_address: str | None = None
    attempt: int = 1
    retry_of: tuple[str, ...] = ()  # call_id of each attempt before it; they are marked, not counted
    started_ns: int | None = None
    ended_ns: int | None = None
    time_to_first_token_ms: float | None = None
    source: str = "otlp"  # "otlp" or "import"
    dialect: str = "suffice"
    stated_usd: Decimal | None = None  # what the sender says it cost; ours is joined at read
    attributes: dict[str, Any] = field(default_factory=dict)  # raw ones, without the content that became messages


@dataclass(slots=True)
class SpanRecord:
    """A span that is not a call: kept, so that nothing sent is lost and a later dialect can read it."""

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str | None
    name: str
    kind: int
    scope: str
    service: str | None
    started_ns: int
    ended_ns: int
    status: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class OutcomeRecord:
    """Whether a run or a call was any good, as somebody said at some time."""

    project: str
    target: str  # "run" or "call"
    target_id: str  # run_id, call_id, or external_id of an imported call
    ok: bool | None
    score: float | None
    label: str | None
    source: str
    recorded_ns: int
