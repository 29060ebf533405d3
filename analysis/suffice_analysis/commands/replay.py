"""``suffice replay --task T --candidate C``: one task's recorded calls asked of one candidate, judged, stored, counted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from suffice.errors import UsageError
from suffice_analysis.commands.replay_options import (
    AllowOption,
    AnalyzeOption,
    BarOption,
    BudgetOption,
    CallsOption,
    SeedOption,
    TimeOption,
    TokensOption,
    campaign_line,
    parse_limits,
    publish,
    tell_spent,
    unanswered,
    unbound,
)
from suffice_analysis.judges import Judge
from suffice_analysis.judges.own import load_judge
from suffice_analysis.named import named_task
from suffice_analysis.replay.budget import Budget
from suffice_analysis.replay.campaign import Campaign, Order, open_campaign
from suffice_analysis.replay.candidates import (
    BASELINE,
    Candidate,
    check_baseline,
    find_candidate,
    read_candidates,
    recorded_baseline,
)
from suffice_analysis.replay.model_judge import ModelJudge, load_model_judge
from suffice_analysis.replay.permission import AuditedStore, allow_host, person
from suffice_analysis.replay.rebuilding import parse_variant
from suffice_store import open_store
from suffice_store.console import (
    DbOption,
    JsonOption,
    ProjectOption,
    ServerOption,
    err,
    out,
    print_json,
    run_app,
)
from suffice_store.store import Store

app = typer.Typer(add_completion=False)
CEILING_CALLS = 100  # of the baseline, where no number is said
UNTIL = ("settled", "proven", "refuted")


@app.command()
def replay(
    task: Annotated[
        str | None, typer.Option(metavar="TASK", help="Id or name of the task, as 'suffice tasks' has it.")
    ] = None,
    candidate: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="One of the file's, [FORMAT+]URL#MODEL, or baseline: the recorded model asked again."
        ),
    ] = None,
    file: Annotated[Path | None, typer.Option("--candidates", help="A TOML file of candidates.")] = None,
    n: Annotated[int | None, typer.Option("--n", metavar="N", min=1, help="So many calls, whatever comes.")] = None,
    until: Annotated[str | None, typer.Option(metavar="WORD", help="Until it is settled, proven or refuted.")] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="schema, fewshot:K, history:N, prompt:FILE; several are compared on the same calls."
        ),
    ] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="FILE:NAME", help="Your own judge: a Python function, or 'command:...'.")
    ] = None,
    allow: AllowOption = None,
    budget: BudgetOption = None,
    max_calls: CallsOption = None,
    max_tokens: TokensOption = None,
    max_seconds: TimeOption = None,
    bar: BarOption = 0.95,
    seed: SeedOption = 0,
    analyze: AnalyzeOption = True,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Ask a candidate a task's recorded calls and compare its answers with the recorded ones."""
    limits = parse_limits(budget, max_calls, max_tokens, max_seconds)
    if until is not None and (until not in UNTIL or n is not None):
        raise UsageError("--until takes settled, proven or refuted, and --n is something else: give one of them")
    with open_store(db, server=server, create=False) as store:
        for host in allow or ():
            allow_host(store, project, host)
            err().print(f"recorded content may now go to {host}", markup=False)
        if task is None or candidate is None:
            if allow:
                return
            raise UsageError("say which: --task T --candidate C")
        model = load_model_judge(judge, file) if judge and judge.startswith("llm:") else None
        own = load_judge(judge) if judge and model is None else None
        task_id = named_task(store.read("tasks", project=project).to_pylist(), task)["task_id"]
        chosen = choose(store, project, task_id, candidate, file)
        if chosen.label == BASELINE and n is None:
            n, until = CEILING_CALLS, None
        orders = [
            Order(task_id, chosen, parse_variant(each), n if until is None else None, until or "settled", bar, seed)  # type: ignore[arg-type]
            for each in variant or ["as_is"]
        ]
        if (said := unbound([chosen, *([model.candidate] if model is not None else [])], limits)) is not None:
            err().print(said, markup=False, soft_wrap=True)
        spent = Budget(limits)
        audited: Any = AuditedStore(store)
        done = [run(audited, project, order, spent, [own] if own else None, model) for order in orders]
        if model is not None:
            model.close()
        unanswered(spent, done)
        if analyze:
            publish(store, project)
    if as_json:
        print_json([as_dict(each) for each in done])
        return
    for each in done:
        out().print(campaign_line(each), markup=False, soft_wrap=True)
        out().print(f"  ended: {each.reason}", markup=False, soft_wrap=True)
    tell_spent(spent)


def choose(store: Store, project: str, task_id: str, said: str, file: Path | None) -> Candidate:
    """The candidate that is meant; ``baseline`` alone is the recorded model where it was asked. Raises UsageError."""
    in_file = file is not None and any(each.label == BASELINE for each in read_candidates(file))
    rows = store.read("replay_calls", project=project, task_id=task_id).to_pylist() if said.startswith(BASELINE) else []
    if said == BASELINE and rows and not in_file:
        return recorded_baseline(rows)
    chosen = find_candidate(said, file)
    return check_baseline(chosen, rows) if chosen.label == BASELINE and rows else chosen


def run(
    store: Store,
    project: str,
    order: Order,
    budget: Budget,
    judges: list[Judge] | None,
    model_judge: ModelJudge | None = None,
) -> Campaign:
    """One campaign, with its progress on stderr."""
    campaign = open_campaign(store, project, order, recorded_by=person(), judges=judges, model_judge=model_judge)
    with Progress(console=err(), transient=True, disable=not err().is_terminal) as bar:
        line = bar.add_task("replaying", total=order.wanted or len(campaign.left))
        campaign.run(budget, lambda c: bar.update(line, completed=c.counts.n, description=campaign_line(c)))
    return campaign


def as_dict(campaign: Campaign) -> dict[str, Any]:
    """For ``--json``."""
    c, r = campaign.counts, campaign.running
    return {
        "campaign_id": campaign.campaign_id, "task_id": campaign.order.task_id, "name": campaign.task["name"],
        "candidate": campaign.order.candidate.label, "variant": campaign.order.variant.name, "status": campaign.verdict,
        "reason": campaign.reason, "passed": c.passed, "failed": c.failed, "unjudged": c.unjudged,
        "unavailable": c.unavailable, "lost": c.lost, "low": campaign.ends[0], "high": campaign.ends[1], "bar": r.bar,
        "p_value": r.p_value if campaign.result is None else campaign.result.p_value,
        "skipped": len(campaign.skipped),
    }  # fmt: skip


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice replay")
