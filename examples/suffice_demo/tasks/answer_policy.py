"""Question answering over long context: retrieved passages of the handbook, an answer with its source."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """Answer the question of a Brambleway employee from the handbook passages, and from nothing else. Combine passages where
the question needs it, mind exceptions and dates, and name the passage numbers in square brackets after each statement.
If the passages do not hold the answer, say so and name the team that would know."""

TOPICS = (
    "returns without receipt",
    "warranty on down products",
    "repairs after the warranty",
    "guide qualifications",
    "rental equipment",
    "gift cards",
    "staff discount",
    "cancelling a trip",
    "minors on trips",
    "lost property",
    "price matching",
    "deliveries to islands",
    "second-hand corner",
    "allergies and huts",
)
SENTENCES = (
    "The {topic} rule applies to all shops except {city}, where the local agreement of {year} is still in force.",
    "Requests are decided within {days} working days by the shop lead; above {amount} the regional office in {city} decides.",
    "Until {date} the former limit of {amount2} may be granted to customers who ordered before the change.",
    "For {topic}, the customer has to show {document}; a photograph is enough when the original is lost.",
    "Colleagues on trial are not allowed to approve anything under this heading, whatever the amount.",
    "Where the customer booked through a partner, {topic} is settled by the partner and we only forward the case.",
    "The time limit is {days} days from delivery, and {days2} days for members of the loyalty programme.",
    "Write the reason into field {field} of the case, because finance samples every {days2}th case.",
    "This does not touch statutory rights, which differ by country; see the country sheet of {city}.",
    "Exceptions for {topic} were widened on {date} after the complaints about the {product}.",
    "If two rules collide, the one that is better for the customer holds, up to {amount}.",
    "Training on {topic} has to be repeated every {days} months and is recorded by the shop lead.",
)
DOCUMENTS = ("proof of purchase", "the order confirmation", "a membership card", "an identity card", "the booking code")
QUESTIONS = (
    "How long does a loyalty member have under {topic}?",
    "Who decides on {topic} when the amount is above the limit, and how fast?",
    "A customer in {city} asks about {topic} and has lost the original document. What may I accept?",
    "Does {topic} apply when the customer booked through a partner?",
    "May a colleague on trial approve a case of {topic}?",
    "Which field do I fill in for {topic}, and why?",
    "What changed for {topic}, and since when?",
)


def ask(rng: Random) -> Ask:
    topics = rng.sample(TOPICS, rng.randrange(5, 9))
    passages = "\n\n".join(f"[{number}] {_passage(topic, rng)}" for number, topic in enumerate(topics, 1))
    question = rng.choice(QUESTIONS).format(topic=rng.choice(topics), city=rng.choice(company.CITIES))
    return say(SYSTEM, f"Handbook passages:\n\n{passages}\n\nQuestion: {question}", max_tokens=500)


def _passage(topic: str, rng: Random) -> str:
    said = company.slots(rng) | {
        "topic": topic,
        "document": rng.choice(DOCUMENTS),
        "field": rng.choice("ABCDEFGH"),
        "days2": str(rng.randrange(14, 120)),
    }
    sentences = rng.sample(SENTENCES, rng.randrange(7, 12))
    return (
        f"{topic.capitalize()} (handbook 20{rng.randrange(22, 27)}, section {rng.randrange(2, 19)}.{rng.randrange(1, 9)}). "
        + " ".join(sentence.format(**said) for sentence in sentences)
    )


def answer(seen: Ask, rng: Random) -> Answer:
    passages, question = seen.last_user_text.split("\n\nQuestion: ")
    topic = next((topic for topic in TOPICS if topic in question), "")
    number, text = next(
        (
            found.groups()
            for found in re.finditer(r"\[(\d+)\] (.+)", passages)
            if found.group(2).lower().startswith(topic)
        ),
        ("1", ""),
    )
    sentences = re.split(r"(?<=\.) (?=[A-Z])", text)
    wanted = [sentence for sentence in sentences if _bears_on(question, sentence)]
    if not wanted:
        return Answer(
            f"The passages do not say this about {topic}; [{number}] covers the topic only in general. Please ask retail policy."
        )
    lead = rng.choice(("", "In short: ", "Yes, with a condition. ", "According to the handbook: "))
    return Answer(
        lead + " ".join(f"{sentence} [{number}]" for sentence in wanted[:3]), reasoning_tokens=rng.randrange(60, 220)
    )


def _bears_on(question: str, sentence: str) -> bool:
    pairs = (
        ("loyalty", "loyalty"),
        ("above the limit", "regional office"),
        ("lost the original", "photograph"),
        ("partner", "partner"),
        ("on trial", "on trial"),
        ("field", "field"),
        ("changed", "widened"),
        ("changed", "Until"),
    )
    return any(asked in question and said in sentence for asked, said in pairs)


TASK = Task("answer_policy", "from the handbook passages, and from nothing else", ask, answer)
