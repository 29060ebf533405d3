"""``suffice prices``: the prices in force, the models without one, and setting your own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from suffice_store.console import (
    DEFAULT_PROJECT,
    UNKNOWN,
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
from suffice_store.opening import open_store

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The prices in force, and setting your own.")

_SHOWN = {
    "input_usd_per_mtok": "input",
    "output_usd_per_mtok": "output",
    "cache_read_usd_per_mtok": "cache read",
    "cache_write_5m_usd_per_mtok": "write 5m",
    "cache_write_1h_usd_per_mtok": "write 1h",
}


@app.command("list")
def list_prices(
    model: Annotated[str, typer.Argument(help="Show only models with this in their name.")] = "",
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """List the prices in force today in USD per million tokens, and the recorded models that have none."""
    with open_store(db, server=server, create=False) as store:
        found = [
            row for row in store.read("prices", project=project).to_pylist() if model.lower() in row["model"].lower()
        ]
        missing = store.read("unpriced_models", project=project).to_pylist()
    if as_json:
        print_json({"prices": found, "unpriced_models": missing})
        return
    print_table(
        ("model", "provider", "tier", "from tokens", *_SHOWN.values(), "source"),
        [
            (
                row["model"],
                row["provider"] or "any",
                row["tier"],
                format_count(row["context_from_tokens"]),
                *(_amount(row[name]) for name in _SHOWN),
                f"{row['source']}, {row['source_date']}",
            )
            for row in found
        ],
        right=("from tokens", *_SHOWN.values()),
    )
    for row in missing:
        out().print(
            f"unpriced: {row['model']} ({row['provider']}, {row['calls']:,} calls): set it with "
            f"'suffice prices set {row['model']} --input USD --output USD'",
            markup=False,
        )


@app.command("set")
def set_price(
    model: Annotated[str, typer.Argument(help="The model's name; a * at its end stands for a dated snapshot.")],
    input_usd: Annotated[str, typer.Option("--input", help="USD per million input tokens.")],
    output_usd: Annotated[str, typer.Option("--output", help="USD per million output tokens.")],
    cache_read: Annotated[str | None, typer.Option(help="USD per million tokens read from the cache.")] = None,
    cache_write_5m: Annotated[str | None, typer.Option("--cache-write-5m", help="... written for 5 minutes.")] = None,
    cache_write_1h: Annotated[str | None, typer.Option("--cache-write-1h", help="... written for an hour.")] = None,
    provider: Annotated[str, typer.Option(help="Only for this provider, as calls name it.")] = "",
    tier: Annotated[str, typer.Option(help="standard, batch, flex, priority.")] = "standard",
    context_from: Annotated[int, typer.Option(help="Only for calls of at least this many input tokens.")] = 0,
    valid_from: Annotated[str | None, typer.Option(help="From this day on, as 2026-11-23. Default: always.")] = None,
    db: DbOption = None,
    server: ServerOption = None,
    project: ProjectOption = DEFAULT_PROJECT,
    as_json: JsonOption = False,
) -> None:
    """Set a price of your own. It wins over the shipped one, for calls recorded before too."""
    with open_store(db, server=server) as store:
        answer: dict[str, Any] = store.command(
            "set_price",
            project=project,
            model=model,
            provider=provider,
            tier=tier,
            context_from_tokens=context_from,
            valid_from=valid_from,
            input_usd_per_mtok=input_usd,
            output_usd_per_mtok=output_usd,
            cache_read_usd_per_mtok=cache_read,
            cache_write_5m_usd_per_mtok=cache_write_5m,
            cache_write_1h_usd_per_mtok=cache_write_1h,
        )
    if as_json:
        print_json(answer)
    else:
        out().print(f"{model}: ${input_usd} in, ${output_usd} out per million tokens ({tier})", markup=False)


def main(argv: list[str]) -> int:
    """``suffice prices ...``."""
    return run_app(app, argv, "suffice prices")


def _amount(usd: Any) -> str:
    return UNKNOWN if usd is None else f"{usd.normalize():f}"
