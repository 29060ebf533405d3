"""The public functions: ``init``, ``flush``, ``shutdown``, ``outcome``.

Light to import; ``init()`` loads OpenTelemetry's SDK. After that nothing here raises into the app, whatever
the collector, the disk or the library does. Only an argument that can't be meant raises, at once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from suffice import context
from suffice.leaving import EXIT_TIMEOUT_S

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from suffice.context import ActiveRecorder
    from suffice.delivery import Delivery

logger = logging.getLogger("suffice")


def init(
    endpoint: str | None = None,
    service: str | None = None,
    capture: str | None = None,
    *,
    mask: Iterable[str | re.Pattern[str]] | None = None,
    redact: Callable[[str], str] | None = None,
    secret: str | None = None,
    key: str | None = None,
    project: str | None = None,
    environment: str | None = None,
    tracer_provider: TracerProvider | None = None,
    http_spans: bool | None = None,
    spool: bool | str | Path | None = None,
    quiet: bool | None = None,
) -> None:
    """Record every LLM call of this process from now on.

    ``endpoint``: the collector's base URL; left out, a suffice on 127.0.0.1:4318, and nothing else there.
    ``service``: what this program is called; default its script's name.
    ``capture``: ``"full"`` (default); ``"masked"``: personal data as pseudonyms; ``"hashed"``: content as keyed hashes
    that tasks are still found by; ``"metrics"``: models, tokens and times. Keys and passwords leave in none.
    ``mask``: regular expressions of what else to mask. ``redact``: your own function of each text, after the masks;
    where it raises, the text goes. ``secret``: what pseudonyms and hashes are keyed with (default ``SUFFICE_SECRET``,
    else the key, else one kept for this user).
    ``key``: the collector's SUFFICE_KEY. ``project``, ``environment``: where the calls belong.
    ``tracer_provider``: make the spans with this provider too (default: a private one).
    ``http_spans``: HTTP child spans and ``traceparent``. ``spool``: a folder, or False for none.
    ``quiet``: say nothing on stderr.

    Each setting left out comes from ``SUFFICE_*``. Calling it again with other settings replaces the recorder.
    Raises ValueError for an argument that can't be meant.
    """
    from suffice.config import read_settings

    settings = read_settings(
        endpoint,
        service,
        capture,
        mask=mask,
        redact=redact,
        secret=secret,
        key=key,
        project=project,
        environment=environment,
        http_spans=http_spans,
        spool=spool,
        quiet=quiet,
    )
    if settings.disabled:
        return
    active = context.recorder
    if active is not None:
        if active.settings == settings and tracer_provider in (None, active.provider):
            return
        shutdown()
    try:
        _start(settings, tracer_provider)
    except Exception:
        logger.warning("suffice could not start; the app runs without being recorded", exc_info=True)


def flush(timeout: float | None = 10.0) -> Delivery:
    """Send what was captured so far; returns how many calls were delivered, dropped and are pending: the truth.

    Waits at most ``timeout`` seconds (None: as long as it takes).
    """
    from suffice.delivery import Delivery

    active = context.recorder
    return Delivery(0, 0, 0) if active is None else active.flush(timeout)


def shutdown(timeout: float = EXIT_TIMEOUT_S) -> Delivery:
    """Flush, stop recording and take the patches off. ``init()`` starts again."""
    from suffice.delivery import Delivery

    active = context.recorder
    if active is None:
        return Delivery(0, 0, 0)
    from suffice import http_spans, transports

    context.recorder = None
    active.note_patched()
    http_spans.remove()
    transports.remove()
    return active.shutdown(timeout)


def headers() -> dict[str, str]:
    """``traceparent`` and ``baggage`` to send along with a request to another of your services: its calls then belong
    to the run, user, session and tags that are open here. Masked like everything that leaves. ``{}`` without ``init()``.
    """
    active = context.recorder
    return {} if active is None else active.headers()


def outcome(
    ok: bool | None = None,
    score: float | None = None,
    run: Any = None,
    call: str | None = None,
    label: str | None = None,
) -> None:
    """Say whether a run or a call was any good; also later, from another process, by its id.

    ``run``: a run's id, or what ``with suffice.run() as run`` gave; left out, the run that is open here.
    ``call``: a ``call_id``. ``ok``, ``score`` (any scale, higher is better) and ``label`` are free; give one at least.
    Raises ValueError if there is nothing to say, or nobody to say it of.
    """
    if ok is None and score is None and label is None:
        raise ValueError("an outcome says something: give ok, score or label")
    if run is not None and call is not None:
        raise ValueError("an outcome is about a run or a call: give one of the two")
    open_run = context.current_run()
    if run is None and call is None and open_run is None:
        raise ValueError("an outcome is about something: give run or call, or use it inside 'with suffice.run()'")
    active = context.recorder
    if active is None:
        return
    if call is not None:
        active.record_outcome("call", str(call), ok, score, label)
        return
    about = run if run is not None else open_run
    run_id = about.id if isinstance(about, context.Run) else about
    if run_id is None:
        return  # a run that was never entered while recording
    active.record_outcome("run", str(run_id), ok, score, label)


def _start(settings: Any, tracer_provider: TracerProvider | None) -> None:
    from suffice import leaving, transports
    from suffice.recorder import Recorder

    recorder = Recorder(settings, tracer_provider)
    context.recorder = recorder
    transports.install()
    if settings.http_spans:
        _install_http_spans(recorder)
    leaving.register()
    recorder.worker.note_state()


def _install_http_spans(recorder: ActiveRecorder) -> None:
    import wrapt

    from suffice import http_spans

    def instrument(module: Any) -> None:
        if context.recorder is recorder:
            http_spans.instrument(module.__name__, recorder.provider)

    for name in ("httpx", "httpx2"):
        wrapt.register_post_import_hook(instrument, name)
