"""Metrics are checked and counted; nothing of them is kept."""

from __future__ import annotations

import json

import pytest
from collector.signal_samples import metrics_request

from suffice_collector.otlp_metrics import MetricsRequest, parse_metrics
from suffice_collector.otlp_values import MalformedBodyError

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


def in_json(metrics: object) -> bytes:
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}).encode()


def test_points_are_counted_alike_in_protobuf_and_json() -> None:
    assert parse_metrics(metrics_request().SerializeToString(), PROTOBUF) == MetricsRequest(2)
    body = in_json(
        [
            {"name": "a", "sum": {"dataPoints": [{"asInt": "42"}]}},
            {"name": "b", "histogram": {"dataPoints": [{}, {}]}},
            {"name": "empty"},
            {"name": "unknown", "somethingNew": {"dataPoints": [{}]}},
        ]
    )
    assert parse_metrics(body, JSON) == MetricsRequest(3)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"resourceMetrics": null}'], ids=["no-bytes", "no-lists", "null"])
def test_an_empty_request_holds_nothing(body: bytes) -> None:
    assert parse_metrics(body, JSON if body else PROTOBUF) == MetricsRequest(0)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xff", PROTOBUF),
        (b"no json", JSON),
        (b"[]", JSON),
        (b'{"resourceMetrics": 1}', JSON),
        (in_json([{"sum": {"dataPoints": "many"}}]), JSON),
    ],
    ids=["protobuf", "text", "list", "number", "points"],
)
def test_what_is_none_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(MalformedBodyError):
        parse_metrics(body, content_type)
