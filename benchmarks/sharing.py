"""What storing each message once saves on real agents' calls, and that compaction leaves each text once.

    python benchmarks/sharing.py [FOLDER] [--batch 250] [--copies 4] [--gathered 512 8192]

FOLDER holds ``*.jsonl.gz`` call logs; default ``$SUFFICE_SHARED/data/calls``, else ``../shared/data/calls``.

Text: every batch of calls is stored as by a process that has just started and never asks what is stored, then compacted;
exits 1 where more than 1.1 times the distinct text is kept. Bytes: the file's calls, messages and hashes, beside a file that
holds each call's messages in the call, with DuckDB's own compression and with zstd; calls as recorded (one run after the other)
and mixed (as many agents send them), since zstd finds a history again that lies within its 2 MB; ``--gathered`` calls appended at
a time, in the store's order (512: a request of a quiet collector; 8,192: a busy one). So that blocks do not decide, the calls
are there ``--copies`` times, each with its letters exchanged. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import string
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from suffice_collector.importers.contract import Context
from suffice_collector.importers.running import import_files
from suffice_store.compacting import compact
from suffice_store.engines.duckdb import BLOCK_SIZE, ROW_GROUP_SIZE
from suffice_store.engines.side_by_side import in_order
from suffice_store.file_store import FileStore

MOST_TEXT = 1.1
ORDERS = {"as_recorded": "rowid", "mixed": "hash(call_id)"}
ZSTD = " USING COMPRESSION zstd"
FIRST = "rowid IN (SELECT min(rowid) FROM messages GROUP BY project, message_hash)"
TEXT = f"SELECT sum(strlen(content)), sum(strlen(content)) FILTER (WHERE {FIRST}) FROM messages"


def main() -> int:
    options = _options()
    files = sorted(options.folder.glob("*.jsonl.gz"))
    if not files:
        raise SystemExit(f"no *.jsonl.gz in {options.folder}")
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "shared.duckdb"
        found = texts(path, files, options.batch)
        found["bytes"] = {
            order: sizes(path, Path(name), by, options.copies, options.gathered) for order, by in ORDERS.items()
        }
    print(json.dumps(found))
    return 0 if found["kept_over_distinct"]["after"] <= MOST_TEXT else 1


class Forgetful(FileStore):
    """A process a batch: what is stored is not remembered."""

    def append(self, *given: Any, **options: Any) -> Any:
        self.forget_seen()
        return super().append(*given, **options)


def texts(path: Path, files: Sequence[Path], batch: int) -> dict[str, Any]:
    with Forgetful(str(path), exact_rows=0) as store:
        read = import_files(store, files, Context(now_ns=time.time_ns()), batch_records=batch)
        before, distinct = text_bytes(store)
        begun = time.perf_counter()
        removed = compact(store)
        compacted_s = time.perf_counter() - begun
        after, _ = text_bytes(store)
    return {
        "calls": sum(each.read for each in read),
        "distinct_text_bytes": distinct,
        "kept_over_distinct": {"before": round(before / distinct, 3), "after": round(after / distinct, 3)},
        "compaction": {"rows_removed": removed, "seconds": round(compacted_s, 2)},
    }


def text_bytes(store: FileStore) -> tuple[int, int]:
    """(all that is kept, each text once)."""
    with store.connected() as connection:
        kept, distinct = connection.exec_driver_sql(TEXT).one()
    return int(kept), int(distinct)


def sizes(shared: Path, folder: Path, order: str, copies: int, gathered: Sequence[int]) -> dict[str, Any]:
    """Bytes of the calls with their messages shared, and apart."""
    with duckdb.connect() as database:
        database.execute(f"ATTACH '{shared}' AS shared (READ_ONLY)")
        database.execute(
            "CREATE TABLE messages AS FROM shared.messages LIMIT 0; CREATE TABLE made AS FROM shared.calls LIMIT 0"
        )
        for copy in range(copies):
            _add_copy(database, copy)
        database.execute(f"CREATE TABLE calls AS FROM made ORDER BY {order}")
        database.execute(
            f"CREATE TABLE apart AS SELECT * EXCLUDE (input_hashes, output_hashes), {_said('input_hashes')} AS asked, {_said('output_hashes')} AS answered FROM calls c ORDER BY c.rowid"
        )
        (as_sent,) = database.execute("SELECT sum(strlen(asked) + strlen(answered)) FROM apart").fetchone() or (0,)
        apart = {
            kind: _written(database, folder, {"calls": (["FROM apart"], columns)})
            for kind, columns in (("own", ()), ("zstd", ("attributes", "asked", "answered")))
        }
        together = {each: _shared_bytes(database, folder, each) for each in gathered}
    return {
        "text_as_sent": int(as_sent),
        "apart_own_compression": apart["own"],
        "apart_zstd": apart["zstd"],
        "gathered": {
            each: {
                "shared": size,
                "over_text_as_sent": round(size / as_sent, 3),
                "over_apart_own_compression": round(size / apart["own"], 3),
                "over_apart_zstd": round(size / apart["zstd"], 3),
            }
            for each, size in together.items()
        },
    }


def _shared_bytes(database: Any, folder: Path, gathered: int) -> int:
    """Bytes of calls and messages, appended ``gathered`` calls at a time."""
    database.execute(
        "CREATE OR REPLACE TABLE first AS SELECT hash, min(row) AS first FROM "
        "(SELECT unnest(list_concat(input_hashes, output_hashes)) AS hash, rowid AS row FROM calls) GROUP BY hash"
    )
    (count,) = database.execute("SELECT count(*) FROM calls").fetchone() or (0,)
    slices = [f"BETWEEN {begin} AND {begin + gathered - 1}" for begin in range(0, count, gathered)]
    said = "SELECT m.* FROM messages m JOIN first f ON f.hash = m.message_hash WHERE f.first"
    return _written(
        database,
        folder,
        {
            "calls": ([f"FROM calls WHERE rowid {each} ORDER BY rowid" for each in slices], ("attributes",)),
            "messages": ([f"{said} {each} ORDER BY f.first" for each in slices], ("content",)),
        },
    )


def _add_copy(database: Any, copy: int) -> None:
    letters = list(string.ascii_lowercase)
    random.Random(copy).shuffle(letters)
    content = f"translate(content, '{string.ascii_lowercase}', '{''.join(letters)}')"
    database.execute(
        f"INSERT INTO messages SELECT * REPLACE ({content} AS content, md5(message_hash || '{copy}') AS message_hash) FROM shared.messages ORDER BY rowid"
    )
    renamed = [
        f"list_transform({name}, lambda h: md5(h || '{copy}')) AS {name}" for name in ("input_hashes", "output_hashes")
    ]
    renamed += [
        f"md5({name} || '{copy}') AS {name}"
        for name in ("call_id", "run_id", "trace_id", "chain_before", "chain_after")
    ]
    database.execute(f"INSERT INTO made SELECT * REPLACE ({', '.join(renamed)}) FROM shared.calls ORDER BY rowid")


def _said(hashes: str) -> str:
    """A call's messages as one text."""
    each = f"SELECT unnest(c.{hashes}) AS hash, generate_subscripts(c.{hashes}, 1) AS place"
    return f"coalesce((SELECT string_agg(m.content, ',' ORDER BY h.place) FROM ({each}) h JOIN messages m ON m.message_hash = h.hash), '')"


def _written(database: Any, folder: Path, tables: dict[str, tuple[Sequence[str], tuple[str, ...]]]) -> int:
    """Bytes in use of a file with these queries' rows, an append each; the named columns are compressed with zstd.

    A checkpoint that merges what was appended leaves blocks free, which a store that goes on fills next.
    """
    path = folder / "written.duckdb"
    path.unlink(missing_ok=True)
    database.execute(f"ATTACH '{path}' AS written (ROW_GROUP_SIZE {ROW_GROUP_SIZE}, BLOCK_SIZE {BLOCK_SIZE})")
    for name, (queries, compressed) in tables.items():
        described = database.execute(f"DESCRIBE {queries[0]}").fetchall()
        columns = ", ".join(f"{row[0]} {row[1]}{ZSTD if row[0] in compressed else ''}" for row in described)
        database.execute(f"CREATE TABLE written.{name} ({columns})")
        for query in queries:
            rows = database.sql(query).to_arrow_table()
            database.register("batch", rows if "asked" in rows.column_names else in_order(name, rows))
            database.execute(f"INSERT INTO written.{name} FROM batch")
            database.unregister("batch")
    database.execute("CHECKPOINT written")
    (used,) = database.execute(
        "SELECT block_size * used_blocks FROM pragma_database_size() WHERE database_name = 'written'"
    ).fetchone() or (0,)
    database.execute("DETACH written")
    return int(used)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    shared = Path(os.environ.get("SUFFICE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    parser.add_argument("folder", nargs="?", type=Path, default=shared / "data" / "calls")
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--gathered", type=int, nargs="+", default=[512, 8192])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
