"""How much of what is said the apps let out: the capture mode that each service's newest calls state."""

from __future__ import annotations

from typing import Any, get_args

import sqlalchemy as sa

from suffice import semconv
from suffice.config import CaptureMode
from suffice_store.environments import EVERY
from suffice_store.reads.registry import PROJECT, Arguments, Read
from suffice_store.reads.sources import filters, the_apps
from suffice_store.tables import calls

NEWEST = 10_000  # calls looked at: what is in use, not what ever was; attributes are the widest column there is
FULL, OTHERS = "full", tuple(mode for mode in get_args(CaptureMode) if mode != "full")
NOT_TOLD = "not told"  # came from another SDK, or from a file


def _capture_modes(arguments: Arguments) -> sa.Select[Any]:
    newest = (
        sa.select(calls.c.service, calls.c.dialect, calls.c.attributes, calls.c.started_ns)
        .where(*filters({**arguments, "environment": EVERY}), the_apps())
        .order_by(calls.c.started_ns.desc().nulls_last(), calls.c.call_id)
        .limit(NEWEST)
        .subquery("newest")
    )
    # Compact JSON, as appends write it. The SDK says nothing where everything is let out.
    stated = [(newest.c.attributes.like(f'%"{semconv.CAPTURE_MODE}":"{mode}"%'), sa.literal(mode)) for mode in OTHERS]
    ours = newest.c.dialect == "suffice"
    mode = sa.case(*stated, (ours, sa.literal(FULL)), else_=sa.literal(NOT_TOLD))
    service = sa.func.coalesce(newest.c.service, "")
    return (
        sa.select(
            service.label("service"),
            mode.label("mode"),
            sa.cast(sa.func.count(), sa.BigInteger).label("calls"),
            sa.func.max(newest.c.started_ns).label("last_call_ns"),
        )
        .group_by(service, mode)
        .order_by(sa.literal_column("calls").desc(), service, mode)
    )


READS = (Read("capture_modes", (PROJECT,), ("service", "mode", "calls", "last_call_ns"), _capture_modes),)
