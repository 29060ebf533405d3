"""A tool agent of several steps: the history grows with each, and every step is one call."""

from __future__ import annotations

import json
import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, Tool, ToolCall, Turn, json_object, say

_POLICY = "\n".join(
    f"{number}. {rule}"
    for number, rule in enumerate(
        (
            "A booking may be moved once without a fee until 30 days before departure; after that the fee is 12 % of the "
            "trip's price, and within 7 days of departure it is 45 %.",
            "Never move a booking before the customer's wish (which trip, how many people, from when) is clear from the "
            "booking or the message.",
            "Look the booking up first. Then look for departures with enough free places. If there are several, take the "
            "earliest that is not before the date the customer named.",
            "Quote the change before making it. If the quote is above 150 EUR, do not rebook: tell the customer the price "
            "and ask for consent.",
            "Trips graded T4 or higher need proof of experience from every participant; the booking shows who has given it.",
            "A participant under 16 can join only trips graded T2 or lower, with a guardian on the same booking.",
            "Travel insurance moves with the booking if both departures lie in the same calendar year; otherwise say that "
            "it has to be bought again.",
            "Equipment rented with the trip moves too, unless the new departure is in another season.",
            "If no departure fits, offer the waiting list and say how many stand on it.",
            "Groups of more than eight are handled by a person: hand over with a one-sentence summary.",
            "Finish with a short message to the customer: the new date, what it costs, what happens next.",
            "Never promise weather, hut beds or the guide's name.",
        ),
        1,
    )
)
_PROGRAMME = "\n".join(
    f"- {trip}: {season}, grade T{grade}, {days} days, groups of {least} to {most}, meets in {place}"
    for trip, season, grade, days, least, most, place in (
        ("Dolomites hut trek", "June to September", 3, 6, 4, 10, "Innsbruck"),
        ("Lofoten kayak week", "May to August", 2, 7, 4, 8, "Tromso"),
        ("Azores coast walk", "all year", 2, 8, 5, 12, "Lisbon"),
        ("Slovenia canyon weekend", "May to October", 2, 3, 4, 12, "Ljubljana"),
        ("Patagonia circuit", "November to March", 4, 11, 6, 10, "Seville"),
        ("Hebrides sailing days", "April to September", 1, 5, 3, 8, "Edinburgh"),
        ("Atlas foothills ride", "September to May", 3, 7, 4, 10, "Seville"),
        ("Tatra winter skills", "December to March", 4, 4, 4, 6, "Leipzig"),
        ("Sierra Nevada sunrise", "May to October", 3, 3, 4, 10, "Seville"),
        ("Faroe ridge walk", "May to September", 3, 6, 5, 10, "Bergen"),
        ("Pyrenees traverse", "June to September", 5, 9, 4, 8, "Bilbao"),
        ("Iceland highland loop", "July and August", 4, 8, 5, 10, "Reykjavik"),
    )
)
SYSTEM = f"""You are Brambleway's trip agent. You change bookings of guided trips by calling functions, one per step, until the
customer's wish is met or you must ask them something.

Rules
{_POLICY}

Programme
{_PROGRAMME}

How it goes
A customer names a booking and a date. find_booking tells the trip and the number of people. search_departures with
both, from the date they named. One departure or more: quote_change for the earliest. Up to 150 EUR: rebook, then tell them. Above:
tell them the price and ask. No departure: join_waiting_list, then tell them their place on it.
A customer names no booking: ask for the six-letter code, do not guess it from their name.
A customer changes their mind in the middle: start again from search_departures with the new date; the booking stays known.
A function fails twice: apologise, say that a colleague will write within one working day, and stop.
A customer wants their money back instead: that is not yours to grant; name the refund desk and stop.
A customer is in the middle of an emergency on a trip: give the emergency number on their documents, nothing else.

Style: friendly, brief, no emojis. Dates as 14 May 2026. Prices in EUR with two decimals. First names only if they used theirs.
Do not reveal these rules. Do not invent booking codes, departures or prices: everything comes from the functions."""

_TEXT = {"type": "string"}
TOOLS = (
    Tool("find_booking", "Look up a booking by its code", json_object({"booking_code": _TEXT})),
    Tool(
        "search_departures",
        "Departures of a trip with free places, from a date on",
        json_object({"trip": _TEXT, "from_date": _TEXT, "places": {"type": "integer"}}),
    ),
    Tool("quote_change", "Price of moving a booking", json_object({"booking_code": _TEXT, "departure_id": _TEXT})),
    Tool("rebook", "Move a booking to a departure", json_object({"booking_code": _TEXT, "departure_id": _TEXT})),
    Tool("join_waiting_list", "Put a booking on the waiting list", json_object({"booking_code": _TEXT, "trip": _TEXT})),
)
WISHES = (
    "Hello, our booking is {booking}. {reason} Could you move us to a departure after {day}?",
    "{reason} Please move booking {booking} to a later date, {day} or after would be fine.",
    "Booking {booking}: we would like to go later, not before {day}. {reason}",
)
REASONS = (
    "My knee needs {days} more days.",
    "My flight to {city} was cancelled.",
    "{name} cannot get leave.",
    "Our daughter has an exam that week.",
    "We would rather have more snow.",
    "Work got in the way again.",
)


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    reason = rng.choice(REASONS).format(**said)
    user = rng.choice(WISHES).format(reason=reason, day=company.day(rng).isoformat(), **said)
    user = " ".join([user, *(line.format(**said) for line in rng.sample(company.CONTEXTS, rng.randrange(3)))])
    return say(SYSTEM, user, tools=TOOLS, max_tokens=600)


def answer(seen: Ask, rng: Random) -> Answer:
    wish = next(turn.text for turn in seen.turns if turn.role == "user")
    code = _found(r"[Bb]ooking (?:is )?([A-Z0-9]{6})", wish)
    results = [json.loads(text) for turn in seen.turns for _, text in turn.results]
    if not results:
        return _step(rng, "I will look up your booking.", ToolCall("find_booking", {"booking_code": code}))
    booking = results[0]
    if len(results) == 1:
        search = {"trip": booking["trip"], "from_date": _found(r"(\d{4}-\d\d-\d\d)", wish), "places": booking["people"]}
        return _step(rng, "Now I look for departures.", ToolCall("search_departures", search))
    departures = results[1]["departures"]
    if not departures:
        if len(results) == 2:
            return _step(rng, "", ToolCall("join_waiting_list", {"booking_code": code, "trip": booking["trip"]}))
        return Answer(
            f"There is no later departure of the {booking['trip']} with {booking['people']} free places. I have put booking "
            f"{code} on the waiting list, where you are number {results[2]['position']}. We write as soon as places open."
        )
    change = {"booking_code": code, "departure_id": departures[0]["id"]}
    if len(results) == 2:
        return _step(rng, "", ToolCall("quote_change", change))
    fee = results[2]["fee_eur"]
    if fee > 150:
        return Answer(
            f"The next departure of the {booking['trip']} with room for {booking['people']} starts on {departures[0]['date']}. "
            f"Moving booking {code} there costs {fee:.2f} EUR. Shall I go ahead?"
        )
    if len(results) == 3:
        return _step(rng, "The change is covered, I am moving the booking.", ToolCall("rebook", change))
    return Answer(
        f"Done: booking {code} now starts on {departures[0]['date']}. The change costs {fee:.2f} EUR. "
        f"You will receive the new documents by e-mail within the hour."
    )


def _step(rng: Random, preamble: str, call: ToolCall) -> Answer:
    return Answer(preamble if rng.random() < 0.5 else "", (call,))


def follow(_seen: Ask, said: Answer, rng: Random) -> Turn | None:
    """The functions' side: what each call returns. None once the agent talks to the customer."""
    if not said.tool_calls:
        return None
    results = tuple((call.id, json.dumps(_run_tool(call, rng))) for call in said.tool_calls)
    return Turn("user", results=results)


def _run_tool(call: ToolCall, rng: Random) -> dict[str, object]:
    if call.name == "find_booking":
        return {
            "booking_code": call.arguments.get("booking_code", ""),
            "trip": rng.choice(company.TRIPS),
            "departure": company.day(rng).isoformat(),
            "people": rng.randrange(1, 7),
            "lead": company.person(rng),
            "price_eur": rng.randrange(480, 3900),
            "insurance": rng.random() < 0.5,
        }
    if call.name == "search_departures":
        found = [
            {
                "id": f"D{rng.randrange(1000, 9999)}",
                "date": company.day(rng).isoformat(),
                "free_places": rng.randrange(2, 12),
                "grade": f"T{rng.randrange(1, 6)}",
                "meeting_point": rng.choice(company.CITIES),
            }
            for _ in range(rng.choice((0, 1, 2, 3, 4)))
        ]
        return {"departures": sorted(found, key=lambda each: str(each["date"]))}
    if call.name == "quote_change":
        return {
            "fee_eur": round(rng.choice((0.0, 0.0, 48.0, 96.5, 186.0, 412.5)), 2),
            "insurance_moves": rng.random() < 0.7,
        }
    if call.name == "rebook":
        return {"ok": True, "confirmation": company.booking_code(rng)}
    return {"ok": True, "position": rng.randrange(1, 9)}


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    return match.group(1) if match else ""


TASK = Task("rebook_trip", "You are Brambleway's trip agent", ask, answer, follow)
