"""What the SDK says on stderr: one line for the first call of a process, one if nothing takes the calls.

Everything else goes to the logger ``suffice``, each thing once.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import urlencode

from suffice.collector import Collector, UnreachableError
from suffice.config import Settings

logger = logging.getLogger("suffice")
COST_WAIT_S = 3.0  # the collector applies a call a moment after it has acknowledged it
_logged: set[str] = set()
_first_call_said = False


class FirstCall(NamedTuple):
    """What the line about the first call says."""

    call_id: str
    model: str | None
    input_tokens: int | None
    output_tokens: int | None


def say(line: str, settings: Settings) -> None:
    """One line for a person."""
    if settings.quiet:
        logger.warning(line)
        return
    try:
        print(f"suffice: {line}", file=sys.stderr, flush=True)
    except Exception:  # stderr closed or replaced: nobody to tell
        logger.warning(line)


def log_once(where: str) -> None:
    """An error inside a hook: logged with its traceback the first time, then silent. Call it while handling it."""
    if where not in _logged:
        _logged.add(where)
        logger.warning("suffice failed in %s; the app goes on without being recorded there", where, exc_info=True)


def logged() -> frozenset[str]:
    """Where a hook has failed so far."""
    return frozenset(_logged)


def announce_first_call(first: FirstCall, settings: Settings, delivered: bool) -> threading.Thread | None:
    """Say the line, once per process. The cost is asked for in a thread of its own, which is returned."""
    global _first_call_said
    if _first_call_said or settings.quiet:
        return None
    _first_call_said = True
    if not delivered:
        say(first_call_line(first, None, None, reached=False), settings)
        return None
    thread = threading.Thread(target=_ask_and_say, args=(first, settings), name="suffice-first-call", daemon=True)
    thread.start()
    return thread


def first_call_line(first: FirstCall, paid_usd: str | None, link: str | None, *, reached: bool = True) -> str:
    """``first call recorded: gpt-4o-mini, 12 tokens in, 5 out, $0.000005 http://...``."""
    parts = [f"first call recorded: {first.model or 'unknown model'}", f"{_count(first.input_tokens)} tokens in"]
    parts.append(f"{_count(first.output_tokens)} out")
    parts.append(_money(paid_usd) if reached else "its cost is not known before a collector answers")
    return ", ".join(parts) + (f" {link}" if link else "")


def _ask_and_say(first: FirstCall, settings: Settings) -> None:
    collector = Collector(settings.endpoint, settings.key, must_be_suffice=not settings.explicit_endpoint)
    paid_usd, reached = None, False
    try:
        collector.health()
        paid_usd = _ask_cost(collector, first.call_id, settings.project)
        reached = True
    except UnreachableError:
        pass
    finally:
        collector.close()
    base = collector.dashboard_url
    link = f"{base.rstrip('/')}/calls?{urlencode({'call_id': first.call_id})}" if base else None
    say(first_call_line(first, paid_usd, link, reached=reached), settings)


def _ask_cost(collector: Collector, call_id: str, project: str) -> str | None:
    """The cost as decimal text; None if the call's model has no price, or the call doesn't show in time."""
    deadline = time.monotonic() + COST_WAIT_S
    while True:
        rows = collector.read("call", call_id=call_id, project=project)
        if rows:
            paid = rows[0].get("paid_usd")
            return None if paid is None else str(paid)
        if time.monotonic() >= deadline:
            return None
        time.sleep(0.15)


def _count(tokens: int | None) -> str:
    return "?" if tokens is None else f"{tokens:,}"


def _money(paid_usd: str | None) -> str:
    if paid_usd is None:
        return "unpriced"
    try:
        amount = Decimal(paid_usd)
    except InvalidOperation:
        return "unpriced"
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.6f}"
