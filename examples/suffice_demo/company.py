"""The words of Brambleway, a fictional shop for outdoor gear and guided trips: what its texts are made of.

Everything draws from a seeded ``random.Random``, so the same seed makes the same company.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final

FIRST_NAMES: Final = (  # noqa: SIM905
    "Amara Bjorn Chiara Dmitri Elena Farid Greta Hiroshi Ines Jonas Kavita Liam Mei Noah Oluwaseun Priya Quentin Rosa "
    "Sven Tariq Ursula Viktor Wanda Ximena Yusuf Zoe Aiden Beatriz Callum Dalia Emil Freya Gabriel Hana Isla Joaquin"
).split()
LAST_NAMES: Final = (  # noqa: SIM905
    "Okafor Lindqvist Moretti Volkov Herrera Rahman Schultz Tanaka Costa Weber Iyer Murphy Chen Bennett Adeyemi Nair "
    "Dubois Marin Eriksen Haddad Vogel Novak Kowalska Reyes Demir Fischer Walsh Almeida Fraser Khoury Brandt Jensen"
).split()
CITIES: Final = (  # noqa: SIM905
    "Lisbon Oslo Denver Kyoto Edinburgh Innsbruck Bergen Vancouver Ljubljana Zurich Porto Galway Tromso Bilbao Turin "
    "Grenoble Reykjavik Calgary Salzburg Dublin Antwerp Malmo Leipzig Seville"
).split()
TRIPS: Final = (
    "Dolomites hut trek",
    "Lofoten kayak week",
    "Azores coast walk",
    "Slovenia canyon weekend",
    "Patagonia circuit",
    "Hebrides sailing days",
    "Atlas foothills ride",
    "Tatra winter skills",
    "Sierra Nevada sunrise",
    "Faroe ridge walk",
    "Pyrenees traverse",
    "Iceland highland loop",
)
PRODUCTS: Final = (
    ("Fellside 45 backpack", 149),
    ("Tarn 2 tent", 389),
    ("Merino base layer", 79),
    ("Cairn trekking poles", 95),
    ("Drumlin down jacket", 259),
    ("Beck water filter", 48),
    ("Ridgeline GPS watch", 329),
    ("Scree approach shoes", 139),
    ("Corrie sleeping bag", 219),
    ("Ember stove set", 64),
    ("Lochan dry bag 20 l", 29),
    ("Summit headlamp", 55),
    ("Kestrel rain shell", 199),
    ("Moor gaiters", 39),
    ("Birch camp chair", 85),
    ("Skua climbing harness", 74),
    ("Heath thermos", 34),
    ("Glen trail running vest", 99),
)
COLOURS: Final = ("slate", "moss green", "rust", "navy", "sand", "charcoal", "ochre", "glacier blue")
SIZES: Final = ("XS", "S", "M", "L", "XL", "38", "41", "43", "45")

# category -> ways a customer tells it; the category is what triage and routing have to find again
ISSUES: Final[Mapping[str, Sequence[str]]] = {
    "delivery": (
        "My parcel with the {product} was supposed to arrive on {date} and tracking has not moved since.",
        "The courier says the {product} was delivered on {date}, but nobody at my address received a parcel.",
        "I ordered the {product} with express shipping and a week later it is still in your depot in {city}.",
        "Tracking for order {order} shows {city}, which is nowhere near me. Where is my parcel?",
        "Half of the shipment arrived; the {product} is missing from the parcel.",
    ),
    "refund": (
        "I sent the {product} back on {date} and the refund of {amount} has still not reached my account.",
        "You promised a refund of {amount} for the {product}; all I see is {amount2} credited.",
        "Please refund order {order}: I cancelled within the hour and was charged {amount} regardless.",
        "I returned two items and got the money back for only one. The {product} ({amount}) is missing from the refund.",
    ),
    "product_fault": (
        "After two outings the zip of the {product} is broken and cannot be closed any more.",
        "The {product} leaks at the seam, I was soaked on the second day in {city}.",
        "The {product} stopped working {days} days after I bought it; it no longer switches on.",
        "The stitching on my {product} ({colour}) tore on the first hike, which is clearly a manufacturing defect.",
        "One buckle of the {product} snapped under normal load. I attach photographs of the broken part.",
    ),
    "exchange": (
        "The {product} in {size} is too small. Could I exchange it for the next size up?",
        "I would like to swap the {product} for the {colour} one, it has never been worn.",
        "I was sent the {product} in {size} although I ordered another size. Please exchange it.",
        "Can I exchange the {product} from order {order} for a different size in your {city} shop?",
    ),
    "booking_change": (
        "We are booked on the {trip} on {date} and need to move to a later departure.",
        "Can I change the name on my booking for the {trip}? A friend will travel in my place.",
        "My flight to {city} was cancelled, so I cannot join the {trip} on {date}. Can I move my booking?",
        "Please add one more person to our booking {booking} for the {trip}.",
    ),
    "billing": (
        "My card was charged twice for order {order}, {amount} each time.",
        "The invoice for {order} shows the wrong VAT number; our accountant needs a corrected invoice.",
        "I see a charge of {amount} from Brambleway on {date} which I do not recognise.",
        "The gift card code was accepted but the invoice still shows the full {amount}.",
    ),
    "account": (
        "I cannot log in: the password reset e-mail never arrives at my address.",
        "Please delete my account and all data you hold about me.",
        "My loyalty points from {date} are gone since I changed my e-mail address in the account.",
        "The two-factor code for my account is sent to a phone number I no longer have.",
    ),
    "product_question": (
        "Does the {product} fit someone of 1.88 m, and is it warm enough for {city} in March?",
        "Is the {product} PFAS free, and where is it made?",
        "Which would you recommend for the {trip}: the {product} or the {product2}?",
        "Can the {product} be repaired by you once the warranty has ended?",
    ),
}
OPENINGS: Final = (
    "Hi there,",
    "Hello,",
    "Dear Brambleway team,",
    "Good morning,",
    "To whom it may concern,",
    "Hey,",
    "Hello again,",
    "",
)
CONTEXTS: Final = (
    "I have been a customer since {year} and this has never happened before.",
    "We leave for {city} on {date2}, so I need an answer before then.",
    "It was a birthday present for my sister {name}.",
    "I tried the chat twice, and {agent} told me to write to you.",
    "I paid by credit card on your web shop.",
    "The shop assistant in {city} could not help me.",
    "I have kept the original packaging and the receipt.",
    "My colleague {name} had exactly the same trouble last month.",
    "I called on {date} and waited {days} minutes before the line dropped.",
    "Otherwise I have been very happy with your gear, especially the {product2}.",
    "I read the help page and it does not cover my situation.",
    "Please note that my address has changed to {street} in {city}.",
)
DEMANDS: Final = (
    "Please let me know how you will solve this.",
    "I expect an answer by {date2}.",
    "What do you need from me?",
    "Kindly confirm by e-mail.",
    "This is really urgent, I am losing patience.",
    "No rush, whenever you have time.",
    "If this is not solved this week I will dispute the charge with my bank.",
    "Thank you for looking into it.",
)
STREETS: Final = ("Harbour Lane", "Linden Street", "Mill Road", "Station Square", "Castle Walk", "Orchard Way")


def person(rng: Random) -> str:
    return f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"


def order_number(rng: Random) -> str:
    return f"BW-{rng.randrange(100_000, 999_999)}"


def booking_code(rng: Random) -> str:
    return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(6))


def day(rng: Random) -> date:
    return date(2026, 3, 1) + timedelta(days=rng.randrange(260))


def said_day(rng: Random) -> str:
    """A date as people write it: four spellings."""
    then = day(rng)
    return rng.choice(
        (
            f"{then.day} {then:%B}",
            f"{then:%B} {then.day}",
            then.isoformat(),
            f"{then.day:02}.{then.month:02}.{then.year}",
        )
    )


def amount(rng: Random) -> str:
    return f"{rng.choice(('EUR', 'GBP', 'USD', 'CHF'))} {rng.randrange(18, 940)}.{rng.choice(('00', '50', '90', '95'))}"


def slots(rng: Random) -> dict[str, str]:
    """One draw of everything a sentence may mention."""
    product, product2 = rng.sample(PRODUCTS, 2)
    return {
        "product": product[0],
        "product2": product2[0],
        "trip": rng.choice(TRIPS),
        "city": rng.choice(CITIES),
        "date": said_day(rng),
        "date2": said_day(rng),
        "amount": amount(rng),
        "amount2": amount(rng),
        "order": order_number(rng),
        "booking": booking_code(rng),
        "name": person(rng),
        "agent": rng.choice(FIRST_NAMES),
        "colour": rng.choice(COLOURS),
        "size": rng.choice(SIZES),
        "days": str(rng.randrange(3, 48)),
        "year": str(rng.randrange(2012, 2026)),
        "street": f"{rng.choice(STREETS)} {rng.randrange(1, 140)}",
    }


def ticket(rng: Random) -> str:
    """A customer's e-mail of 40 to 200 words about one issue (sometimes with a second one in passing)."""
    said = slots(rng)
    category = rng.choices(tuple(ISSUES), weights=(22, 16, 15, 12, 12, 9, 7, 7))[0]
    sentences = [rng.choice(ISSUES[category])]
    if "{order}" not in sentences[0] and rng.random() < 0.6:
        sentences.append(rng.choice(("Order number: {order}.", "My order is {order}.", "It concerns order {order}.")))
    sentences += rng.sample(CONTEXTS, rng.randrange(1, 6))
    if rng.random() < 0.12:
        sentences.append("One more thing: " + rng.choice(ISSUES[rng.choice(tuple(ISSUES))]))
    sentences.append(rng.choice(DEMANDS))
    body = " ".join(sentence.format(**said) for sentence in sentences)
    opening = rng.choice(OPENINGS)
    return f"{opening}\n\n{body}\n\n{rng.choice(('Best regards', 'Thanks', 'Kind regards', 'Cheers', 'Regards'))},\n{person(rng)}".strip()


def likely_category(text: str) -> str:
    """The issue a reader finds in a ticket: the category whose telling words come first and most often."""
    lowered = text.lower().split("one more thing:")[0]
    hits = {name: sum(lowered.count(word) for word in words) for name, words in TELLING_WORDS.items()}
    return max(hits, key=lambda name: hits[name])


TELLING_WORDS: Final[Mapping[str, Sequence[str]]] = {
    "refund": ("refund", "money back", "credited", "sent the"),
    "delivery": ("parcel", "tracking", "courier", "shipment", "express shipping", "depot"),
    "product_fault": ("broken", "leaks", "stopped working", "tore", "snapped", "defect", "switches on"),
    "exchange": ("exchange", "swap", "next size", "another size", "different size"),
    "booking_change": ("booked on", "booking", "later departure", "flight to", "travel in my place"),
    "billing": ("charged twice", "invoice", "do not recognise", "gift card", "vat"),
    "account": ("log in", "delete my account", "loyalty points", "two-factor", "password"),
    "product_question": ("does the", "is the", "which would you recommend", "can the", "warm enough", "pfas"),
}
