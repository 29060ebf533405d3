"""The router: the same tasks as the matcher gives, one request at a time, from a file without text."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from analysis.discovery.fleets import Said, agent_fleet, conversation, make_fleet, one_off, tool, words
from analysis.discovery.test_recogniser import recognisers, request
from sklearn.metrics import adjusted_rand_score

from suffice.errors import SufficeError
from suffice.privacy.shingles import hashed_grams
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


KEY = b"k" * 16


def hashed(said: Said) -> Said:
    """The same captured hashed: keyed grams instead of text."""

    def part(role: str, text: str) -> list[dict[str, Any]]:
        return [{"type": "hashed", "of": "text", "chars": len(text), "grams": hashed_grams(text, role, KEY)}]

    return replace(said, messages=[(role, part(role, str(text))) for role, text in said.messages])


def test_hashed_requests_are_routed_as_their_texts_are() -> None:
    said = [each for each in agent_fleet(each=12) if each.messages]
    secret = [hashed(each) for each in said]
    known = recognisers(make_fleet(secret))
    routed = Router(known).route_all([request(each) for each in secret])
    assert routed == assign([request(each) for each in secret], known)
    labels = [each.label for each in said]
    assert adjusted_rand_score(labels, [str(each) for each in routed]) == 1.0
    in_clear = Router(known).route_all([request(each) for each in said])
    assert not set(in_clear) & set(routed) - {None}  # without the key nothing of them is recognised


def pictured(label: str, instruction: str, rng: random.Random, picture: bool = True) -> Said:
    image = [{"type": "blob", "modality": "image", "mime_type": "image/png", "digest": f"{rng.random()}"}] * picture
    return Said([("user", [*image, {"type": "text", "content": f"{instruction} {words(rng, 6)}"}])], label=label)


def test_requests_with_images_are_routed_by_what_stands_beside_the_image() -> None:
    rng = random.Random(4)
    invoice = "Read the total of the invoice in the picture and answer with the amount and its currency only. Note:"
    damage = "Look at the photo of the parcel and say in one sentence which of its sides is damaged. Remark:"
    said = [pictured("invoice", invoice, rng) for _ in range(30)] + [pictured("damage", damage, rng) for _ in range(30)]
    known = recognisers(make_fleet(said))
    router = Router(known)
    new = [pictured("invoice", invoice, rng) for _ in range(10)] + [pictured("damage", damage, rng) for _ in range(10)]
    routed = router.route_all([request(each) for each in new])
    assert len(set(routed[:10])) == len(set(routed[10:])) == 1
    assert routed[0] != routed[10]
    assert None not in routed
    alone = Said([("user", [{"type": "blob", "modality": "image", "digest": "x"}])])
    assert router.route(request(alone)).task_id not in set(routed)
