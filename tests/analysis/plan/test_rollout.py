"""The steps' numbers: from the bar and the traffic, checked by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from suffice_analysis.plan.escalation import Share
from suffice_analysis.plan.rollout import CONTROL, WINDOW, alarm_count, plan_steps, replay_share
from suffice_analysis.replay.sequential import Running


def test_steps_take_the_days_that_their_control_calls_need() -> None:
    shadow, few, half, full = plan_steps(0.99, 0.95, calls_per_day=1_000, usd_per_answer=0.001, triggered=Share(5, 100))
    assert (shadow.moved, few.moved, half.moved, full.moved) == (0.0, 0.05, 0.5, 1 - CONTROL)
    needed = shadow.control_calls
    assert needed is not None
    assert [step.days for step in (shadow, few, half)] == [
        1.0,
        2.0,
        7.0,
    ]  # a day's control calls are enough, the weekend is waited for
    assert full.days == max(28.0, needed / 20)
    assert few.moved_calls == pytest.approx(100)
    assert shadow.replay_usd == pytest.approx(needed / 1000)
    assert (shadow.alarm, few.alarm) == (None, alarm_count(Share(5, 100)))


def test_that_many_answers_settle_it_about_half_the_time_and_twice_as_many_nearly_always() -> None:
    needed = plan_steps(0.99, 0.95)[0].control_calls
    assert needed is not None
    rng = np.random.default_rng(3)
    proven = {1: 0, 2: 0}
    for times in proven:
        for _ in range(60):
            passed = int((rng.random(needed * times) < 0.99).sum())
            running = Running(bar=0.95)
            running.look(passed, needed * times - passed)
            proven[times] += running.status == "proven"
    assert 18 <= proven[1] <= 50
    assert proven[2] >= 50


def test_runs_that_fail_together_need_more_calls() -> None:
    alone, together = plan_steps(0.99, 0.95)[0], plan_steps(0.99, 0.95, design_effect=2.0)[0]
    assert alone.control_calls is not None
    assert together.control_calls == pytest.approx(2 * alone.control_calls, abs=1)
    assert together.stop_calls == pytest.approx(2 * alone.stop_calls, abs=1)


def test_what_is_not_known_is_not_made_up() -> None:
    for share in (None, 0.9, 0.95):
        step = plan_steps(share, 0.95, calls_per_day=10)[0]
        assert (step.control_calls, step.days, step.replay_usd) == (None, None, None)
    assert plan_steps(0.99, 0.95)[1].days is None
    assert plan_steps(0.99, 0.95, triggered=Share(0, 0))[1].alarm is None
    assert replay_share(0, 0) is None
    assert replay_share(60, 60) == pytest.approx(60.5 / 61)


@pytest.mark.parametrize("share", [Share(0, 92), Share(5, 100), Share(40, 100), Share(100, 100)])
def test_an_alarm_is_rare_at_the_upper_end_of_what_was_measured(share: Share) -> None:
    count = alarm_count(share)
    assert stats.binom.sf(count - 1, WINDOW, share.interval[1]) <= 0.001
    if share.interval[1] < 1:
        assert stats.binom.sf(count - 2, WINDOW, share.interval[1]) > 0.001
