"""When the analysis runs by itself, second by second."""

from __future__ import annotations

from suffice_collector.schedule import CHECK_S, AnalysisSchedule


def test_enough_new_calls_are_analysed_at_once() -> None:
    schedule = AnalysisSchedule()
    schedule.see({"default": 49}, now=0)
    assert schedule.due(0) is None
    schedule.see({"default": 50}, now=10)
    assert schedule.due(10) == "default"


def test_a_few_calls_are_analysed_when_no_more_come() -> None:
    schedule = AnalysisSchedule()
    schedule.see({"default": 3}, now=0)
    assert schedule.due(29) is None
    schedule.see({"default": 3}, now=30)
    assert schedule.due(30) == "default"


def test_nothing_stored_is_nothing_to_do() -> None:
    schedule = AnalysisSchedule()
    schedule.see({}, now=0)
    schedule.see({"default": 0}, now=50)
    assert schedule.due(1000) is None


def test_after_a_run_it_rests_and_waits_for_news() -> None:
    schedule = AnalysisSchedule()
    schedule.see({"default": 200}, now=0)
    schedule.started("default")
    schedule.ended("default", now=20, took_s=20, failed=False)
    assert schedule.due(1000) is None
    schedule.see({"default": 400}, now=30)
    assert schedule.due(99) is None
    assert schedule.due(100) == "default"  # 4 x 20 s after the end


def test_calls_that_came_during_the_run_are_news() -> None:
    schedule = AnalysisSchedule()
    schedule.see({"default": 200}, now=0)
    schedule.started("default")
    schedule.see({"default": 300}, now=5)
    schedule.ended("default", now=6, took_s=1, failed=False)
    assert schedule.due(6 + CHECK_S) == "default"


def test_failures_are_tried_again_ever_later() -> None:
    schedule = AnalysisSchedule()
    schedule.see({"default": 200}, now=0)
    now, waits = 0.0, []
    for _ in range(9):
        schedule.started("default")
        schedule.ended("default", now, took_s=1, failed=True)
        start = now
        while schedule.due(now) is None:
            now += 1
        waits.append(now - start)
    assert waits[:3] == [20, 40, 80]
    assert waits[-1] == 600


def test_what_an_earlier_process_analysed_is_not_analysed_again() -> None:
    schedule = AnalysisSchedule()
    schedule.analysed("default", 200)
    schedule.see({"default": 200}, now=0)
    assert schedule.due(1000) is None


def test_a_wish_comes_first_and_needs_no_news() -> None:
    schedule = AnalysisSchedule(automatic=False)
    schedule.see({"a": 500, "b": 0}, now=0)
    assert schedule.due(0) is None
    schedule.ask("b")
    assert schedule.due(0) == "b"
    schedule.started("b")
    assert schedule.due(0) is None


def test_the_project_with_most_news_goes_first() -> None:
    schedule = AnalysisSchedule()
    schedule.see({"a": 60, "b": 600}, now=0)
    assert schedule.due(0) == "b"
    schedule.started("b")
    schedule.ended("b", now=1, took_s=1, failed=False)
    assert schedule.due(1) == "a"


def test_not_more_often_than_asked_for() -> None:
    schedule = AnalysisSchedule(every_s=300)
    schedule.see({"default": 200}, now=0)
    assert schedule.due(0) == "default"
    schedule.started("default")
    schedule.ended("default", now=10, took_s=1, failed=False)
    schedule.see({"default": 900}, now=20)
    assert schedule.due(309) is None
    assert schedule.due(310) == "default"
