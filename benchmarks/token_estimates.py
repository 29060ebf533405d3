"""How far the token estimate is off where the vendor states the count, per wire format; beside characters / 4.

    python benchmarks/token_estimates.py [--data DIR]

On recorded text answers of at least 10 tokens without reasoning: mean absolute error, and how far the sum is off.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from sdk.wire.recorded import recordings  # noqa: E402

from suffice.wire.call import Call  # noqa: E402
from suffice.wire.tokens import estimate_usage  # noqa: E402

LEAST_TOKENS = 10


def main() -> int:
    parser = argparse.ArgumentParser(description="error of the token estimate")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    data = parser.parse_args().data
    if not (data / "wire").is_dir():
        sys.exit(f"no recordings in {data}: pass --data DIR, the folder that holds wire/exchanges.jsonl.gz")
    found: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    for _, call in recordings(data):
        if call is not None and is_plain_answer(call):
            true = (call.usage and call.usage.output_tokens) or 0
            text = sum(len(part["content"]) for message in call.output_messages for part in message["parts"])
            row = (true, estimate_usage(call).output_tokens or 0, text / 4)
            found[call.wire_format].append(row)
            found["all"].append(row)
    print(
        "| wire format | answers | mean error | sum off by | characters / 4: mean error | sum off by |\n|---|--:|--:|--:|--:|--:|"
    )
    for name in sorted(found, key=lambda n: (n == "all", n)):
        rows = found[name]
        cells = []
        for column in (1, 2):
            error = sum(abs(row[column] / row[0] - 1) for row in rows) / len(rows)
            off = sum(row[column] for row in rows) / sum(row[0] for row in rows) - 1
            cells += [f"{100 * error:.0f} %", f"{100 * off:+.0f} %"]
        print(f"| {name} | {len(rows)} | {' | '.join(cells)} |")
    return 0


def is_plain_answer(call: Call) -> bool:
    usage = call.usage
    if usage is None or usage.source != "reported" or usage.reasoning_tokens or call.completeness != "complete":
        return False
    parts = [part for message in call.output_messages for part in message["parts"]]
    enough = (usage.output_tokens or 0) >= LEAST_TOKENS and call.operation == "chat"
    return enough and bool(parts) and all(part["type"] == "text" for part in parts)


if __name__ == "__main__":
    sys.exit(main())
