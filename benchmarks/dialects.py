"""What summing tokens over spans would count, and what suffice counts, for each recorded dialect variant.

    python benchmarks/dialects.py [--data FOLDER] [--speed]

Naive = the first input-token key of every span, as a tool without rules would add them. Ratios are to what the server
billed. ``--speed`` times reading the spans instead: microseconds a span (decoded already) and for finding duplicates.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

from suffice_collector.bodies import inflate
from suffice_collector.dialects import Records, normalise_logs, normalise_spans
from suffice_collector.dialects.fields import json_object
from suffice_collector.duplicates import DuplicateFinder
from suffice_collector.otlp import ResourceSpans, parse_traces
from suffice_collector.otlp_logs import parse_logs

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NAIVE_KEYS = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "ai.usage.inputTokens",
    "ai.usage.tokens", "input_tokens",
)  # fmt: skip
ROUNDS = 15


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    variants = read_variants(options.data)
    print(f"{'variant':40} {'us/span':>8} {'us/find':>8}" if options.speed else HEAD)
    for name, (billed, requests) in sorted(variants.items()):
        print(timed(name, requests) if options.speed else compared(name, billed, requests))
    return 0


HEAD = f"{'variant':40} {'billed':>6} {'naive':>6} {'ratio':>5} {'counted':>7} {'ratio':>5}  marked"


def read_variants(folder: Path) -> dict[str, tuple[int, list[tuple[str, bytes, str]]]]:
    found: dict[str, tuple[int, list[tuple[str, bytes, str]]]] = {}
    with (folder / "otlp" / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            _, requests = found.setdefault(row["dialect"], (int(row["true_input_tokens_of_dialect"]), []))
            if row["path"].endswith(("/v1/traces", "/v1/logs")):
                body = (folder / "otlp" / row["file"]).read_bytes()
                body = inflate(body) if body.startswith(b"\x1f\x8b") else body
                requests.append((row["signal"], body, row["content_type"]))
    return found


def compared(name: str, billed: int, requests: list[tuple[str, bytes, str]]) -> str:
    finder, naive, counted = DuplicateFinder(), 0, 0
    tokens: dict[str, int] = {}
    marks: dict[str, tuple[str | None, str]] = {}
    for signal, body, content_type in requests:
        if signal == "logs":
            records = normalise_logs(parse_logs(body, content_type).groups)
        else:
            groups = parse_traces(body, content_type).groups
            naive += sum(_naive(span.attributes) for group in groups for span in group.spans)
            records = normalise_spans(groups)
        for mark in finder.find(records.calls, records.spans):
            marks[mark.call_id] = mark.duplicate_of, mark.rule
        for record in records.calls:
            tokens[record.call_id] = (record.call.usage.input_tokens or 0) if record.call.usage else 0
    counted = sum(count for call_id, count in tokens.items() if marks.get(call_id, (None, ""))[0] is None)
    rules = Counter(rule for of, rule in marks.values() if of)
    told = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items()))
    return f"{name:40} {billed:6} {naive:6} {naive / billed:5.2f} {counted:7} {counted / billed:5.2f}  {told}"


def timed(name: str, requests: list[tuple[str, bytes, str]]) -> str:
    groups: list[ResourceSpans] = []
    for signal, body, content_type in requests:
        if signal == "traces":
            groups += parse_traces(body, content_type).groups
    spans = sum(len(group.spans) for group in groups)
    if not spans:
        return f"{name:40}        -        -"
    reading, finding = [], []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        records: Records = normalise_spans(groups)
        read = time.perf_counter()
        DuplicateFinder().find(records.calls, records.spans)
        reading.append((read - begun) / spans * 1e6)
        finding.append((time.perf_counter() - read) / spans * 1e6)
    return f"{name:40} {statistics.median(reading):8.1f} {statistics.median(finding):8.1f}"


def _naive(attributes: dict[str, Any]) -> int:
    for key in NAIVE_KEYS:
        value = attributes.get(key)
        if isinstance(value, int):
            return value
    for key in ("langfuse.observation.usage_details", "mlflow.chat.tokenUsage"):
        for word in ("input", "input_tokens", "prompt_tokens"):
            if isinstance(value := (json_object(attributes, key) or {}).get(word), int):
                return value
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
