"""Labelled pairs of answers: the right one written differently, and near misses. Made by hand; benchmarks count on them too."""

from __future__ import annotations

from suffice_analysis.judges.said import Said, ToolUse

LABELS = ("billing", "shipping", "returns", "other")


def tool(name: str, **arguments: object) -> Said:
    return Said("", (ToolUse(name, arguments),))


BOOK = tool("book", city="Oslo", date="2026-05-01", people=2)
SQL = "SELECT c.city, COUNT(*) AS n FROM orders o JOIN customers c ON o.customer_id = c.id WHERE o.year = 2024 AND o.status <> 'x' GROUP BY c.city ORDER BY n DESC LIMIT 5"
SUMMARY = (
    "The customer Ada Byron reported that order BW-113 arrived broken on 3 May. We agreed to send a new lamp by express and to "
    "refund EUR 12.50. She also asked for an invoice."
)

# judge, recorded, given, whether it is as good (None: no rule can say)
PAIRS: list[tuple[str, Said, Said, bool | None]] = [
    ("label", Said("billing"), Said("Billing"), True),
    ("label", Said("billing"), Said("**billing**."), True),
    ("label", Said("billing"), Said('"billing"'), True),
    ("label", Said("billing"), Said("Category: billing"), True),
    ("label", Said("billing"), Said("The category is billing."), True),
    ("label", Said("billing"), Said("  billing\n"), True),
    ("label", Said("billing"), Said("shipping"), False),
    ("label", Said("billing"), Said("billing or shipping"), False),
    ("label", Said("billing"), Said("not billing"), False),
    ("label", Said("billing"), Said("refund"), False),
    ("label", Said("billing"), Said("This ticket is about a parcel, so I would look at the sender and ask again later."), False),
    ("label", Said("billing"), Said(""), False),
    ("label", Said("billing"), tool("route", to="billing"), False),
    ("number", Said("1200"), Said("1,200"), True),
    ("number", Said("1200"), Said("$1200.00"), True),
    ("number", Said("1200"), Said("The answer is 1200."), True),
    ("number", Said("0.333333"), Said("0.3333"), True),
    ("number", Said("1200"), Said("1201"), False),
    ("number", Said("1200"), Said("-1200"), False),
    ("number", Said("1200"), Said("between 1200 and 1300"), False),
    ("number", Said("18"), Said("18.4"), False),
    ("number", Said("18"), Said("eighteen or so"), False),
    ("json", Said('{"queue": "A", "urgent": true}'), Said('{"urgent": true,\n "queue": "a"}'), True),
    ("json", Said('{"queue": "A", "urgent": true}'), Said('```json\n{"queue": "A", "urgent": true}\n```'), True),
    ("json", Said('{"queue": "A", "note": null}'), Said('{"queue": "A"}'), True),
    ("json", Said('{"total": 12.5}'), Said('{"total": "12.50"}'), True),
    ("json", Said('{"amounts": ["EUR 1", "EUR 2"]}'), Said('{"amounts": ["EUR 2", "EUR 1"]}'), True),
    ("json", Said('{"reasoning": "because", "answer": "7"}'), Said('{"reasoning": "since", "answer": 7}'), True),
    ("json", Said('{"answer": "\\\\frac{1}{2}"}'), Said('{"answer": "1/2"}'), True),
    ("json", Said('{"queue": "A", "urgent": true}'), Said('{"queue": "A", "urgent": false}'), False),
    ("json", Said('{"queue": "A", "urgent": true}'), Said('{"queue": "A"}'), False),
    ("json", Said('{"queue": "A"}'), Said('{"queue": "A", "extra": "B"}'), False),
    ("json", Said('{"total": 12.5}'), Said('{"total": 12.6}'), False),
    ("json", Said('{"amounts": ["EUR 1", "EUR 2"]}'), Said('{"amounts": ["EUR 1"]}'), False),
    ("json", Said('{"steps": ["a", "b"]}'), Said('{"steps": ["b", "a"]}'), False),
    ("json", Said('{"interval": "[1, 2)"}'), Said('{"interval": "(1, 2)"}'), False),
    ("json", Said('{"queue": "A"}'), Said("Queue A, I think."), False),
    ("json", Said('{"queue": "A"}'), Said('[{"queue": "A"}]'), False),
    ("tool_calls", BOOK, tool("book", people=2, date="2026-05-01", city="oslo"), True),
    ("tool_calls", BOOK, tool("book", people="2", date="2026-05-01", city="Oslo"), True),
    ("tool_calls", BOOK, tool("book", city="Oslo", date="2026-05-01", people=2, note=None), True),
    ("tool_calls", BOOK, tool("book", city="Oslo", date="2026-05-02", people=2), False),
    ("tool_calls", BOOK, tool("cancel", city="Oslo", date="2026-05-01", people=2), False),
    ("tool_calls", BOOK, tool("book", city="Oslo", people=2), False),
    ("tool_calls", BOOK, Said("I booked it."), False),
    ("tool_calls", BOOK, Said('{"name": "book", "arguments": {"city": "Oslo"}}'), False),
    ("tool_calls", Said("", (*BOOK.calls, ToolUse("mail", {"to": "a"}))), Said("", (ToolUse("mail", {"to": "a"}), *BOOK.calls)), True),
    ("tool_calls", Said("", (*BOOK.calls, ToolUse("mail", {"to": "a"}))), BOOK, False),
    ("sql", Said(SQL), Said(f"```sql\n{SQL.lower().replace(' from', '{nl}from').format(nl=chr(10))};\n```"), True),
    ("sql", Said(SQL), Said(SQL.replace(" o ", " ord ").replace("o.", "ord.").replace(" o\n", " ord ")), True),
    ("sql", Said(SQL), Said(SQL.replace("<>", "!=").replace(" JOIN", " INNER JOIN")), True),
    ("sql", Said(SQL), Said(SQL.replace("o.year = 2024 AND o.status <> 'x'", "o.status <> 'x' AND o.year = 2024")), True),
    ("sql", Said("SHOW TABLES"), Said("```sql\nshow tables;\n```"), True),
    ("sql", Said("SHOW COLUMNS FROM documents"), Said("show columns from  documents"), True),
    ("sql", Said("SHOW COLUMNS FROM documents"), Said("show columns from people"), False),
    ("sql", Said(SQL), Said(SQL.replace("2024", "2025")), False),
    ("sql", Said(SQL), Said(SQL.replace("DESC ", "ASC ")), False),
    ("sql", Said(SQL), Said(SQL.replace("'x'", "'X'")), False),
    ("sql", Said(SQL), Said(SQL.replace(" LIMIT 5", "")), False),
    ("sql", Said(SQL), Said(SQL.replace("COUNT(*)", "SUM(o.total)")), False),
    ("sql", Said(SQL), Said(SQL.replace("JOIN", "LEFT JOIN")), False),
    ("sql", Said(SQL), Said("I can't see the table."), False),
    ("code", Said("```python\ndef f(x):\n    return x + 1\n```"), Said("```python\ndef f(x):\n  # one more\n  return x+1\n```"), True),
    ("code", Said("```python\ndef f(x):\n    return x + 1\n```"), Said("```python\ndef f(x) return\n```"), False),
    ("code", Said("```python\ndef f(x):\n    return x + 1\n```"), Said("```python\ndef f(x):\n    return 1 + x\n```"), None),
    ("code", Said("```python\ndef f(x):\n    return x + 1\n```"), Said("```python\ndef f(x):\n    return x - 1\n```"), False),
    ("code", Said("```python\ndef f(x):\n    return x + 1\n```"), Said("```python\ndef f(x):\n    return x + 2\n```"), False),
    ("code", Said("```python\ndef f(x):\n    return x + 1\n```"), Said("```python\ndef f(y):\n    return y + 1\n```"), None),
    ("code", Said("```python\ndef total(rows):\n    return sum(rows)\n\ndef mean(rows):\n    return total(rows) / len(rows)\n```"), Said("```python\ndef total(rows):\n    return sum(rows)\n```"), False),
    ("text", Said(SUMMARY), Said(SUMMARY.replace(". ", ".\n\n")), True),
    ("text", Said(SUMMARY), Said(SUMMARY.replace("reported that", "told us that").replace("We agreed", "It was agreed")), True),
    ("text", Said(SUMMARY), Said(SUMMARY.replace("BW-113", "BW-118").replace("12.50", "1.20").replace("3 May", "4 May")), False),
    ("text", Said(SUMMARY), Said(SUMMARY.split(". ")[0] + "."), False),
    ("text", Said(SUMMARY), Said("Bananas are yellow."), False),
    ("text", Said(SUMMARY), tool("note", text=SUMMARY), False),
    ("text", Said(SUMMARY), Said("I'm sorry, but I can't help with that."), False),
    ("text", Said(SUMMARY), Said("Ada Byron's order BW-113 came broken (3 May). New lamp by express, EUR 12.50 back; she wants an invoice."), None),
]  # fmt: skip
