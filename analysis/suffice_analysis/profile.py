"""A task's profile: what it is, how much of it there is, what it cost. Counted over all its calls, exactly.

Money is summed as Decimal; an unpriced call is counted as unpriced, never as 0.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from suffice_analysis import kinds
from suffice_analysis.answers import closed_fields
from suffice_analysis.inputs import Inputs
from suffice_analysis.languages import find_languages
from suffice_analysis.sampling import SampledCall

if TYPE_CHECKING:  # discovery brings clustering along, which no reader of a report needs
    from suffice_analysis.discovery.types import FoundTask

EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class TaskProfile:
    """The counted part of a row of ``tasks``, and what the estimates need beside it."""

    task_id: str
    name: str
    name_source: str
    template: str
    recogniser: str
    kind: str
    kind_rule: str
    hci: str
    hci_rule: str
    answer_form: str
    calls: int
    runs: int
    services: list[str]
    models: dict[str, int]
    providers: dict[str, int]
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    estimated_calls: int
    paid_usd: Decimal | None
    unpriced_calls: int
    unbilled_calls: int  # failed without usage: nothing was paid, nothing is unpriced (as in the read ``overview``)
    priced_input_tokens: int  # of the priced calls alone: what paid_usd was paid for
    priced_output_tokens: int
    error_calls: int
    input_tokens_p50: float | None
    input_tokens_p99: float | None
    output_tokens_p50: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    first_call_ns: int | None
    last_call_ns: int | None
    timed_calls: int
    streamed_calls: int
    tools: int  # most tools offered in one call
    turns_p50: float
    images: bool
    example_call_ids: list[str]
    languages: list[str] = field(default_factory=list)  # ISO 639-1, of at least 5 % of the sampled requests

    @property
    def priced_calls(self) -> int:
        return self.calls - self.unpriced_calls - self.unbilled_calls

    @property
    def model(self) -> str:
        """The model in use most."""
        return max(self.models, key=lambda m: (self.models[m], m), default="")

    @property
    def provider(self) -> str:
        return max(self.providers, key=lambda p: (self.providers[p], p), default="")


def profile_task(found: FoundTask, inputs: Inputs, rows: Sequence[int], sample: Sequence[SampledCall]) -> TaskProfile:
    """Profile the calls ``rows`` (indexes into ``inputs.calls``) of one task."""
    calls = inputs.take(rows)
    one = Inputs(calls, inputs.texts, inputs.toolsets)
    input_tokens, output_tokens = one.numbers("input_tokens"), one.numbers("output_tokens")
    latency, started = one.numbers("latency_ms"), calls["started_ns"]
    paid = one.column("paid_usd")
    priced, unbilled = priced_and_unbilled(one)
    form = kinds.dominant([c.form for c in sample])
    turns = float(np.median([c.turns for c in sample])) if sample else 0.0
    signs = kinds.Signs(
        operation=Counter(one.column("operation")).most_common(1)[0][0],
        instructions=found.template
        if len(found.template) > 40
        else (sample[0].instructions if sample else found.template),
        answer_form=form,
        tool_call_share=_share([c.form == "tool_call" for c in sample]),
        response_format_share=1.0 - calls["response_format"].null_count / max(1, calls.num_rows),
        user_last_share=_share([c.last_role == "user" for c in sample]),
        turns_p50=turns,
        closed_fields=closed_fields([c.said for c in sample]) if form == "json" else (),
    )
    hci, hci_rule = kinds.talks_to_human(signs)
    kind, kind_rule = kinds.task_kind(signs, hci)
    toolsets = {h for h in one.column("toolset_hash") if h}
    times = sorted(t for t in started.to_pylist() if t is not None)
    return TaskProfile(
        task_id=found.task_id,
        name=found.name,
        name_source=found.name_source,
        template=found.template,
        recogniser=json.dumps(dict(found.recogniser), sort_keys=True, separators=(",", ":")),
        kind=kind,
        kind_rule=kind_rule,
        hci=hci,
        hci_rule=hci_rule,
        answer_form=form,
        calls=calls.num_rows,
        runs=len({r for r in one.column("run_id") if r}),
        services=sorted({s for s in one.column("service") if s}),
        models=_counts(one.column("model")),
        providers=_counts(one.column("provider")),
        input_tokens=int(np.nansum(input_tokens)),
        output_tokens=int(np.nansum(output_tokens)),
        cache_read_tokens=int(np.nansum(one.numbers("cache_read_tokens"))),
        estimated_calls=one.column("usage_source").count("estimated"),
        paid_usd=sum((Decimal(p) for p in paid if p is not None), Decimal(0)) if priced.any() else None,
        unpriced_calls=int((~priced & ~unbilled).sum()),
        unbilled_calls=int(unbilled.sum()),
        priced_input_tokens=int(np.nansum(input_tokens[priced])),
        priced_output_tokens=int(np.nansum(output_tokens[priced])),
        error_calls=sum(
            is_error(*pair) for pair in zip(one.column("status_code"), one.column("error_type"), strict=True)
        ),
        input_tokens_p50=_quantile(input_tokens, 0.5),
        input_tokens_p99=_quantile(input_tokens, 0.99),
        output_tokens_p50=_quantile(output_tokens, 0.5),
        latency_p50_ms=_quantile(latency, 0.5),
        latency_p95_ms=_quantile(latency, 0.95),
        first_call_ns=times[0] if times else None,
        last_call_ns=times[-1] if times else None,
        timed_calls=len(times),
        streamed_calls=one.column("stream").count(True),
        tools=max((len(inputs.toolsets.get(h, ())) for h in toolsets), default=0),
        turns_p50=turns,
        images=_share([c.images for c in sample]) > 0.05,
        example_call_ids=_examples(one, sample),
        languages=find_languages([c.asked for c in sample]),
    )


def priced_and_unbilled(inputs: Inputs) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """bool [calls] each: with a price; failed without usage, so that nothing was paid. The rest is unpriced."""
    priced = np.array([p is not None for p in inputs.column("paid_usd")], dtype=bool)
    failed = np.array([c == "error" for c in inputs.column("completeness")], dtype=bool)
    return priced, failed & np.isnan(inputs.numbers("input_tokens")) & ~priced


def count_unpriced(inputs: Inputs) -> int:
    """Calls without a known price, of all that are analysed."""
    priced, unbilled = priced_and_unbilled(inputs)
    return int((~priced & ~unbilled).sum())


def is_error(status_code: int | None, error_type: str | None) -> bool:
    """A call that ended in an error."""
    return bool(error_type) or (status_code is not None and status_code >= 400)


def _examples(one: Inputs, sample: Sequence[SampledCall]) -> list[str]:
    """One call per action first, then more: so that eight examples show what differs."""
    first = {c.action: c.call_id for c in reversed(sample)}
    chosen = list(dict.fromkeys([*sorted(first.values()), *(c.call_id for c in sample)]))
    return (chosen or sorted(one.column("call_id")))[:EXAMPLES]


def _counts(values: Sequence[Any]) -> dict[str, int]:
    return dict(sorted(Counter(str(v) for v in values if v).items()))


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _quantile(values: np.ndarray[Any, np.dtype[np.float64]], q: float) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, q)) if known.size else None


def group_rows(task_ids: Sequence[str | None]) -> dict[str, list[int]]:
    """Indexes of the calls of each task, tasks with most calls first."""
    groups: dict[str, list[int]] = {}
    for row, task_id in enumerate(task_ids):
        if task_id is not None:
            groups.setdefault(task_id, []).append(row)
    return dict(sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])))
