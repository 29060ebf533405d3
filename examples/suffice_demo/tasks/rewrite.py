"""Rewriting: a colleague's rough e-mail in the voice of the house. Shares its system prompt with translation."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

STUDIO = """You belong to Brambleway's content studio. Our voice: plain words, short sentences, the customer first, no exclamation
marks, no promises we cannot keep. Keep every fact, number and name. Return the text only, without remarks."""

DRAFTS = (
    "yr refund of {amount} is on its way, takes {days} days max",
    "we cant find order {order} in the system, pls send the number again",
    "the {product} is out of stock til {date}, sorry about that",
    "u can swap it for {colour} at the {city} shop, no need to call before",
    "warehouse messed up, they sent the {product2} instead of the {product}, we'll fix it",
    "your trip {trip} moves to {date} because the guide is ill",
    "discount of {days} percent on the next order, code is in the mail",
    "pls dont wash the {product} in the machine!!! thats why it leaks",
    "we need a photo of the damage + the receipt, otherwise no warranty",
    "{agent} will call you on {date} between 9 and 11",
    "address {street} in {city} is wrong acc. to the courier, can u check",
)
SMOOTH = (
    (r"\byr\b", "your"),
    (r"\bu\b", "you"),
    (r"\bpls\b", "please"),
    (r"\bcant\b", "cannot"),
    (r"\bdont\b", "do not"),
    (r"\bthats\b", "that is"),
    (r"\bwe'll\b", "we will"),
    (r"\btil\b", "until"),
    (r"\bacc\. to\b", "according to"),
    (r"\btakes (\d+) days max", r"and should arrive within \1 days"),
    (r"\bmessed up\b", "made a mistake"),
    (r", sorry about that", ", and we are sorry for the wait"),
    (r"!+", "."),
    (r" \+ ", " and "),
    (r"otherwise no warranty", "so that the warranty can cover it"),
)


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    draft = ". ".join(rng.sample(DRAFTS, rng.randrange(2, 6))).format(**said)
    to = said["name"].split()[0]
    return say(STUDIO, f"Rewrite this e-mail to {to} in our voice.\n\nDraft:\n{draft}", max_tokens=600, temperature=0.4)


def answer(seen: Ask, rng: Random) -> Answer:
    text = seen.last_user_text
    to = re.search(r"e-mail to (\w+) in our voice", text)
    draft = text.split("Draft:\n", 1)[1]
    for pattern, better in SMOOTH:
        draft = re.sub(pattern, better, draft)
    sentences = [part.strip() for part in re.split(r"\.(?:\s+|$)", draft) if part.strip()]
    body = " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences)
    opening = rng.choice(
        ("thank you for your patience.", "thank you for writing to us.", "here is where things stand.")
    )
    closing = rng.choice(("Just reply to this e-mail if anything is unclear.", "We are here if you have a question."))
    return Answer(f"Dear {to.group(1) if to else 'customer'},\n\n{opening} {body}\n\n{closing}\n\nYour Brambleway team")


TASK = Task("rewrite_email", "Rewrite this e-mail to", ask, answer)
