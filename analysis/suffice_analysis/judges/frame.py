"""Frame: what is known of a task's answers before one is judged. Learnt from recorded answers, never from a candidate's."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from suffice_analysis.judges.lenient_json import lenient_json
from suffice_analysis.judges.said import Said, bare, normalised, sentences

PROSE_WORDS = 8  # a field whose usual value has more words is prose
MOST_LABELS = 60
LABEL_SHARE = 0.6  # of the answers are labels that come again
LEARN_FROM = 400  # answers
STOCK_SHARE = 0.05  # of the answers hold a sentence of the stock


@dataclass(frozen=True, slots=True)
class Frame:
    """``labels``: the answers of a closed set, bare; ``prose``: JSON fields whose values are sentences; ``schema``: asked for."""

    labels: frozenset[str] = frozenset()
    prose: frozenset[str] = frozenset()
    schema: Mapping[str, Any] | None = field(default=None)
    dialect: str | None = None  # of SQL, as sqlglot calls it
    lenient: bool = False  # the recorded answers are no strict JSON, so that the app reads fields as it can

    stock: frozenset[str] = frozenset()  # sentences that come again and again, normalised; not "KEY: value"

    def as_json(self) -> dict[str, Any]:
        """For ``replay_campaigns.settings``."""
        return {
            "labels": sorted(self.labels),
            "prose": sorted(self.prose),
            "schema": self.schema,
            "dialect": self.dialect,
            "lenient": self.lenient,
        }


def learn_frame(recorded: Sequence[Said], response_format: str | None = None, instructions: str = "") -> Frame:
    """From a task's recorded answers, the response format of its calls (JSON text) and what its requests say."""
    answers = recorded[:LEARN_FROM]
    return Frame(
        _labels(answers), _prose_fields(answers), _schema(response_format), _dialect(instructions), _is_lenient(answers),
        _stock(answers),
    )  # fmt: skip


def _stock(answers: Sequence[Said]) -> frozenset[str]:
    counts = Counter(normalised(each) for answer in answers for each in set(sentences(answer.text)) if ":" not in each)
    return frozenset(text for text, n in counts.items() if n >= max(3, STOCK_SHARE * len(answers)))


def _is_lenient(answers: Sequence[Said]) -> bool:
    """Whether any recorded answer that was meant as JSON is not JSON as it stands."""
    meant = [each.text for each in answers if each.text.lstrip()[:1] in ("{", "[") or "```json" in each.text]
    return any(found is None or not found.strict for found in map(lenient_json, meant))


def _labels(answers: Sequence[Said]) -> frozenset[str]:
    counts = Counter(bare(each.text) for each in answers if each.form in ("label", "short_text", "number"))
    again = {text: n for text, n in counts.items() if n >= 2 and text}
    if len(again) > MOST_LABELS or sum(again.values()) < LABEL_SHARE * len(answers):
        return frozenset()
    return frozenset(again)


def _prose_fields(answers: Sequence[Said]) -> frozenset[str]:
    words: defaultdict[str, list[int]] = defaultdict(list)
    for each in answers:
        found = lenient_json(each.text)
        values = found.value if found is not None else None
        for source in (values, *(call.arguments for call in each.calls)):
            if isinstance(source, dict):
                for name, value in source.items():
                    if isinstance(value, str):
                        words[name].append(len(value.split()))
    return frozenset(name for name, counts in words.items() if sorted(counts)[len(counts) // 2] > PROSE_WORDS)


def _schema(response_format: str | None) -> Mapping[str, Any] | None:
    try:
        asked = json.loads(response_format or "null")
    except ValueError:
        return None
    if not isinstance(asked, dict):
        return None
    inner = asked.get("json_schema") if isinstance(asked.get("json_schema"), dict) else asked
    schema = inner.get("schema") if isinstance(inner, dict) else None
    return schema if isinstance(schema, dict) else None


def _dialect(instructions: str) -> str | None:
    said = instructions.lower()
    names = (("postgres", "postgres"), ("mysql", "mysql"), ("sqlite", "sqlite"), ("bigquery", "bigquery"))
    return next((dialect for word, dialect in (*names, ("snowflake", "snowflake")) if word in said), None)
