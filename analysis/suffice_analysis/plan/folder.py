"""Making a plan and writing its folder."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

from suffice.errors import SufficeError
from suffice_analysis.estimate import BAR
from suffice_analysis.judges.frame import learn_frame
from suffice_analysis.judges.said import Said
from suffice_analysis.plan.escalation import measure_escalation, on_recorded
from suffice_analysis.plan.gateway import FILES, gateway_config, render_yaml
from suffice_analysis.plan.hook import MODULE
from suffice_analysis.plan.readme import Plan, render_readme
from suffice_analysis.plan.rollout import plan_steps, replay_share
from suffice_analysis.plan.subject import Row, Subject
from suffice_analysis.plan.tuning import plan_tuning, recipe
from suffice_analysis.plan.validator import Validator, learn_validator
from suffice_store.store import Store

HELD_OUT = 0.5  # of the recorded answers, the later ones: what the validator is checked on


def make_plan(store: Store, project: str, subject: Subject, *, examples: int) -> Plan:
    """Everything of a task's plan. ``examples``: training examples that an export would give. Raises SufficeError."""
    recorded = subject.recorded()
    validator = make_validator(subject, recorded)
    earlier = recorded[: round(len(recorded) * (1 - HELD_OUT))]
    checked = (
        on_recorded(make_validator(subject, earlier), [said for _, said in recorded[len(earlier) :]])
        if earlier
        else on_recorded(validator, [])
    )
    result = subject.result
    escalation = measure_escalation(validator, result.rows if result else (), subject.answers, checked)
    bar = result.bar if result else BAR
    steps = plan_steps(
        replay_share(result.counts.passed, result.counts.judged) if result else None,
        bar,
        design_effect=result.counts.design_effect if result else 1.0,
        calls_per_day=subject.calls_per_day,
        usd_per_answer=result.usd_per_call if result else None,
        triggered=escalation.triggered,
    )
    sizes = [
        float(row["input_tokens"] + row["output_tokens"])
        for row in subject.rows
        if row["input_tokens"] and row["output_tokens"]
    ]
    base = str(subject.candidate["model"]) if subject.candidate else hosted_model(store, project, subject)
    longest = (
        None
        if subject.task["input_tokens_p99"] is None
        else subject.task["input_tokens_p99"] + (subject.task["output_tokens_p50"] or 0)
    )
    tuning = plan_tuning(base, examples, sizes, longest, seed=subject.seed)
    return Plan(subject, bar, validator, escalation, steps, tuning, metadata.version("suffice"))


def hosted_model(store: Store, project: str, subject: Subject) -> str:
    """The small model that the savings reckon with."""
    rows = store.read("savings", project=project, task_id=subject.task["task_id"]).to_pylist()
    return next((str(row["model"]) for row in rows if row["alternative"] == "hosted_slm" and row["model"]), "MODEL")


def make_validator(subject: Subject, recorded: list[tuple[Row, Said]]) -> Validator:
    """Learnt from these recorded answers and the tools that the task's calls offer."""
    formats = [row["response_format"] for row, _ in recorded if row["response_format"]]
    instructions = str(subject.task["template"])
    answers = [said for _, said in recorded]
    frame = learn_frame(answers, formats[-1] if formats and len(formats) == len(recorded) else None, instructions)
    return learn_validator(answers, frame, subject.texts.tools.values())


def write_plan(store: Store, project: str, plan: Plan, folder: Path) -> list[str]:
    """The files' names, as written. Raises SufficeError where the folder can't be written or holds something else."""
    from suffice_analysis.commands.tasks import export_router

    if folder.exists() and any(folder.iterdir()) and not (folder / "plan.json").exists():
        raise SufficeError(f"{folder} holds other files: name an empty folder, or one that a plan was written to")
    subject = plan.subject
    texts = {
        "README.md": render_readme(plan),
        "plan.json": _json(plan.as_json()),
        "validator.json": _json(plan.validator.as_json()),
        "lora.yaml": f"# trl sft --config lora.yaml; QLoRA: load_in_4bit: true\n{render_yaml(recipe(plan.tuning, subject.task['task_id'], seed=subject.seed))}",
        **gateway_files(plan),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for stale in (set(FILES.values()) | {"suffice_hook.py"}) - set(texts):  # of a plan that had got further
            (folder / stale).unlink(missing_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise SufficeError(f"can't write {folder}: {error.strerror}") from None
    export_router(store, project, folder / "router.json.gz")
    return sorted([*texts, "router.json.gz"])


def gateway_files(plan: Plan) -> dict[str, str]:
    """Up to the step that the proof allows."""
    subject, names = plan.subject, list(FILES)
    latest = max(subject.rows, key=lambda row: row["started_ns"] or 0)
    baseline = {"model": subject.model, "provider": latest["provider"], "server_address": latest["server_address"]}
    written = {
        FILES[
            step
        ]: f"# suffice plan, task {subject.task['task_id']}, analysis {subject.analysis['analysis_id']}: {step}\n"
        + render_yaml(gateway_config(step, subject.task["task_id"], baseline, subject.candidate))
        for step in names[: names.index(plan.last_step) + 1]
    }
    return written | ({"suffice_hook.py": MODULE} if plan.last_step != "today" else {})


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True, default=str) + "\n"
