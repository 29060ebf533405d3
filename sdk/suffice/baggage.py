"""Over process borders: what another service said of a call comes in as OpenTelemetry baggage, and goes out where asked.

Read are ``user.id``, ``session.id``, ``gen_ai.conversation.id``, ``gen_ai.agent.name``, ``suffice.run.id``,
``suffice.task`` and ``suffice.tag.NAME``, whoever wrote them; what this process says itself goes before. Written are
the same, only by ``suffice.headers()``: ids of people do not go to other hosts by themselves. They go through the gate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, get_current
from opentelemetry.trace import SpanContext, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from suffice import semconv
from suffice.about import MAX_CHARS, About, as_tags, current_about
from suffice.context import Place, current_run, current_task
from suffice.privacy import Gate
from suffice.span import about_attributes

_TAG = "suffice.tag."
_SESSIONS = (semconv.CONVERSATION_ID, "session.id")


class Upstream(NamedTuple):
    """What came from the service that called this one."""

    about: About
    run_id: str | None
    task: str | None


def read_baggage(context: Context | None = None) -> Upstream | None:
    """What the (current) context carries; None for nothing of ours."""
    if context is None and not (context := get_current()):  # no telemetry of the app's: 10 µs less
        return None
    given = baggage.get_all(context)
    if not given:
        return None
    said = {name: str(value)[:MAX_CHARS] for name, value in given.items() if value not in (None, "")}
    session = next((said[name] for name in _SESSIONS if name in said), None)
    tags = {name.removeprefix(_TAG): value for name, value in said.items() if name.startswith(_TAG)}
    about = About(said.get(semconv.USER_ID), session, said.get(semconv.AGENT_NAME), as_tags(tags))
    found = Upstream(about, said.get(semconv.RUN_ID), said.get(semconv.TASK_NAME))
    return found if found != Upstream(About(), None, None) else None


def complete(place: Place) -> Place:
    """The place with what only the baggage says."""
    upstream = read_baggage()
    if upstream is None:
        return place
    run_id = None if place.run is not None else upstream.run_id
    return place._replace(task=place.task or upstream.task, about=place.about.within(upstream.about), run_id=run_id)


def read_headers(headers: Mapping[str, str]) -> tuple[SpanContext | None, Upstream | None]:
    """The caller's span and baggage, of a request's headers."""
    carrier = {str(name).lower(): str(value) for name, value in headers.items()}
    context = TraceContextTextMapPropagator().extract(carrier, Context())
    context = W3CBaggagePropagator().extract(carrier, context)
    span = get_current_span(context).get_span_context()
    return (span if span.is_valid else None), read_baggage(context)


def written_headers(gate: Gate) -> dict[str, str]:
    """``traceparent`` and ``baggage`` for a request to another service."""
    run, carrier = current_run(), dict[str, str]()
    said = {
        semconv.RUN_ID: run.id if run else None,
        semconv.TASK_NAME: current_task(),
        **about_attributes(current_about()),
    }
    leaves = gate.attributes({name: value for name, value in said.items() if value is not None})
    tags = json.loads(leaves.pop(semconv.TAGS, "{}"))
    context = Context()
    for name, value in (leaves | {_TAG + tag: value for tag, value in tags.items()}).items():
        context = baggage.set_baggage(name, str(value), context)
    span = run.span if run is not None and run.span is not None else get_current_span()
    TraceContextTextMapPropagator().inject(carrier, set_span_in_context(span, context))
    W3CBaggagePropagator().inject(carrier, context)
    return carrier
