"""The private TracerProvider: ours alone, never the global one, and deaf to the host's ``OTEL_*``.

A global provider would switch on other SDKs' own spans (Anthropic's, for one) and count calls twice.
Private is not enough: sampler, limits, resource, metrics and the off switch are read from the
environment unless each is set here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

from opentelemetry.context import Context
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from suffice import semconv
from suffice.config import Settings

_UNLIMITED = SpanLimits.UNSET


class SystemIds(IdGenerator):
    """Ids from the operating system. OpenTelemetry's draw from ``random``: an app that seeds it would get the
    same ids in every run (and its calls would pass for duplicates), and would see other numbers than without us."""

    def generate_span_id(self) -> int:
        return int.from_bytes(os.urandom(8), "big") or 1

    def generate_trace_id(self) -> int:
        return int.from_bytes(os.urandom(16), "big") or 1


class HandOver(SpanProcessor):
    """Gives each ended span of our scope, or beneath one of ours, to the recorder."""

    def __init__(self, take: Callable[[ReadableSpan], None]) -> None:
        self._take: Callable[[ReadableSpan], None] | None = take

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        pass

    def on_end(self, span: ReadableSpan) -> None:
        if self._take is not None:
            self._take(span)

    def shutdown(self) -> None:
        self._take = None

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True


def private_provider(settings: Settings) -> TracerProvider:
    """A provider that records everything, cuts nothing off and reads no environment."""
    described = {
        semconv.SERVICE_NAME: settings.service,
        semconv.PROJECT: settings.project,
        "telemetry.sdk.name": "suffice",
        "telemetry.sdk.language": "python",
        "telemetry.sdk.version": _version(),
    }
    if settings.environment:
        described[semconv.ENVIRONMENT] = settings.environment
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource(described),
        shutdown_on_exit=False,
        id_generator=SystemIds(),
        span_limits=SpanLimits(
            max_attributes=_UNLIMITED,
            max_events=_UNLIMITED,
            max_links=_UNLIMITED,
            max_span_attributes=_UNLIMITED,
            max_event_attributes=_UNLIMITED,
            max_link_attributes=_UNLIMITED,
            max_attribute_length=_UNLIMITED,
            max_span_attribute_length=_UNLIMITED,
        ),
        meter_provider=NoOpMeterProvider(),
    )
    provider._disabled = False  # OTEL_SDK_DISABLED is the host's word about its own telemetry; ours is SUFFICE_DISABLED
    return provider


def _version() -> str:
    try:
        return version("suffice")
    except PackageNotFoundError:  # run from a source folder
        return "0"
