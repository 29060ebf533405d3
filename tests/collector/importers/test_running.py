"""Files into a store: what is read is there, once, and every line is accounted for."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from collector.importers.examples import json_lines, logged, otlp_json, otlp_request
from store.conftest import serving

from suffice.errors import SufficeError
from suffice_collector.importers.contract import Context
from suffice_collector.importers.running import FileSummary, SkippedLines, import_files
from suffice_store.file_store import FileStore
from suffice_store.remote_store import RemoteStore
from suffice_store.store import Store

CONTEXT = Context(now_ns=1_790_000_000_000_000_000)


@pytest.fixture(params=["file", "http"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The file itself, and a collector that holds it."""
    with FileStore(str(tmp_path / "t.duckdb")) as opened:
        if request.param == "file":
            yield opened
            return
        with serving(opened, tmp_path) as address, RemoteStore(address) as remote:
            yield remote


def written(tmp_path: Path, content: bytes, name: str = "calls.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def import_one(store: Store, path: Path, context: Context = CONTEXT) -> FileSummary:
    (summary,) = import_files(store, [path], context, batch_records=3)
    return summary


def row_counts(store: Store) -> dict[str, int]:
    rows = store.read("info").to_pylist()
    return {f"{each['project']}/{each['table_name']}": each["rows"] for each in rows if each["rows"]}


def test_every_line_is_accounted_for(store: Store, tmp_path: Path) -> None:
    lines = json_lines(logged(number) for number in range(7)) + b"{broken\n" + json_lines([{"request": {}}, logged(7)])
    path = written(tmp_path, lines)
    assert import_one(store, path) == FileSummary(
        path=str(path),
        format="openai-log",
        read=8,
        added=8,
        estimated=8,
        skipped={"not JSON": SkippedLines(1, [8]), "no request with messages": SkippedLines(1, [9])},
    )
    assert store.read("overview").to_pylist()[0]["calls"] == 8


def test_the_same_file_again_changes_nothing(store: Store, tmp_path: Path) -> None:
    nameless = [logged(id=None), logged(id=None), logged(2, outcome=True)]
    path = written(tmp_path, gzip.compress(json_lines(nameless)))
    first = import_one(store, path)
    counts = row_counts(store)
    second = import_one(store, path)
    assert (first.added, first.known, first.outcomes) == (3, 0, 1)
    assert (second.read, second.added, second.known, second.outcomes) == (3, 0, 3, 0)
    assert row_counts(store) == counts


def test_another_project_is_another_import(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, json_lines([logged()]))
    assert import_one(store, path).added == 1
    assert import_one(store, path, Context("acme", now_ns=1)).added == 1
    assert {each["project"] for each in store.read("projects").to_pylist()} == {"acme", "default"}


def test_an_outcome_given_since_stays(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, json_lines([logged(outcome=True)]))
    import_one(store, path)
    (call_id,) = store.read("calls").column("call_id").to_pylist()
    store.command("record_outcome", target="call", target_id=call_id, ok=False, label="looked again", source="ann")
    import_one(store, path)
    (outcome,) = store.read("outcomes").to_pylist()
    assert (outcome["ok"], outcome["source"]) == (False, "ann")


def test_otlp_spans_and_double_tellings(store: Store, tmp_path: Path) -> None:
    """A second instrumentation tells of the same responses from other spans: stored, marked, counted once."""
    told_again = otlp_request(2, trace=1)
    for span in told_again.resource_spans[0].scope_spans[0].spans:
        span.trace_id = (99).to_bytes(16, "big")
    told_again.resource_spans[0].scope_spans[0].scope.name = "another.instrumentation"
    path = written(tmp_path, otlp_json(otlp_request(2)) + b"\n" + otlp_json(told_again), "spans.json")
    summary = import_one(store, path)
    assert (summary.format, summary.read, summary.added, summary.spans) == ("otlp", 4, 4, 2)
    overview = store.read("overview").to_pylist()[0]
    assert (overview["calls"], overview["duplicate_calls"], overview["input_tokens"]) == (2, 2, 20)
    counts = row_counts(store)
    assert (import_one(store, path).added, import_one(store, path).spans) == (0, 0)
    assert row_counts(store) == counts


def test_nothing_is_stored_when_one_of_the_files_is_wrong(store: Store, tmp_path: Path) -> None:
    good = written(tmp_path, json_lines([logged()]))
    with pytest.raises(SufficeError, match="does not exist"):
        import_files(store, [good, tmp_path / "missing.jsonl"], CONTEXT)
    assert store.read("overview").to_pylist()[0]["calls"] == 0


def test_an_archive_cut_short_gives_what_is_whole(store: Store, tmp_path: Path) -> None:
    """Lines that differ, so that gzip's last block does not hold them all."""
    many = json_lines(logged(number, note=f"{number * 7919:x}") for number in range(4_000))
    path = written(tmp_path, gzip.compress(many)[:-10_000])
    (summary,) = import_files(store, [path], CONTEXT)
    assert summary.damage
    assert 0 < summary.added == summary.read < 4_000


def test_progress_ends_at_the_size_of_the_file(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, json_lines(logged(number) for number in range(5)))
    seen: list[tuple[Path, int]] = []
    import_files(store, [path], CONTEXT, batch_records=2, on_progress=lambda *at: seen.append(at))
    assert seen[-1] == (path, path.stat().st_size)
    assert len(seen) == 3


def test_only_the_first_lines_of_a_reason_are_named(store: Store, tmp_path: Path) -> None:
    path = written(tmp_path, json_lines([logged()]) + b"broken\n" * 50)
    assert import_one(store, path).skipped == {"not JSON": SkippedLines(50, list(range(2, 12)))}
