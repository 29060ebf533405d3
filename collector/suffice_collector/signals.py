"""The three signals of OTLP: their paths, their number in the journal, their answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse


@dataclass(frozen=True, slots=True)
class Signal:
    """``code`` is what the journal keeps; ``rejected`` names the count in its partial success."""

    name: str
    code: int
    answer: type[Any]  # the protobuf message of its success
    rejected: str
    service: str  # of gRPC

    @property
    def path(self) -> str:
        return f"/v1/{self.name}"

    @property
    def rejected_in_json(self) -> str:
        first, *rest = self.rejected.split("_")
        return first + "".join(word.capitalize() for word in rest)


_SERVICE = "opentelemetry.proto.collector.{0}.v1.{1}Service"
TRACES = Signal("traces", 0, ExportTraceServiceResponse, "rejected_spans", _SERVICE.format("trace", "Trace"))
LOGS = Signal("logs", 1, ExportLogsServiceResponse, "rejected_log_records", _SERVICE.format("logs", "Logs"))
METRICS = Signal(
    "metrics", 2, ExportMetricsServiceResponse, "rejected_data_points", _SERVICE.format("metrics", "Metrics")
)
SIGNALS = (TRACES, LOGS, METRICS)
