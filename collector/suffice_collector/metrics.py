"""What the collector counts about itself, as Prometheus text. Own code: the format is thirty lines, the client library isn't.

Counters start at 0 with the process. Labels come from fixed sets (a route, a status, a key's id), never from what a
sender wrote, so that nobody can make series without end.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: its name without the prefix, what it is, and its kind."""

    name: str
    help: str
    kind: str = "counter"


REQUESTS = Metric("requests_total", "Requests answered, by route, status and key.")
REQUEST_SECONDS = Metric("request_seconds_total", "Time spent on requests, by route.")
RECEIVED_BYTES = Metric("received_bytes_total", "Bytes of bodies received, by key.")
REFUSED = Metric("refused_total", "Requests refused before they were looked at, by reason.")
SPANS = Metric("spans_accepted_total", "Spans and log records acknowledged.")
REJECTED = Metric("spans_rejected_total", "Spans and log records of accepted requests that were not kept.")
TEXT_READS = Metric("text_reads_total", "Reads that may tell what was said, by role.")
REPEATS = Metric("repeats_removed_total", "Texts that were stored again and taken out again.")

_COUNTERS = (REQUESTS, REQUEST_SECONDS, RECEIVED_BYTES, REFUSED, SPANS, REJECTED, TEXT_READS, REPEATS)
PREFIX = "suffice_"

Gauges = Callable[[], Iterable[tuple[Metric, float]]]


class Metrics:
    """Counts from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, dict[Labels, float]] = defaultdict(lambda: defaultdict(float))

    def add(self, metric: Metric, amount: float = 1.0, **labels: str) -> None:
        """Count ``amount`` more."""
        with self._lock:
            self._counts[metric.name][tuple(sorted(labels.items()))] += amount

    def total(self, metric: Metric, **labels: str) -> float:
        """The sum over all series that have these labels."""
        wanted = set(labels.items())
        with self._lock:
            return sum(value for key, value in self._counts[metric.name].items() if wanted <= set(key))

    def by(self, metric: Metric, label: str) -> dict[str, float]:
        """Sums by the values of one label."""
        sums: dict[str, float] = defaultdict(float)
        with self._lock:
            for key, value in self._counts[metric.name].items():
                sums[dict(key).get(label, "")] += value
        return dict(sums)

    def render(self, gauges: Iterable[tuple[Metric, float]]) -> str:
        """Everything in the text format, version 0.0.4."""
        lines: list[str] = []
        with self._lock:
            for metric in _COUNTERS:
                lines += _head(metric)
                series = self._counts[metric.name] or {(): 0.0}
                lines += [_line(metric, dict(labels), value) for labels, value in sorted(series.items())]
        for metric, value in gauges:
            lines += [*_head(metric), _line(metric, {}, value)]
        return "\n".join(lines) + "\n"


def _head(metric: Metric) -> list[str]:
    return [f"# HELP {PREFIX}{metric.name} {metric.help}", f"# TYPE {PREFIX}{metric.name} {metric.kind}"]


def _line(metric: Metric, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    number = repr(int(value)) if float(value).is_integer() else repr(float(value))
    return f"{PREFIX}{metric.name}{'{' + inside + '}' if inside else ''} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
