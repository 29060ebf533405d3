"""New calls get their task from a recogniser alone."""

from __future__ import annotations

import json
import random

from analysis.discovery.fleets import Fleet, Said, agent_fleet, make_fleet, one_off, templated, words

from suffice_analysis.discovery import MessageText, Request, assign, discover, recognise
from suffice_analysis.discovery.recogniser import THRESHOLD


def request(said: Said) -> Request:
    parts = [
        MessageText(role, json.dumps({"role": role, "parts": text if isinstance(text, list) else [text_part(text)]}))
        for role, text in said.messages
    ]
    return Request(parts, said.tools, said.response_format, said.operation)  # type: ignore[arg-type]


def text_part(text: str) -> dict[str, str]:
    return {"type": "text", "content": text}


def recognisers(fleet: Fleet) -> dict[str, dict[str, object]]:
    discovery = discover(fleet.calls, fleet.texts, fleet.toolsets)
    # through JSON, as the store keeps them
    return {task.task_id: json.loads(json.dumps(task.recogniser)) for task in discovery.tasks.values()}


def test_held_out_calls_get_the_task_that_discovery_gives_them() -> None:
    rng = random.Random(1)
    said = agent_fleet(each=20) + [one_off(rng) for _ in range(120)]
    rng.shuffle(said)
    learnt, held_out = said[:300], said[300:]
    first = make_fleet(learnt)
    task_of_label = dict(zip(first.labels, discover(first.calls, first.texts, first.toolsets).task_ids, strict=True))
    assigned = assign([request(each) for each in held_out], recognisers(first))
    right = sum(task_of_label[each.label] == task for each, task in zip(held_out, assigned, strict=True))
    assert right / len(held_out) >= 0.97


def test_a_score_says_how_sure() -> None:
    rng = random.Random(2)
    fleet = make_fleet([templated(label, rng) for label in ("sql", "plan") for _ in range(12)])
    known = recognisers(fleet)
    task_of = dict(zip(fleet.labels, discover(fleet.calls, fleet.texts, fleet.toolsets).task_ids, strict=True))
    sql = known[str(task_of["sql"])]
    assert recognise(request(templated("sql", rng)), sql) > 0.8
    assert recognise(request(templated("plan", rng)), sql) < THRESHOLD
    assert recognise(request(Said([("user", words(rng, 30))])), sql) < THRESHOLD


def test_what_fits_no_task_has_none() -> None:
    rng = random.Random(3)
    known = recognisers(make_fleet([templated("sql", rng) for _ in range(12)]))
    assert assign([request(one_off(rng)), request(Said([]))], known) == [None, None]


def test_an_agents_later_steps_are_recognised_by_its_head() -> None:
    rng = random.Random(4)
    fleet = make_fleet([templated("plan", rng) for _ in range(12)])
    (task_id,) = recognisers(fleet)
    step = templated("plan", rng)
    later = Said([*step.messages, ("assistant", words(rng, 30)), ("user", words(rng, 60))])
    assert assign([request(later)], recognisers(fleet)) == [task_id]


def test_a_recogniser_of_another_version_recognises_nothing() -> None:
    rng = random.Random(5)
    (known,) = recognisers(make_fleet([templated("sql", rng) for _ in range(12)])).values()
    assert recognise(request(templated("sql", rng)), {**known, "version": 99}) == 0.0


def test_no_recognisers() -> None:
    assert assign([request(one_off(random.Random(6)))], {}) == [None]


def test_a_recogniser_holds_no_text_and_is_small() -> None:
    rng = random.Random(7)
    (known,) = recognisers(make_fleet([templated("sql", rng) for _ in range(12)])).values()
    stored = json.dumps(known)
    assert "SQLite" not in stored
    assert len(stored) < 20_000
