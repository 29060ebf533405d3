"""OTLP metrics: read, counted, and not kept.

What suffice counts it counts from calls. A client's metrics are sums over the same calls, without the request
that a task is recognised by, so keeping them would add nothing but a second count. They are checked like the
other signals, so that an exporter of all three gets the answers that OTLP promises it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from suffice_collector.otlp_values import MalformedBodyError, load_json, objects

_KINDS = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")


@dataclass(slots=True)
class MetricsRequest:
    """How many data points a request held."""

    points: int = 0


def parse_metrics(body: bytes, content_type: str) -> MetricsRequest:
    """Check an ExportMetricsServiceRequest. Raises MalformedBodyError."""
    if content_type == "application/json":
        return MetricsRequest(_points_in_json(load_json(body)))
    try:
        message = ExportMetricsServiceRequest.FromString(body)
    except DecodeError:
        raise MalformedBodyError("the body is not an OTLP ExportMetricsServiceRequest in protobuf") from None
    metrics = (m for r in message.resource_metrics for s in r.scope_metrics for m in s.metrics)
    points = 0
    for metric in metrics:
        kind = metric.WhichOneof("data")
        points += len(getattr(metric, kind).data_points) if kind else 0
    return MetricsRequest(points)


def _points_in_json(message: Any) -> int:
    if not isinstance(message, dict):
        raise MalformedBodyError("the body is not a JSON object")
    return sum(
        len(objects(metric[kind], "dataPoints"))
        for resource_metrics in objects(message, "resourceMetrics")
        for scope_metrics in objects(resource_metrics, "scopeMetrics")
        for metric in objects(scope_metrics, "metrics")
        for kind in _KINDS
        if isinstance(metric.get(kind), dict)
    )
