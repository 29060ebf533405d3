"""Small functions of Brambleway's own software, some with a fault in them: what the developer agent reads."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

THINGS: Final = (
    "order",
    "parcel",
    "booking",
    "refund",
    "voucher",
    "invoice",
    "departure",
    "customer",
    "rental",
    "review",
)
FIELDS: Final = ("total", "weight", "price", "score", "quantity", "distance", "deposit", "discount", "duration")
VERBS: Final = ("load", "merge", "update", "collect", "rank", "export", "check", "assign", "close", "sync")

# fault -> (lines of the function, what a reviewer says about it)
FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "mutable_default": (
        "def {verb}_{thing}s({thing}, found=[]):\n    found.append({thing}.{field})\n    return found",
        "`found=[]` is created once and shared between calls, so results of an earlier call leak into the next. Use None.",
    ),
    "injection": (
        "def {verb}_{thing}(db, {field}):\n    query = f\"SELECT * FROM {thing}s WHERE {field} = '{{{field}}}'\"\n    return db.execute(query).fetchall()",
        "The value is put into the SQL text, which allows injection. Pass it as a bound parameter.",
    ),
    "swallowed": (
        "def {verb}_{thing}(client, {thing}_id):\n    try:\n        return client.get({thing}_id).{field}\n    except Exception:\n        pass",
        "`except Exception: pass` hides every failure and returns None. Catch what can be handled and let the rest rise.",
    ),
    "off_by_one": (
        "def {verb}_{thing}s({thing}s, limit):\n    chosen = []\n    for i in range(1, len({thing}s)):\n        if {thing}s[i].{field} > limit:\n            chosen.append({thing}s[i])\n    return chosen",
        "`range(1, len(...))` skips the first element. Iterate over the list itself.",
    ),
    "float_money": (
        "def {verb}_{field}({thing}):\n    net = float({thing}.{field})\n    return round(net * 1.19 + 0.1 + 0.2, 2)",
        "Money is computed in floats and rounded at the end; cents will be lost. Use Decimal, and name the tax rate.",
    ),
    "unclosed": (
        'def {verb}_{thing}s(path):\n    f = open(path)\n    return [line.split(";")[0] for line in f if "{field}" in line]',
        "The file is never closed when parsing fails. Use a with block.",
    ),
    "none_check": (
        "def {verb}_{thing}(store, {thing}_id):\n    {thing} = store.find({thing}_id)\n    {thing}.{field} += 1\n    store.save({thing})",
        "`store.find` may return None, and two writers can lose an update here. Check for None and lock the row.",
    ),
}
CLEAN: Final = (
    "def {verb}_{thing}s({thing}s):\n    return sorted({thing}s, key=lambda each: each.{field})",
    "def has_{field}({thing}):\n    return {thing}.{field} is not None and {thing}.{field} > 0",
    "def mean_{field}({thing}s):\n    if not {thing}s:\n        return 0\n    return sum(each.{field} for each in {thing}s) / len({thing}s)",
    "def {verb}_by_{field}({thing}s):\n    groups = {{}}\n    for each in {thing}s:\n        groups.setdefault(each.{field}, []).append(each)\n    return groups",
    "def clip_{field}({field}, low=0, high=100):\n    return max(low, min(high, {field}))",
)


def words(rng: Random) -> dict[str, str]:
    return {"verb": rng.choice(VERBS), "thing": rng.choice(THINGS), "field": rng.choice(FIELDS)}


def faulty(rng: Random) -> str:
    return FAULTS[rng.choice(tuple(FAULTS))][0].format(**words(rng))


def clean(rng: Random) -> str:
    return rng.choice(CLEAN).format(**words(rng))


def faults_in(code: str) -> list[str]:
    """The names of the faults a careful reader finds."""
    signs = {
        "mutable_default": "=[])",
        "injection": 'f"SELECT',
        "swallowed": "except Exception:",
        "off_by_one": "range(1, len(",
        "float_money": "float(",
        "unclosed": "= open(",
        "none_check": "store.find(",
    }
    return [name for name, sign in signs.items() if sign in code]
