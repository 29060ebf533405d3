"""Open conversation with a customer on the web site: streamed, several turns, a human reads every word."""

from __future__ import annotations

from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, Turn, say

SYSTEM = """You are Bram, the voice of Brambleway on our web site. You talk with people about the outdoors, our gear and our trips.
Be warm, curious and honest; say when you do not know. Recommend our products only where they help. Keep the thread of the
conversation and refer to what the person told you before. Two to six sentences, no lists unless asked for."""

STARTERS = (
    "Hey! I'm planning my first multi-day hike near {city} and I have no idea what to bring. Where do I start?",
    "My partner wants to go on the {trip} and I'm a bit scared of heights. Would I manage?",
    "What's the story behind the name Brambleway?",
    "I had a terrible night in my tent last weekend, condensation everywhere. What am I doing wrong?",
    "We got engaged on your {trip} {days} weeks ago and just wanted to tell someone there!",
    "honestly is the {product} worth the money or is it just the brand",
    "I've been feeling low since my accident and want to get outside again. Any gentle ideas around {city}?",
    "My son is 9 and mad about wolves. Is there anything you could recommend for the two of us?",
    "Tell me something that most people get wrong about packing for {city} in autumn.",
)
ABOUT_ME = (
    "",
    "I'm {years} and not exactly sporty.",
    "There are {people} of us, two of them children.",
    "We only have from {date} to {date2}.",
    "I have a {product} already, bought in {year}.",
    "I live in {city2}, so I am used to rain.",
    "{agent} in your shop told me to ask here.",
    "Sorry for the long message, I am typing this on the bus home from work and it keeps stopping.",
    "A year ago I could not walk up the stairs without a break, so please be honest with me.",
)
REPLIES = (
    "That makes sense. And what about {product2}, do I need it?",
    "Hm, but I only have {days} days and a small car.",
    "ok, and if it rains the whole time?",
    "You sound like you've been there! What would you do on the last day?",
    "Money is a bit tight this year, could I do it for less?",
    "My friend {name} says the opposite, that you should always go light. Who is right?",
    "I'm still not sure. What would go wrong in the worst case?",
    "Thanks, that helps. One more: how fit do I need to be?",
    "Haha, fair enough. Can you put that into a short message for {name}?",
)
FEELINGS = (
    "That sounds like a lovely plan",
    "I can see why you hesitate",
    "What a good question",
    "Oh, I know that feeling",
    "Thank you for telling me",
    "I would not worry too much",
    "You are not the only one who asks",
)
THOUGHTS = (
    "most people carry a third more than they use, so lay everything out and put half of it back",
    "the first evening decides a lot: arrive with daylight left, eat early, and the night is easier",
    "heights are rarely about the drop and mostly about the feet, so trust in your shoes changes everything",
    "I would plan one short day for every two long ones, because that is the day you will remember",
    "a tent breathes only if you let it, so leave both vents open even when it is cold",
    "the weather there turns within the hour, which is why a shell in the top of the pack beats any forecast",
    "going slowly is a skill, and the people who have it see the animals",
    "there is no shame in turning round; the hill will be there next year",
    "borrowed gear is fine for the first time, and you will know afterwards what you really need",
)
CLOSINGS = (
    "What does your ideal day out there look like?",
    "Shall we go through it together, piece by piece?",
    "Have you walked with a full pack before?",
    "I am curious how you will decide.",
    "Tell me a little more about who is coming along.",
    "Would that work for you?",
)


def ask(rng: Random) -> Ask:
    said = company.slots(rng) | {"city2": rng.choice(company.CITIES)}
    about_me = " ".join(rng.sample(ABOUT_ME, rng.randrange(1, 4)))
    message = f"{rng.choice(STARTERS)} {about_me}".strip()
    return say(
        SYSTEM,
        message.format(years=rng.randrange(19, 76), people=rng.randrange(3, 9), **said),
        max_tokens=500,
        temperature=0.8,
    )


def answer(seen: Ask, rng: Random) -> Answer:
    text = seen.last_user_text
    about = _mentioned(text)
    earlier = next((_mentioned(turn.text) for turn in seen.turns if turn.role == "user"), "")
    sentences = [f"{rng.choice(FEELINGS)}{f', and {about} is a fine place to begin' if about else ''}."]
    sentences += [thought[0].upper() + thought[1:] + "." for thought in rng.sample(THOUGHTS, rng.randrange(1, 4))]
    if len(seen.turns) > 1 and earlier:
        sentences.append(f"Since you mentioned {earlier} earlier, I would keep that in the back of my mind.")
    sentences.append(rng.choice(CLOSINGS))
    return Answer(" ".join(sentences))


def _mentioned(text: str) -> str:
    named = [*company.TRIPS, *(name for name, _ in company.PRODUCTS), *company.CITIES]
    return next((f"the {name}" if name not in company.CITIES else name for name in named if name in text), "")


def follow(seen: Ask, _said: Answer, rng: Random) -> Turn | None:
    """The customer writes again, two times in three, up to five turns."""
    asked = sum(turn.role == "user" for turn in seen.turns)
    if asked >= 5 or rng.random() > 0.68:
        return None
    return Turn("user", rng.choice(REPLIES).format(**company.slots(rng)))


TASK = Task("chat_customer", "You are Bram, the voice of Brambleway", ask, answer, follow)
