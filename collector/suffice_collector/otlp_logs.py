"""OTLP logs to plain records: protobuf and JSON, the same objects from either.

An event's name comes as ``eventName``, or (Claude Code) as the attribute ``event.name``, or (Codex) as that
attribute beside an ``eventName`` that is a line of source code: the attribute wins.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from suffice_collector.otlp import Resource
from suffice_collector.otlp_values import (
    MAX_TIME_NS,
    MalformedBodyError,
    attribute_value,
    attributes,
    first_line,
    integer,
    is_id,
    json_attributes,
    json_value,
    load_json,
    objects,
    text,
)

EVENT_NAME = "event.name"
SEVERITIES = 24  # the greatest severity number there is


@dataclass(slots=True)
class LogRecord:
    """One log record. Ids are lower-case hex, None where it belongs to no span; times Unix nanoseconds (0 = not set)."""

    event_name: str
    trace_id: str | None
    span_id: str | None
    time_ns: int
    observed_ns: int
    severity: int
    scope: str
    scope_version: str
    body: Any = None  # a JSON value: text, or a structure
    attributes: dict[str, Any] = field(default_factory=dict)

    def at_ns(self) -> int:
        """When it happened; when it was seen, where the sender says no more (Codex); 0 where neither is told."""
        return self.time_ns or self.observed_ns


@dataclass(slots=True)
class ResourceLogs:
    resource: Resource
    logs: list[LogRecord]


@dataclass(slots=True)
class LogsRequest:
    """A decoded export request: what can be stored, and how many records cannot and why (the last reason)."""

    groups: list[ResourceLogs] = field(default_factory=list)
    rejected: int = 0
    reason: str = ""

    def record_count(self) -> int:
        return sum(len(group.logs) for group in self.groups)


def parse_logs(body: bytes, content_type: str) -> LogsRequest:
    """Decode an ExportLogsServiceRequest; ``content_type`` is "application/json" or protobuf's.

    Raises MalformedBodyError. A record with an impossible time is left out and counted, the rest kept.
    """
    try:
        return _parse_json(body) if content_type == "application/json" else _parse_protobuf(body)
    except MalformedBodyError:
        raise
    except DecodeError:
        raise MalformedBodyError("the body is not an OTLP ExportLogsServiceRequest in protobuf") from None
    except RecursionError:
        raise MalformedBodyError("the body is nested too deeply") from None
    except (TypeError, ValueError, AttributeError, KeyError, OverflowError) as error:
        raise MalformedBodyError(f"the body is not an OTLP export request in JSON: {first_line(error)}") from None


def _parse_protobuf(body: bytes) -> LogsRequest:
    message = ExportLogsServiceRequest.FromString(body)
    request = LogsRequest()
    for resource_logs in message.resource_logs:
        logs: list[LogRecord] = []
        for scope_logs in resource_logs.scope_logs:
            for raw in scope_logs.log_records:
                found = attributes(raw.attributes)
                log = LogRecord(
                    event_name=_event_name(found, raw.event_name),
                    trace_id=raw.trace_id.hex(),
                    span_id=raw.span_id.hex(),
                    time_ns=raw.time_unix_nano,
                    observed_ns=raw.observed_time_unix_nano,
                    severity=raw.severity_number,
                    scope=scope_logs.scope.name,
                    scope_version=scope_logs.scope.version,
                    body=attribute_value(raw.body),
                    attributes=found,
                )
                _keep(log, logs, request)
        request.groups.append(ResourceLogs(Resource(attributes(resource_logs.resource.attributes)), logs))
    return request


def _parse_json(body: bytes) -> LogsRequest:
    message = load_json(body)
    if not isinstance(message, dict):
        raise MalformedBodyError("the body is not a JSON object")
    request = LogsRequest()
    for resource_logs in objects(message, "resourceLogs"):
        logs: list[LogRecord] = []
        for scope_logs in objects(resource_logs, "scopeLogs"):
            scope = scope_logs.get("scope") or {}
            name, version = text(scope.get("name")), text(scope.get("version"))
            for raw in objects(scope_logs, "logRecords"):
                found = json_attributes(raw)
                log = LogRecord(
                    event_name=_event_name(found, text(raw.get("eventName"))),
                    trace_id=text(raw.get("traceId")).lower(),
                    span_id=text(raw.get("spanId")).lower(),
                    time_ns=integer(raw.get("timeUnixNano")),
                    observed_ns=integer(raw.get("observedTimeUnixNano")),
                    severity=integer(raw.get("severityNumber")),
                    scope=name,
                    scope_version=version,
                    body=json_value(raw.get("body"), 0),
                    attributes=found,
                )
                _keep(log, logs, request)
        resource = resource_logs.get("resource") or {}
        request.groups.append(ResourceLogs(Resource(json_attributes(resource)), logs))
    return request


def _event_name(found: dict[str, Any], stated: str) -> str:
    name = found.get(EVENT_NAME)
    return name if isinstance(name, str) and name else stated


def _keep(log: LogRecord, logs: list[LogRecord], request: LogsRequest) -> None:
    """Ids that are none (empty, all zero, of another length) are "belongs to no span"; impossible times are refused."""
    if not (0 <= log.time_ns <= MAX_TIME_NS and 0 <= log.observed_ns <= MAX_TIME_NS):
        request.rejected += 1
        request.reason = f"a log record's time is out of range (event '{log.event_name:.60}')"
        return
    if not is_id(log.trace_id or "", 32):
        log.trace_id = None
    if log.trace_id is None or not is_id(log.span_id or "", 16):
        log.span_id = None
    if not 0 <= log.severity <= SEVERITIES:
        log.severity = 0
    logs.append(log)
