"""What ``suffice replay`` and ``suffice prove`` share: options, the lines they print, the analysis after."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from suffice.errors import SufficeError, UsageError
from suffice_analysis.alerts import raise_alerts
from suffice_analysis.pipeline import analyze
from suffice_analysis.replay.budget import Budget, Limits
from suffice_analysis.replay.campaign import Campaign
from suffice_analysis.replay.candidates import Candidate
from suffice_store.console import format_count, format_interval, format_share, format_usd, out
from suffice_store.replaying import is_loopback
from suffice_store.store import Store

BarOption = Annotated[
    float, typer.Option("--bar", metavar="SHARE", min=0.5, max=0.999, help="What a proof must exceed.")
]
BudgetOption = Annotated[str | None, typer.Option("--budget", metavar="USD", help="Most that may be spent, in USD.")]
CallsOption = Annotated[int | None, typer.Option("--max-calls", metavar="N", min=1, help="Most calls that are sent.")]
TokensOption = Annotated[int | None, typer.Option("--max-tokens", metavar="N", min=1, help="Most tokens, in and out.")]
TimeOption = Annotated[float | None, typer.Option("--max-seconds", metavar="N", min=1, help="Most time that it takes.")]
AllowOption = Annotated[
    list[str] | None,
    typer.Option("--allow-host", metavar="HOST", help="Recorded content may go there; noted in the audit log."),
]
SeedOption = Annotated[int, typer.Option(help="The same seed draws the same calls.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Don't ask.")]
AnalyzeOption = Annotated[
    bool, typer.Option("--analyze/--no-analyze", help="Publish the results as an analysis at once.")
]


def parse_limits(budget: str | None, calls: int | None, tokens: int | None, seconds: float | None) -> Limits:
    """``--budget 5`` or ``--budget $5``. Raises UsageError."""
    usd = None
    if budget is not None:
        try:
            usd = float(budget.strip().lstrip("$"))
        except ValueError:
            usd = -1.0
        if not 0 <= usd < 1e9:
            raise UsageError(f"can't read --budget '{budget}': give USD, like 5 or 0.50")
    return Limits(calls, tokens, usd, seconds)


def ask(question: str, yes: bool) -> None:
    """Once. Raises SufficeError where nobody can be asked, or says no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise SufficeError(f"{question} Nobody is there to ask: say --yes")
    if not typer.confirm(question):
        raise SufficeError("nothing was sent")


def campaign_line(campaign: Campaign) -> str:
    """``route: 118 of 120 passed (95–100 %), open``, for a person who watches."""
    c = campaign.counts
    share = format_share(c.passed / c.judged) if c.judged else "–"
    said = f"{format_count(c.passed)} of {format_count(c.judged)} as good ({share}, {format_interval(*campaign.ends)})"
    more = [
        f"{n:,} {word}" for n, word in ((c.unjudged, "unjudged"), (c.unavailable, "unavailable"), (c.lost, "lost")) if n
    ]
    return f"{campaign.task['name']} with {campaign.order.candidate.label}: {said}{', ' if more else ''}{', '.join(more)}: {campaign.verdict}"


def unanswered(spent: Budget, campaigns: Sequence[Campaign]) -> None:
    """Raises SufficeError with the reason where calls were sent and no answer came of any."""
    silent = next((each.reason for each in campaigns if each.is_silent), None)
    if spent.calls and silent and not any(each.answered for each in campaigns):
        raise SufficeError(silent)


def tell_spent(spent: Budget) -> None:
    """What was sent, and what it cost by the candidates' own prices."""
    sent = f"{spent.calls:,} calls, {spent.tokens:,} tokens"
    out().print(f"{sent}, {spent_words(spent)}", markup=False, soft_wrap=True)


def spent_words(spent: Budget) -> str:
    """``$0.42 by the prices given, 12 calls unpriced``; ``unpriced`` alone where no price is known."""
    if spent.unpriced and spent.unpriced >= spent.calls and not spent.usd:
        return "unpriced"
    more = f", {spent.unpriced:,} calls unpriced" if spent.unpriced else ""
    return f"{format_usd(spent.usd)} by the prices given{more}"


def unbound(candidates: Sequence[Candidate], limits: Limits) -> str | None:
    """What a budget in USD can't hold, in a sentence: candidates without a price. None where it binds, or none was given."""
    names = ", ".join(each.label for each in candidates if not each.is_priced)
    if limits.usd is None or not names:
        return None
    return f"unpriced: {names}: --budget can't hold what has no price; --max-calls, --max-tokens and --max-seconds do"


def check_bound(candidates: Sequence[Candidate], limits: Limits) -> None:
    """Raises UsageError where another host may bill what nothing limits."""
    elsewhere = [each for each in candidates if not each.is_priced and not is_loopback(each.host)]
    if elsewhere and limits.calls is None and limits.tokens is None and limits.seconds is None:
        one = elsewhere[0]
        raise UsageError(
            f"no price is known of {one.label} at {one.host}, so --budget can't hold: give input_usd_per_mtok and "
            "output_usd_per_mtok (or usd_per_hour) in a candidates file, or --max-calls, --max-tokens or --max-seconds"
        )


def publish(store: Store, project: str) -> None:
    """The analysis with the new evidence in it."""
    analyze(store, project=project)
    raise_alerts(store, project)
