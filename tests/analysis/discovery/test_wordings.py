"""A small plain log: one system prompt, and users who say a few things in the same words, is one task."""

from __future__ import annotations

import random

import pytest
from analysis.traffic import Traffic

from suffice_analysis.discovery.discover import discover
from suffice_analysis.inputs import read_inputs

SYSTEM = (
    "You are the support assistant of Acme Cloud. Answer politely and in at most three sentences. If unsure, say so."
)
WORDINGS = (
    "The app logs me out",
    "How do I reset my password for account",
    "My invoice is wrong, number",
    "I was charged twice on order",
    "Where can I download the report",
    "The export fails with error code",
    "Can you cancel my subscription",
    "I cannot upload files larger than",
    "Please change my shipping address on order",
    "Why is the dashboard so slow today, ticket",
)
CUSTOMERS = ("Alice", "Bob", "Carol Meyer", "Dimitri", "Eve Stone", "Faisal", "Grace", "Heidi Lund")


@pytest.mark.parametrize("size", [60, 200, 300])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_users_say_alike_is_no_instruction(size: int, seed: int) -> None:
    rng = random.Random(seed)
    traffic = Traffic()
    for _ in range(size):
        said = f"{rng.choice(WORDINGS)} {rng.randrange(1000, 9999)}, thanks, {rng.choice(CUSTOMERS)}"
        traffic.call([("system", SYSTEM), ("user", said)], "Sure, done.", started_ns=None)
    inputs = read_inputs(traffic.store())
    found = discover(inputs.calls, inputs.texts, inputs.toolsets)
    (task,) = found.tasks.values()
    assert task.calls == size
    assert not any(character.isdigit() for character in task.name)
