"""Calls captured hashed: the same tasks, found without a word of them."""

from __future__ import annotations

import json
from typing import Any

from analysis.discovery.fleets import Fleet, Said, agent_fleet, make_fleet, tool
from sklearn.metrics import adjusted_rand_score

from suffice.privacy.hashing import Hasher
from suffice.privacy.pseudonyms import Pseudonyms
from suffice.wire.canonical import canonical_json
from suffice_analysis.answers import action, answer_form
from suffice_analysis.discovery import discover
from suffice_analysis.discovery.text import GramReader, message_parts
from suffice_analysis.discovery.types import MessageText
from suffice_analysis.inputs import message_text, parse_message

HASHER = Hasher(b"k" * 32, Pseudonyms(b"k" * 32))


def hashed(text: MessageText) -> MessageText:
    message = HASHER.message({"role": text.role, "parts": message_parts(text.content)})
    return MessageText(text.role, canonical_json(message).decode())


def hashed_fleet(fleet: Fleet) -> Fleet:
    """The fleet as it would have been captured; message hashes are only names, and stay."""
    toolsets: dict[str, list[Any]] = {
        key: [HASHER.tool(each) for each in tools] for key, tools in fleet.toolsets.items()
    }
    return Fleet(fleet.calls, {key: hashed(text) for key, text in fleet.texts.items()}, toolsets, fleet.labels)


def test_the_same_tasks_are_found() -> None:
    tools = [
        Said([("user", f"help {n} with it")], label="tools", tools=[tool("find", "who"), tool("send", "what")])
        for n in "abcdefgh"
    ]
    fleet = make_fleet([*agent_fleet(12), *tools])
    plain = discover(fleet.calls, fleet.texts, fleet.toolsets)
    found = discover(*(lambda f: (f.calls, f.texts, f.toolsets))(hashed_fleet(fleet)))
    assert adjusted_rand_score(fleet.labels, plain.task_ids) >= 0.95
    assert adjusted_rand_score(plain.task_ids, found.task_ids) >= 0.95
    names = {task.name for task in found.tasks.values()}
    assert len(names) == len(found.tasks)  # told apart also without words
    assert "letter" not in json.dumps([[task.name, task.template] for task in found.tasks.values()])


def test_hashed_grams_are_as_many_and_as_alike_as_plain_ones() -> None:
    texts = [
        MessageText("user", json.dumps([{"type": "text", "content": said}]))
        for said in ("You are a clerk of a bank", "You are a clerk of a shop")
    ]
    plain, secret = ([set(GramReader().grams(each).tolist()) for each in seen] for seen in (texts, map(hashed, texts)))
    assert [len(each) for each in plain] == [len(each) for each in secret] == [10, 10]
    assert len(plain[0] & plain[1]) == len(secret[0] & secret[1])


def test_answers_keep_form_and_can_be_compared() -> None:
    def answer(said: str) -> dict[str, Any]:
        return parse_message(hashed(MessageText("assistant", json.dumps([{"type": "text", "content": said}]))))

    assert [answer_form([answer(said)]) for said in ("refund", "42", '{"a": 1}', "word " * 90)] == [
        "label",
        "number",
        "json",
        "long_text",
    ]
    assert action([answer("refund")]) == "answer:label"
    assert message_text(answer("refund")) == message_text(answer("refund")) != message_text(answer("return"))
    assert list(json.loads(message_text(answer('{"a": true}'))).values()) == [True]
    refused = parse_message(
        hashed(MessageText("assistant", json.dumps([{"type": "refusal", "content": "I can not do this"}])))
    )
    assert action([refused]) == "refusal"


def test_a_part_that_was_cut_short_is_still_read() -> None:
    broken = MessageText("user", json.dumps([{"type": "hashed", "of": "text", "digest": "d", "grams": "AAAAA… [cut"}]))
    assert len(GramReader().grams(broken)) == 1
    assert message_text(parse_message(broken)) == "#d"
