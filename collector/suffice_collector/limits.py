"""How often and how much each key may send: buckets that fill up by the minute."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from suffice_store.access import ApiKey

MINUTE_S = 60.0


class Bucket:
    """``per_minute`` units a minute, at most a minute's worth at once."""

    def __init__(self, per_minute: int, now: float) -> None:
        self._size = float(per_minute)
        self._left = self._size
        self._at = now

    def wait_s(self, needed: float, now: float) -> float:
        """Seconds until ``needed`` units are there; 0 = now."""
        self._left = min(self._size, self._left + (now - self._at) * self._size / MINUTE_S)
        self._at = now
        return max(0.0, (needed - self._left) * MINUTE_S / self._size)

    def take(self, units: float) -> None:
        """Use units, into debt where need be: a body is counted as it comes, and the next one waits for it."""
        self._left -= units


class Limits:
    """The buckets of all keys, in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, str, int], Bucket] = {}

    def begin(self, key: ApiKey) -> int:
        """Count one request. Returns whole seconds to wait where it is one too many (it is not counted then), else 0."""
        with self._lock:
            now = self._clock()
            requests = self._bucket(key, "requests", key.requests_per_minute, now)
            size = self._bucket(key, "bytes", key.bytes_per_minute, now)
            wait = max(requests.wait_s(1, now) if requests else 0.0, size.wait_s(1, now) if size else 0.0)
            if wait == 0.0 and requests:
                requests.take(1)
            return math.ceil(wait)

    def received(self, key: ApiKey, size: int) -> None:
        """Count bytes of a body as they come."""
        with self._lock:
            bucket = self._bucket(key, "bytes", key.bytes_per_minute, self._clock())
            if bucket:
                bucket.take(size)

    def _bucket(self, key: ApiKey, kind: str, per_minute: int | None, now: float) -> Bucket | None:
        if per_minute is None:
            return None
        return self._buckets.setdefault((key.key_id, kind, per_minute), Bucket(per_minute, now))
