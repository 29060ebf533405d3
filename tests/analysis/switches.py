"""A simulated switch of model in a task's traffic, as rows of the read ``task_models``, with what it truly saved."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

DAY_NS = 86_400 * 10**9
OLD, NEW = (2.0, 10.0), (0.2, 1.0)  # USD per million tokens in, out


def simulated_switch(
    seed: int, *, calls: int = 1200, grown: float = 1.6, longer: float = 1.15
) -> tuple[list[dict[str, Any]], float]:
    """Rows, and the true saving for each 1,000 calls at the mix before.

    Two sizes of requests; after the switch there are more calls, twice as many of them large ones, and answers are longer.
    """
    rng = np.random.default_rng(seed)
    sums: dict[tuple[Any, ...], list[float]] = {}
    truth = []
    for after in (False, True):
        count = round(calls * (grown if after else 1.0))
        large = rng.random(count) < (0.5 if after else 0.25)
        tokens_in = np.where(large, rng.lognormal(8.3, 0.3, count), rng.lognormal(6.0, 0.4, count))
        base = rng.lognormal(4.6, 0.6, count) * np.where(large, 2.0, 1.0)
        tokens_out = base * (longer if after else 1.0)
        price_in, price_out = NEW if after else OLD
        usd = (tokens_in * price_in + tokens_out * price_out) / 1e6
        if not after:
            expected = math.exp(4.6 + 0.6**2 / 2) * np.where(large, 2.0, 1.0)
            new = (tokens_in * NEW[0] + expected * longer * NEW[1]) / 1e6
            truth.append(1000 * float(np.mean((tokens_in * OLD[0] + expected * OLD[1]) / 1e6 - new)))
        days = rng.integers(0, 10, count) + (10 if after else 0)
        for day, paid, size in zip(days, usd, np.floor(np.log2(tokens_in + 1)), strict=True):
            at = sums.setdefault((int(day) * DAY_NS, "new" if after else "old", int(size)), [0, 0.0, 0.0])
            at[0], at[1], at[2] = at[0] + 1, at[1] + float(paid), at[2] + float(paid) ** 2
    rows = [
        {"task_id": "t", "day": day, "model": model, "service": "s", "slice_id": "", "size": size, "calls": int(n),
         "priced_calls": int(n), "paid_usd": usd, "squares_usd": squares, "error_calls": 0, "retried_calls": 0,
         "judged_calls": 0, "good_calls": 0}
        for (day, model, size), (n, usd, squares) in sorted(sums.items())
    ]  # fmt: skip
    return rows, truth[0]
