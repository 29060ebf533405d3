"""Prometheus text: the format to the letter, sums, and labels that can't break a line."""

from __future__ import annotations

from suffice_collector.metrics import REFUSED, REQUESTS, SPANS, Metric, Metrics


def test_the_text() -> None:
    metrics = Metrics()
    metrics.add(REQUESTS, route="/v1/traces", status="200", key="")
    metrics.add(REQUESTS, 2, route="/v1/traces", status="200", key="")
    metrics.add(SPANS, 0.5)
    lines = metrics.render([(Metric("backlog_spans", "Waiting.", "gauge"), 7.0)]).splitlines()
    assert lines[:3] == [
        "# HELP suffice_requests_total Requests answered, by route, status and key.",
        "# TYPE suffice_requests_total counter",
        'suffice_requests_total{key="",route="/v1/traces",status="200"} 3',
    ]
    assert "suffice_spans_accepted_total 0.5" in lines
    assert "suffice_refused_total 0" in lines  # a counter begins at 0, it is not absent
    assert lines[-3:] == ["# HELP suffice_backlog_spans Waiting.", "# TYPE suffice_backlog_spans gauge", "suffice_backlog_spans 7"]  # fmt: skip


def test_a_label_can_not_break_out_of_its_line() -> None:
    metrics = Metrics()
    metrics.add(REFUSED, reason='a"} 1\nfake_total 99\\')
    (line,) = (line for line in metrics.render([]).splitlines() if line.startswith("suffice_refused_total{"))
    assert line == r'suffice_refused_total{reason="a\"} 1\nfake_total 99\\"} 1'


def test_sums() -> None:
    metrics = Metrics()
    for status, key in (("200", "a"), ("200", "b"), ("429", "a")):
        metrics.add(REQUESTS, status=status, key=key)
    assert metrics.total(REQUESTS) == 3
    assert metrics.total(REQUESTS, status="200") == 2
    assert metrics.by(REQUESTS, "key") == {"a": 2.0, "b": 1.0}
