"""Entity extraction to JSON, held to a schema by ``response_format``."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, json_object, say

SYSTEM = """Extract the facts of a customer e-mail into the given schema. Copy values exactly as written, use null where the
e-mail does not state one, never guess. Amounts keep their currency code. Sign-off names are the customer's name."""

_NULLABLE = {"type": ["string", "null"]}
SCHEMA = json_object(
    {
        "customer_name": _NULLABLE,
        "order_number": _NULLABLE,
        "booking_code": _NULLABLE,
        "product": _NULLABLE,
        "amounts": {"type": "array", "items": {"type": "string"}},
        "dates": {"type": "array", "items": {"type": "string"}},
        "city": _NULLABLE,
        "asks_for_reply": {"type": "boolean"},
    }
)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(rf"\d{{4}}-\d\d-\d\d|\d\d\.\d\d\.\d{{4}}|\d{{1,2}} (?:{_MONTHS})|(?:{_MONTHS}) \d{{1,2}}")
_AMOUNT = re.compile(r"(?:EUR|GBP|USD|CHF) \d+\.\d\d")


def ask(rng: Random) -> Ask:
    return say(SYSTEM, f"<email>\n{company.ticket(rng)}\n</email>", response_schema=SCHEMA, max_tokens=400)


def answer(seen: Ask, _rng: Random) -> Answer:
    text = seen.last_user_text.removesuffix("\n</email>")
    return Answer(json.dumps(read_facts(text)))


def read_facts(text: str) -> dict[str, Any]:
    """What a careful reader finds in the e-mail, by the schema's fields."""
    order = re.search(r"BW-\d{6}", text)
    booking = re.search(r"booking ([A-Z0-9]{6})\b", text)
    sign_off = text.rsplit("\n", 1)[-1].strip()
    return {
        "customer_name": sign_off if re.fullmatch(r"\w+ \w+", sign_off) else None,
        "order_number": order.group() if order else None,
        "booking_code": booking.group(1) if booking else None,
        "product": _first(text, [name for name, _ in company.PRODUCTS]),
        "amounts": _AMOUNT.findall(text),
        "dates": _DATE.findall(text),
        "city": _first(text, company.CITIES),
        "asks_for_reply": any(hint in text.lower() for hint in ("let me know", "confirm", "answer by", "?")),
    }


def _first(text: str, names: list[str]) -> str | None:
    found = [(text.index(name), name) for name in names if name in text]
    return min(found)[1] if found else None


TASK = Task("extract_order", "Extract the facts of a customer e-mail", ask, answer)
