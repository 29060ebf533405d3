"""The occasional 429 and 500 of a real provider: on a request's first attempt only, so that retries succeed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

RATE_LIMITED_SHARE = 0.012
SERVER_ERROR_SHARE = 0.004
RETRY_AFTER_MS = 40  # real ones ask for seconds; the demo has a minute


@dataclass(frozen=True, slots=True)
class Fault:
    """An answer that is none. ``status`` is the HTTP status, the rest is worded by each wire format."""

    status: int
    message: str


def draw_fault(seed: int, content: str, attempt: int, model: str) -> Fault | None:
    """``attempt`` counts from 0 (the clients' ``x-stainless-retry-count``)."""
    if attempt > 0:
        return None
    draw = Random(f"{seed}/fault/{content}").random()
    if draw < RATE_LIMITED_SHARE:
        return Fault(429, f"Rate limit reached for {model}: please try again in {RETRY_AFTER_MS}ms.")
    if draw < RATE_LIMITED_SHARE + SERVER_ERROR_SHARE:
        return Fault(500, "The server had an error while processing your request. Sorry about that!")
    return None
