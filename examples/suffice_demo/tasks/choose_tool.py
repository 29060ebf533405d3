"""Tool choice: one function call out of nine, or none where no tool fits."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, Tool, ToolCall, json_object, say

SYSTEM = """You are the first step of Brambleway's assistant. Pick the function that serves the customer's message and fill its
arguments from the message. If no function fits, answer in one sentence without calling one."""

_TEXT = {"type": "string"}
TOOLS = (
    Tool("track_order", "Where a parcel is now", json_object({"order_number": _TEXT})),
    Tool("cancel_order", "Cancel an order that has not been sent", json_object({"order_number": _TEXT})),
    Tool(
        "start_return",
        "Create a return label",
        json_object({"order_number": _TEXT, "reason": {"type": "string", "enum": ["size", "fault", "other"]}}),
    ),
    Tool(
        "search_products", "Search the shop", json_object({"query": _TEXT, "max_price": {"type": "number"}}, ["query"])
    ),
    Tool("check_stock", "Stock of a product in a shop", json_object({"product": _TEXT, "city": _TEXT})),
    Tool("list_departures", "Departures of a guided trip", json_object({"trip": _TEXT, "month": _TEXT}, ["trip"])),
    Tool("get_booking", "A booking by its code", json_object({"booking_code": _TEXT})),
    Tool("opening_hours", "Opening hours of a shop", json_object({"city": _TEXT})),
    Tool(
        "send_invoice", "Send an invoice again", json_object({"order_number": _TEXT, "email": _TEXT}, ["order_number"])
    ),
)
MESSAGES = (
    "where is my order {order}?",
    "Any news about {order}? It was due {date}.",
    "please cancel {order}, I found it cheaper",
    "I want to send back {order}, the {product} does not fit",
    "Return for order {order} please, the {product} arrived broken.",
    "I'm looking for a {product} in {colour}, under {price} if possible",
    "do you have the {product} at the {city} store?",
    "Is the {product} in stock in {city}? I could come by on {date}.",
    "When does the {trip} go in {month}?",
    "what dates are there for the {trip}",
    "Could you show me my booking {booking}?",
    "I lost the details of booking {booking}, we are {days} people",
    "how long is the shop in {city} open today",
    "Can you send me the invoice for {order} once more?",
    "I need the invoice of order {order} sent to {mail}",
    "Do you think it will rain in {city} on {date}?",
    "Who founded Brambleway?",
)
MONTHS = ("January", "February", "March", "May", "June", "August", "September", "October")


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    mail = said["name"].lower().replace(" ", ".") + "@example.com"
    message = rng.choice(MESSAGES).format(price=rng.randrange(40, 400), month=rng.choice(MONTHS), mail=mail, **said)
    if rng.random() < 0.4:
        message = f"{rng.choice(('Hi!', 'hello', 'Good evening,', 'Quick one:'))} {message}"
    return say(SYSTEM, message, tools=TOOLS, max_tokens=200)


def answer(seen: Ask, _rng: Random) -> Answer:
    call = _choose(seen.last_user_text)
    if call is None:
        return Answer("I am sorry, I can only help with orders, products, shops and trips of Brambleway.")
    return Answer(tool_calls=(call,))


def _choose(text: str) -> ToolCall | None:
    lowered = text.lower()
    order = re.search(r"BW-\d{6}", text)
    product = next((name for name, _ in company.PRODUCTS if name in text), "")
    city = next((name for name in company.CITIES if name in text), "")
    trip = next((name for name in company.TRIPS if name in text), "")
    if order:
        number = {"order_number": order.group()}
        if "invoice" in lowered:
            mail = re.search(r"\S+@example\.com", text)
            return ToolCall("send_invoice", number | ({"email": mail.group()} if mail else {}))
        if "cancel" in lowered:
            return ToolCall("cancel_order", number)
        if "return" in lowered or "send back" in lowered:
            reason = "fault" if "broken" in lowered else "size" if "fit" in lowered else "other"
            return ToolCall("start_return", number | {"reason": reason})
        return ToolCall("track_order", number)
    booking = re.search(r"booking ([A-Z0-9]{6})", text)
    if booking:
        return ToolCall("get_booking", {"booking_code": booking.group(1)})
    if trip:
        month = next((name for name in MONTHS if name in text), None)
        return ToolCall("list_departures", {"trip": trip} | ({"month": month} if month else {}))
    if product and city:
        return ToolCall("check_stock", {"product": product, "city": city})
    if product:
        price = re.search(r"under (\d+)", text)
        return ToolCall("search_products", {"query": product} | ({"max_price": int(price.group(1))} if price else {}))
    return ToolCall("opening_hours", {"city": city}) if "open" in lowered else None


TASK = Task("choose_tool", "You are the first step of Brambleway's assistant", ask, answer)
