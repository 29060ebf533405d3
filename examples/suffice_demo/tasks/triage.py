"""Ticket triage: one label out of eight."""

from __future__ import annotations

from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """You sort incoming support tickets for Brambleway, a shop for outdoor gear and guided trips.
Choose the one category that describes what the customer wants solved first:
- delivery: parcel late, lost, incomplete
- refund: money owed for a return or cancellation
- product_fault: a product is broken or does not work
- exchange: other size or colour
- booking_change: a change to a booked trip
- billing: wrong charge, invoice, gift card
- account: login, data, loyalty points
- product_question: a question before or after buying
Answer with the category only, in lower case, no punctuation."""


def ask(rng: Random) -> Ask:
    return say(SYSTEM, f"Ticket:\n{company.ticket(rng)}", max_tokens=8, temperature=0.0)


def answer(seen: Ask, _rng: Random) -> Answer:
    return Answer(company.likely_category(seen.last_user_text))


TASK = Task("triage_ticket", "You sort incoming support tickets", ask, answer)
