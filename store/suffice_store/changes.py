"""The commands: everything that can be changed from outside, each an appended row.

``docs/read-api.md`` lists them; a test holds it and ``COMMANDS`` together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from suffice.errors import SufficeError
from suffice_store import access, alerts, cost_changes, keeping, replaying
from suffice_store.engines.reasons import is_damage
from suffice_store.matching import match_imports
from suffice_store.moves import check_move
from suffice_store.price_units import PER_TOKEN, is_per_token
from suffice_store.prices_file import EPOCH, USD_COLUMNS
from suffice_store.pricing import price_tier
from suffice_store.splits import check_parts
from suffice_store.tables import analysis_runs, calls, decisions, duplicates, outcomes, prices

DECISIONS = ("rename", "ignore", "pin", "merge", "split", "mark", "move")
MAX_TEXT = 10_000
MAX_ROWS = 100_000
_TEXTS = frozenset(
    "project target label source kind decided_by recorded_by model provider tier rule duplicate_of host reason channel state subject candidate basis data_hash suffice_version".split()  # noqa: SIM905
)
MAX_USD_PER_MTOK = Decimal(100_000)  # a price per million tokens above this was meant per something else

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its arguments (``project`` besides), which of them are needed, and what it does.

    An argument is one value, unless it is among ``lists`` (of objects, each of whose fields is one value) or ``any_json``.
    """

    name: str
    arguments: tuple[str, ...]
    needed: tuple[str, ...]
    run: Callable[[sa.Connection, Arguments, int], dict[str, Any]]
    lists: tuple[str, ...] = ()
    any_json: tuple[str, ...] = ()


def run_command(connection: sa.Connection, name: str, given: Arguments, now_ns: int) -> dict[str, Any]:
    """Carry out one command in the connection's transaction. Raises SufficeError when it is refused."""
    command = COMMANDS.get(name)
    if command is None:
        raise SufficeError(f"there is no command '{name}'; there are {', '.join(COMMANDS)}")
    unknown = sorted(set(given) - {*command.arguments, "project"})
    if unknown:
        raise SufficeError(f"command '{name}' has no argument '{unknown[0]}'; it has {', '.join(command.arguments)}")
    arguments = {key: given.get(key) for key in command.arguments}
    arguments["project"] = given.get("project") or "default"
    for key in command.needed:
        if arguments[key] is None:
            raise SufficeError(f"command '{name}' needs '{key}'")
    for key, value in arguments.items():
        if key in command.lists:
            _check_objects(key, value)
        elif key not in command.any_json:
            _check_shape(key, value)
    try:
        return command.run(connection, arguments, now_ns)
    except (sa.exc.DBAPIError, OverflowError) as error:  # a number that no column holds, for one
        if is_damage(error):
            raise
        reason = str(getattr(error, "orig", None) or error).splitlines()[0][:200]
        raise SufficeError(f"an argument of command '{name}' does not fit: {reason}") from None


def _check_shape(key: str, value: Any) -> None:
    """Raises SufficeError for what could not be stored as it was meant."""
    if value is None:
        return
    if key in _TEXTS or key.endswith("_id"):
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            raise SufficeError(f"'{key}' must be a text of at most {MAX_TEXT:,} characters")
    elif isinstance(value, (list, dict)):
        raise SufficeError(f"'{key}' must be one value, not a list or an object")


def _check_objects(key: str, value: Any) -> None:
    """Raises SufficeError for what is no list of objects, or has a field that could not be stored as it was meant."""
    if value is None:
        return
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value) or len(value) > MAX_ROWS:
        raise SufficeError(f"'{key}' must be a list of at most {MAX_ROWS:,} objects")
    for number, each in enumerate(value, 1):
        for name, field in each.items():
            try:
                _check_shape(name, field)
            except SufficeError as error:
                raise SufficeError(f"'{key}', number {number}: {error}") from None


def _record_outcome(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    if arguments["target"] not in ("run", "call"):
        raise SufficeError(f"'target' must be run or call, not '{arguments['target']}'")
    ok, score = arguments["ok"], arguments["score"]
    if ok is not None and not isinstance(ok, bool):
        raise SufficeError(f"'ok' must be true, false or null, not '{ok}'")
    if score is not None and (isinstance(score, bool) or not isinstance(score, (int, float))):
        raise SufficeError(f"'score' must be a number, not '{score}'")
    if ok is None and score is None and arguments["label"] is None:
        raise SufficeError("an outcome needs at least one of 'ok', 'score', 'label'")
    row = {**arguments, "source": arguments["source"] or "user", "recorded_ns": now_ns}
    connection.execute(outcomes.insert().values(row))
    return {"recorded": 1}


def _decide(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    kind, value = arguments["kind"], arguments["value"]
    if kind not in DECISIONS:
        raise SufficeError(f"'kind' must be one of {', '.join(DECISIONS)}, not '{kind}'")
    if kind == "rename" and value is not None and not (isinstance(value, str) and 0 < len(value.strip()) <= 200):
        raise SufficeError("a new name must be a text of 1 to 200 characters (null gives the old one back)")
    if kind in ("ignore", "pin") and not isinstance(value, bool):
        raise SufficeError(f"'value' must be true or false to {kind} a task or not")
    if kind == "merge" and value is not None and (not isinstance(value, str) or value in ("", arguments["task_id"])):
        raise SufficeError("'value' must be the id of another task to merge into (null takes the merge back)")
    if kind == "split" and value is not None:
        check_parts(value)
    if kind == "move":
        check_move(value)
    text = json.dumps(value.strip() if kind == "rename" and value else value, ensure_ascii=False)
    seed = json.dumps([arguments["project"], kind, arguments["task_id"], text, now_ns])
    row = {
        "project": arguments["project"],
        "decision_id": blake2b(seed.encode(), digest_size=16).hexdigest(),
        "kind": kind,
        "task_id": arguments["task_id"],
        "value": text,
        "decided_by": arguments["decided_by"],
        "recorded_ns": now_ns,
    }
    connection.execute(decisions.insert().values(row))
    return {"decision_id": row["decision_id"]}


def _set_price(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    row = _price_row(arguments, now_ns)
    connection.execute(prices.insert().values(row))
    return {"model": row["model"], "tier": row["tier"], "valid_from_day": row["valid_from_day"]}


def _price_row(arguments: Arguments, now_ns: int) -> dict[str, Any]:
    context_from = arguments["context_from_tokens"] or 0
    if not isinstance(context_from, int) or context_from < 0:
        raise SufficeError(f"'context_from_tokens' must be a whole number from 0, not '{context_from}'")
    usd = {name: _usd(name, arguments[name]) for name in USD_COLUMNS}
    today = date.fromordinal(EPOCH.toordinal() + now_ns // (86_400 * 10**9)).isoformat()
    if not isinstance(arguments["model"], str) or not arguments["model"]:
        raise SufficeError("a price needs a 'model'")
    for name in ("input_usd_per_mtok", "output_usd_per_mtok"):
        if usd[name] is None:
            raise SufficeError(f"a price needs '{name}'")
    return {
        "project": arguments["project"],
        "provider": arguments["provider"] or "",
        "model": arguments["model"],
        "tier": price_tier(arguments["tier"]),
        "context_from_tokens": context_from,
        "valid_from_day": _day(arguments["valid_from"]),
        **usd,
        "source": arguments["source"] or "set by a user",
        "source_date": today,
        "recorded_ns": now_ns,
    }


def _mark_duplicate(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    call_id, other = arguments["call_id"], arguments["duplicate_of"]
    if call_id == other:
        raise SufficeError("a call can't be a duplicate of itself")
    for each in filter(None, (call_id, other)):
        found = sa.select(calls.c.call_id).where(calls.c.project == arguments["project"], calls.c.call_id == each)
        if connection.execute(found.limit(1)).first() is None:
            raise SufficeError(f"there is no call '{each}' in project '{arguments['project']}'")
    row = {**arguments, "rule": arguments["rule"] or "user", "recorded_ns": now_ns}
    connection.execute(duplicates.insert().values(row))
    return {"call_id": call_id, "duplicate_of": other}


def _publish_analysis(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    row = {**arguments, "published_ns": arguments["published_ns"] or now_ns}
    if not isinstance(row["parameters"], str):
        row["parameters"] = json.dumps(row["parameters"], ensure_ascii=False)
    connection.execute(analysis_runs.insert().values(row))
    return {"analysis_id": row["analysis_id"], "published_ns": row["published_ns"]}


def _analyze_now(connection: sa.Connection, arguments: Arguments, now_ns: int) -> dict[str, Any]:
    raise SufficeError("only a running collector can be asked to analyse: run 'suffice analyze' on the file instead")


def _usd(name: str, value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= MAX_USD_PER_MTOK or isinstance(value, bool):
        raise SufficeError(f"'{name}' must be USD per million tokens, from 0 to {MAX_USD_PER_MTOK:,}, not '{value}'")
    if is_per_token(amount):
        raise SufficeError(f"'{name}' is {value}: {PER_TOKEN}")
    if amount != round(amount, 6):
        raise SufficeError(f"'{name}' has more than 6 decimals: {value}")
    return amount


def _day(value: Any) -> int:
    try:
        return (date.fromisoformat(value) - EPOCH).days if value else 0
    except (TypeError, ValueError):
        raise SufficeError(f"'valid_from' must be a date like 2026-11-23, not '{value}'") from None


_ANALYSIS = tuple(column.name for column in analysis_runs.c if column.name != "project")

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        Command(
            "record_outcome",
            ("target", "target_id", "ok", "score", "label", "source"),
            ("target", "target_id"),
            _record_outcome,
        ),
        Command(
            "decide", ("kind", "task_id", "value", "decided_by"), ("kind", "task_id"), _decide, any_json=("value",)
        ),
        Command(
            "set_price",
            ("model", "provider", "tier", "context_from_tokens", "valid_from", *USD_COLUMNS, "source"),
            ("model", "input_usd_per_mtok", "output_usd_per_mtok"),
            _set_price,
        ),
        Command(
            "add_prices",
            ("prices",),
            ("prices",),
            lambda c, a, now: cost_changes.add_prices(c, a, now, _price_row),
            lists=("prices",),
        ),
        Command(
            "set_terms",
            ("contracts", "services", "source"),
            (),
            cost_changes.set_terms,
            lists=("contracts", "services"),
        ),
        Command("record_invoice", ("rows", "source"), ("rows", "source"), cost_changes.record_invoice, lists=("rows",)),
        Command("match_imports", (), (), match_imports),
        Command("mark_duplicate", ("call_id", "duplicate_of", "rule"), ("call_id",), _mark_duplicate),
        Command(
            "publish_analysis",
            _ANALYSIS,
            tuple(
                column.name
                for column in analysis_runs.c
                if not column.nullable and column.name not in ("project", "published_ns")
            ),
            _publish_analysis,
            any_json=("parameters",),
        ),
        Command("analyze_now", (), (), _analyze_now),
        Command("create_key", access.CREATE_KEY, ("label", "scopes"), access.create_key, any_json=("scopes",)),
        Command("revoke_key", access.REVOKE_KEY, ("key_id",), access.revoke_key),
        Command("set_member", access.SET_MEMBER, ("email",), access.set_member),
        Command("set_retention", keeping.SET_RETENTION, (), keeping.set_retention),
        Command("allow_host", replaying.ALLOW_HOST, ("host",), replaying.allow_host),
        Command(
            "raise_alert",
            alerts.RAISE_ALERT,
            ("kind", "happened", "title", "sentence"),
            alerts.raise_alert,
            any_json=("details",),
        ),
        Command("record_delivery", alerts.RECORD_DELIVERY, ("alert_id", "channel", "state"), alerts.record_delivery),
        Command("begin_replay", replaying.BEGIN_REPLAY, ("campaign_id", "host", "task_id"), replaying.begin_replay),
    )
}
