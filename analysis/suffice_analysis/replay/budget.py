"""What a replay may spend: calls, tokens, USD, seconds. Asked before each request, told after each answer.

What is on its way counts at its estimate, so that the budget is never exceeded by more than the requests in flight cost beyond
theirs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """None = no limit."""

    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None
    seconds: float | None = None


class Budget:
    """Thread-safe. Time runs from the first request on."""

    def __init__(self, limits: Limits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.calls = 0
        self.tokens = 0
        self.usd = 0.0
        self.unpriced = 0  # calls of candidates without a price: in ``usd`` as nothing
        self._clock = clock
        self._started: float | None = None
        self._on_way: tuple[int, float] = (0, 0.0)  # tokens, USD
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        return 0.0 if self._started is None else self._clock() - self._started

    def take(self, tokens: int, usd: float) -> str | None:
        """Room for one more request of about that size: None where there is, else which limit is reached."""
        with self._lock:
            if self._started is None:
                self._started = self._clock()
            limits, (way_tokens, way_usd) = self.limits, self._on_way
            if limits.calls is not None and self.calls >= limits.calls:
                return f"the budget of {limits.calls:,} calls"
            if limits.tokens is not None and self.tokens + way_tokens + tokens > limits.tokens:
                return f"the budget of {limits.tokens:,} tokens"
            if limits.usd is not None and self.usd + way_usd + usd > limits.usd:
                return f"the budget of ${limits.usd:,.2f}"
            if limits.seconds is not None and self.seconds >= limits.seconds:
                return f"the budget of {limits.seconds:,.0f} seconds"
            self.calls += 1
            self._on_way = (way_tokens + tokens, way_usd + usd)
            return None

    def give(self, taken: tuple[int, float], tokens: int, usd: float, *, priced: bool = True) -> None:
        """One that was taken for has ended: what it really was, instead of what it was taken for."""
        with self._lock:
            self._on_way = (self._on_way[0] - taken[0], self._on_way[1] - taken[1])
            self.unpriced += not priced
            self.tokens += tokens
            self.usd += usd

    def spent(self, calls: int, tokens: int, usd: float) -> None:
        """What an earlier part of the same work cost."""
        with self._lock:
            self.calls += calls
            self.tokens += tokens
            self.usd += usd
