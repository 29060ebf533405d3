"""One campaign: one task, one candidate, one variant. Send, judge, store, look; until it is settled, done, or out of budget.

Before a call is sent it is noted as ``sent``; a campaign that was killed goes on where it stood, and what it had sent and not stored
counts as lost, so that no call is paid twice. No call that this candidate and variant answered in an earlier campaign is
sent again; those answers count.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

import pyarrow as pa

from suffice.errors import SufficeError
from suffice.wire.call import Call, Message
from suffice_analysis.judges import Judge, Judgement, judge_answer
from suffice_analysis.judges.frame import Frame, learn_frame
from suffice_analysis.judges.said import parse_said
from suffice_analysis.replay.budget import Budget
from suffice_analysis.replay.candidates import BASELINE, Candidate
from suffice_analysis.replay.ceiling import Ceiling
from suffice_analysis.replay.counts import Counts, count_replays
from suffice_analysis.replay.judge_error import BETA, JudgeErrors, measure_errors
from suffice_analysis.replay.marks import with_marks
from suffice_analysis.replay.model_judge import Decided, ModelJudge
from suffice_analysis.replay.rebuilding import Texts, Variant, is_masked, rebuild_call, varied
from suffice_analysis.replay.recording import call_record, judge_records, replay_row
from suffice_analysis.replay.results import Result, find_results, read_results, running_for
from suffice_analysis.replay.samples import Chosen, draw_sample
from suffice_analysis.replay.sending import Sender, Sent, why_unreachable
from suffice_analysis.replay.sequential import Status
from suffice_store.appending import build_tables
from suffice_store.arrow_schema import arrow_schema
from suffice_store.store import Store

Row = Mapping[str, Any]
Until = Literal["settled", "proven", "refuted"]
SILENT = 20  # answers in a row that never came: the endpoint is gone
LOOK_EVERY = 2  # batches of ``parallel`` requests between two looks
Taken = tuple[Chosen, Call, bool, tuple[int, float]]  # a call, its request, whether it is masked, what it is taken for


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a campaign. ``wanted`` calls, or None: until it is settled (``until``)."""

    task_id: str
    candidate: Candidate
    variant: Variant = field(default_factory=Variant)
    wanted: int | None = None
    until: Until = "settled"
    bar: float = 0.95
    seed: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """What its answers are counted under."""
        return self.task_id, self.candidate.label, self.variant.name


class Campaign:
    """Made ready by ``open_campaign``; ``run`` or ``step`` it; it stores everything it does."""

    def __init__(
        self,
        store: Store,
        project: str,
        order: Order,
        task: Row,
        sample: Sequence[Chosen],
        texts: Texts,
        earlier: Sequence[Row],
        campaign_id: str,
        started_ns: int,
        judges: Sequence[Judge] | None = None,
        clock: Callable[[], int] = time.time_ns,
        ceiling: Ceiling | None = None,
        errors: JudgeErrors | None = None,
        model_judge: ModelJudge | None = None,
    ) -> None:
        self.order, self.task, self.campaign_id = order, task, campaign_id
        self._store, self._project, self._texts, self._clock = store, project, texts, clock
        self._started_ns = started_ns
        self._judges, self._model_judge = judges, model_judge
        self.rows: dict[str, Row] = {row["call_id"]: row for row in earlier}
        self.left = [each for each in sample if each.call_id not in self.rows]
        self.frame = _frame(sample, texts)
        kept = order.variant.value if order.variant.kind == "few_shot" else 0
        self._examples = _examples(self.left[len(self.left) - kept :], texts) if kept else []
        if kept:
            self.left = self.left[: len(self.left) - kept]  # an example is never asked about
        self._errors = errors
        self.running = running_for(order.bar, ceiling, BETA if errors is not None and errors.by_judge else 0.0)
        self.reason = ""
        self.skipped: dict[str, str] = {}  # calls that can't be sent, and why
        self.silent = 0
        self.answered = 0  # now, not by an earlier command
        self.result: Result | None = None  # when it has ended: what a report says of all its answers
        if self.rows:
            self._look()

    @property
    def counts(self) -> Counts:
        """Of every answer so far."""
        return count_replays(self.rows.values(), self._errors)

    @property
    def status(self) -> Status:
        return self.running.status

    @property
    def is_over(self) -> bool:
        """Settled as asked, enough calls, or none left."""
        if self.order.wanted is not None:
            return self.counts.n >= self.order.wanted or not self.left
        wished = self.order.until
        return (self.status == wished if wished != "settled" else self.status != "open") or not self.left

    @property
    def is_silent(self) -> bool:
        """Whether the endpoint seems to be gone."""
        return self.silent >= SILENT

    def run(self, budget: Budget, tell: Callable[[Campaign], None] = lambda campaign: None) -> Status:
        """To its end, or to that of the budget. The last row says which. Raises SufficeError where nothing answers at all."""
        if not self.is_over and (why := why_unreachable(self.order.candidate)) is not None:
            self.stop(why)
            raise SufficeError(why)
        with self.sending() as step:
            try:
                while not self.is_over and step(budget):
                    tell(self)
            except KeyboardInterrupt:
                self.stop("interrupted")
                raise
        self.finish()
        return self.status

    def finish(self) -> None:
        """Store how it ended."""
        ended = self.is_over
        word = self.status if self.status != "open" else ("done" if ended else "stopped")
        if not self.reason:
            self.reason = (
                "settled"
                if self.status != "open"
                else "all of its calls were replayed"
                if not self.left
                else "as many calls as asked"
            )
        self.note(word)
        self.result = self._read_result()

    def _read_result(self) -> Result | None:
        """By the code that the report counts with, so that the same answers have one interval and one verdict."""
        task_id, label, variant = self.order.key
        answered = self._store.read("replays", project=self._project, task_id=task_id).to_pylist()
        found = find_results(
            answered,
            self._store.read("replay_campaigns", project=self._project).to_pylist(),
            {row["call_id"]: task_id for row in answered},
            {task_id: self.task["template"]},
            self._store.read("replay_marks", project=self._project).to_pylist(),
        ).by_task.get(task_id, [])
        return next((each for each in found if (each.candidate, each.variant) == (label, variant)), None)

    @property
    def ends(self) -> tuple[float, float]:
        """Of its interval: while it runs, as far as it has looked; then as the report has it."""
        return self.running.corrected if self.result is None else (self.result.low, self.result.high)

    @property
    def verdict(self) -> Status:
        """The same of its word."""
        return self.status if self.result is None else self.result.status

    def stop(self, reason: str) -> None:
        """End it before it is over, and say why."""
        self.reason = reason
        self.note("stopped")

    def sending(self) -> _Sending:
        """As ``with campaign.sending() as step``: each ``step(budget)`` sends a few and looks."""
        return _Sending(self)

    def note(self, status: str) -> None:
        """Where it stands, as a row."""
        order, c = self.order, self.order.candidate
        settings = {
            "candidate": c.as_json(),
            "frame": self.frame.as_json(),
            "until": order.until,
            "skipped": len(self.skipped),
        }
        row = {
            "project": self._project, "campaign_id": self.campaign_id, "task_id": order.task_id, "candidate": c.label,
            "variant": order.variant.name, "model": c.model, "wire_format": c.wire_format, "host": c.host,
            "design": "fixed" if order.wanted is not None else "sequential", "status": status, "reason": self.reason,
            "bar": order.bar, "wanted": order.wanted, "seed": order.seed, "template": self.task["template"],
            "settings": json.dumps(settings, sort_keys=True), "started_ns": self._started_ns, "recorded_ns": self._clock(),
        }  # fmt: skip
        self._store.append({"replay_campaigns": pa.Table.from_pylist([row], schema=arrow_schema("replay_campaigns"))})

    def batch(self, sender: Sender, pool: Executor, budget: Budget) -> bool:
        """A few calls; false where the budget has no room or the endpoint is gone."""
        c = self.order.candidate
        size = c.parallel * LOOK_EVERY
        if self.order.wanted is not None:
            size = min(size, self.order.wanted - self.counts.n)
        taken: list[Taken] = []
        while self.left and len(taken) < size:
            chosen = self.left[0]
            try:
                call = self._prepared(chosen)
            except ValueError as error:
                self.skipped[chosen.call_id] = str(error)
                self.left.pop(0)
                continue
            cost = self._expected(chosen.row)
            if (reached := budget.take(*cost)) is not None:
                self.reason = reached + " is reached"
                break
            self.left.pop(0)
            taken.append((chosen, call, is_masked(call), cost))
        if not taken:
            return False
        self._store_rows([self._row(chosen, masked, None, None) for chosen, _, masked, _ in taken])
        answers = list(pool.map(lambda each: sender.send(each[1]), taken))
        each_judged = (
            map if self._model_judge is None else pool.map
        )  # a rule takes no time, and one's own may mind threads
        decisions = each_judged(self._decided, taken, answers)
        rows, records = [], []
        for (chosen, _, masked, cost), sent, decided in zip(taken, answers, decisions, strict=True):
            row = self._row(chosen, masked, sent, decided.judgement if decided is not None else None)
            tokens, usd = (row["input_tokens"] or 0) + (row["output_tokens"] or 0), float(row["cost_usd"] or 0)
            if decided is not None and self._model_judge is not None:
                judging = self._model_judge.size(decided.sent)
                tokens, usd = tokens + judging[0], usd + judging[1]
                records += judge_records(self._project, self.campaign_id, chosen.row, decided.sent, self._model_judge)
            budget.give(cost, tokens, usd, priced=c.is_priced)
            rows.append(row)
            if sent.call is not None and row["replay_call_id"]:
                records.append(call_record(self._project, self.campaign_id, chosen.row, sent, row))
            self.silent = self.silent + 1 if row["verdict"] == "unavailable" else 0
            self.answered += row["verdict"] != "unavailable"
        self._store_rows(rows, build_tables(records, self._clock()) if records else {})
        self._look()
        if self.is_silent:
            self.reason = f"the endpoint did not answer {self.silent} times in a row: {rows[-1]['remark']}"
            return False
        return not self.reason

    def _prepared(self, chosen: Chosen) -> Call:
        call = rebuild_call(chosen.row, self._texts)
        if call.tool_definitions and not self.order.candidate.tools:
            raise ValueError("the candidate calls no tools")
        room = self.order.candidate.context_tokens
        if room is not None and (chosen.row["input_tokens"] or 0) > room:
            raise ValueError("longer than the candidate's context")
        return varied(call, self.order.variant, self._examples, self.frame.schema)

    def _expected(self, row: Row) -> tuple[int, float]:
        tokens, usd = expected_size(row, self.order.candidate)
        judging = self._model_judge.expected_size(row) if self._model_judge is not None else (0, 0.0)
        return tokens + judging[0], usd + judging[1]

    def _decided(self, taken: Taken, sent: Sent) -> Decided | None:
        """What the rules say, or one's own judge; else, where they leave it open, a model."""
        if sent.failure is not None or sent.call is None:
            return None
        recorded, given = parse_said(self._texts.answer(taken[0].row)), parse_said(sent.call.output_messages)
        more = {} if self._judges is None else {"judges": self._judges}
        judgement = judge_answer(recorded, given, self.frame, **more)
        if self._model_judge is not None and self._model_judge.is_asked(judgement):
            return self._model_judge.decide(taken[1], recorded, given)
        return Decided(judgement, ())

    def _row(self, chosen: Chosen, masked: bool, sent: Sent | None, judgement: Judgement | None) -> dict[str, Any]:
        return replay_row(
            self._project, self.campaign_id, self.order.key, self.order.candidate, len(self.rows), chosen, masked, sent,
            judgement, self._clock(),
        )  # fmt: skip

    def _store_rows(self, rows: Sequence[dict[str, Any]], more: Mapping[str, pa.Table] | None = None) -> None:
        self._store.append({**(more or {}), "replays": pa.Table.from_pylist(rows, schema=arrow_schema("replays"))})
        self.rows.update({row["call_id"]: row for row in rows})

    def _look(self) -> None:
        self.running.look(*self.counts.effective())


class _Sending:
    """A sender and its threads for as long as a campaign sends."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    def __enter__(self) -> Callable[[Budget], bool]:
        self._sender = Sender(self._campaign.order.candidate)
        self._pool = ThreadPoolExecutor(self._campaign.order.candidate.parallel, thread_name_prefix="suffice-replay")
        return lambda budget: self._campaign.batch(self._sender, self._pool, budget)

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._sender.close()


def open_campaign(
    store: Store,
    project: str,
    order: Order,
    *,
    recorded_by: str = "unknown",
    judges: Sequence[Judge] | None = None,
    model_judge: ModelJudge | None = None,
    clock: Callable[[], int] = time.time_ns,
) -> Campaign:
    """A campaign that is allowed to begin, with what was replayed before. Raises SufficeError saying why it may not."""
    found = store.read("task", project=project, task_id=order.task_id).to_pylist()
    if not found:
        raise SufficeError(f"there is no task '{order.task_id}'; 'suffice tasks --json' lists them")
    rows = store.read("replay_calls", project=project, task_id=order.task_id).to_pylist()
    sample = draw_sample(rows, seed=order.seed)
    if not sample:
        raise SufficeError(f"no call of “{found[0]['name']}” has a whole answer to compare with")
    task_id, label, variant = order.key
    earlier = store.read("replays", project=project, task_id=task_id, candidate=label).to_pylist()
    # what never came is asked again, perhaps elsewhere: it counts in the campaign that asked
    earlier = [row for row in earlier if row["variant"] == variant and row["verdict"] != "unavailable"]
    started_ns = clock()
    seed = json.dumps([project, *order.key, order.candidate.model, order.candidate.url, order.seed, started_ns])
    campaign_id = blake2b(seed.encode(), digest_size=8).hexdigest()
    told = {
        "campaign_id": campaign_id,
        "task_id": task_id,
        "calls": order.wanted or len(sample),
        "recorded_by": recorded_by,
    }
    store.command("begin_replay", project=project, host=order.candidate.host, candidate=label, **told)
    if model_judge is not None:
        host = model_judge.candidate.host
        store.command("begin_replay", project=project, host=host, candidate=model_judge.name, **told)
    marks = store.read("replay_marks", project=project).to_pylist() if earlier else []
    texts = Texts(store, project, [each.row for each in sample])
    ceiling = None
    if label != BASELINE:
        task_of = {row["call_id"]: task_id for row in rows}
        ceiling = read_results(store, project, task_of, {task_id: found[0]["template"]}).ceilings.get(task_id)
    campaign = Campaign(
        store,
        project,
        order,
        found[0],
        sample,
        texts,
        with_marks(earlier, marks),
        campaign_id,
        started_ns,
        judges=judges,
        clock=clock,
        ceiling=ceiling,
        errors=measure_errors(marks),
        model_judge=model_judge,
    )
    campaign.note("running")
    return campaign


def expected_size(row: Row, candidate: Candidate) -> tuple[int, float]:
    """(tokens, USD) that one more answer to this call takes, as the recorded one did."""
    asked, answered = row["input_tokens"] or 1_000, row["output_tokens"] or 200
    return asked + answered, candidate.cost_usd(asked, answered) or 0.0


def _frame(sample: Sequence[Chosen], texts: Texts) -> Frame:
    answers = [parse_said(texts.answer(each.row)) for each in sample[:400]]
    formats = [each.row["response_format"] for each in sample if each.row["response_format"]]
    first = texts.messages.get(sample[0].row["input_hashes"][0]) if sample[0].row["input_hashes"] else None
    said = " ".join(str(part.get("content") or "") for part in first["parts"]) if first else ""
    return learn_frame(answers, formats[0] if len(formats) == len(sample) else None, said)


def _examples(chosen: Sequence[Chosen], texts: Texts) -> list[tuple[Message, Message]]:
    return [(texts.request(each.row)[-1], answer[0]) for each in chosen if (answer := texts.answer(each.row))]
