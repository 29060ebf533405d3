"""What is on its way counts, so that a limit is passed by no more than the requests in flight."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from suffice_analysis.replay.budget import Budget, Limits


def test_what_is_on_its_way_counts() -> None:
    budget = Budget(Limits(usd=1.0))
    assert [budget.take(10, 0.4) for _ in range(3)] == [None, None, "the budget of $1.00"]
    budget.give((10, 0.4), 10, 0.1)
    assert budget.take(10, 0.4) is None
    assert budget.usd == 0.1


@pytest.mark.parametrize(
    ("limits", "reached"),
    [
        (Limits(calls=2), "the budget of 2 calls"),
        (Limits(tokens=250), "the budget of 250 tokens"),
        (Limits(usd=0.02), "the budget of $0.02"),
        (Limits(seconds=5), "the budget of 5 seconds"),
    ],
)
def test_each_limit_says_its_name(limits: Limits, reached: str) -> None:
    ticks = iter(range(0, 100, 2))
    budget = Budget(limits, clock=lambda: float(next(ticks)))
    said = [budget.take(100, 0.01) for _ in range(6)]
    assert next(each for each in said if each) == reached


def test_threads_never_take_more_than_there_is() -> None:
    budget = Budget(Limits(usd=1.0))

    def ask(_: int) -> bool:
        if budget.take(1, 0.01) is not None:
            return False
        budget.give((1, 0.01), 1, 0.01)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(500))) in (99, 100)  # floating sums of cents
    assert budget.usd <= 1.0 + 1e-9
