"""Moderation: may this product review be published, yes or no. The whole instruction stands in the user's turn."""

from __future__ import annotations

from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

TEMPLATE = """Below is a review that a customer wrote for our shop. Decide whether we may publish it.
Do not publish: insults, personal data of third persons, advertising for other shops, safety advice that could hurt somebody.
Criticism of us or of the product is fine, however harsh.

Review of {product} ({stars} of 5 stars):
\"\"\"
{review}
\"\"\"

May it be published? Answer yes or no."""

HONEST = (
    "Used it for {days} days around {city} and it did what it should.",
    "The {colour} one looks better than in the photographs.",
    "Too heavy for what it is, and the price of {amount} is a joke.",
    "Broke on day {days}. Never again.",
    "Runs small, I had to send back {size}.",
    "My old {product2} lasted ten years, this one will not.",
    "Kept me dry on the whole {trip}, hat off.",
    "Service in the {city} shop was slow, the product itself is good.",
    "Exactly as described, quick delivery.",
    "I would buy it again for half the price.",
)
BARRED = (
    "The idiot in your {city} shop should be fired, what a moron.",
    "Ask {name}, {street}, {city}, she will tell you the same, her number is 0171 {days}{days}.",
    "You get it cheaper at peakbargains dot example, use code TREK{days}.",
    "Great inside a closed tent to keep warm while you sleep with the stove running all night.",
)


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    sentences = rng.sample(HONEST, rng.randrange(1, 6))
    if rng.random() < 0.17:
        sentences.insert(rng.randrange(len(sentences) + 1), rng.choice(BARRED))
    review = " ".join(sentences).format(**said)
    user = TEMPLATE.format(product=said["product"], stars=rng.randrange(1, 6), review=review)
    return say("", user, max_tokens=4, temperature=0.0)


def answer(seen: Ask, _rng: Random) -> Answer:
    text = seen.last_user_text.split('"""')[1]
    barred = any(sign in text for sign in ("idiot", "moron", "her number is", "use code", "closed tent"))
    return Answer("no" if barred else "yes")


TASK = Task("moderate_review", "Decide whether we may publish it", ask, answer)
