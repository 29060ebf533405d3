"""What counts, what is left out and why, and what costs are set against: through the store, amounts by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from store.synthetic import SECOND_NS, START_NS, call_record

from suffice.errors import SufficeError
from suffice.wire.call import Usage
from suffice_store.appending import NS_PER_DAY, build_tables
from suffice_store.commands.prices import main
from suffice_store.file_store import FileStore

HOUR_NS = 3_600 * SECOND_NS
DAY = START_NS // NS_PER_DAY


@pytest.fixture
def store() -> Iterator[FileStore]:
    with FileStore(":memory:", clock=count(START_NS).__next__) as opened:  # the latest row counts
        yield opened


def put(store: FileStore, *records: Any, received_ns: int = START_NS) -> None:
    store.append(build_tables(records, received_ns))


def one(store: FileStore, name: str, **parameters: Any) -> dict[str, Any]:
    (row,) = store.read(name, **parameters).to_pylist()
    return dict(row)


def test_only_production_counts_and_what_that_leaves_out_is_shown(store: FileStore) -> None:
    put(
        store,
        call_record(0),  # states none: counts
        call_record(1, environment="production"),
        call_record(2, environment="eu-west"),  # no name says that it is none
        call_record(3, environment="staging"),
        call_record(4, environment="Dev"),
        call_record(5, service="lab", environment=None),
    )
    assert one(store, "overview")["calls"] == 4
    assert one(store, "overview", environment="all")["calls"] == 6
    assert one(store, "overview", environment="staging")["calls"] == 1
    assert one(store, "quality")["left_out_calls"] == 2
    assert one(store, "quality", environment="all")["left_out_calls"] == 0
    environments = store.read("environments").to_pylist()
    assert {row["environment"]: (row["counts"], row["calls"]) for row in environments} == {
        "": (True, 2), "production": (True, 1), "eu-west": (True, 1), "staging": (False, 1), "Dev": (False, 1),
    }  # fmt: skip
    store.command("set_terms", services=[{"name": "lab", "environment": "test"}])
    assert one(store, "overview")["calls"] == 3
    assert one(store, "overview", environment="test")["calls"] == 1
    assert store.read("analysis_calls").num_rows == 3


def test_owners_come_from_the_call_else_from_the_file(store: FileStore) -> None:
    put(
        store,
        call_record(0, service="a", team="search"),
        call_record(1, service="a"),
        call_record(2, service="b", cost_centre="CC-1"),
    )
    store.command("set_terms", source="t.toml", services=[{"name": "a", "team": "platform", "cost_centre": "CC-9"}])
    teams = {row["key"]: row["calls"] for row in store.read("spend", by="team").to_pylist()}
    centres = {row["key"]: row["calls"] for row in store.read("spend", by="cost_centre").to_pylist()}
    assert teams == {"search": 1, "platform": 1, "": 1}
    assert centres == {"CC-9": 2, "CC-1": 1}
    store.command("set_terms", services=[])  # what left the file no longer counts
    assert {row["key"] for row in store.read("spend", by="team").to_pylist()} == {"search", ""}


def test_duplicates_by_rule_and_late_calls(store: FileStore) -> None:
    put(store, *(call_record(number) for number in range(3)), received_ns=START_NS + 10 * SECOND_NS)
    put(store, call_record(3), received_ns=START_NS + 2 * HOUR_NS)
    put(store, call_record(4, source="import"), received_ns=START_NS + 2 * HOUR_NS)
    store.command(
        "mark_duplicate", call_id=call_record(1).call_id, duplicate_of=call_record(0).call_id, rule="response_id"
    )
    store.command(
        "mark_duplicate", call_id=call_record(2).call_id, duplicate_of=call_record(0).call_id, rule="span_log"
    )
    assert store.read("duplicates_by_rule").to_pylist() == [
        {"rule": "response_id", "calls": 1, "input_tokens": 1000, "output_tokens": 100},
        {"rule": "span_log", "calls": 1, "input_tokens": 1000, "output_tokens": 100},
    ]
    assert (one(store, "quality")["duplicate_calls"], one(store, "quality")["late_calls"]) == (2, 1)


def test_their_cost_is_compared_only_where_both_are_known(store: FileStore) -> None:
    put(
        store,
        call_record(0, dialect="langfuse", stated_usd=Decimal("0.004")),
        call_record(1, dialect="langfuse", stated_usd=Decimal("0.010"), response_model="nobody-prices-this"),
        call_record(2, dialect="langfuse"),
    )
    store.command("set_price", model="gpt-4o-2024-08-06", input_usd_per_mtok="2.5", output_usd_per_mtok="10")
    # 1,000 x 2.5 + 100 x 10 = 3,500 micro-USD
    assert store.read("stated_costs").to_pylist() == [
        {"dialect": "langfuse", "calls": 2, "stated_usd": Decimal("0.014"), "calls_of_both": 1,
         "stated_usd_of_both": Decimal("0.004"), "paid_usd_of_both": Decimal("0.0035")}
    ]  # fmt: skip


def test_history_is_priced_anew_by_a_dated_price(store: FileStore) -> None:
    put(
        store,
        call_record(0, started_ns=START_NS - 3 * NS_PER_DAY, response_model="m"),
        call_record(1, response_model="m"),
    )
    store.command("set_price", model="m", input_usd_per_mtok="1", output_usd_per_mtok="0")
    assert one(store, "overview")["paid_usd"] == Decimal("0.002")
    store.command("set_price", model="m", input_usd_per_mtok="3", output_usd_per_mtok="0", valid_from="2026-11-24")
    assert one(store, "overview")["paid_usd"] == Decimal("0.004")  # 0.001 three days ago, 0.003 today


class TestMatchingImports:
    """A call that an import and the SDK both tell counts once; what only looks alike counts twice."""

    def told(self, number: int, **changes: Any) -> Any:
        return call_record(number, **{"response_id": "chatcmpl-1", **changes})

    def counted(self, store: FileStore, *records: Any) -> int:
        put(store, *records)
        store.command("match_imports")
        assert store.command("match_imports") == {"marked": 0}
        return int(one(store, "overview")["calls"])

    def test_the_same_response_id_counts_once_and_the_recorded_one_is_kept(self, store: FileStore) -> None:
        recorded, imported = self.told(0), self.told(1, source="import", dialect="litellm")
        assert self.counted(store, recorded, imported) == 1
        assert store.read("calls").column("call_id").to_pylist() == [recorded.call_id]
        assert one(store, "call", call_id=imported.call_id)["duplicate_rule"] == "response_id"

    def test_three_tellings_count_once(self, store: FileStore) -> None:
        imports = [self.told(n, source="import", dialect=d) for n, d in ((1, "litellm"), (2, "langsmith"))]
        assert self.counted(store, self.told(0), *imports) == 1

    def test_two_exports_without_a_recording_count_once(self, store: FileStore) -> None:
        imports = [self.told(n, source="import", dialect=d) for n, d in ((1, "litellm"), (2, "langsmith"))]
        assert self.counted(store, *imports) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"response_id": "chatcmpl-2"},
            {"response_id": None},
            {"started_ns": START_NS + HOUR_NS},  # a server with careless ids
            {"usage": Usage(7, 1)},
            {"dialect": "suffice"},  # one sender tells a call once
        ],
        ids=["other-id", "no-id", "other-time", "other-tokens", "same-sender"],
    )
    def test_a_near_miss_counts_twice(self, store: FileStore, changes: dict[str, Any]) -> None:
        assert (
            self.counted(store, self.told(0), self.told(1, **{"source": "import", "dialect": "litellm"} | changes)) == 2
        )


def test_terms_replace_those_before(store: FileStore) -> None:
    contract = {"name": "c", "provider": "openai", "discount": "0.2"}
    assert store.command("set_terms", source="t", contracts=[contract]) == {"contracts": 1, "ended": 0, "services": 0}
    assert one(store, "contracts")["discount"] == Decimal("0.2")
    with pytest.raises(SufficeError, match="every contract needs a 'name' of its own"):
        store.command("set_terms", contracts=[contract, contract])


def prices(capsys: pytest.CaptureFixture[str], db: Path, *words: str) -> Any:
    assert main([*words, "--db", str(db), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_line_from_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "s.duckdb"
    with FileStore(str(db)) as store:
        put(store, call_record(0, response_model="m-1"))
    listed = tmp_path / "list.csv"
    listed.write_text("model,input_usd_per_mtok,output_usd_per_mtok,valid_from\nm-1,2,10,2026-01-01\n")
    assert prices(capsys, db, "update", str(listed)) == {"added": 1, "known": 0}
    assert prices(capsys, db, "update", str(listed)) == {"added": 0, "known": 1}
    terms = tmp_path / "terms.toml"
    terms.write_text("[[contract]]\nname = 'c'\nprovider = 'openai'\ndiscount = 0.1\n")
    assert prices(capsys, db, "terms", str(terms)) == {"contracts": 1, "ended": 0, "services": 0}
    invoice = tmp_path / "costs.csv"
    invoice.write_text(
        'start_time,start_time_iso,amount_value,amount_currency,line_item\n1,2026-11-24T00:00:00+00:00,0.004,usd,"m-1, input"\n'
    )
    found = prices(capsys, db, "reconcile", str(invoice))
    assert (found["their_usd"], found["our_usd"]) == ("0.004000000000", "0.003000000000")  # 1,000 x 2 + 100 x 10
    assert [(day["day"], day["model"], day["difference_usd"]) for day in found["days"]] == [
        (DAY, "m-1", "0.001000000000")
    ]
    with FileStore(str(db)) as store:
        assert [row["source"] for row in store.read("invoices").to_pylist()] == ["costs.csv"]


@pytest.mark.parametrize(
    ("words", "content"),
    [(("update", "f"), "nothing"), (("terms", "f"), "[["), (("reconcile", "f"), "a,b\n"), (("update", "missing"), "")],
)
def test_a_wrong_file_is_one_line_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str], content: str
) -> None:
    (tmp_path / "f").write_text(content)
    with pytest.raises(SufficeError):
        main([words[0], str(tmp_path / words[1]), "--db", str(tmp_path / "s.duckdb")])
    assert not (tmp_path / "s.duckdb").exists()
