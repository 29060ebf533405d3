"""The real exports of 37 dialect variants, beside the checkout: which there are, and what of them is lost at the source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from suffice_collector.bodies import inflate
from suffice_collector.dialects import Records, normalise_logs, normalise_spans
from suffice_collector.otlp import parse_traces
from suffice_collector.otlp_logs import parse_logs

# Input tokens that no telemetry of the variant tells, and why: docs/dialects.md says the same.
LOST = {
    "mlflow-openai-genai-semconv": (5, "embeddings come without usage"),
    "openlit-openai": (22, "a streamed Anthropic call comes without its cached tokens"),
    "otel-openai-v2-latest-content": (84, "the Responses API is not instrumented"),
    "otel-openai-v2-legacy-content": (84, "the Responses API is not instrumented"),
}
# Calls whose question, and whose answer, no telemetry of the variant tells.
NOT_TOLD = {
    "anthropic-sdk-native": (4, 4), "google-adk": (2, 2),  # recorded with content off
    "anthropic-sdk-native-content": (0, 1),  # a stream's answer
    "codex": (0, 2),  # answers are on no event
    "openllmetry-openai": (1, 0), "traceloop-sdk": (1, 0),  # a question with a picture, uploaded elsewhere
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One export as it was posted."""

    signal: str
    path: str
    content_type: str
    gzip: bool
    body: bytes

    def records(self) -> Records:
        body = inflate(self.body) if self.gzip else self.body
        if self.signal == "logs":
            return normalise_logs(parse_logs(body, self.content_type).groups)
        return normalise_spans(parse_traces(body, self.content_type).groups)


@dataclass(frozen=True)
class Variant:
    name: str
    true_input_tokens: int
    requests: tuple[Request, ...]  # traces and logs, in file order

    def expected_tokens(self) -> int:
        return self.true_input_tokens - LOST.get(self.name, (0, ""))[0]


def variants(folder: Path) -> list[Variant]:
    """By name, from ``folder/otlp/index.csv``; paths that are no OTLP path are another product's."""
    found: dict[str, tuple[int, list[Request]]] = {}
    with (folder / "otlp" / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            _, requests = found.setdefault(row["dialect"], (int(row["true_input_tokens_of_dialect"]), []))
            if row["signal"] in ("traces", "logs") and row["path"].endswith(("/v1/traces", "/v1/logs")):
                body = (folder / "otlp" / row["file"]).read_bytes()
                packed = body.startswith(b"\x1f\x8b")
                requests.append(Request(row["signal"], f"/v1/{row['signal']}", row["content_type"], packed, body))
    return [Variant(name, tokens, tuple(requests)) for name, (tokens, requests) in sorted(found.items())]
