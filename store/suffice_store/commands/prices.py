"""``suffice prices``: the prices in force, the models without one, setting your own; from files: ``price_files``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from suffice.errors import SufficeError
from suffice_store.commands.price_files import reconcile_invoice, set_terms, update_prices
from suffice_store.console import (
    DEFAULT_PROJECT,
    DbOption,
    JsonOption,
    ProjectOption,
    ServerOption,
    format_count,
    out,
    print_json,
    print_table,
    run_app,
)
from suffice_store.environments import EVERY
from suffice_store.opening import open_store
from suffice_store.pricing import TIERS
from suffice_store.recorded_prices import applies_to, format_price, recorded_prices
from suffice_store.store import Store

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The prices in force, your own, your contract, and what your provider counted.",
)

_SHOWN = {
    "input_usd_per_mtok": "input",
    "output_usd_per_mtok": "output",
    "cache_read_usd_per_mtok": "cached",
    "cache_write_5m_usd_per_mtok": "write 5m",
    "cache_write_1h_usd_per_mtok": "write 1h",
}


@app.command("list")
def list_prices(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Models with this in their name. Default: those in your calls.")
    ] = "",
    every: Annotated[bool, typer.Option("--all", help="Every price there is.")] = False,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """List the prices in force today in USD per million tokens, and the recorded models that have none."""
    with open_store(db, server=server, create=False) as store:
        listed = store.read("prices", project=project).to_pylist()
        if every or model:
            found = [row for row in listed if model.lower() in row["model"].lower()]
        else:
            found = recorded_prices(listed, _keys(store, project, "model"), _keys(store, project, "provider"))
        missing = store.read("unpriced_models", project=project, environment=EVERY).to_pylist()
    if as_json:
        print_json({"prices": found, "unpriced_models": missing})
        return
    print_table(
        ("model", "provider", "for", *_SHOWN.values()),
        [
            (
                row["model"],
                row["provider"] or "any",
                applies_to(row["tier"], row["context_from_tokens"]),
                *(format_price(row[name]) for name in _SHOWN),
            )
            for row in found
        ],
        right=_SHOWN.values(),
        wide="model",
    )
    if len(found) < len(listed):
        more = f"{format_count(len(listed) - len(found))} more prices: 'suffice prices list --all', or a part of a name"
        out().print(f"{more}; --json has the sources.", markup=False)
    for row in missing:
        out().print(
            f"unpriced: {row['model']} ({row['provider']}, {row['calls']:,} calls): set it with "
            f"'suffice prices set {row['model']} --input USD --output USD'",
            markup=False,
        )


@app.command("set")
def set_price(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="The model's name; a * at its end stands for a dated snapshot.")
    ],
    input_usd: Annotated[str, typer.Option("--input", metavar="USD", help="USD per million input tokens.")],
    output_usd: Annotated[str, typer.Option("--output", metavar="USD", help="USD per million output tokens.")],
    cache_read: Annotated[
        str | None, typer.Option(metavar="USD", help="USD per million tokens read from the cache.")
    ] = None,
    cache_write_5m: Annotated[
        str | None, typer.Option("--cache-write-5m", metavar="USD", help="... written for 5 minutes.")
    ] = None,
    cache_write_1h: Annotated[
        str | None, typer.Option("--cache-write-1h", metavar="USD", help="... written for an hour.")
    ] = None,
    audio_input: Annotated[str | None, typer.Option(metavar="USD", help="... of audio heard.")] = None,
    audio_output: Annotated[str | None, typer.Option(metavar="USD", help="... of audio spoken.")] = None,
    reasoning: Annotated[
        str | None, typer.Option(metavar="USD", help="... of reasoning, where it is not charged as output.")
    ] = None,
    provider: Annotated[str, typer.Option(help="Only for this provider, as calls name it.")] = "",
    tier: Annotated[str, typer.Option(help="standard, batch, flex, priority, or what answers call it.")] = "standard",
    context_from: Annotated[int, typer.Option(help="Only for calls of at least this many input tokens.")] = 0,
    valid_from: Annotated[
        str | None, typer.Option(metavar="DAY", help="From this day on, as 2026-11-23. Default: always.")
    ] = None,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """Set a price of your own. It wins over the shipped one, for calls recorded before too."""
    given: dict[str, Any] = {
        "provider": provider,
        "tier": tier,
        "context_from_tokens": context_from,
        "valid_from": valid_from,
        "input_usd_per_mtok": input_usd,
        "output_usd_per_mtok": output_usd,
        "cache_read_usd_per_mtok": cache_read,
        "cache_write_5m_usd_per_mtok": cache_write_5m,
        "cache_write_1h_usd_per_mtok": cache_write_1h,
        "audio_input_usd_per_mtok": audio_input,
        "audio_output_usd_per_mtok": audio_output,
        "reasoning_usd_per_mtok": reasoning,
    }
    with open_store(db, server=server) as store:
        try:
            answer: dict[str, Any] = store.command("set_price", project=project, model=model, **given)
        except SufficeError as error:
            raise SufficeError(_by_options(str(error), given)) from None
    if as_json:
        print_json(answer)
    else:
        out().print(f"{model}: ${input_usd} in, ${output_usd} out per million tokens ({tier})", markup=False)
        if answer["tier"] not in TIERS:
            out().print(f"of calls whose answer names '{tier}' as its service tier, and no others", markup=False)


app.command("update")(update_prices)
app.command("terms")(set_terms)
app.command("reconcile")(reconcile_invoice)


def main(argv: list[str]) -> int:
    """``suffice prices ...``."""
    return run_app(app, argv, "suffice prices")


def _by_options(said: str, given: Iterable[str]) -> str:
    """What the command said of its arguments, of this command's options."""
    for name in given:
        option = "--" + name.removesuffix("_usd_per_mtok").removesuffix("_tokens").replace("_", "-")
        said = said.replace(f"'{name}'", option)
    return said


def _keys(store: Store, project: str, by: str) -> set[str]:
    """What the recorded calls have as model, or as provider."""
    return {str(key) for key in store.read("spend", project=project, by=by).column("key").to_pylist() if key}
