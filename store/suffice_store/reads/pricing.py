"""``suffice_store.pricing`` in SQL: which price a call has, and what it cost. Prices are joined at read.

The models in the project's calls are few, so that they are matched with the price list first; the calls
then meet their price by equality and two ranges (day, context band).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import quoted_name

from suffice_store.pricing import (
    AT_LIST_PRICE,
    DASHED,
    EXACT,
    LIST,
    MAKERS,
    MAX_TOKENS,
    ROUTED,
    ROUTERS,
    SNAPSHOT,
    STANDARD,
    STANDARD_NAMES,
)
from suffice_store.reads.functions import CLICKHOUSE, matches, next_one
from suffice_store.tables import Usd, UsdPerMtok, calls, prices

NS_PER_DAY = 86_400 * 10**9

RATES = "rates"  # the argument that names a table of what ``price_keys`` finds

_PRICE_COLUMNS = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_5m_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
    "audio_input_usd_per_mtok",
    "audio_output_usd_per_mtok",
    "reasoning_usd_per_mtok",
)

_RATE_COLUMNS: dict[str, Any] = {
    **dict.fromkeys(("provider", "model", "tier"), sa.String),
    **dict.fromkeys(("day_from", "day_to"), sa.Integer),
    **dict.fromkeys(("band_from", "band_to"), sa.BigInteger),
    **dict.fromkeys(_PRICE_COLUMNS, UsdPerMtok),
}

# A count times a price needs more than 64 bits. ClickHouse multiplies within the width of its operands, and DuckDB
# does when both have at most 18 digits; together they may have 38 there.
_TokenCount = sa.Numeric(19, 0).with_variant(sa.Numeric(31, 0), CLICKHOUSE)

_model = sa.func.coalesce(calls.c.response_model, calls.c.request_model, "")
_tier_name = sa.func.lower(sa.func.coalesce(calls.c.service_tier, ""))
_tier = sa.case((_tier_name.in_(STANDARD_NAMES), STANDARD), else_=_tier_name)
# A call without a time is priced by the day it arrived.
_day_ns = calls.c.received_ns - calls.c.received_ns % NS_PER_DAY
_day = sa.case(
    (calls.c.started_day != 0, calls.c.started_day),
    else_=sa.cast(_day_ns / sa.literal(float(NS_PER_DAY), sa.Double), sa.Integer),
)


@dataclass(frozen=True, slots=True)
class PriceKeys:
    """The price of each (provider, model, tier) by day and band; ``matches`` joins a call to its one row."""

    bands: sa.FromClause

    def matches(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """The join condition from calls to ``bands``."""
        band = self.bands.c
        return sa.and_(
            table.c.provider == band.provider,
            _model == band.model,
            _tier == band.tier,
            _day >= band.day_from,
            sa.or_(band.day_to.is_(None), _day < band.day_to),
            table.c.input_tokens >= band.band_from,
            sa.or_(band.band_to.is_(None), table.c.input_tokens < band.band_to),
        )


def price_keys(project: str, rates: str | None = None) -> PriceKeys:
    """What each model in the project's calls costs, from the project's own prices and the catalogue.

    ``rates`` names a table that holds exactly this already: to find it takes longer than to price 100,000 calls.
    """
    if rates is not None:
        columns = [sa.column(name, kind) for name, kind in _RATE_COLUMNS.items()]
        return PriceKeys(sa.table(quoted_name(rates, quote=False), *columns).alias("price_bands"))
    offered = _candidates(project)
    key = (offered.c.provider, offered.c.model, offered.c.tier)
    days = sa.select(*key, offered.c.valid_from_day.label("day_from")).distinct().subquery()
    days = _with_end(days, "day_from", "day_to")
    levels = sa.select(*key, offered.c.context_from_tokens.label("band_from")).distinct().subquery()
    levels = _with_end(levels, "band_from", "band_to")
    place = sa.func.row_number().over(
        partition_by=[days.c.provider, days.c.model, days.c.tier, days.c.day_from, levels.c.band_from],
        order_by=[
            offered.c.own.desc(),
            offered.c.closeness.desc(),
            offered.c.source_rank.desc(),
            offered.c.valid_from_day.desc(),
            offered.c.context_from_tokens.desc(),
            offered.c.recorded_ns.desc(),
            offered.c.input_usd_per_mtok,
            offered.c.output_usd_per_mtok,
        ],
    )
    ranked = (
        sa.select(
            days,
            levels.c.band_from,
            levels.c.band_to,
            *(offered.c[column] for column in _PRICE_COLUMNS),
            place.label("place"),
        )
        .select_from(
            days.join(levels, _same_key(days, levels)).join(
                offered,
                sa.and_(
                    _same_key(days, offered),
                    offered.c.valid_from_day <= days.c.day_from,
                    offered.c.context_from_tokens <= levels.c.band_from,
                ),
            )
        )
        .subquery()
    )
    chosen = [column for column in ranked.c if column.name != "place"]
    return PriceKeys(sa.select(*chosen).where(ranked.c.place == 1).subquery("price_bands"))


def priced(keys: PriceKeys) -> sa.ColumnElement[Any]:
    """USD of one call with 12 decimals, or null. The same rules as ``pricing.price_usage``."""
    price = keys.bands.c
    zero = sa.literal(0)
    read, write_5m, write_1h = (
        sa.func.coalesce(count, zero)
        for count in (calls.c.cache_read_tokens, calls.c.cache_write_5m_tokens, calls.c.cache_write_1h_tokens)
    )
    heard, spoken, thinking = (
        sa.func.coalesce(count, zero)
        for count in (calls.c.audio_input_tokens, calls.c.audio_output_tokens, calls.c.reasoning_tokens)
    )
    thought = sa.case((price.reasoning_usd_per_mtok.is_not(None), thinking), else_=zero)
    fresh = calls.c.input_tokens - read - write_5m - write_1h - heard
    written = sa.func.coalesce(calls.c.output_tokens, zero) - spoken - thought
    as_input = price.input_usd_per_mtok
    micro_usd = (
        _tokens(sa.case((fresh < 0, zero), else_=fresh)) * as_input
        + _tokens(read) * sa.func.coalesce(price.cache_read_usd_per_mtok, as_input)
        + _tokens(write_5m) * sa.func.coalesce(price.cache_write_5m_usd_per_mtok, as_input)
        + _tokens(write_1h) * sa.func.coalesce(price.cache_write_1h_usd_per_mtok, as_input)
        + _tokens(heard) * sa.func.coalesce(price.audio_input_usd_per_mtok, as_input)
        + _tokens(sa.case((written < 0, zero), else_=written)) * price.output_usd_per_mtok
        + _tokens(spoken) * sa.func.coalesce(price.audio_output_usd_per_mtok, as_input)
        + _tokens(thought) * sa.func.coalesce(price.reasoning_usd_per_mtok, as_input)
    )
    # 31 + 7 digits are the 38 there are; a division would go through binary floating point.
    usd = sa.cast(micro_usd, sa.Numeric(31, 6)) * sa.cast(sa.literal("0.000001"), sa.Numeric(7, 6))
    sane = [sa.func.coalesce(count, zero).between(0, MAX_TOKENS) for count in (
        calls.c.input_tokens,
        calls.c.output_tokens,
        calls.c.cache_read_tokens,
        calls.c.cache_write_5m_tokens,
        calls.c.cache_write_1h_tokens,
        calls.c.audio_input_tokens,
        calls.c.audio_output_tokens,
        calls.c.reasoning_tokens,
    )]  # fmt: skip
    known = sa.and_(
        price.input_usd_per_mtok.is_not(None),
        calls.c.input_tokens.is_not(None),
        sa.or_(calls.c.output_tokens.is_not(None), price.output_usd_per_mtok == 0),
        sa.or_(heard == 0, price.audio_input_usd_per_mtok.is_not(None)),
        sa.or_(spoken == 0, price.audio_output_usd_per_mtok.is_not(None)),
        *sane,
    )
    return sa.case((known, sa.cast(usd, Usd)), else_=sa.null())


def used_models(project: str, *within: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """provider, model, tier of the project's calls with usage (``within`` narrows), each once."""
    chosen = (calls.c.project == project, calls.c.input_tokens.is_not(None), *within)
    return sa.select(calls.c.provider, _model.label("model"), _tier.label("tier")).where(*chosen).distinct()


def _candidates(project: str) -> sa.CTE:
    """Each (provider, model, tier) of the calls with every price row that fits it, and how well it fits."""
    used = used_models(project).subquery("used")
    listed = sa.select(prices).where(prices.c.project.in_(("", project))).subquery("listed")
    name = _listed_name(used, listed)
    exact = listed.c.model == name
    length = sa.func.length(listed.c.model)
    snapshot = sa.and_(
        listed.c.model.like("%*"),
        sa.func.substr(name, 1, length - 1) == sa.func.substr(listed.c.model, 1, length - 1),
        matches(sa.func.substr(name, length), SNAPSHOT),
    )
    by_maker = sa.and_(_is_list_price(listed), listed.c.provider.in_(MAKERS), used.c.provider.in_(AT_LIST_PRICE))
    return (
        sa.select(
            used,
            sa.case((listed.c.project == "", 0), (_is_list_price(listed), 1), else_=2).label("own"),
            sa.case((exact, EXACT), else_=length - 1).label("closeness"),
            sa.case((listed.c.provider == used.c.provider, 2), (listed.c.provider == "", 1), else_=0).label(
                "source_rank"
            ),
            listed.c.valid_from_day,
            listed.c.context_from_tokens,
            listed.c.recorded_ns,
            *(listed.c[column] for column in _PRICE_COLUMNS),
        )
        .select_from(
            used.join(
                listed,
                sa.and_(
                    sa.or_(exact, snapshot),
                    listed.c.tier == used.c.tier,
                    sa.or_(listed.c.provider.in_((used.c.provider, "")), by_maker),
                ),
            )
        )
        .cte()
    )


def _listed_name(used: sa.Subquery, listed: sa.Subquery) -> sa.ColumnElement[str]:
    """The model's name as the price row's seller has it: "openai/gpt-4o" through a router is OpenAI's gpt-4o."""
    cases = []
    for prefix, maker in ROUTED.items():
        routed = sa.and_(used.c.provider.in_(ROUTERS), sa.func.substr(used.c.model, 1, len(prefix)) == prefix)
        name: sa.ColumnElement[str] = sa.func.substr(used.c.model, len(prefix) + 1)
        if maker == DASHED:
            name = sa.func.replace(name, ".", "-")
        cases.append((sa.and_(_is_list_price(listed), listed.c.provider == maker, routed), name))
    return sa.case(*cases, else_=used.c.model)


def _is_list_price(listed: sa.Subquery) -> sa.ColumnElement[bool]:
    return sa.or_(listed.c.project == "", sa.func.coalesce(listed.c.origin, "") == LIST)


def _same_key(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.provider == other.c.provider, one.c.model == other.c.model, one.c.tier == other.c.tier)


def _with_end(starts: sa.Subquery, start: str, end: str) -> sa.Subquery:
    """Each start with the next one of its key; null = there is none."""
    following = next_one(starts.c[start]).over(
        partition_by=[starts.c.provider, starts.c.model, starts.c.tier], order_by=starts.c[start]
    )
    return sa.select(starts, following.label(end)).subquery()


def _tokens(count: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.type_coerce(sa.cast(count, _TokenCount), UsdPerMtok)
