"""Code review of a diff: comments by line, a verdict."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks import source_code
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """You review pull requests of Brambleway's backend as a senior engineer. Look for wrong behaviour first, then security,
data loss, concurrency, and only then style. Judge the change against its stated purpose: say when it does something else.
Comment as `file:function - what is wrong, why it matters, what to do instead`. No praise, no remarks about formatting.
End with one line: VERDICT: approve | comment | request changes."""

PURPOSES = (
    "Speed up the nightly {thing} export",
    "Fix wrong {field} in {thing} mails (ticket BW-{number})",
    "Prepare {thing}s for the new warehouse",
    "Move {verb} logic out of the view",
    "Let the {city} shop see its own {thing}s",
)


def ask(rng: Random) -> Ask:
    parts = [source_code.faulty(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3)))]
    parts += [source_code.clean(rng) for _ in range(rng.randrange(1, 4))]
    rng.shuffle(parts)
    said = source_code.words(rng)
    file = f"shop/{said['thing']}s/{rng.choice(('service', 'views', 'jobs', 'api'))}.py"
    diff = "\n+\n".join("\n".join(f"+{line}" for line in part.splitlines()) for part in parts)
    purpose = rng.choice(PURPOSES).format(number=rng.randrange(1000, 9999), city=rng.choice(company.CITIES), **said)
    return say(SYSTEM, f"Purpose: {purpose}\n\n```diff\n--- a/{file}\n+++ b/{file}\n{diff}\n```", max_tokens=1500)


def answer(seen: Ask, rng: Random) -> Answer:
    text = seen.last_user_text
    file = re.search(r"\+\+\+ b/(\S+)", text)
    comments = []
    for function in re.split(r"\n\+\n", text):
        name = re.search(r"\+def (\w+)", function)
        comments += [
            f"{file.group(1) if file else '?'}:{name.group(1) if name else '?'} - {source_code.FAULTS[fault][1]}"
            for fault in source_code.faults_in(function)
        ]
    verdict = "request changes" if len(comments) > 1 else "comment" if comments else "approve"
    body = "\n".join(comments) or "The change does what it says; nothing to object to."
    return Answer(f"{body}\nVERDICT: {verdict}", reasoning_tokens=rng.randrange(150, 600))


TASK = Task("review_diff", "You review pull requests of Brambleway's backend", ask, answer)
