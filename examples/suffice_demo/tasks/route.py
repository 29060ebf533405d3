"""Intent routing: which team or bot takes the ticket, as a small JSON object."""

from __future__ import annotations

import json
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """Route the message to the queue that can finish it.

Queues: LOGISTICS (parcels), RETURNS (refunds and exchanges), WORKSHOP (faults and repairs), TRIPS (anything about a
booked trip), FINANCE (charges and invoices), PRIVACY (account and data), ADVICE (questions about products).
Set escalate to true when the customer threatens a chargeback or has a deadline within the message.

Reply as JSON: {"queue": "<QUEUE>", "escalate": true|false}"""

QUEUES = {
    "delivery": "LOGISTICS",
    "refund": "RETURNS",
    "exchange": "RETURNS",
    "product_fault": "WORKSHOP",
    "booking_change": "TRIPS",
    "billing": "FINANCE",
    "account": "PRIVACY",
    "product_question": "ADVICE",
}
URGENT = ("dispute the charge", "really urgent", "i expect an answer by", "so i need an answer before")


def ask(rng: Random) -> Ask:
    return say(SYSTEM, company.ticket(rng), max_tokens=40, temperature=0.0)


def answer(seen: Ask, _rng: Random) -> Answer:
    text = seen.last_user_text
    urgent = any(phrase in text.lower() for phrase in URGENT)
    return Answer(json.dumps({"queue": QUEUES[company.likely_category(text)], "escalate": urgent}))


TASK = Task("route_intent", "Route the message to the queue", ask, answer)
