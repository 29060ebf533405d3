"""The plan in words. Its first line says whether anything was proven; each figure says what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from suffice_analysis.plan.escalation import Escalation, Share
from suffice_analysis.plan.gateway import FILES
from suffice_analysis.plan.rollout import WINDOW, WORSE, Step
from suffice_analysis.plan.subject import Subject
from suffice_analysis.plan.tuning import FEW, Tuning
from suffice_analysis.plan.validator import Validator
from suffice_store.console import format_count, format_interval, format_share, format_usd


@dataclass(frozen=True)
class Plan:
    """Everything that is written."""

    subject: Subject
    bar: float
    validator: Validator
    escalation: Escalation
    steps: Sequence[Step]
    tuning: Tuning
    version: str

    @property
    def last_step(self) -> str:
        """The furthest step whose configuration is written: nothing moves that was not proven."""
        result = self.subject.result
        if self.subject.candidate is None or result is None or result.status == "refuted":
            return "today"
        return "full" if self.subject.is_proven else "shadow"

    def as_json(self) -> dict[str, Any]:
        """plan.json: what the hook reads, and what the text was made of."""
        s = self.subject
        result = s.result
        return {
            "format": "suffice-plan", "version": 1, "suffice_version": self.version, "task_id": s.task["task_id"],
            "task": s.task["name"], "analysis_id": s.analysis["analysis_id"], "seed": s.seed, "model": s.model, "proven": s.is_proven,
            "bar": self.bar, "candidate": s.candidate,
            "replay": None if result is None else {
                "status": result.status, "passed": result.counts.passed, "judged": result.counts.judged,
                "unjudged": result.counts.unjudged, "low": result.low, "high": result.high, "reopened": result.reopened,
            },
            "escalation": self.escalation.as_json(), "steps": [step.as_json() for step in self.steps],
            "calls_per_day": s.calls_per_day, "usd_per_call": s.usd_per_call, "tuning": self.tuning.as_json(),
        }  # fmt: skip


def render_readme(plan: Plan) -> str:
    """README.md of the folder."""
    parts = [
        *_head(plan),
        *_proof(plan),
        *_contents(plan),
        *_recognising(plan),
        *_validating(plan),
        *_steps(plan),
        *_back(plan),
        *_tuning(plan),
        *_rests_on(plan),
    ]
    return "\n".join(parts) + "\n"


def _head(plan: Plan) -> list[str]:
    s = plan.subject
    name = s.task["name"]
    if s.is_proven and s.result is not None:
        return [
            f"# {name}: from {s.model} to {s.result.candidate}",
            "",
            f"Proven by replay at the bar of {format_share(plan.bar)}. {s.result.sentence()}",
            "",
        ]
    if s.result is None:
        why = "no small model was ever asked its calls"
    elif s.result.status == "refuted":
        why = f"{s.result.candidate} was refuted"
    else:
        why = f"{s.result.candidate} is still open"
    return [
        f"# Not proven: “{name}” must not be moved yet, {why}",
        "",
        "What follows prepares the move. Nothing in it moves a call.",
        "",
    ]


def _proof(plan: Plan) -> list[str]:
    s = plan.subject
    if s.result is None:
        said = ["Ask one first; a candidate is any OpenAI-compatible endpoint, or an Anthropic, Gemini or Bedrock one:"]
        return [
            *said,
            "",
            f"    suffice replay --task {s.task['task_id']} --candidate http://127.0.0.1:8000/v1#MODEL --until settled",
            "",
        ]
    lines = [] if s.is_proven else [s.result.sentence(), ""]
    if s.result.reopened:
        lines += [f"Older answers are not counted: {s.result.reopened}.", ""]
    if not s.is_proven and (needed := s.result.needed):
        lines += [f"About {needed:,} more replayed calls would settle it, were its share what it is.", ""]
    return lines


def _contents(plan: Plan) -> list[str]:
    files = [
        ("router.json.gz", "recognises the task in a request, from the request alone; no word of text in it"),
        ("validator.json", "what an answer must look like; else it is sent back to the baseline"),
        *((name, f"LiteLLM's configuration: {step}") for step, name in FILES.items() if _is_written(plan, step)),
    ]
    if plan.last_step != "today":
        files.append(
            (
                "suffice_hook.py",
                "what those configurations load: recognises, sends to the group of the task, checks, sends back",
            )
        )
    files += [("lora.yaml", "a fine-tuning recipe for TRL"), ("plan.json", "every figure of this page, for programs")]
    return ["| file | what it is |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in files), ""]


def _is_written(plan: Plan, step: str) -> bool:
    names = list(FILES)
    return names.index(step) <= names.index(plan.last_step)


def _recognising(plan: Plan) -> list[str]:
    s = plan.subject
    return [
        "## Which calls", "",
        f"{format_count(s.task['calls'])} recorded calls in {format_count(s.task['runs'])} runs, answered by {s.model}; "
        + (f"about {s.calls_per_day:,.0f} a day; " if s.calls_per_day else "how many a day is not known (less than a week is timed); ")
        + (f"{format_usd(s.usd_per_call)} a call." if s.usd_per_call is not None else "what a call costs is not known."),
        "", "A request is of the task if `router.json.gz` says so (`suffice_analysis.discovery.router.read_router`). Streamed requests and "
        "those that ask for several answers stay with the baseline: what was shown can't be taken back.", "",
    ]  # fmt: skip


def _validating(plan: Plan) -> list[str]:
    e, v = plan.escalation, plan.validator
    sees = (
        ""
        if v.sees_content
        else " It can't tell a wrong text from a right one: only empty, refused and runaway answers are caught."
    )
    lines = [
        "## When an answer is sent back",
        "",
        f"Asked for: {v.words()}.{sees}",
        "",
        "| measured | share (90 %, exact) |",
        "|---|---|",
    ]
    measured: list[tuple[str, Share]] = [
        ("replayed answers sent back: the trigger rate", e.triggered), ("wrong answers caught", e.caught),
        ("good answers sent back needlessly", e.needless), ("wrong among those that are used", e.left),
        ("recorded answers it did not learn from, sent back", e.recorded),
    ]  # fmt: skip
    lines += [f"| {what} | {share.words()} |" for what, share in measured]
    if e.reasons:
        lines += ["", "Sent back for: " + ", ".join(f"{why} ({n:,})" for why, n in e.reasons.items()) + "."]
    return [*lines, ""]


def _steps(plan: Plan) -> list[str]:
    lines = [
        "## Steps", "",
        "At each step the calls that the baseline still answers, chosen at random, are replayed to the candidate and judged like any "
        "replay: intervals that hold at every look, so that one may look every day. In the shadow the candidate answers beside the baseline, to be "
        "seen under real load (errors, latency, by the gateway's log); its answers are thrown away.", "",
        "| step | moved | load | calls judged to go on | at least | days of this traffic | replay costs | alarm |",
        "|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for step in plan.steps:
        file = f"`{FILES[step.name]}`" if _is_written(plan, step.name) else "not written: not proven"
        needed = "not known" if step.control_calls is None else f"about {step.control_calls:,}"
        days = "not known" if step.days is None else f"{step.days:,.1f}"
        alarm = (
            "–"
            if not step.moved
            else "not measured"
            if step.alarm is None or not plan.subject.is_proven
            else f"{step.alarm} of {WINDOW}"
        )
        lines.append(
            f"| {step.name} | {format_share(step.moved)} | {file} | {needed} | {step.least_days:g} day{'s' if step.least_days > 1 else ''} | {days} | {format_usd(step.replay_usd)} | {alarm} |"
        )
    task = plan.subject.task["task_id"]
    first = plan.steps[0]
    return [*lines, "", *_rules(plan, first, task)]


def _rules(plan: Plan, first: Step, task: str) -> list[str]:
    named = plan.subject.result.candidate if plan.subject.result else "MODEL"
    return [
        "To judge a step, with STARTED the day on which it began:", "",
        "    suffice analyze --since STARTED",
        f"    suffice replay --task {task} --candidate {named} --candidates candidates.toml --until settled",
        "    suffice analyze                                  # of all traffic again",
        "",
        f"- **Go on** when it says *proven* (lower end over {format_share(plan.bar)}), no alarm came, and the days are over.",
        f"- **Stop and roll back** when it says *refuted*, or the alarm comes: so many of the last {WINDOW} moved calls sent back as chance "
        f"brings once in 1,000 looks at the upper end of the trigger rate above. A candidate {WORSE * 100:.0f} points under the bar is refuted after "
        f"about {first.stop_calls:,} judged calls.",
        "- **Stop and roll back** when outcomes (`suffice.outcome`) of runs with moved calls get worse than those without: the dashboard shows both.",
        "- The last step keeps 2 % with the baseline, so that drift is noticed; a new version of the candidate or of the prompt reopens the proof.",
        "",
    ]  # fmt: skip


def _back(plan: Plan) -> list[str]:
    return [
        "## Rolling back", "",
        f"Load `{FILES['today']}` instead (`litellm --config {FILES['today']}`): every call goes to {plan.subject.model} as it did. The app is not "
        "touched: it asks for the same name at every step. Answers that never come (errors, timeouts) go to the baseline by LiteLLM's `fallbacks`.", "",
    ]  # fmt: skip


def _tuning(plan: Plan) -> list[str]:
    t, task = plan.tuning, plan.subject.task["task_id"]
    few = (
        f" That is few: under {FEW} examples a student learns next to nothing; record more first."
        if t.examples < FEW
        else ""
    )
    size = f"{t.params_b:g}B parameters" if t.params_known else f"its size is not known, {t.params_b:g}B is assumed"
    return [
        "## Fine-tuning, if the model as it is does not suffice", "",
        f"    suffice export dataset --task {task} --format trl -o dataset", "    trl sft --config lora.yaml", "",
        f"{t.examples:,} training examples of {t.tokens_per_example:,.0f} tokens (replayed calls and their runs are not among them). Base: {t.base} ({size}). "
        f"All runs until one is kept: {t.hours[0]:,.2g} GPU hours ({t.hours[1]:,.2g}–{t.hours[2]:,.2g}), {format_usd(t.usd[0])} "
        f"({format_usd(t.usd[1])}–{format_usd(t.usd[2])}), by the assumptions of the savings, not measured.{few}",
        "With `load_in_4bit: true` (QLoRA) one GPU of 16 to 24 GB does for 8B; it is slower. Then replay the tuned model like any other candidate.", "",
    ]  # fmt: skip


def _rests_on(plan: Plan) -> list[str]:
    s = plan.subject
    replayed = (
        f"{s.result.counts.n:,} replayed answers of {s.result.candidate} ({format_interval(s.result.low, s.result.high)})"
        if s.result
        else "no replay"
    )
    return [
        "## What this rests on", "",
        f"Analysis `{s.analysis['analysis_id']}`, seed {s.seed}, suffice {plan.version}; {replayed}. Formulas and sources: docs/plan.md, docs/statistics.md.",
    ]  # fmt: skip
