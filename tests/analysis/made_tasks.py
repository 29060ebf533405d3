"""Tasks made with a known predictability: a stated share of the answers follows from the request, the rest from nothing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from suffice_analysis.sampling import SampledCall

WORDS = [f"word{i}" for i in range(40)]
ANIMALS = [
    f"animal{i}" for i in range(4)
]  # few, so that a tenth of 200 calls has shown each: what was never seen can't be foretold
SAID = 8  # times the request says what the answer follows from: more than all else in it weighs
Make = Callable[[random.Random, str, str], str]


def _label(rng: random.Random, animal: str, order: str) -> str:
    return f"is a {animal}"


def _fields(rng: random.Random, animal: str, order: str) -> str:
    return json.dumps({"animal": animal, "order": order})


def _copied(rng: random.Random, animal: str, order: str) -> str:
    return json.dumps({"order": order})


SHAPES: dict[str, Make] = {
    "label": _label,
    "JSON of a label and a copied value": _fields,
    "JSON of a copied value": _copied,
}


def made_task(shape: str, known: float, *, calls: int, seed: int, calls_a_run: int = 1) -> list[SampledCall]:
    """Calls of which a share ``known`` is foretellable in whole: those whose request names an animal; the answers of the others are all different."""
    rng = random.Random(seed)
    made = []
    for number in range(calls):
        animal, order = rng.choice(ANIMALS), str(rng.randrange(10**6, 10**7))
        sure = rng.random() < known
        kind = " ".join([animal if sure else "open"] * SAID)
        asked = f"{kind} {' '.join(rng.choices(WORDS, k=3))} order number: {order}. thanks"
        said = SHAPES[shape](rng, animal, order) if sure else f"free {rng.randrange(10**12)}"
        made.append(_call(number, asked, said, run=f"run{number // calls_a_run}"))
    return made


def with_shuffled_answers(calls: list[SampledCall], *, seed: int) -> list[SampledCall]:
    """The same requests, each with another one's answer: nothing is left to foretell."""
    answers = [c.said for c in calls]
    random.Random(seed).shuffle(answers)
    return [_call(n, c.asked, said, run=c.run) for n, (c, said) in enumerate(zip(calls, answers, strict=True))]


def above_chance(shape: str, known: float) -> float:
    """The skill that is there: ``known`` above what shuffled answers give (a label is right by chance; a copied value never)."""
    chance = known * known / len(ANIMALS) if shape == "label" else 0.0
    return (known - chance) / (1 - chance)


def _call(number: int, asked: str, said: str, *, run: str) -> SampledCall:
    return SampledCall(
        call_id=f"{number:08d}",
        run=run,
        started_ns=None,
        messages=2,
        turns=0,
        last_role="user",
        instructions="Say.",
        asked=asked,
        request=f"Say.\n{asked}",
        answer={"role": "assistant", "parts": [{"type": "text", "content": said}]},
        said=said,
        form="label",
        action="answer:label",
        images=False,
    )
