"""OTLP bodies of logs and metrics, made with OpenTelemetry's own messages."""

from __future__ import annotations

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

LOG_TIME_NS = 1_795_000_000_000_000_001


def logs_request(count: int = 1, *, name: str = "user_prompt", time_ns: int = LOG_TIME_NS) -> ExportLogsServiceRequest:
    """``count`` log records of one session, a microsecond apart."""
    request = ExportLogsServiceRequest()
    scope = request.resource_logs.add().scope_logs.add()
    scope.scope.name = "some.logger"
    for number in range(count):
        record = scope.log_records.add(time_unix_nano=time_ns + number * 1000, severity_number=9)
        record.body.string_value = f"line {number}"
        record.attributes.append(KeyValue(key="event.name", value=AnyValue(string_value=name)))
    return request


def metrics_request() -> ExportMetricsServiceRequest:
    """A counter with one point and a histogram with one."""
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    counted = metrics.add(name="gen_ai.client.inference.usage.input_tokens")
    counted.sum.data_points.add(time_unix_nano=LOG_TIME_NS, as_int=42)
    measured = metrics.add(name="gen_ai.client.operation.duration")
    measured.histogram.data_points.add(time_unix_nano=LOG_TIME_NS, count=1, bucket_counts=[1])
    return request
