"""What is sent again counts once, however late: in the same process, after a restart, a compaction, a rewrite. Made times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from collector.otlp_samples import START_NS, chat_body
from collector.signal_samples import logs_request

from suffice_collector.ingest import Ingest
from suffice_collector.journal import NAME as JOURNAL
from suffice_collector.journal import Entry
from suffice_collector.signals import LOGS
from suffice_store.compacting import compact
from suffice_store.file_store import FileStore
from suffice_store.rewriting import rewrite

SECOND_NS, HOUR_NS, DAY_NS = 10**9, 3600 * 10**9, 86_400 * 10**9
LATER = {"1 s": SECOND_NS, "1 h": HOUR_NS, "10 days": 10 * DAY_NS}


@contextmanager
def process(folder: Path, exact_rows: int) -> Iterator[tuple[FileStore, Ingest]]:
    """A collector's store and way in; ``exact_rows=0``: with as many texts as make it remember and not ask."""
    with FileStore(str(folder / "s.duckdb"), exact_rows=exact_rows) as store:
        ingest = Ingest(store, folder / "journal", applied=store.journal_position(JOURNAL), build_process=False)
        try:
            yield store, ingest
        finally:
            assert ingest.close()


def told(store: FileStore) -> dict[str, Any]:
    overview = store.read("overview").to_pylist()[0]
    return {
        **{name: overview[name] for name in ("calls", "input_tokens", "output_tokens", "paid_usd")},
        "spans": [row["rows"] for row in store.read("info").to_pylist() if row["table_name"] == "spans"],
        "texts": store.read("analysis_messages").num_rows,
    }


@pytest.mark.parametrize("exact_rows", [0, 200_000], ids=["many texts", "few texts"])
@pytest.mark.parametrize("between", ["nothing", "restart", "compaction", "rewrite"])
def test_sent_again_after_a_second_an_hour_and_ten_days(tmp_path: Path, between: str, exact_rows: int) -> None:
    spans, logs = chat_body(3), logs_request(2).SerializeToString()

    def send(ingest: Ingest, after_ns: int) -> None:
        ingest.accept_blocking(Entry(spans, received_ns=START_NS + after_ns))
        ingest.accept_blocking(Entry(logs, received_ns=START_NS + after_ns, signal=LOGS.code))
        ingest.settle(30)

    with process(tmp_path, exact_rows) as (store, ingest):
        send(ingest, 0)
        first = told(store)
        assert first["calls"] >= 3
        if between == "nothing":
            for after_ns in LATER.values():
                send(ingest, after_ns)
                assert told(store) == first
            return
    for name, after_ns in LATER.items():
        with process(tmp_path, exact_rows) as (store, ingest):
            send(ingest, after_ns)
            assert told(store) == first, name
            if between == "compaction":
                assert compact(store) == (first["texts"] if exact_rows == 0 else 0), name
            if between == "rewrite":
                rewrite(store, None)
            assert told(store) == first, name


def test_another_span_of_the_same_trace_is_another_call(tmp_path: Path) -> None:
    """The near miss: the same words at the same time, under another span id."""
    with process(tmp_path, 200_000) as (store, ingest):
        for body in (chat_body(1), chat_body(1)):
            ingest.accept_blocking(Entry(body, received_ns=START_NS))
        ingest.settle(30)
        assert told(store)["calls"] == 2
