"""Summarising a telephone call's transcript into notes of a fixed form."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """Write the note for the customer file from the transcript of a support call.

Form:
Reason: one sentence
What was agreed: one to three sentences
Open points: bullet list, or "none"
Mood: calm, annoyed or angry

Leave out small talk and verification questions. Names, numbers and dates exactly as said."""

SMALL_TALK = (
    "CUSTOMER: Can you hear me? I am on the train.",
    "AGENT: Thank you for holding.",
    "CUSTOMER: Yes, I will wait.",
    "AGENT: May I have your date of birth, please?",
    "CUSTOMER: It is raining here as well, by the way.",
    "AGENT: The system is a little slow today, one moment.",
    "CUSTOMER: Sorry, that was the dog.",
    "AGENT: And your postcode, please?",
)
OFFERS = (
    "AGENT: I will send the {product} again today with express shipping.",
    "AGENT: I have refunded {amount} to your card just now.",
    "AGENT: You will get a return label by e-mail until {date}.",
    "AGENT: I have moved the booking {booking} to {date2}.",
    "AGENT: As a gesture there is a voucher of {amount2} in your account.",
    "AGENT: Our workshop in {city} will repair it free of charge.",
)
OPEN_POINTS = (
    "AGENT: I have to ask the warehouse about {order} and will call you back.",
    "CUSTOMER: Then I still need the corrected invoice.",
    "AGENT: My colleague {agent} has to approve that first.",
    "CUSTOMER: And somebody should look at why the tracking is wrong.",
)
MOODS = {
    "calm": "CUSTOMER: Thank you, you have been very kind.",
    "annoyed": "CUSTOMER: I must say I had expected better.",
    "angry": "CUSTOMER: This is a disgrace, I will tell everyone I know.",
}


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    category = rng.choice(tuple(company.ISSUES))
    lines = [
        f"AGENT: Brambleway, {said['agent']} speaking, how can I help?",
        f"CUSTOMER: Hello, this is {said['name']}. {rng.choice(company.ISSUES[category])}",
        *(f"CUSTOMER: {line}" for line in rng.sample(company.CONTEXTS, rng.randrange(1, 4))),
        *rng.sample(SMALL_TALK, rng.randrange(2, 7)),
        *rng.sample(OFFERS, rng.randrange(1, 4)),
        *rng.sample(OPEN_POINTS, rng.randrange(0, 3)),
        MOODS[rng.choice(tuple(MOODS))],
        "AGENT: Have a good day.",
    ]
    transcript = "\n".join(lines).format(**said)
    return say(
        SYSTEM,
        f"Transcript of {company.day(rng).isoformat()}, {rng.randrange(3, 24)} minutes:\n\n{transcript}",
        max_tokens=500,
    )


def answer(seen: Ask, _rng: Random) -> Answer:
    lines = seen.last_user_text.splitlines()
    reason = next((line.split(". ", 1)[1] for line in lines if "this is" in line and ". " in line), "not stated")
    agreed = [
        line.removeprefix("AGENT: ")
        for line in lines
        if re.match(r"AGENT: (I will send|I have (refunded|moved)|You will|As a|Our work)", line)
    ]
    still = [
        line.split(": ", 1)[1]
        for line in lines
        if re.search(r"have to ask|still need|has to approve|should look at", line)
    ]
    mood = next((name for name, line in MOODS.items() if line in lines), "calm")
    bullets = "\n".join(f"- {point}" for point in still) or "none"
    return Answer(
        f"Reason: {reason}\nWhat was agreed: {' '.join(agreed) or 'nothing yet'}\nOpen points: {'' if bullets == 'none' else chr(10)}{bullets}\nMood: {mood}"
    )


TASK = Task("summarise_call", "Write the note for the customer file", ask, answer)
