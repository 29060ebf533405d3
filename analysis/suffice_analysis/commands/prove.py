"""``suffice prove --budget USD``: from 0 % to proven. Plans over all tasks, shows plan and cost, asks once, replays, publishes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.progress import Progress

from suffice.errors import UsageError
from suffice_analysis.commands.replay import as_dict
from suffice_analysis.commands.replay_options import (
    AllowOption,
    AnalyzeOption,
    BarOption,
    CallsOption,
    SeedOption,
    TimeOption,
    TokensOption,
    YesOption,
    ask,
    campaign_line,
    check_bound,
    parse_limits,
    publish,
    spent_words,
    tell_spent,
    unanswered,
    unbound,
)
from suffice_analysis.replay.budget import Budget
from suffice_analysis.replay.finding import find_candidates
from suffice_analysis.replay.model_judge import load_model_judge
from suffice_analysis.replay.permission import AuditedStore, allow_host, person
from suffice_analysis.replay.proving import Plan, Work, make_plan, settled
from suffice_analysis.replay.proving import prove as prove_plan
from suffice_store import open_store
from suffice_store.console import (
    DbOption,
    JsonOption,
    ProjectOption,
    ServerOption,
    err,
    format_share,
    format_usd,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.store import Store

app = typer.Typer(add_completion=False)
SHOWN = 12  # of the plan


@app.command()
def prove(
    budget: Annotated[str, typer.Option("--budget", metavar="USD", help="Most that may be spent, in USD.")],
    candidates: Annotated[
        str, typer.Option(metavar="WHICH", help="auto, a TOML file, or [FORMAT+]URL#MODEL with commas between.")
    ] = "auto",
    judge: Annotated[
        str | None,
        typer.Option(metavar="llm:MODEL", help="A model that judges what rules can't: llm:[FORMAT+]URL#MODEL."),
    ] = None,
    allow: AllowOption = None,
    yes: YesOption = False,
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
    """Replay the tasks that settle most money per dollar, until each is proven, refuted or beyond reach."""
    if judge is not None and not judge.startswith("llm:"):
        raise UsageError(
            f"prove takes a model as judge, llm:[FORMAT+]URL#MODEL, not '{judge}'; one's own: suffice replay"
        )
    limits = parse_limits(budget, max_calls, max_tokens, max_seconds)
    with open_store(db, server=server, create=False) as store:
        for host in allow or ():
            allow_host(store, project, host)
        chosen = find_candidates(candidates, providers(store, project))
        plan = make_plan(store, project, chosen, bar=bar)
        if not as_json:
            show(plan)
        model = None if judge is None else load_model_judge(judge)
        asked = [*plan.unpriced, *([model.candidate] if model is not None else [])]
        if (said := unbound(asked, limits)) is not None:
            err().print(said, markup=False, soft_wrap=True)
        check_bound(asked, limits)
        left_out = set(plan.left_out)
        ask(f"Replay them now, for {format_usd(limits.usd)} at most?", yes)
        spent = Budget(limits)
        audited: Any = AuditedStore(store)
        with Progress(console=err(), transient=True, disable=not err().is_terminal) as progress:
            line = progress.add_task("replaying", total=None)
            works = prove_plan(
                audited, project, plan, spent, bar=bar, seed=seed, recorded_by=person(), model_judge=model,
                tell=lambda now: progress.update(line, description=_state(now, spent)),
            )  # fmt: skip
        if model is not None:
            model.close()
        for why in dict.fromkeys(why for name, why in plan.left_out.items() if name not in left_out):
            err().print(why, markup=False, soft_wrap=True)
        unanswered(spent, [work.campaign for work in works])
        if analyze and spent.calls:
            publish(store, project)
    if as_json:
        print_json(
            {
                "calls": spent.calls,
                "usd": None if spent.unpriced and not spent.usd else spent.usd,
                "unpriced_calls": spent.unpriced,
                "campaigns": [as_dict(w.campaign) | {"ended": w.ended} for w in works],
            }
        )
        return
    tell_results(works)
    tell_spent(spent)


def show(plan: Plan) -> None:
    """The plan as a table, the best first."""
    cells = [
        [
            p.name,
            p.candidate.label,
            format_usd(p.at_stake_usd),
            format_share(o.chance),
            f"{o.answers:,.0f}",
            "unpriced" if o.usd is None else format_usd(o.usd),
        ]
        for p, o in plan.items[:SHOWN]
    ]
    columns = ("task", "candidate", "at stake", "chance to settle", "answers", "cost")
    print_table(columns, cells, right=columns[2:], wide="task")
    more = len(plan.items) - SHOWN
    if more > 0:
        priced = any(o.usd is not None for _, o in plan.items)
        rest = " and what is unpriced" if plan.unpriced else ""
        cost = f"costs about {format_usd(plan.usd)}{rest}" if priced else "is unpriced"
        out().print(f"and {more} more; all of it {cost}", markup=False)
    for name, why in plan.left_out.items():
        out().print(f"left out: {name}: {why}", markup=False, soft_wrap=True)


def tell_results(works: Sequence[Work]) -> None:
    """What was settled, and what was not and why."""
    for status in ("proven", "refuted", "open"):
        for work in settled(works, status):
            if status != "open" or work.campaign.counts.n:
                out().print(
                    f"{campaign_line(work.campaign)}{f' ({work.ended})' if status == 'open' else ''}",
                    markup=False,
                    soft_wrap=True,
                )
    counts = {status: len(settled(works, status)) for status in ("proven", "refuted", "open")}
    out().print(", ".join(f"{n} {status}" for status, n in counts.items()), markup=False)


def providers(store: Store, project: str) -> list[str]:
    """Who answered the recorded calls."""
    return [str(row["key"]) for row in store.read("spend", project=project, by="provider").to_pylist()]


def _state(works: Sequence[Work], spent: Budget) -> str:
    done = ", ".join(f"{len(settled(works, status))} {status}" for status in ("proven", "refuted"))
    return f"{spent.calls:,} calls, {spent_words(spent)}: {done}"


def main(argv: list[str]) -> int:
    """Run the command; see ``suffice.cli``."""
    return run_app(app, argv, "suffice prove")
