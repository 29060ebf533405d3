"""The router: the same tasks as the matcher gives, one request at a time, from a file without text."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from analysis.discovery.fleets import Said, agent_fleet, conversation, make_fleet, one_off, tool
from analysis.discovery.test_recogniser import recognisers, request

from suffice.errors import SufficeError
from suffice_analysis.discovery import assign
from suffice_analysis.discovery.router import Routed, Router, read_router, write_router

SYSTEM = "You are the booking clerk of a small airline. Look every flight up before you answer a customer."


def mixed() -> list[Said]:
    rng = random.Random(1)
    said = agent_fleet(each=12) + [one_off(rng) for _ in range(60)]
    said += [c for _ in range(12) for c in conversation(SYSTEM, "clerk", rng, 3, [tool("search_flights", "to")])]
    return [
        *said,
        Said([], operation="embeddings"),
        Said([("user", "Bitte fasse den Brief zusammen. Danke schön! " * 3)]),
    ]


def test_it_gives_what_the_matcher_gives() -> None:
    said = mixed()
    known = recognisers(make_fleet(said))
    requests = [request(each) for each in said]
    assert Router(known).route_all(requests) == assign(requests, known)


def test_written_and_read_again_it_is_the_same_and_holds_no_text(tmp_path: Path) -> None:
    said = mixed()
    known = recognisers(make_fleet(said))
    path = tmp_path / "router.json.gz"
    size = write_router(path, {key: {"name": "n", "recogniser": value} for key, value in known.items()})
    assert size == path.stat().st_size < 40_000 * len(known)
    requests = [request(each) for each in said]
    assert read_router(path).route_all(requests) == Router(known).route_all(requests)
    assert "airline" not in json.dumps(known)


def test_a_slice_is_told_with_the_task_and_a_part_split_off_is_a_task() -> None:
    said = [c for c in mixed() if c.label == "clerk"]
    known = recognisers(make_fleet(said))
    (task_id,) = known
    first = [{"slice_id": "s_first", "conditions": [{"feature": "step", "from": 0, "below": 1}]}]
    router = Router(known, {task_id: first})
    begin, later = request(said[0]), request(said[1])
    assert router.route(begin)[::2] == (task_id, "s_first")
    assert router.route(later)[::2] == (task_id, None)
    part = {**known[task_id], "parent": task_id, "conditions": first[0]["conditions"]}
    assert Router({**known, "part": part}).route_all([begin, later]) == ["part", task_id]


def test_without_tasks_nothing_is_known() -> None:
    assert Router({}).route(request(one_off(random.Random(2)))) == Routed(None, 0.0)


@pytest.mark.parametrize("content", [b"", b"text", b"\x1f\x8b\x08"], ids=["empty", "text", "cut"])
def test_another_file_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(SufficeError, match="as a router"):
        read_router(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "x"
    path.write_bytes(gzip.compress(b'{"format": "suffice-router", "version": 99, "tasks": {}}'))
    with pytest.raises(SufficeError, match="no router of version 1"):
        read_router(path)
