"""Money: the pure function by hand, and the SQL against it over random usages and price lists."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store.synthetic import START_NS, call_record

from suffice.wire.call import Usage
from suffice_store.appending import NS_PER_DAY, build_tables
from suffice_store.arrow_schema import arrow_schema
from suffice_store.file_store import FileStore
from suffice_store.pricing import MAX_TOKENS, Price, find_price, price_tier, price_usage

D = Decimal
DAY = START_NS // NS_PER_DAY
OPUS = Price("opus", D("15"), D("75"), D("1.5"), D("18.75"), D("30"))


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        (Usage(1_000_000, 1_000_000), "90"),  # 15 + 75
        (Usage(1000, 10), "0.01575"),  # 0.015 + 0.00075
        # 200 fresh x 15 + 500 read x 1.5 + 200 written x 18.75 + 100 written for an hour x 30 = 10,500 micro-USD
        (Usage(1000, 0, 500, 200, 100), "0.0105"),
        (Usage(0, 0), "0"),
        (Usage(100, 0, 400), "0.0006"),  # more read than came in: a wrong count, charged as what was read
        (Usage(None, 10), None),
        (Usage(10, None), None),
        (Usage(-1, 10), None),
        (Usage(MAX_TOKENS + 1, 10), None),
        (Usage(10, 10, audio_input_tokens=5), None),
        (Usage(10, 10, audio_output_tokens=0, audio_input_tokens=0), "0.0009"),
    ],
)
def test_price_usage(usage: Usage, usd: str | None) -> None:
    assert price_usage(usage, OPUS) == (None if usd is None else D(usd))


SPEAKING = Price(
    "realtime", D(4), D(16), D("0.4"), audio_input_usd_per_mtok=D(32), audio_output_usd_per_mtok=D(64),
    reasoning_usd_per_mtok=D(20),
)  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "usd"),
    [
        # 1000 in: 300 heard x 32 + 100 cached x 0.4 + 600 fresh x 4 = 9,600 + 40 + 2,400 micro-USD
        (Usage(1000, 0, cache_read_tokens=100, audio_input_tokens=300), "0.01204"),
        # 500 out: 200 spoken x 64 + 100 reasoning x 20 + 200 written x 16 = 12,800 + 2,000 + 3,200
        (Usage(0, 500, reasoning_tokens=100, audio_output_tokens=200), "0.018"),
        (Usage(0, 500), "0.008"),
    ],
)
def test_audio_and_reasoning_at_their_own_price(usage: Usage, usd: str) -> None:
    assert price_usage(usage, SPEAKING) == D(usd)


def test_reasoning_without_a_price_of_its_own_is_charged_as_output() -> None:
    assert price_usage(Usage(0, 500, reasoning_tokens=100), OPUS) == D("0.0375")


def test_the_users_own_price_wins_over_a_list_and_a_list_over_the_shipped() -> None:
    def chosen(*rows: Price) -> D | None:
        found = find_price(rows, provider="openai", model="m", service_tier=None, input_tokens=1, day=DAY)
        return found and found.input_usd_per_mtok

    shipped = Price("m", D(1), D(1), provider="openai")
    listed = Price("m", D(2), D(2), provider="openai", project="default", origin="list", valid_from_day=DAY)
    own = Price("m", D(3), D(3), project="default")
    assert chosen(shipped) == 1
    assert chosen(shipped, listed) == 2
    assert chosen(shipped, listed, own) == 3


def test_a_cache_without_a_price_of_its_own_is_charged_as_input() -> None:
    assert price_usage(Usage(1000, 0, 500, 200, 100), Price("m", D(2), D(8))) == D("0.002")


def test_an_embedding_has_no_output_to_be_unknown() -> None:
    assert price_usage(Usage(1_000_000, None), Price("embed", D("0.02"), D(0))) == D("0.02")


def test_the_smallest_price_of_one_token_is_exact() -> None:
    assert price_usage(Usage(1, 0), Price("m", D("0.000001"), D(0))) == D("1e-12")


PRICES = (
    Price("gpt-4o", D("2.5"), D(10), provider="openai"),
    Price("gpt-4o-*", D("2.4"), D(10), provider="openai"),
    Price("gpt-4o-2024-05-13", D(5), D(15), provider="openai"),
    Price("gpt-4o", D("1.25"), D(5), provider="openai", tier="batch"),
    Price("sonnet-4", D(3), D(15), provider="anthropic"),
    Price("sonnet-4-*", D(3), D(15), provider="anthropic"),
    Price("sonnet-4", D(6), D("22.5"), provider="anthropic", context_from_tokens=200_001),
    Price("llama-8b", D("0.1"), D("0.2"), provider="groq"),
    Price("llama-8b", D("0.3"), D("0.4"), provider="together_ai"),
    Price("o3", D(10), D(40), provider="openai"),
    Price("o3", D(2), D(8), provider="openai", valid_from_day=20_000),
    Price("flash-2.5", D("0.3"), D("2.5"), provider="gcp.gemini"),
    Price("mixtral", D("0.7"), D("0.7"), provider="mistral_ai"),
    Price("own", D(1), D(1), provider="openai"),
    Price("own", D(9), D(9), project="default"),
)


@pytest.mark.parametrize(
    ("provider", "model", "tier", "tokens", "day", "input_usd"),
    [
        ("openai", "gpt-4o", None, 1, DAY, "2.5"),
        ("openai", "gpt-4o", "default", 1, DAY, "2.5"),
        ("openai", "gpt-4o", "batch", 1, DAY, "1.25"),
        ("openai", "gpt-4o", "flex", 1, DAY, None),  # never the standard price for another tier
        ("openai", "gpt-4o-2024-08-06", None, 1, DAY, "2.4"),  # the snapshot's prefix
        ("openai", "gpt-4o-2024-05-13", None, 1, DAY, "5"),  # listed itself
        ("openai", "gpt-4o-mini", None, 1, DAY, None),  # no snapshot
        ("anthropic", "sonnet-4-20250514", None, 1, DAY, "3"),
        ("anthropic", "sonnet-4-5", None, 1, DAY, None),  # another model, not a snapshot
        ("anthropic", "sonnet-4-5-20250929", None, 1, DAY, None),
        ("anthropic", "sonnet-4", None, 200_000, DAY, "3"),
        ("anthropic", "sonnet-4", None, 200_001, DAY, "6"),
        ("azure.ai.openai", "gpt-4o", None, 1, DAY, "2.5"),  # charges the maker's price
        ("", "gpt-4o", None, 1, DAY, "2.5"),
        ("ollama", "gpt-4o", None, 1, DAY, None),
        ("groq", "llama-8b", None, 1, DAY, "0.1"),
        ("together_ai", "llama-8b", None, 1, DAY, "0.3"),
        ("openai", "llama-8b", None, 1, DAY, None),  # a model of one's own behind that API is paid to nobody listed
        ("openai", "o3", None, 1, 19_999, "10"),
        ("openai", "o3", None, 1, 20_000, "2"),
        ("anything", "own", None, 1, DAY, "9"),
        ("openai", "nosuch", None, 1, DAY, None),
        # through a router
        ("openrouter", "openai/gpt-4o", None, 1, DAY, "2.5"),
        ("", "openai/gpt-4o-2024-08-06", None, 1, DAY, "2.4"),
        ("openrouter", "anthropic/sonnet-4", None, 1, DAY, "3"),
        ("unknown", "anthropic/sonnet.4", None, 1, DAY, "3"),
        ("openrouter", "google/flash-2.5", None, 1, DAY, "0.3"),
        ("openrouter", "openai/gpt-4o:free", None, 1, DAY, None),
        ("openrouter", "openai/sonnet-4", None, 1, DAY, None),  # not that maker's
        ("openrouter", "mistralai/mixtral", None, 1, DAY, None),  # open weights: whoever hosts it sets the price
        ("groq", "openai/gpt-4o", None, 1, DAY, None),
        ("openrouter", "openai/own", None, 1, DAY, "1"),
    ],
)
def test_find_price(provider: str, model: str, tier: str | None, tokens: int, day: int, input_usd: str | None) -> None:
    found = find_price(PRICES, provider=provider, model=model, service_tier=tier, input_tokens=tokens, day=day)
    assert (found and found.input_usd_per_mtok) == (None if input_usd is None else D(input_usd))


def test_price_tier() -> None:
    assert [price_tier(name) for name in (None, "", "default", "AUTO", "Flex", "priority")] == [
        "standard", "standard", "standard", "standard", "flex", "priority",
    ]  # fmt: skip


MODELS = ("a", "a-2024-08-06", "a-latest", "a-5", "b", "b-0613", "openai/a", "openai/b-0613")
PROVIDERS = ("openai", "groq", "azure.ai.openai", "openrouter", "")
TIERS = ("standard", "batch")
tokens = st.one_of(st.none(), st.integers(0, 20), st.integers(0, MAX_TOKENS), st.integers(MAX_TOKENS, 2**63 - 1))
usd = st.decimals(0, 100_000, places=6)


@st.composite
def price_lists(draw: st.DrawFn) -> list[Price]:
    """Prices with distinct recorded_ns, so that there is one order among them."""
    return [
        Price(
            model=draw(st.sampled_from((*MODELS, "a-*", "b-*"))),
            input_usd_per_mtok=draw(usd),
            output_usd_per_mtok=draw(st.one_of(st.just(D(0)), usd)),
            cache_read_usd_per_mtok=draw(st.one_of(st.none(), usd)),
            cache_write_5m_usd_per_mtok=draw(st.one_of(st.none(), usd)),
            cache_write_1h_usd_per_mtok=draw(st.one_of(st.none(), usd)),
            provider=draw(st.sampled_from(PROVIDERS)),
            tier=draw(st.sampled_from(TIERS)),
            context_from_tokens=draw(st.sampled_from((0, 10, 200_001))),
            valid_from_day=draw(st.sampled_from((0, DAY - 1, DAY, DAY + 1))),
            project=(project := draw(st.sampled_from(("", "default")))),
            recorded_ns=number,
            audio_input_usd_per_mtok=draw(st.one_of(st.none(), usd)),
            audio_output_usd_per_mtok=draw(st.one_of(st.none(), usd)),
            reasoning_usd_per_mtok=draw(st.one_of(st.none(), usd)),
            origin=draw(st.sampled_from((None, "list"))) if project else None,
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@st.composite
def priced_calls(draw: st.DrawFn) -> dict[str, object]:
    return {
        "usage": Usage(
            *(draw(tokens) for _ in range(6)),
            audio_input_tokens=draw(st.sampled_from((None, 0, 3))),
            audio_output_tokens=draw(st.sampled_from((None, 0, 5))),
        ),
        "response_model": draw(st.sampled_from((*MODELS, None))),
        "request_model": draw(st.sampled_from(MODELS)),
        "provider": draw(st.sampled_from(PROVIDERS)),
        "service_tier": draw(st.sampled_from((None, "default", "batch"))),
        "started_ns": draw(st.sampled_from((None, START_NS, START_NS - NS_PER_DAY))),
    }


@settings(max_examples=20)  # half a second each, whatever is in it: so many calls
@given(price_lists(), st.lists(priced_calls(), min_size=1, max_size=30))
def test_the_sql_agrees_to_the_last_digit(prices: list[Price], many: Sequence[dict[str, object]]) -> None:
    records = [call_record(number, **changes) for number, changes in enumerate(many)]
    expected = {}
    for record in records:
        usage, model = record.call.usage, record.call.response_model or record.call.request_model
        assert usage is not None
        assert model is not None
        price = find_price(
            prices,
            provider=record.call.provider,
            model=model,
            service_tier=record.call.service_tier,
            input_tokens=usage.input_tokens or 0,
            day=(record.started_ns or START_NS) // NS_PER_DAY,
        )
        expected[record.call_id] = price and price_usage(usage, price)
    with FileStore(":memory:", clock=lambda: START_NS) as store:
        _replace_prices(store, prices)
        store.append(build_tables(records, START_NS))
        rows = store.read("calls", limit=100).select(["call_id", "paid_usd"]).to_pylist()
        total = store.read("overview").column("paid_usd").to_pylist()[0]
        runs = {record.run_id for record in records} - {None, ""}
        of_runs = [row for run in sorted(map(str, runs)) for row in store.read("run_calls", run_id=run).to_pylist()]
    assert {row["call_id"]: row["paid_usd"] for row in rows} == expected
    assert of_runs
    for row in of_runs:  # priced one by one, not in SQL
        assert row["paid_usd"] == expected[row["call_id"]]
    known = [cost for cost in expected.values() if cost is not None]
    assert total == (sum(known, D(0)) if known else None)


@pytest.mark.parametrize("read", ["calls", "run_calls"])
def test_a_call_at_the_very_end_of_a_band_or_a_day_has_the_next_price(read: str) -> None:
    """In SQL and, of a run, beside it: a band ends where the next begins."""
    prices = [
        Price("m", D(band + at), D(0), provider="openai", context_from_tokens=band, valid_from_day=valid)
        for valid, at in ((0, 1), (DAY, 2))
        for band in (0, 1_000)
    ]
    usages = (Usage(999, 0), Usage(1_000, 0))
    records = [
        call_record(n, run_id="r", request_model="m", response_model="m", provider="openai", usage=usage, started_ns=at)
        for n, (usage, at) in enumerate((u, at) for u in usages for at in (DAY * NS_PER_DAY - 1, DAY * NS_PER_DAY))
    ]
    with FileStore(":memory:", clock=lambda: START_NS) as store:
        _replace_prices(store, prices)
        store.append(build_tables(records, START_NS))
        paid = {
            row["call_id"]: row["paid_usd"]
            for row in store.read(read, **({"run_id": "r"} if read == "run_calls" else {})).to_pylist()
        }
    expected = [D(999) * 1, D(999) * 2, D(1_000) * 1_001, D(1_000) * 1_002]
    assert [paid[record.call_id] for record in records] == [each / 1_000_000 for each in expected]


def _replace_prices(store: FileStore, prices: Sequence[Price]) -> None:
    with store.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM prices")
    rows = [
        {name: getattr(price, name) for name in Price.__dataclass_fields__} | {"source": "test", "source_date": ""}
        for price in prices
    ]
    if rows:
        store.append({"prices": pa.Table.from_pylist(rows, schema=arrow_schema("prices"))})
