"""The fleet's fifteen tasks, and how the simulator tells from a request which one it is."""

from __future__ import annotations

from typing import Final

from suffice_demo.tasks import (
    answer_policy,
    chat,
    choose_tool,
    extract,
    moderate,
    plan,
    rebook,
    review,
    rewrite,
    route,
    sql,
    summarise,
    translate,
    triage,
    write_tests,
)
from suffice_demo.tasks.base import Task

TASKS: Final[dict[str, Task]] = {
    module.TASK.key: module.TASK
    for module in (
        triage,
        route,
        extract,
        moderate,
        choose_tool,
        rebook,
        chat,
        answer_policy,
        rewrite,
        translate,
        summarise,
        sql,
        review,
        write_tests,
        plan,
    )
}


def recognise(request_text: str) -> Task | None:
    """The task a request belongs to, by the constant phrase in its system text or first user turn."""
    return next((task for task in TASKS.values() if task.marker in request_text), None)
