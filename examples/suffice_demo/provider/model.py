"""The simulated models: what is answered depends on the seed, the model and the request's content, nothing else.

A frontier model answers each task as well as the task's own ``answer`` can. The small model gives such
an answer with the task's true probability, and otherwise one that is wrong in substance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from suffice_demo.provider.spoil import spoil
from suffice_demo.tasks import recognise
from suffice_demo.tasks.base import Answer, Ask
from suffice_demo.truth import TRUE_SHARE

SMALL_MODEL = "sim-slm-8b"
_UNKNOWN = "I am a simulated model and know only the tasks of the Brambleway demo."


@dataclass(frozen=True, slots=True)
class SimulatedModels:
    """All models of the provider. Stateless: the same request gets the same answer."""

    seed: int

    def answer(self, seen: Ask) -> Answer:
        """The answer of ``seen.model`` to the request."""
        task = recognise(_constant_part(seen))
        if task is None:
            return Answer(_UNKNOWN)
        good = task.answer(seen, Random(f"{self.seed}/{seen.model}/{content_of(seen)}"))
        if seen.model != SMALL_MODEL:
            return good
        draw = Random(f"{self.seed}/small/{content_of(seen)}")
        good = replace(good, reasoning_tokens=0)
        return good if draw.random() < TRUE_SHARE[task.key] else spoil(seen, good, draw)


def content_of(seen: Ask) -> str:
    """What tells two requests apart: every turn's text and tool results."""
    return "\n".join(turn.text + "".join(text for _, text in turn.results) for turn in seen.turns)


def _constant_part(seen: Ask) -> str:
    return f"{seen.system}\n{seen.turns[0].text if seen.turns else ''}"
