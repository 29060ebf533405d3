"""Which calls say a text: first which texts hold it, then which calls refer to those.

Texts are looked at once, not once for each call that sends them again. What is few goes into the next statement as values:
hashes of texts, then ids of calls. A page of the newest looks at the last ``LOOKED_AT`` calls before it looks at all: at the
texts that came with them, and at those they refer to that came earlier. The same statements on both engines;
``tests/store/test_search.py`` holds the ways together.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from suffice_store.cancelling import check
from suffice_store.reads.functions import IN_A_LIST, contains_text, each_of, in_parts
from suffice_store.reads.registry import Arguments
from suffice_store.reads.sources import NOT_BEFORE, NS_PER_DAY
from suffice_store.tables import calls, messages

NEWEST = "newest"  # the order that may look at the newest first
SEARCH = "search"  # the argument with the text
HITS = "hits"  # ... with the texts that hold it: ``Hits``
FOUND = "found"  # ... with the call_id of every call that says it: a tuple
STARTS = "starts"  # ... with when they started, where that is known of all: a tuple
MOST = 1_000  # hashes or ids in a statement
LOOKED_AT = 10_000  # calls
PLACES = 20_000  # texts, 4 MB

Fetch = Callable[[Arguments], pa.Table]


@dataclass(frozen=True, slots=True)
class Hits:
    """Hashes of the texts that hold it; ``since``: and those received from then on (Unix nanoseconds), too many to name."""

    hashes: tuple[str, ...]
    since: int | None = None


class Places:
    """When texts were received, of those looked up last: rows that came together lie together, so that they are found by it.

    To find thirty among two million by their hashes takes 65 ms. A system message of long ago is looked up by every search.
    """

    def __init__(self, most: int = PLACES) -> None:
        self._most = most
        self._received: OrderedDict[str, int] = OrderedDict()  # the hash has the project in it
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Rows have gone, or may have."""
        with self._lock:
            self._received.clear()

    def find(self, connection: sa.Connection, project: str, hashes: Iterable[str]) -> dict[str, int]:
        """message_hash -> received_ns; a text that is not stored is left out."""
        wanted = set(hashes)
        with self._lock:
            known = {each: self._received[each] for each in wanted & self._received.keys()}
        for part in in_parts(wanted - known.keys()):
            text = messages.c
            first = sa.select(text.message_hash, sa.func.min(text.received_ns)).group_by(text.message_hash)
            rows = connection.execute(first.where(text.project == project, text.message_hash.in_(part)))
            known |= {each: int(received) for each, received in rows}
        with self._lock:
            for each, received in known.items():
                self._received[each] = received
                self._received.move_to_end(each)
            while len(self._received) > self._most:
                self._received.popitem(last=False)
        return known


def search(connection: sa.Connection, arguments: Arguments, fetch: Fetch, places: Places) -> pa.Table:
    """What ``fetch`` gives for the arguments, with what helps its statement among them."""
    if arguments.get("order") == NEWEST and arguments.get("run_id") is None:
        newest = _among_newest(connection, arguments, places)
        rows = None if newest is None else fetch(newest)
        if rows is not None and rows.num_rows >= arguments["limit"]:
            return rows
    hits = _texts(connection, arguments)
    return fetch(arguments if hits is None else _named(connection, {**arguments, HITS: Hits(hits)}))


def found(arguments: Arguments) -> sa.ColumnElement[bool]:
    """Calls with the text in a message (any case), or with exactly this id."""
    named = arguments.get(FOUND)
    if named is not None:
        return calls.c.call_id.in_(named)
    return calls.c.call_id.in_(sa.select(_found(arguments).subquery("found").c.call_id))


def _found(arguments: Arguments) -> sa.CompoundSelect[Any]:
    """call_id, started_ns; a call may come twice."""
    within = [calls.c.project == arguments["project"]]
    if arguments.get(NOT_BEFORE) is not None:
        within.append(calls.c.started_ns >= arguments[NOT_BEFORE])
    columns = (calls.c.call_id, calls.c.started_ns)
    ids = (calls.c.call_id, calls.c.external_id, calls.c.run_id, calls.c.trace_id)  # one after the other: 28 ms, not 43
    statements = [sa.select(*columns).where(*within, each == arguments[SEARCH]) for each in ids]
    said = _spoken(*columns, within=within).subquery("said")
    hits: Hits | None = arguments.get(HITS)
    holding = []
    if hits is None or hits.since is not None:
        since = () if hits is None else (messages.c.received_ns >= hits.since,)
        holding.append(said.c.message_hash.in_(sa.select(messages.c.message_hash).where(*_holding(arguments), *since)))
    if hits is not None and hits.hashes:
        holding.append(said.c.message_hash.in_(hits.hashes))
    if holding:
        statements.append(sa.select(said.c.call_id, said.c.started_ns).where(sa.or_(*holding)))
    return sa.union_all(*statements)


def _named(connection: sa.Connection, arguments: Arguments) -> Arguments:
    """With the ids of the calls that say it, where they are few."""
    check()
    rows = _found(arguments).subquery("found")
    ids = connection.execute(sa.select(rows.c.call_id, rows.c.started_ns).distinct().limit(MOST + 1)).all()
    if len(ids) > MOST:
        return arguments
    starts = {started for _, started in ids}
    when = {NOT_BEFORE: min(starts), STARTS: tuple(sorted(starts))} if starts and None not in starts else {}
    return {**arguments, FOUND: tuple(sorted(call_id for call_id, _ in ids)), **when}


def _among_newest(connection: sa.Connection, arguments: Arguments, places: Places) -> Arguments | None:
    """The arguments for a look among the newest calls; None where they can't fill the page, or it would take long."""
    of_project = calls.c.project == arguments["project"]
    # Of the last day: to find the last ones of a million takes 60 ms, of a day 6.
    newest = sa.select(sa.func.max(calls.c.started_ns)).where(of_project).scalar_subquery()
    last = (
        sa.select(calls.c.started_ns, calls.c.received_ns)
        .where(of_project, calls.c.started_ns >= newest - NS_PER_DAY)
        .order_by(calls.c.started_ns.desc())
        .limit(LOOKED_AT)
        .subquery("last")
    )
    since, came = connection.execute(sa.select(sa.func.min(last.c.started_ns), sa.func.min(last.c.received_ns))).one()
    if since is None:
        return None
    near = messages.c.received_ns >= came
    said = _spoken(within=[of_project, calls.c.started_ns >= since]).subquery("said")
    came_with_them = sa.select(messages.c.message_hash).where(messages.c.project == arguments["project"], near)
    earlier = sa.select(said.c.message_hash).where(said.c.message_hash.not_in(came_with_them)).distinct()
    far = list(connection.scalars(earlier.limit(IN_A_LIST + 1)))
    if len(far) > IN_A_LIST:
        return None
    check()
    hits = _texts(connection, arguments, near)
    received = places.find(connection, arguments["project"], far)
    here = (messages.c.received_ns.in_(sorted(set(received.values()))), messages.c.message_hash.in_(sorted(received)))
    of_far = (_texts(connection, arguments, *here, most=IN_A_LIST) if received else ()) or ()
    if hits is None:
        return {**arguments, NOT_BEFORE: since, HITS: Hits(of_far, came)}
    named = _named(connection, {**arguments, NOT_BEFORE: since, HITS: Hits((*hits, *of_far))})
    return None if len(named.get(FOUND, ())) < arguments["limit"] and FOUND in named else named


def _texts(
    connection: sa.Connection, arguments: Arguments, *within: sa.ColumnElement[bool], most: int = 0
) -> tuple[str, ...] | None:
    """Hashes of the texts that hold it; None where there are more than ``most``, by default ``MOST``."""
    check()
    most = most or MOST
    statement = sa.select(messages.c.message_hash).where(*within, *_holding(arguments)).limit(most + 1)
    hashes = list(connection.scalars(statement))
    return None if len(hashes) > most else tuple(sorted(set(hashes)))


def _holding(arguments: Arguments) -> list[sa.ColumnElement[bool]]:
    in_json = json.dumps(arguments[SEARCH], ensure_ascii=False)[1:-1]  # as a message's content spells it
    return [messages.c.project == arguments["project"], contains_text(messages.c.content, in_json)]


def _spoken(*columns: sa.ColumnElement[Any], within: Sequence[sa.ColumnElement[bool]]) -> sa.CompoundSelect[Any]:
    """A row for each text that a call asked with or was answered with. Both in one array take twice as long."""
    return sa.union_all(
        *(
            sa.select(*columns, each_of(hashes).label("message_hash")).where(*within)
            for hashes in (calls.c.input_hashes, calls.c.output_hashes)
        )
    )
