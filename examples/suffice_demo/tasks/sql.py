"""SQL writing for a colleague's question about the shop's warehouse."""

from __future__ import annotations

import re
from random import Random

from suffice_demo import company
from suffice_demo.tasks.base import Answer, Ask, Task, say

SYSTEM = """You write PostgreSQL 16 for Brambleway's data team. One statement, no explanation, in a ```sql block.

Schema
customers(customer_id, name, city, country, joined_on, is_member)
orders(order_id, customer_id, ordered_at, shipped_at, status, channel, total_eur)
order_items(order_id, product_id, quantity, unit_price_eur, returned)
products(product_id, name, category, cost_eur, launched_on)
trips(trip_id, name, grade, price_eur)
bookings(booking_id, customer_id, trip_id, departs_on, people, status, booked_at)
tickets(ticket_id, customer_id, order_id, opened_at, closed_at, category, score)

Rules: cancelled orders never count; months by date_trunc; money rounded to cents; ties broken by the id."""

MEASURES = {
    "revenue": ("ROUND(SUM(o.total_eur), 2)", "orders o", "o.ordered_at", "o.status <> 'cancelled'"),
    "number of orders": ("COUNT(*)", "orders o", "o.ordered_at", "o.status <> 'cancelled'"),
    "average basket": ("ROUND(AVG(o.total_eur), 2)", "orders o", "o.ordered_at", "o.status <> 'cancelled'"),
    "median hours to close a ticket": (
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY EXTRACT(EPOCH FROM o.closed_at - o.opened_at) / 3600)",
        "tickets o",
        "o.opened_at",
        "o.closed_at IS NOT NULL",
    ),
    "people booked": ("SUM(o.people)", "bookings o", "o.booked_at", "o.status <> 'cancelled'"),
}
GROUPS = {
    "per city": "c.city",
    "per country": "c.country",
    "for members and others": "c.is_member",
    "per month": "month",
}
LIMITS = ("", "", "only the top {n}", "where it is above {n}00", "compared with the year before")
ASKERS = ("I need", "Could you get me", "Please pull", "For the board meeting on {date}:", "Marketing asks for", "Show")


def ask(rng: Random) -> Ask:
    said = company.slots(rng)
    year = rng.choice((2024, 2025, 2026))
    when = rng.choice((f"in {year}", f"since {company.day(rng).isoformat()}", f"in the last {said['days']} days"))
    limit = rng.choice(LIMITS).format(n=rng.randrange(3, 21))
    city = f"without customers from {said['city']}" if rng.random() < 0.3 else ""
    parts = [
        rng.choice(ASKERS).format(**said),
        rng.choice(tuple(MEASURES)),
        rng.choice(tuple(GROUPS)),
        when,
        limit,
        city,
    ]
    return say(SYSTEM, " ".join(part for part in parts if part) + ".", max_tokens=600, temperature=0.0)


def answer(seen: Ask, rng: Random) -> Answer:
    text = seen.last_user_text
    column, table, time, condition = next(
        (parts for name, parts in MEASURES.items() if name in text), MEASURES["revenue"]
    )
    group = next((column for name, column in GROUPS.items() if name in text), "c.city")
    shown = f"DATE_TRUNC('month', {time}) AS month" if group == "month" else group
    conditions = [condition, _period(text, time)]
    excluded = re.search(r"customers from (\w+)", text)
    if excluded:
        conditions.append(f"c.city <> '{excluded.group(1)}'")
    lines = [f"SELECT {shown}, {column} AS value", f"FROM {table}", "JOIN customers c USING (customer_id)"]
    if "year before" in text:
        lines[0] += f",\n  LAG({column}) OVER (PARTITION BY {group} ORDER BY DATE_TRUNC('year', {time})) AS year_before"
    lines += [
        "WHERE " + "\n  AND ".join(conditions),
        f"GROUP BY {group}" + (f", DATE_TRUNC('year', {time})" if "year before" in text else ""),
    ]
    above = re.search(r"above (\d+)", text)
    if above:
        lines.append(f"HAVING {column} > {above.group(1)}")
    lines.append(f"ORDER BY value DESC, {group}")
    top = re.search(r"top (\d+)", text)
    if top:
        lines.append(f"LIMIT {top.group(1)}")
    return Answer("```sql\n" + "\n".join(lines) + ";\n```", reasoning_tokens=rng.randrange(40, 160))


def _period(text: str, time: str) -> str:
    year = re.search(r"in (20\d\d)", text)
    if year:
        return f"{time} >= '{year.group(1)}-01-01' AND {time} < '{int(year.group(1)) + 1}-01-01'"
    since = re.search(r"since (\d{4}-\d\d-\d\d)", text)
    if since:
        return f"{time} >= '{since.group(1)}'"
    days = re.search(r"last (\d+) days", text)
    return f"{time} >= NOW() - INTERVAL '{days.group(1) if days else 30} days'"


TASK = Task("write_sql", "You write PostgreSQL 16 for Brambleway", ask, answer)
